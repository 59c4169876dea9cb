"""What OpenID Connect signs: an id_token is believed only with its issuer, audience, signature, time and nonce.

The one home of authlib and joserfc, which come with the extra ``oidc``.
"""

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from anomaly.errors import SignInError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures by a key that the provider alone has. Not ``none``, and no HMAC: its key would be one that others know."""
LEEWAY_SECONDS = 60
"""How far two machines' clocks may be apart."""


class UnknownKeyError(SignInError):
    """A token names a key that is not among those that were fetched: the provider may have a new one."""


def challenge(verifier: str) -> str:
    """Return what is shown of a PKCE verifier before it is used (S256)."""
    return str(create_s256_code_challenge(verifier))


def claims_of(
    token: str, keys: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, access_token: str | None
) -> dict[str, Any]:
    """Return what a valid id_token says of a person.

    Parameters
    ----------
    keys
        The provider's key set (JWKS) as it was fetched.
    access_token
        What came with the id_token; where the token speaks of it (``at_hash``) it has to be this one.

    Raises
    ------
    UnknownKeyError
        Its key is not in the set.
    SignInError
        Anything else about it is not right.
    """
    try:
        signed = jwt.decode(token, KeySet.import_key_set({"keys": list(keys["keys"])}), algorithms=ALGORITHMS)
        said = CodeIDToken(
            signed.claims,
            signed.header,
            {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}},
            {"nonce": nonce, "client_id": client_id, "access_token": access_token},
        )
        said.validate(leeway=LEEWAY_SECONDS)
    except InvalidKeyIdError as error:
        raise UnknownKeyError(f"the provider's token is signed with a key that it does not show: {error}") from None
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise SignInError(f"the provider's token cannot be trusted: {error}") from None
    return dict(said)
