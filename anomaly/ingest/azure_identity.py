"""Who made a request to Azure Storage, out of its resource log: a user, an application, a key or a signature."""

import re
from collections.abc import Mapping
from typing import Any

HASH = re.compile(r"(\w+)\(([^()]+)\)")
"""Parts of a token hash: key1(HASH), SasSignature(HASH)."""

Who = tuple[str, str, str | None, str | None, str | None, str | None]
"""identity, identity_kind, identity_account, access_key_id, role_chain, auth_method of the event table."""


def caller(identity: Mapping[str, Any]) -> Who:
    """Read the ``identity`` object of a record; an empty one is ``unknown``.

    >>> caller({"type": "SAS", "tokenHash": "key1(AB),SasSignature(CD)"})
    ('sas:CD', 'signed_url', None, 'CD', 'account-key:AB', 'QueryString')
    >>> caller({"type": "OAuth", "requester": {"upn": "ann@example.com", "tenantId": "5-6"}})
    ('ann@example.com', 'human', '5-6', None, None, 'AuthHeader')
    """
    requester = identity.get("requester")
    given = requester if isinstance(requester, Mapping) else {}
    upn, oid = plain(given.get("upn")) or plain(given.get("userName")), plain(given.get("objectId"))
    app, tenant = plain(given.get("appId")), plain(given.get("tenantId"))
    kind = (plain(identity.get("type")) or "").replace(" ", "").lower()
    token = plain(identity.get("tokenHash")) or ""
    principal = upn or (f"object:{oid}" if oid else f"app:{app}" if app else None)
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
        return principal, "human" if upn else "workload", tenant, None, None, "AuthHeader"
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


def plain(value: Any) -> str | None:
    """Return text without blanks around it; None for what is no text or empty."""
    return value.strip() or None if isinstance(value, str) else None
