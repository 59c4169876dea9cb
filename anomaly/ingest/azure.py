"""The Azure Monitor format: resource logs of blob storage, and the activity log's rows that open or move storage.

Of an activity that takes time the log holds a row when it starts, when it is accepted and when it ends; the last one is
loaded, known by its own status. So an activity that never ends is not seen.
"""

import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from anomaly.ingest.azure_activity import activity
from anomaly.ingest.azure_identity import caller
from anomaly.ingest.azure_operations import activity_names, azure_operation
from anomaly.ingest.azure_place import (
    BRACKETED,
    IP_BARE,
    IP_WITH_PORT,
    PATH_STYLE,
    PREFIX,
    STORAGE_HOST,
    TRANSPORT,
    URL,
    place_of,
)
from anomaly.ingest.conform import decoded, encoded
from anomaly.ingest.formats import Derived, Format, Learned
from anomaly.ingest.tools import AGENTS, agent_row

FIELDS = (
    "time", "eventTimestamp", "event_timestamp", "category", "operationName", "operation_name", "resourceId",
    "resource_id", "statusCode", "statusText", "callerIpAddress", "correlationId", "correlation_id", "identity",
    "location", "properties", "uri", "metricName", "resultType", "resultSignature", "status", "subStatus",
    "sub_status", "caller", "claims", "authorization", "httpRequest", "http_request", "eventDataId", "event_data_id",
)  # fmt: skip
"""The columns that azure_read.sql declares."""

KEYS = (
    ("time", "eventTimestamp", "event_timestamp"),
    ("operationName", "operation_name"),
    ("resourceId", "resource_id"),
)
FINDS = re.compile(
    rb'(?i)\\?"category\\?"\s*:\s*(?:\{\s*\\?"value\\?"\s*:\s*)?\\?"(?:Storage(?:Read|Write|Delete)|Administrative)\\?"'
    rb'|\\?"(?:eventDataId|event_data_id)\\?"\s*:|\\?"resourceId\\?"\s*:\s*\\?"/subscriptions/'
)
DENIED = r"(?i)auth|denied|forbidden|permission|NotPermitted|signature|^4?0[13]$"
"""Status texts of a request that was refused; others are errors (BlobNotFound, ServerBusy)."""

TEXT = pa.string()
CALLERS = pa.schema(
    [(name, TEXT) for name in ("caller", "identity", "identity_kind", "identity_account", "access_key_id")]
    + [(name, TEXT) for name in ("role_chain", "auth_method")]
)
CLIENTS = AGENTS.append(pa.field("by_platform", pa.bool_()))
CALLS = pa.schema([(name, TEXT) for name in ("api", "category", "name", "operation", "bytes")])
LINKS = pa.schema([("rn", pa.int64()), ("link_account", TEXT), ("link_bucket", TEXT)])
ACTIVITIES = pa.schema(
    [("rn", pa.int64())]
    + [(f"activity_{name}", TEXT) for name in ("identity", "kind", "tenant")]
    + [("activity_mfa", pa.bool_())]
    + [(f"activity_{name}", TEXT) for name in ("ip", "failure", "account", "bucket", "operation")]
    + [(f"activity_destination_{name}", TEXT) for name in ("kind", "account", "bucket")]
    + [("issued_identity", TEXT), ("narrows_logging", pa.bool_())]
)


def looks_like_azure(record: Any) -> bool:
    """Whether an object has at least two of the three fields that Azure Monitor's records have."""
    return isinstance(record, Mapping) and sum(any(name in record for name in names) for names in KEYS) >= 2


def conform_azure(record: Mapping[str, Any]) -> bytes:
    """Return a record as JSON that the reader takes: declared fields only.

    Raises
    ------
    MisshapenError
        The record is nested too deeply.
    """
    return encoded({name: record[name] for name in FIELDS if name in record})


def _caller_row(text: str) -> tuple[Any, ...]:
    given = decoded(text)
    return text, *caller(given if isinstance(given, Mapping) else {})


def _client_row(agent: str) -> tuple[Any, ...]:
    return *agent_row(agent), re.search(TRANSPORT, agent) is not None


def _call_row(api: str, category: str) -> tuple[Any, ...]:
    known = azure_operation(api, category)
    return api, category, known.name, known.does, known.bytes


def _link_row(rn: int, url: str) -> tuple[Any, ...]:
    return rn, *place_of(url)


def _activity_row(rn: int, api: str, resource: str | None, ended: str | None, text: str) -> tuple[Any, ...]:
    return rn, *activity(api, resource, ended, text)


def _read_parameters() -> dict[str, Any]:
    return {"kept": list(activity_names())}


def _events_parameters() -> dict[str, Any]:
    return {
        "url": URL, "storage_host": STORAGE_HOST, "path_style": PATH_STYLE, "prefix": PREFIX,
        "denied": DENIED, "ip_with_port": IP_WITH_PORT, "bracketed": BRACKETED, "ip_bare": IP_BARE,
    }  # fmt: skip


FORMAT = Format(
    name="azure",
    says="Azure Monitor",
    finds=FINDS,
    read_parameters=_read_parameters,
    events_parameters=_events_parameters,
    learned=(
        Learned("callers", CALLERS, ("caller",), "caller", _caller_row),
        Learned("agents", CLIENTS, ("agent",), "coalesce(agent, '') as agent", _client_row),
        Learned("calls", CALLS, ("api", "category"), "api, category", _call_row),
    ),
    derived=(
        Derived(
            "links",
            LINKS,
            """select rn, destination_uri from raw
            where destination_uri is not null and defect is null and rn not in (select rn from repeated)""",
            _link_row,
        ),
        Derived(
            "activities",
            ACTIVITIES,
            """select rn, api, resource, ended, activity from raw
            where activity is not null and not is_marker and defect is null
                and rn not in (select rn from repeated)""",
            _activity_row,
        ),
    ),
    looks_like=looks_like_azure,
    conform=conform_azure,
)
