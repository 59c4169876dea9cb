"""A sign-in that is under way at a provider: what the browser carries until it comes back, sealed by this process."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass

LASTS_SECONDS = 600
"""Time to type a password and a second factor at the provider."""
KEY_BYTES, STATE_BYTES, VERIFIER_BYTES = 32, 32, 48
"""A verifier has 64 characters of base64; RFC 7636 asks for 43 to 128."""


@dataclass(frozen=True)
class Pending:
    """What ties the way out to the way back.

    Parameters
    ----------
    state, nonce, verifier
        What has to come back in the address, in the token, and what shows that we asked (PKCE).
    to
        Path of this page to go on to.
    ends
        Unix time after which it is no longer taken.
    """

    state: str
    nonce: str
    verifier: str
    to: str
    ends: int

    def sealed(self, key: bytes) -> str:
        """Return it as the text of a cookie, which only this process can make."""
        body = base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()
        return f"{body}.{_seal(body, key)}"


def begin(to: str, now: float) -> Pending:
    """Begin a sign-in."""
    state, nonce = secrets.token_urlsafe(STATE_BYTES), secrets.token_urlsafe(STATE_BYTES)
    return Pending(state, nonce, secrets.token_urlsafe(VERIFIER_BYTES), to, int(now) + LASTS_SECONDS)


def opened(text: str, key: bytes, now: float) -> Pending | None:
    """Return what a cookie holds; None where it is not ours, was altered, or is too old."""
    body, _, seal = text.rpartition(".")
    if not hmac.compare_digest(seal.encode(), _seal(body, key).encode()):
        return None
    try:
        found = Pending(**json.loads(base64.urlsafe_b64decode(body)))
    except (binascii.Error, TypeError, ValueError):
        return None
    return found if now < found.ends else None


def _seal(body: str, key: bytes) -> str:
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()
