"""What holds for every request, whatever route it meets: who may be asked for, who may write, what a browser may do."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_BODY = 256 * 1024
"""Bytes of a request: a verdict with its reason and workflow is under 20 kB."""
READS = ("GET", "HEAD", "OPTIONS")
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # not no-referrer: with it a browser sends a form with Origin: null, which the check of the origin must refuse
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
NEVER_STORED = "no-store"
STATIC_AGE = "private, max-age=3600"


@dataclass
class RefusedError(Exception):
    """A request that is turned away before any route sees it."""

    status: int
    why: str


class Guard:
    """ASGI middleware: the host must be ours, a write must come from our own page, and be of a sane size.

    Parameters
    ----------
    hosts
        Names that the page goes by, each with or without a port. A page on loopback answers to no other name: else a
        foreign site could point a name of its own at it (DNS rebinding).
    is_tls
        Whether browsers reach the page by https.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str], is_tls: bool) -> None:
        self.app = app
        self.hosts = frozenset(host.lower() for host in hosts)
        self.scheme = "https" if is_tls else "http"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse or pass on, and put the headers on every answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._dress(MutableHeaders(scope=message), scope["path"])
            await send(message)

        try:
            self._check(scope["method"], headers)
            body = _Limited(receive)
            await self.app(scope, body, send_guarded)
        except RefusedError as refusal:
            answer = PlainTextResponse(f"{refusal.why}\n", refusal.status)
            await answer(scope, receive, send_guarded)

    def _check(self, method: str, headers: Headers) -> None:
        host = headers.get("host", "").lower()
        if host not in self.hosts and _without_port(host) not in self.hosts:
            raise RefusedError(
                421, "this page does not go by the name that was asked for; see the setting review.hosts"
            )
        if method in READS:
            return
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if site not in (None, "same-origin"):
            raise RefusedError(403, "a write has to come from this page itself")
        if origin is None and site is None:
            raise RefusedError(403, "a write has to say where it comes from (Origin)")
        if origin is not None and origin.lower() != f"{self.scheme}://{host}":
            raise RefusedError(403, "a write has to come from this page itself")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > LONGEST_BODY:
            raise RefusedError(413, f"a request holds at most {LONGEST_BODY:,} bytes")

    def _dress(self, headers: MutableHeaders, path: str) -> None:
        for name, value in HEADERS.items():
            headers[name] = value
        headers["cache-control"] = STATIC_AGE if path.startswith("/static/") else NEVER_STORED
        if self.scheme == "https":
            headers["strict-transport-security"] = "max-age=31536000"


class _Limited:
    """A body that says no length is counted as it comes."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
        self.taken = 0

    async def __call__(self) -> Message:
        message = await self.receive()
        self.taken += len(message.get("body", b""))
        if self.taken > LONGEST_BODY:
            raise RefusedError(413, f"a request holds at most {LONGEST_BODY:,} bytes")
        return message


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host


def is_loopback(address: str) -> bool:
    """Whether an address or name to listen at is this machine's own, reached by nobody else."""
    if address.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def is_private(url: str) -> bool:
    """Whether nobody can listen in: an address is reached by https, or lies on this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    return host != "" and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def is_listed(address: str, networks: Iterable[str]) -> bool:
    """Whether a peer's address is in one of the networks, each an address or a CIDR block."""
    try:
        peer = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(peer in ipaddress.ip_network(network) for network in networks)
