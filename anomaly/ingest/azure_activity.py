"""The rows of the Azure activity log that open or move storage, one by one: who, from where, how it ended, for whom.

They are few. A share names its destination in the body of the request or of the answer, where the row holds one.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from anomaly.ingest.azure_operations import azure_operation
from anomaly.ingest.azure_place import address_of

CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
MICROSOFT = "http://schemas.microsoft.com/"
UPN = ("upn", CLAIM + "upn", CLAIM + "name", CLAIM + "emailaddress")
OBJECT = ("oid", MICROSOFT + "identity/claims/objectidentifier")
TENANT = ("tid", MICROSOFT + "identity/claims/tenantid")
METHODS = ("amr", MICROSOFT + "claims/authnmethodsreferences")

ACCOUNT = re.compile(r"/storageAccounts/([^/]+)(?:/blobServices/[^/]+/containers/([^/]+))?", re.IGNORECASE)
SUBSCRIPTION = re.compile(r"^/subscriptions/([^/]+)", re.IGNORECASE)
BODIES = ("responseBody", "requestbody", "requestBody", "response_body", "request_body")
FAILED = ("failure", "failed")


@dataclass(frozen=True)
class Opened:
    """What a row opens: ``kind`` and ``account`` of the destination, ``principal`` who is let in."""

    operation: str | None = None
    kind: str | None = None
    account: str | None = None
    principal: str | None = None


def activity(api: str, resource: str | None, ended: str | None, text: str) -> tuple[Any, ...]:
    """Return the ``activity_`` columns of one row and its ``issued_identity``, in the order of the table.

    Parameters
    ----------
    api, resource, ended
        Operation, resource id and final status as logged.
    text
        The row's other fields as one JSON object: caller, claims, properties, address, request, identity, signature
        and status.
    """
    row = _mapping(text)
    claims = _mapping(row.get("claims"))
    who, kind = _caller(_text(row.get("caller")), claims)
    place = ACCOUNT.search(resource or "")
    account, container = place.groups() if place else (None, None)
    found = _opens(api.lower(), list(_bodies(_mapping(row.get("properties")))), account)
    own = SUBSCRIPTION.match(resource or "")
    issued = found.principal
    if account and azure_operation(api, "").does == "auth":
        issued = f"storage-account:{account.lower()}"
    return (
        who, kind, _first(claims, TENANT), _mfa(claims), _address(row, claims), _failure(row, ended),
        account.lower() if account else own.group(1).lower() if own else None,
        f"{account.lower()}/{container}" if account and container else None,
        found.operation, found.kind, found.account, issued,
    )  # fmt: skip


def _caller(caller: str | None, claims: Mapping[str, Any]) -> tuple[str, str]:
    upn = caller if caller and "@" in caller else _first(claims, UPN)
    if upn and "@" in upn and claims.get("idtyp") != "app":
        return upn, "human"
    oid = _first(claims, OBJECT) or caller or _first(claims, ("appid",))
    if oid and re.fullmatch(r"[0-9A-Za-z-]{32,36}", oid):
        return f"object:{oid}", "workload"
    return (f"service:{oid}", "service") if oid else ("unknown", "workload")


def _mfa(claims: Mapping[str, Any]) -> bool | None:
    methods = _first(claims, METHODS)
    return "mfa" in methods.split(",") if methods else None


def _address(row: Mapping[str, Any], claims: Mapping[str, Any]) -> str | None:
    request = _mapping(row.get("request"))
    found = (row.get("address"), request.get("clientIpAddress"), request.get("client_ip_address"), claims.get("ipaddr"))
    return next((address for text in found if (address := address_of(_text(text)))), None)


def _failure(row: Mapping[str, Any], ended: str | None) -> str | None:
    """Return the error of a failed operation: resultSignature is such as Failed.Forbidden."""
    if (ended or "").lower() not in FAILED:
        return None
    status = row.get("status")
    code = _text(_mapping(status).get("value")) or (_text(status) if not _mapping(status) else None)
    return code or (_text(row.get("signature")) or "").partition(".")[2] or "Failed"


def _bodies(properties: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what was answered before what was asked: JSON in a text, or an object."""
    for name in BODIES:
        if body := _mapping(properties.get(name)):
            yield body


def _opens(api: str, bodies: list[Mapping[str, Any]], account: str | None) -> Opened:
    asked = {name.lower(): value for body in reversed(bodies) for name, value in _leaves(body)}
    if api.endswith("/storageaccounts/write") or api.endswith("/containers/write"):
        return _public(asked)
    if api.endswith("/objectreplicationpolicies/write"):
        return _replication(asked, account)
    if api.endswith("/roleassignments/write"):
        principal = _text(asked.get("principalid"))
        return Opened(kind="account", principal=f"object:{principal}" if principal else None)
    if api.endswith(("/begingetaccess/action", "/retrievesasuris/action")):
        return Opened(kind="public")
    if api.endswith("/localusers/write"):
        return Opened(kind="account")
    return Opened()


def _public(asked: Mapping[str, Any]) -> Opened:
    """Anonymous reads allowed, of the account or of the container, or the network's door opened to all."""
    anonymous = asked.get("allowblobpublicaccess") is True
    container = str(asked.get("publicaccess") or "None").lower() in ("blob", "container")
    network = str(asked.get("defaultaction") or "").lower() == "allow"
    if anonymous or container:
        return Opened("share", "public")
    return Opened("share", "network") if network else Opened()


def _replication(asked: Mapping[str, Any], account: str | None) -> Opened:
    """Source and target are account names or resource ids; the one that is not this account is the destination."""
    names = [_account_named(_text(asked.get(end))) for end in ("destinationaccount", "sourceaccount")]
    target = next((name for name in names if name), None)
    other = next((name for name in names if name and name != (account or "").lower()), target)
    return Opened(kind="bucket", account=names[0] or other)


def _account_named(text: str | None) -> str | None:
    return text.rpartition("/")[2].lower() or None if text else None


def _leaves(value: Any, depth: int = 8) -> Iterator[tuple[str, Any]]:
    """Yield every (name, plain value) at any depth."""
    if isinstance(value, Mapping) and depth:
        for name, inner in value.items():
            if isinstance(inner, Mapping | list):
                yield from _leaves(inner, depth - 1)
            else:
                yield str(name), inner
    elif isinstance(value, list) and depth:
        for inner in value:
            yield from _leaves(inner, depth - 1)


def _mapping(value: Any) -> Mapping[str, Any]:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, Mapping) else {}


def _first(claims: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((text for name in names if (text := _text(claims.get(name)))), None)


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
