"""The Google Cloud format: Cloud Audit and VPC flow entries, as sinks export them; other entries are only counted.

An entry of any log may stand beside any other in one file. What is derived in Python is derived once a distinct value
(caller, user agent, call, change of an access list) or for the few calls on other services than storage.
"""

import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from anomaly.ingest.addresses import IP_ADDRESS, NOT_OUTSIDE
from anomaly.ingest.conform import MisshapenError, decoded, encoded
from anomaly.ingest.formats import Derived, Format, Learned
from anomaly.ingest.gcp_acts import act_of, grant_of
from anomaly.ingest.gcp_identity import gcp_identity_of, principal_of
from anomaly.ingest.gcp_operations import gcp_operation_of, kept_calls, kept_services
from anomaly.ingest.tools import AGENTS, agent_row

TEXTS = ("insertId", "logName", "timestamp")
OBJECTS = ("resource", "operation", "protoPayload", "jsonPayload")
PAYLOADS = ("protoPayload", "jsonPayload", "textPayload")
ENTRY_KEYS = frozenset((*TEXTS, *OBJECTS, *PAYLOADS, "receiveTimestamp", "severity"))
FINDS = re.compile(rb'\\?"(?:protoPayload|jsonPayload|textPayload|insertId|logName)\\?"\s*:')

OF_OBJECT = r"(?s)^projects/[^/]*/buckets/([^/]+)(?:/objects/(.*))?"
COPIED_TO = r"(?s)^projects/([^/]*)/buckets/([^/]+)"
SIGNED = r"(?i)\bx-goog-signature=|\bgoogleaccessid="
"""Parameters of a signed URL, version 4 and 2."""

STATUS_NAMES = (
    "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
"""google.rpc.Code from 1 on."""

TEXT = pa.string()
IDENTITIES = pa.schema(
    [(name, TEXT) for name in ("caller", "identity", "kind", "identity_account", "access_key_id", "role_chain")]
)
CALLS = pa.schema([(name, TEXT) for name in ("service", "api", "operation")])
GRANTS = pa.schema(
    [(name, TEXT) for name in ("deltas", "grantor", "owner", "grant_kind", "grant_account")]
    + [("grant_opens", pa.bool_())]
)
ACTS = pa.schema(
    [("rn", pa.int64())]
    + [(name, TEXT) for name in ("act_bucket", "act_kind", "act_account", "act_destination")]
    + [("act_opens", pa.bool_()), ("issued_identity", TEXT), ("issued_key_id", TEXT)]
)


def looks_like_gcp(record: Any) -> bool:
    """Whether an object has a payload or a log's name, and at least one more of the keys that log entries have."""
    if not isinstance(record, Mapping):
        return False
    return len(ENTRY_KEYS & record.keys()) >= 2 and any(name in record for name in (*PAYLOADS, "logName"))


def conform_gcp(record: Mapping[str, Any]) -> bytes:
    """Return a record as JSON that the reader takes: declared columns only, text apart from objects.

    Raises
    ------
    MisshapenError
        A payload is no object, or the record is nested too deeply.
    """
    for name in ("protoPayload", "jsonPayload"):
        if record.get(name) is not None and not isinstance(record[name], Mapping):
            raise MisshapenError(f"{name} is no object")
    kept: dict[str, Any] = {name: record[name] for name in TEXTS if isinstance(record.get(name), str | int | float)}
    kept |= {name: record[name] for name in OBJECTS if isinstance(record.get(name), Mapping)}
    if record.get("textPayload") is not None:
        kept["textPayload"] = ""
    return encoded(kept)


def _read_parameters() -> dict[str, Any]:
    return {
        "services": list(kept_services()),
        "kept": kept_calls(),
        "ip_address": IP_ADDRESS,
        "not_outside": NOT_OUTSIDE,
    }


def _events_parameters() -> dict[str, Any]:
    return {
        "of_object": OF_OBJECT, "copied_to": COPIED_TO, "signed": SIGNED, "ip_address": IP_ADDRESS,
        "status_names": list(STATUS_NAMES),
    }  # fmt: skip


def _identity_row(caller: str) -> tuple[Any, ...]:
    who = gcp_identity_of(decoded(caller))
    return caller, who.identity, who.kind, who.account, who.access_key_id, who.role_chain


def _call_row(service: str, api: str) -> tuple[Any, ...]:
    return service, api, gcp_operation_of(service, api)


def _grant_row(deltas: str, grantor: str, owner: str) -> tuple[Any, ...]:
    who = decoded(grantor)
    grant = grant_of(decoded(deltas), principal_of(who) if isinstance(who, Mapping) else None, owner or None)
    return deltas, grantor, owner, grant.kind, grant.account, grant.opens if deltas else None


def _act_row(rn: int, service: str, api: str, payload: str, email: str | None, project: str | None) -> tuple[Any, ...]:
    act = act_of(gcp_operation_of(service, api), decoded(payload), email, project)
    return rn, act.bucket, act.kind, act.account, act.destination, act.opens, act.issued_identity, act.issued_key_id


FORMAT = Format(
    name="gcp",
    says="Google Cloud",
    finds=FINDS,
    read_parameters=_read_parameters,
    events_parameters=_events_parameters,
    learned=(
        Learned("identities", IDENTITIES, ("caller",), "caller", _identity_row),
        Learned("agents", AGENTS, ("agent",), "agent", agent_row),
        Learned("calls", CALLS, ("service", "api"), "service, api", _call_row),
        Learned("grants", GRANTS, ("deltas", "grantor", "owner"), "deltas, grantor, owner", _grant_row),
    ),
    derived=(
        Derived(
            "acts",
            ACTS,
            """select rn, service, api, payload, email, project from raw
            where payload is not null and defect is null and rn not in (select rn from repeated)""",
            _act_row,
        ),
    ),
    looks_like=looks_like_gcp,
    conform=conform_gcp,
)
