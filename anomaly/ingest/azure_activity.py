"""The rows of the Azure activity log that open or move storage, one by one: who, from where, how it ended, for whom.

They are few. A share names its destination in the body of the request or of the answer, where the row holds one.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from anomaly.ingest.azure_identity import plain
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
ASKED = ("requestbody", "requestBody", "request_body")
ANSWERED = ("responseBody", "responsebody", "response_body")
FAILED = ("failure", "failed")
LOGS_OF_READS = ("storageread", "alllogs", "audit")


@dataclass(frozen=True)
class Opened:
    """What a row opens: kind, account and bucket of the destination, who is let in, the source's container."""

    operation: str | None = None
    kind: str | None = None
    account: str | None = None
    bucket: str | None = None
    principal: str | None = None
    source: str | None = None


def activity(api: str, resource: str | None, ended: str | None, text: str) -> tuple[Any, ...]:
    """Return the ``activity_`` columns of one row, its ``issued_identity`` and whether it narrows logging.

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
    who, kind = _caller(plain(row.get("caller")), claims)
    place = ACCOUNT.search(resource or "")
    # names of accounts and containers have small letters only; a resource id may have been put into capitals
    account, container = (name and name.lower() for name in place.groups()) if place else (None, None)
    found = _opens(api.lower(), _mapping(row.get("properties")), account)
    container = container or found.source
    own = SUBSCRIPTION.match(resource or "")
    issued = found.principal
    if account and azure_operation(api, "").does == "auth":
        issued = f"storage-account:{account}"
    return (
        who, kind, _first(claims, TENANT), _mfa(claims), _address(row, claims), _failure(row, ended),
        account or (own.group(1).lower() if own else None),
        f"{account}/{container}" if account and container else None,
        found.operation, found.kind, found.account, found.bucket, issued,
        _narrows_logging(api.lower(), resource or "", _mapping(row.get("properties"))),
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
    return next((address for text in found if (address := address_of(plain(text)))), None)


def _failure(row: Mapping[str, Any], ended: str | None) -> str | None:
    """Return the error of a failed operation: resultSignature is such as Failed.Forbidden."""
    if (ended or "").lower() not in FAILED:
        return None
    status = row.get("status")
    code = plain(_mapping(status).get("value")) or (plain(status) if not _mapping(status) else None)
    return code or (plain(row.get("signature")) or "").partition(".")[2] or "Failed"


def _opens(api: str, properties: Mapping[str, Any], account: str | None) -> Opened:
    asked, answered = _body(properties, ASKED), _body(properties, ANSWERED)
    told = asked or answered
    if api.endswith("/storageaccounts/write") or api.endswith("/containers/write"):
        return _public(told, asked)
    if api.endswith("/objectreplicationpolicies/write"):
        return _replication(told, account)
    if api.endswith("/roleassignments/write"):
        principal = plain(told.get("principalid"))
        return Opened(kind="account", principal=f"object:{principal}" if principal else None)
    if api.endswith("/localusers/write"):
        return Opened(kind="account")
    return Opened()


def _narrows_logging(api: str, resource: str, properties: Mapping[str, Any]) -> bool | None:
    """Whether a diagnostic setting of a storage account switches the log of reads off; None where it names no such log.

    A setting without it may be a second one beside it, so silence is no answer.
    """
    if not api.endswith("/diagnosticsettings/write") or not ACCOUNT.search(resource):
        return None
    asked = next((found for name in ASKED if (found := _mapping(properties.get(name)))), {})
    logs = _mapping(asked.get("properties")).get("logs")
    logged = [
        log.get("enabled") is True
        for log in (logs if isinstance(logs, list) else [])
        if isinstance(log, Mapping) and str(log.get("category") or log.get("categoryGroup")).lower() in LOGS_OF_READS
    ]
    return not any(logged) if logged else None


def _body(properties: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return the plain values at any depth of a body, JSON in a text or an object; of several the first."""
    body = next((found for name in names if (found := _mapping(properties.get(name)))), {})
    values: dict[str, Any] = {}
    for name, value in _leaves(body):
        values.setdefault(name.lower(), value)
    return values


def _public(told: Mapping[str, Any], asked: Mapping[str, Any]) -> Opened:
    """Anonymous reads allowed, of the account or of the container, or the network's door opened to all.

    The door counts only where it was asked for: an answer repeats every setting of the account, and open is usual.
    """
    anonymous = told.get("allowblobpublicaccess") is True
    container = str(told.get("publicaccess") or "None").lower() in ("blob", "container")
    if anonymous or container:
        return Opened("share", "public")
    return Opened("share") if str(asked.get("defaultaction")).lower() == "allow" else Opened()


def _replication(told: Mapping[str, Any], account: str | None) -> Opened:
    """Accounts are names or resource ids. The policy's two ends keep their names, whichever of them this account is."""
    target = _account_named(plain(told.get("destinationaccount")))
    source = _account_named(plain(told.get("sourceaccount"))) or account
    container = plain(told.get("destinationcontainer"))
    return Opened(
        kind="bucket",
        account=target,
        bucket=f"{target}/{container}" if target and container else None,
        source=plain(told.get("sourcecontainer")) if source == account else None,
    )


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
    return next((text for name in names if (text := plain(claims.get(name)))), None)
