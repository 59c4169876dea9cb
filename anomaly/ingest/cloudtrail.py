"""The CloudTrail format: what is derived in Python for its records, once a distinct value or for rare shapes."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import pyarrow as pa

from anomaly.ingest.addresses import IP_ADDRESS
from anomaly.ingest.conform import conform, decoded, is_digest
from anomaly.ingest.destination import ALSO_JUDGED, destination_of
from anomaly.ingest.formats import Derived, Format, Learned
from anomaly.ingest.identity import SSO_ROLE, identity_of
from anomaly.ingest.logging_narrowed import JUDGED, narrows_logging
from anomaly.ingest.operations import S3_FAMILY, exact_names, operation_of, operations
from anomaly.ingest.tools import AGENTS, agent_row

BUCKET_IN_ARN = r'"(?:ARN|arn|ARNPrefix)":"arn:[^:"]*:s3[a-z-]*:[^:"]*:[^:"]*:(?:bucket/)?([^/":*]+)[/*"]'
KEY_IN_ARN = r'"(?:ARN|arn)":"arn:[^:"]*:s3[a-z-]*:[^:"]*:[^:"]*:(?:bucket/)?[^/":]+/((?:[^"\\]|\\.)+)"'
ROLE_IN_RESOURCES = r'"(arn:[^:"]*:iam::\d*:role/[^"]+)"'
ROLE_SESSION = r"^arn:([^:]*):sts::(\d*):assumed-role/([^/]+)/(.*)$"
ISSUING = (
    "AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "AssumeRoot", "GetFederationToken",
    "GetSessionToken", "CreateAccessKey", "CreateLoginProfile", "GetDataAccess", "CreateSession",
)  # fmt: skip
"""Calls whose answer hands out a credential."""
DENIED = (
    r"(?i)denied|unauthorized|forbidden|expiredtoken|invalidtoken|invalidaccesskey|signaturedoesnotmatch|failed auth"
)
"""Error codes of a call that was refused; others are errors (NoSuchKey, throttling)."""

CLOUDTRAIL_KEYS = frozenset(
    ("eventName", "eventSource", "eventVersion", "eventID", "userIdentity", "awsRegion", "recipientAccountId")
)
FINDS = re.compile(
    rb'\\?"(?:userIdentity|eventSource|CloudTrailEvent|digestStartTime)\\?"\s*:|"eventName\\?"\s*:\s*\\?"'
    rb'|^\s*(?:\xef\xbb\xbf)?\{\s*"(?:Records|Events)"\s*:'
)

TEXT = pa.string()
IDENTITIES = pa.schema(
    [(n, TEXT) for n in ("caller", "identity", "identity_kind", "identity_account", "session_name", "access_key_id")]
    + [("role_chain", TEXT), ("mfa", pa.bool_()), ("invoked_by", TEXT), ("account_principal", pa.bool_())]
)
CALLS = pa.schema([(name, TEXT) for name in ("source", "api", "operation", "bytes")])
DESTINATIONS = pa.schema(
    [("rn", pa.int64())]
    + [(name, TEXT) for name in ("destination_kind", "destination_account", "destination_bucket")]
    + [(name, TEXT) for name in ("source_bucket", "source_key", "source_account", "judged_operation")]
    + [("narrows_logging", pa.bool_())]
)


def looks_like_cloudtrail(record: Any) -> bool:
    """Whether an object has at least two of the keys that every CloudTrail record has, or is a digest file."""
    return isinstance(record, Mapping) and (len(CLOUDTRAIL_KEYS & record.keys()) >= 2 or is_digest(record))


@cache
def with_destination() -> list[str]:
    """Return the calls whose requests are judged one by one: those that name a destination or set up logging."""
    named = {row.api for row in operations() if row.operation in ("share", "copy") or "Location" in row.api}
    return sorted(named | set(ALSO_JUDGED) | set(JUDGED))


def _read_parameters() -> dict[str, Any]:
    return {
        "s3_family": S3_FAMILY,
        "kept": list(exact_names()),
        "with_destination": with_destination(),
        "issuing": list(ISSUING),
    }


def _events_parameters() -> dict[str, Any]:
    return {
        "bucket_in_arn": BUCKET_IN_ARN,
        "key_in_arn": KEY_IN_ARN,
        "role_in_resources": ROLE_IN_RESOURCES,
        "role_session": ROLE_SESSION,
        "sso_role": SSO_ROLE,
        "ip_address": IP_ADDRESS,
        "denied": DENIED,
    }


def _identity_row(caller: str) -> tuple[Any, ...]:
    who = identity_of(decoded(caller) or {})
    return (
        caller, who.identity, who.kind, who.account, who.session_name, who.access_key_id, who.role_chain, who.mfa,
        who.invoked_by, who.account_principal,
    )  # fmt: skip


def _call_row(source: str, api: str) -> tuple[Any, ...]:
    known = operation_of(source, api)
    return source, api, known.operation if known else "configure", known.bytes if known else ""


def _destination_row(rn: int, api: str, parameters: str, resources: str | None, owner: str | None) -> tuple[Any, ...]:
    asked = decoded(parameters)
    if api in JUDGED:
        return rn, None, None, None, None, None, None, None, narrows_logging(api, asked)
    found = destination_of(api, asked, decoded(resources), owner)
    return (
        rn, found.kind, found.account, found.bucket, found.source_bucket, found.source_key, found.source_account,
        found.operation, None,
    )  # fmt: skip


FORMAT = Format(
    name="cloudtrail",
    says="CloudTrail",
    finds=FINDS,
    read_parameters=_read_parameters,
    events_parameters=_events_parameters,
    learned=(
        Learned("identities", IDENTITIES, ("caller",), "caller", _identity_row),
        Learned("agents", AGENTS, ("agent",), "coalesce(agent, '') as agent", agent_row),
        Learned("calls", CALLS, ("source", "api"), "source, api", _call_row),
    ),
    derived=(
        Derived(
            "destinations",
            DESTINATIONS,
            """select rn, api, parameters, resources, coalesce(owner, recipient_account) from raw
            where parameters is not null and defect is null and rn not in (select rn from repeated)""",
            _destination_row,
        ),
    ),
    looks_like=looks_like_cloudtrail,
    conform=conform,
)
