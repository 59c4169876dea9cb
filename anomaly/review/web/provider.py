"""An OpenID Connect provider that signs people in: authorization code with PKCE, asked over HTTPS with an end to it."""

import json
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import urllib3

from anomaly.config.kinds import Secret
from anomaly.errors import ProviderError, SignInError
from anomaly.review.web.guard import is_private
from anomaly.review.web.pending import KEY_BYTES, Pending
from anomaly.review.web.tokens import UnknownKeyError, challenge, claims_of

SCOPE = "openid profile email"
WELL_KNOWN = "/.well-known/openid-configuration"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
SECONDS, LONGEST_ANSWER, PIECE = 10.0, 1 << 20, 1 << 14
"""A provider's answer: how long one may take in all, its bytes at most, and as how many they are read at a time."""
KEPT_SECONDS = 3600.0
"""How long the provider's own description and keys are kept; a token with a key not among them is looked up at once."""
Json = dict[str, Any]


class Provider:
    """The provider as this page uses it.

    Parameters
    ----------
    issuer
        Its address, exactly as it calls itself.
    client_id, secret
        How it knows this page; an empty secret makes a public client, for which PKCE stands alone.
    claim
        What of a person is the name of their account here.
    """

    def __init__(self, issuer: str, client_id: str, secret: Secret, claim: str) -> None:
        self.issuer, self.client_id, self.secret, self.claim = issuer, client_id, secret, claim
        self.key = secrets.token_bytes(KEY_BYTES)
        """Seals sign-ins that are under way."""
        self._http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=SECONDS))
        self._kept: dict[str, tuple[float, Json]] = {}

    @property
    def host(self) -> str:
        """Its name for people."""
        return urlsplit(self.issuer).netloc

    def address(self, pending: Pending, back: str) -> str:
        """Return where a browser is sent to sign in; raises ProviderError."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": back,
            "scope": SCOPE,
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": challenge(pending.verifier),
            "code_challenge_method": "S256",
        }
        endpoint = self._described()["authorization_endpoint"]
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    def name(self, code: str, pending: Pending, back: str) -> str:
        """Return the name of the person who came back with a code; raises ProviderError or SignInError."""
        given = self._exchanged(code, pending, back)
        token, access = given.get("id_token"), given.get("access_token")
        if not isinstance(token, str):
            raise SignInError("the provider gave no id_token: is the page registered there for OpenID Connect?")
        claims = self._claims(token, pending.nonce, access if isinstance(access, str) else None)
        if self.claim not in claims and isinstance(access, str):
            claims = self._more(claims, access) | claims
        return _named(claims, self.claim)

    def close(self) -> None:
        """Close all connections."""
        self._http.clear()

    def _exchanged(self, code: str, pending: Pending, back: str) -> Json:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": pending.verifier,
            "client_id": self.client_id,
        }
        described, headers = self._described(), {"content-type": "application/x-www-form-urlencoded"}
        if self.secret:
            if "client_secret_basic" in described.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
                # each part encoded as a form's, RFC 6749 section 2.3.1
                pair = f"{quote_plus(self.client_id)}:{quote_plus(self.secret.reveal())}"
                headers |= urllib3.make_headers(basic_auth=pair)
            else:
                form["client_secret"] = self.secret.reveal()
        return self._fetched("POST", described["token_endpoint"], headers, urlencode(form))

    def _claims(self, token: str, nonce: str, access_token: str | None) -> Json:
        asked: Json = {"issuer": self.issuer, "client_id": self.client_id, "nonce": nonce, "access_token": access_token}
        try:
            return claims_of(token, self._keys(), **asked)
        except UnknownKeyError:
            self._kept.pop("keys", None)
            return claims_of(token, self._keys(), **asked)

    def _more(self, claims: Json, access_token: str) -> Json:
        """What the provider says of the person where it is asked, for one that puts it into no token."""
        endpoint = self._described().get("userinfo_endpoint")
        if endpoint is None:
            return {}
        found = self._fetched("GET", endpoint, {"authorization": f"Bearer {access_token}"})
        if found.get("sub") != claims["sub"]:
            raise SignInError("the provider's answers are about two different people")
        return found

    def _described(self) -> Json:
        if (found := self._still("description")) is not None:
            return found
        found = self._fetched("GET", self.issuer.rstrip("/") + WELL_KNOWN)
        if found.get("issuer") != self.issuer:
            raise ProviderError(
                f"the provider at {self.issuer} calls itself {found.get('issuer')!r}: review.oidc_issuer has to be that"
            )
        for name in ENDPOINTS:
            if not isinstance(found.get(name), str):
                raise ProviderError(f"the provider at {self.issuer} says no {name}: it is no OpenID Connect provider")
        return self._keep("description", found)

    def _keys(self) -> Json:
        found = self._still("keys")
        return found if found is not None else self._keep("keys", self._fetched("GET", self._described()["jwks_uri"]))

    def _still(self, what: str) -> Json | None:
        at, found = self._kept.get(what, (0.0, None))
        return found if time.monotonic() < at + KEPT_SECONDS else None

    def _keep(self, what: str, found: Json) -> Json:
        self._kept[what] = time.monotonic(), found
        return found

    def _fetched(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: str | None = None
    ) -> Json:
        """Return an answer's JSON. No redirect is followed: it could lead to a place that nobody chose."""
        if not is_private(url):
            raise ProviderError(f"the provider at {self.issuer} names {url}, which is not reached by https")
        try:
            asked = {"accept": "application/json", **(headers or {})}
            answer = self._http.request(method, url, body=body, headers=asked, redirect=False, preload_content=False)
            with answer:
                text = _read(answer)
        except (urllib3.exceptions.HTTPError, TimeoutError) as error:
            raise ProviderError(f"the provider at {self.issuer} does not answer: {type(error).__name__}") from None
        if method == "POST" and answer.status in (400, 401):
            raise SignInError(f"the provider did not take the code{_reason(text)}")
        if answer.status != 200:
            raise ProviderError(f"the provider at {self.issuer} answered {answer.status}")
        return _parsed(text, self.issuer)


def _read(answer: urllib3.BaseHTTPResponse) -> bytes:
    """The body, unless it is too long or comes too slowly."""
    late, taken = time.monotonic() + SECONDS, b""
    for piece in answer.stream(PIECE):
        taken += piece
        if len(taken) > LONGEST_ANSWER or time.monotonic() > late:
            raise TimeoutError
    return taken


def _parsed(text: bytes, issuer: str) -> Json:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ProviderError(f"the provider at {issuer} answered something that is no JSON object")
    return found


def _reason(text: bytes) -> str:
    """The provider's own word for why, where it gives one of OAuth's."""
    try:
        word = json.loads(text).get("error")
    except (AttributeError, ValueError):
        word = None
    return f": {word}" if isinstance(word, str) and word.isascii() and word.replace("_", "").isalpha() else ""


def _named(claims: Mapping[str, Any], claim: str) -> str:
    name = claims.get(claim)
    if not isinstance(name, str) or not name.strip():
        raise SignInError(f"the provider says no {claim} of the person; see the setting review.oidc_claim")
    if claim == "email" and claims.get("email_verified", True) is not True:
        raise SignInError("the provider did not check the person's address (email_verified)")
    return name.strip()
