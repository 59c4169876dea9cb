"""Where the page may listen: on this machine alone, or beyond it with TLS, under names that it was given."""

import gc
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from anomaly.config.settings import ReviewSettings
from anomaly.errors import ConfigError, UsageError
from anomaly.review.database import Database
from anomaly.review.web import tls
from anomaly.review.web.app import create_app
from anomaly.review.web.guard import LOOPBACK_NAMES, is_loopback
from anomaly.review.web.registration import Registration, registration_of
from anomaly.review.web.signing import Options

DRAIN_SECONDS = 10


@dataclass(frozen=True)
class Listen:
    """Where to listen, and how browsers reach it."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    is_behind_tls: bool = False
    hosts: tuple[str, ...] = ()
    proxy_header: str = ""
    proxies: tuple[str, ...] = ()
    registration: Registration | None = None

    @property
    def is_tls(self) -> bool:
        """Whether browsers reach the page by https."""
        return self.is_behind_tls or self.certificate is not None

    @property
    def address(self) -> str:
        """The page's address for a browser on this machine or at the first of its names."""
        name = self.hosts[0] if self.hosts and not is_loopback(self.host) else self.host
        bracketed = f"[{name}]" if ":" in name and not name.startswith("[") else name
        return f"{'https' if self.is_tls else 'http'}://{bracketed}:{self.port}/"

    def check(self) -> None:
        """Raise ConfigError, or UsageError where it is the address, for what would leave the page open."""
        _check_networks(self.proxies)
        if bool(self.proxy_header) != bool(self.proxies):
            raise ConfigError("review.proxy_header and review.proxies are set together or not at all")
        if bool(self.certificate) != bool(self.key):
            raise ConfigError("review.tls_certificate and review.tls_key are set together or not at all")
        if self.certificate and self.is_behind_tls:
            raise ConfigError(
                "review.behind_tls says that a proxy has TLS; leave it out where review.tls_certificate is set"
            )
        if self.registration:
            self.registration.check()
        if self.certificate and self.key:
            tls.check(self.certificate, self.key, self.hosts)
        if is_loopback(self.host):
            return
        if not self.is_tls:
            raise UsageError(
                f"{self.host} is reached by others than this machine, and without TLS passwords would go in the clear: "
                "set review.tls_certificate and review.tls_key, or review.behind_tls where a proxy in front has them"
            )
        if not self.hosts:
            raise UsageError(f"{self.host} is reached by others: set review.hosts to the names that the page goes by")

    def options(self) -> Options:
        """What the application needs to know of this."""
        names = (*self.hosts, *(LOOPBACK_NAMES if is_loopback(self.host) else ()))
        return Options(
            hosts=names,
            is_tls=self.is_tls,
            proxy_header=self.proxy_header,
            proxies=self.proxies,
            provider=self.registration.open() if self.registration else None,
        )


def listen_of(said: ReviewSettings, host: str | None = None, port: int | None = None) -> Listen:
    """Return where to listen as the settings have it; host and port that are given come before theirs."""
    return Listen(
        host=host or said.host,
        port=port or said.port,
        certificate=_given(said.tls_certificate),
        key=_given(said.tls_key),
        is_behind_tls=said.behind_tls,
        hosts=said.hosts,
        proxy_header=said.proxy_header,
        proxies=said.proxies,
        registration=registration_of(said),
    )


def serve(database: Database, listen: Listen, context: Path) -> None:
    """Serve the page until interrupted; raises as :meth:`Listen.check` does, and UsageError for an address in use."""
    server = server_of(database, listen, context)
    settle()
    server.run()
    if not server.started:
        raise UsageError(f"the page cannot listen at {listen.address}: is the port in use?")


def settle() -> None:
    """Leave what is loaded by now out of later garbage collections: one took a tenth of a second from a page."""
    gc.collect()
    gc.freeze()


def server_of(database: Database, listen: Listen, context: Path) -> uvicorn.Server:
    """Return the server, not yet running; raises as :meth:`Listen.check` does."""
    listen.check()
    config = uvicorn.Config(
        create_app(database, listen.options(), context),
        host=listen.host.strip("[]"),
        port=listen.port,
        ssl_certfile=listen.certificate,
        ssl_keyfile=str(listen.key) if listen.key else None,
        # who a peer is, is decided by its own address: forwarded headers are read from listed proxies alone, by us
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    return uvicorn.Server(config)


def _given(path: Path) -> Path | None:
    """A setting that is a path; None where it was left empty."""
    return path if path != Path() else None


def _check_networks(networks: Iterable[str]) -> None:
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ConfigError(f"review.proxies: {error}; write an address or a CIDR block, such as 10.1.2.3") from None
