"""A sign-in provider of the tests' own: it keeps to OpenID Connect, or lies in the one way that a test asks for."""

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "anomaly-review", "swordfish & co"
KEY, OTHER_KEY = (RSAKey.generate_key(2048, {"kid": name, "use": "sig"}) for name in ("first", "second"))
GRANT = "a-code"


@dataclass
class Lies:
    """What it says otherwise than it is; empty where it tells the truth."""

    claims: dict[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    header: dict[str, Any] = field(default_factory=dict)
    key: Any = field(default_factory=lambda: KEY)
    shown: tuple[RSAKey, ...] = field(default_factory=lambda: (KEY,))
    described: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Response] = field(default_factory=dict)


class Liar:
    """The provider: ``asked`` is the query it was last sent, ``heard`` what came to its token endpoint."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.lies = Lies()
        self.asked: dict[str, str] = {}
        self.heard: list[tuple[dict[str, str], str]] = []
        self.paths: list[str] = []
        routes = [
            Route("/.well-known/openid-configuration", self.describe),
            Route("/jwks", self.show_keys),
            Route("/token", self.give_token, methods=["POST"]),
            Route("/userinfo", self.tell_user),
        ]
        self.app = Starlette(routes=routes)

    def says(self, **lies: Any) -> None:
        """Take back all lies, and tell these."""
        self.lies, self.heard, self.paths = Lies(**lies), [], []

    async def describe(self, request: Request) -> Response:
        at = self.issuer
        said = {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "userinfo_endpoint": f"{at}/userinfo",
            "jwks_uri": f"{at}/jwks",
        }
        return self._answer(request, said | self.lies.described)

    async def show_keys(self, request: Request) -> Response:
        return self._answer(request, dict(KeySet(list(self.lies.shown)).as_dict(private=False)))

    async def give_token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        self.heard.append((form, request.headers.get("authorization", "")))
        shown = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        fits = form["redirect_uri"] == self.asked["redirect_uri"] and shown == self.asked["code_challenge"]
        if form["code"] != GRANT or not fits:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return self._answer(request, {"access_token": "an-access", "token_type": "Bearer", "id_token": self.token()})

    async def tell_user(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer an-access"
        return self._answer(request, {"sub": "person-1"} | self.lies.userinfo)

    def token(self) -> str:
        """The id_token, as its lies have it."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": "person-1", "iat": now, "exp": now + 300}
        claims |= {"nonce": self.asked["nonce"], "preferred_username": "ana"} | self.lies.claims
        said = {name: value for name, value in claims.items() if name not in self.lies.without}
        header = {"alg": "RS256", "kid": "first"} | self.lies.header
        if (alg := header["alg"]) in ("none", "HS256"):
            signing = f"{_part(json.dumps(header).encode())}.{_part(json.dumps(said).encode())}"
            # the public key taken for a secret that both know: the oldest trick against a checker of tokens
            forged = hmac.new(KEY.as_pem(private=False), signing.encode(), hashlib.sha256).digest()
            return f"{signing}.{_part(forged) if alg == 'HS256' else ''}"
        return jwt.encode(header, said, self.lies.key)

    def _answer(self, request: Request, said: dict[str, Any]) -> Response:
        self.paths.append(request.url.path)
        return self.lies.answers.get(request.url.path) or JSONResponse(said)


def elsewhere(address: str) -> Response:
    """An answer that leads to another place."""
    return RedirectResponse(address)


def _part(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


@contextmanager
def serving() -> Iterator[Liar]:
    """Serve a provider on this machine's loopback."""
    listening = socket.create_server(("127.0.0.1", 0))
    found = Liar(f"http://127.0.0.1:{listening.getsockname()[1]}")
    server = uvicorn.Server(uvicorn.Config(found.app, log_level="error", access_log=False, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield found
    server.should_exit = True
    thread.join()
