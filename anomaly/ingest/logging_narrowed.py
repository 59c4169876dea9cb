"""Whether a call that sets up logging leaves less to be logged: trails, their event selectors, access logs of buckets.

A request says how logging will be, never how it was. It narrows where no reads of objects are left to be seen, or a
whole kind of events is switched off; it does not where all is logged; between the two the request alone cannot tell.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from anomaly.ingest.destination_shapes import listed

JUDGED = ("PutBucketLogging", "PutEventSelectors", "UpdateTrail")
SWITCHES = ("isMultiRegionTrail", "includeGlobalServiceEvents", "isOrganizationTrail", "enableLogFileValidation")
"""What UpdateTrail switches; without validation the log files may be altered unseen."""

ELSEWHERE = ("s3BucketName", "s3KeyPrefix", "kmsKeyId", "cloudWatchLogsLogGroupArn", "snsTopicName")
"""What UpdateTrail points elsewhere: the old reader of the logs may then see nothing."""

OBJECTS = "AWS::S3::Object"
EVERY_OBJECT = ("arn:aws:s3", "arn:aws:s3:::", "arn:aws-cn:s3", "arn:aws-cn:s3:::", "arn:aws-us-gov:s3:::")
ALL, SOME, NONE = 2, 1, 0


def narrows_logging(api: str, asked: Any) -> bool | None:
    """Judge a request; None where it cannot tell, and of every call that is not in ``JUDGED``.

    Parameters
    ----------
    api
        Name of the call.
    asked
        ``requestParameters`` as parsed JSON; anything that is no object tells nothing.
    """
    if not isinstance(asked, Mapping):
        return None
    if api == "PutBucketLogging":
        if "BucketLoggingStatus" not in asked:
            return None
        status = asked["BucketLoggingStatus"]
        return not (isinstance(status, Mapping) and status.get("LoggingEnabled"))
    if api == "UpdateTrail":
        return _trail(asked)
    return _selectors(asked) if api == "PutEventSelectors" else None


def _trail(asked: Mapping[str, Any]) -> bool | None:
    switched = [str(asked[name]).lower() for name in SWITCHES if asked.get(name) is not None]
    if "false" in switched:
        return True
    return False if switched and not any(asked.get(name) for name in ELSEWHERE) else None


def _selectors(asked: Mapping[str, Any]) -> bool | None:
    """Of all selectors together: how far the reads of objects are seen, and whether management events all are."""
    if "eventSelectors" not in asked and "advancedEventSelectors" not in asked:
        return None
    basic = [row for row in listed(asked.get("eventSelectors")) if isinstance(row, Mapping)]
    advanced = [row for row in listed(asked.get("advancedEventSelectors")) if isinstance(row, Mapping)]
    found = [*map(_basic, basic), *map(_advanced, advanced)]
    objects = max((objects for objects, _ in found), default=NONE)
    if objects == NONE:
        return True
    return False if objects == ALL and any(management for _, management in found) else None


def _basic(selector: Mapping[str, Any]) -> tuple[int, bool]:
    kind = selector.get("readWriteType") or "All"
    named = [
        str(value)
        for resource in listed(selector.get("dataResources"))
        if isinstance(resource, Mapping) and resource.get("type") == OBJECTS
        for value in listed(resource.get("values"))
    ]
    objects = NONE if kind == "WriteOnly" or not named else ALL if set(named) & set(EVERY_OBJECT) else SOME
    whole = kind == "All" and not listed(selector.get("excludeManagementEventSources"))
    return objects, whole and str(selector.get("includeManagementEvents", True)).lower() == "true"


def _advanced(selector: Mapping[str, Any]) -> tuple[int, bool]:
    fields = dict(_fields(selector))
    category = fields.pop("eventCategory", [])
    if "Management" in category:
        return NONE, not fields
    if "Data" not in category or OBJECTS not in fields.pop("resources.type", []):
        return NONE, False
    if fields.get("readOnly") == ["false"]:
        return NONE, False
    return (SOME if fields else ALL), False


def _fields(selector: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for row in listed(selector.get("fieldSelectors")):
        if isinstance(row, Mapping):
            yield str(row.get("field")), [str(value) for value in listed(row.get("equals"))]
