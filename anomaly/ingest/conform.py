"""One record, as the reader expects it: declared columns only, each in a shape that it can hold."""

import json
import re
from collections.abc import Mapping
from typing import Any

TEXTS = (
    "@timestamp", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "errorCode", "errorMessage",
    "requestID", "eventID", "sharedEventID", "recipientAccountId", "vpcEndpointId", "eventType", "eventCategory",
)  # fmt: skip
OBJECTS = ("userIdentity", "requestParameters", "additionalEventData", "responseElements")
ASIDE = b'{"eventCategory":"Insight"}'
"""What stands for a record that tells of no call: it is counted and left."""

SURROGATE = re.compile("[\ud800-\udfff]")


class MisshapenError(Exception):
    """The record cannot stand; the message says why."""


def conform(record: Mapping[str, Any]) -> bytes:
    """Return a record as JSON that the reader takes.

    Only what the event table needs is kept. Text that UTF-8 cannot hold (a lone surrogate from an escape) is replaced
    by U+FFFD.

    Raises
    ------
    MisshapenError
        A field that identifies the call is missing or of a wrong kind.
    """
    if is_digest(record) or is_insight(record):
        return ASIDE
    if not isinstance(record.get("eventName"), str) or not isinstance(record.get("eventSource"), str):
        raise MisshapenError("no eventName or no eventSource")
    who = record.get("userIdentity")
    if who is not None and not isinstance(who, Mapping):
        raise MisshapenError("userIdentity is no object")
    kept = {name: record[name] for name in TEXTS if isinstance(record.get(name), str | int | float)}
    kept["eventTime"] = record.get("eventTime") if isinstance(record.get("eventTime"), str) else None
    kept |= {name: record[name] for name in OBJECTS if isinstance(record.get(name), Mapping)}
    if isinstance(record.get("resources"), list):
        kept["resources"] = record["resources"]
    return encoded(kept)


def is_digest(record: Mapping[str, Any]) -> bool:
    """Whether this is a CloudTrail digest file: signatures of log files, no call."""
    return "digestStartTime" in record and "eventName" not in record


def is_insight(record: Mapping[str, Any]) -> bool:
    """Whether this is an Insight of CloudTrail, which names no call of its own."""
    return record.get("eventCategory") == "Insight" or record.get("eventType") == "AwsCloudTrailInsight"


def encoded(kept: Mapping[str, Any]) -> bytes:
    """Return what is kept of a record as JSON; text that UTF-8 cannot hold becomes U+FFFD.

    Raises
    ------
    MisshapenError
        It is nested too deeply.
    """
    try:
        text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError) as error:
        raise MisshapenError("nested too deeply" if isinstance(error, RecursionError) else str(error)) from error
    return SURROGATE.sub("\ufffd", text).encode("utf-8")


def decoded(text: str | None) -> Any:
    """Return what a JSON text holds; None where it holds nothing that can be read."""
    try:
        return json.loads(text or "null")
    except (ValueError, RecursionError):
        return None
