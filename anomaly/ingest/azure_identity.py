"""Who made a request to Azure Storage, out of its resource log: a user, an application, a key or a signature."""

import re
from collections.abc import Sequence

HASH = re.compile(r"(\w+)\(([^()]+)\)")
"""Parts of a token hash: key1(HASH), SasSignature(HASH)."""

IDENTITY_PATHS = (
    "$.type", "$.tokenHash", "$.requester.upn", "$.requester.objectId", "$.requester.appId", "$.requester.tenantId",
    "$.requester.userName",
)  # fmt: skip
"""What of the log's ``identity`` says who it was; the texts of one caller in this order are the key of ``callers``."""

Who = tuple[str, str, str | None, str | None, str | None, str | None]
"""identity, identity_kind, identity_account, access_key_id, role_chain, auth_method of the event table."""


def caller(texts: Sequence[str | None]) -> Who:
    """Read one caller.

    Parameters
    ----------
    texts
        The values at ``IDENTITY_PATHS``, None where there is none.

    Examples
    --------
    >>> caller(["SAS", "key1(AB),SasSignature(CD)", None, None, None, None, None])
    ('sas:CD', 'signed_url', None, 'CD', 'account-key:AB', 'QueryString')
    >>> caller(["OAuth", "EF", "ann@example.com", "1-2", "3-4", "5-6", None])
    ('ann@example.com', 'human', '5-6', None, None, 'AuthHeader')
    """
    given = [(text or "").strip() or None for text in texts]
    kind, token = (given[0] or "").replace(" ", "").lower(), given[1] or ""
    upn, oid, app, tenant, user = given[2:7]
    principal = upn or user or (f"object:{oid}" if oid else f"app:{app}" if app else None)
    if kind in ("sas", "saskey", "delegationsas", "userdelegationsas"):
        return _signature(token, principal, tenant)
    if kind in ("accountkey", "sharedkey"):
        key = _hashes(token)[-1] if token else None
        return f"account-key:{key or 'unknown'}", "workload", tenant, key, None, "AuthHeader"
    if kind == "anonymous":
        return "anonymous", "anonymous", None, None, None, None
    if kind == "trustedaccess":
        return f"service:{principal or 'azure'}", "service", tenant, None, None, "AuthHeader"
    if principal:
        return principal, "human" if upn or user else "workload", tenant, None, None, "AuthHeader"
    return "unknown", "workload", tenant, None, None, None


def _signature(token: str, signer: str | None, tenant: str | None) -> Who:
    """The signature is the principal; who signed stands behind it: a user for a delegation SAS, else a key."""
    parts = {name.lower(): value for name, value in HASH.findall(token)}
    own = parts.pop("sassignature", None)
    key = next(iter(parts.values()), None)
    found = own or key or (token or None)
    behind = signer or (f"account-key:{key}" if own and key else None)
    return f"sas:{found or 'unknown'}", "signed_url", tenant, found, behind, "QueryString"


def _hashes(token: str) -> list[str]:
    return [value for _, value in HASH.findall(token)] or [token]
