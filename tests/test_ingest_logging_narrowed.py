"""Logging that a request leaves narrower is told apart from logging that it leaves whole."""

import json
from pathlib import Path
from typing import Any

import pytest

from anomaly.ingest.logging_narrowed import JUDGED, narrows_logging
from anomaly.store import Lake
from azure_records import STORAGE, SUBSCRIPTION, activity
from ingest_records import delivered, load, one, put, record, rows

OBJECTS = "AWS::S3::Object"
ENABLED = {
    "LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": "vault/"},
    "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/",
}


def basic(*values: str, kind: str = "All", management: bool = True) -> dict[str, Any]:
    resources = [{"type": OBJECTS, "values": list(values)}] if values else []
    return {"readWriteType": kind, "includeManagementEvents": management, "dataResources": resources}


def advanced(category: str, **fields: list[str]) -> dict[str, Any]:
    named = {"eventCategory": [category]} | {name.replace("__", "."): values for name, values in fields.items()}
    return {"name": "x", "fieldSelectors": [{"field": name, "equals": values} for name, values in named.items()]}


MANAGEMENT = advanced("Management")


@pytest.mark.parametrize(
    ("selectors", "narrows"),
    [
        ([basic("arn:aws:s3")], False),
        ([basic("arn:aws:s3:::vault/", "arn:aws:s3:::")], False),
        ([basic()], True),
        ([basic("arn:aws:s3", kind="WriteOnly")], True),
        ([], True),
        # whether a bucket was dropped from the list or added to it stands in no request
        ([basic("arn:aws:s3:::vault/")], None),
        ([basic("arn:aws:s3", management=False)], None),
        ([basic("arn:aws:s3", kind="ReadOnly")], None),
        ([basic("arn:aws:s3", management=False), basic()], False),
        ([basic("arn:aws:s3") | {"excludeManagementEventSources": ["kms.amazonaws.com"]}], None),
    ],
)
def test_event_selectors(selectors: list[Any], narrows: bool | None) -> None:
    assert narrows_logging("PutEventSelectors", {"trailName": "main", "eventSelectors": selectors}) is narrows


@pytest.mark.parametrize(
    ("selectors", "narrows"),
    [
        ([MANAGEMENT, advanced("Data", resources__type=[OBJECTS])], False),
        ([MANAGEMENT], True),
        ([MANAGEMENT, advanced("Data", resources__type=["AWS::Lambda::Function"])], True),
        ([MANAGEMENT, advanced("Data", resources__type=[OBJECTS], readOnly=["false"])], True),
        ([MANAGEMENT, advanced("Data", resources__type=[OBJECTS], readOnly=["true"])], None),
        ([MANAGEMENT, advanced("Data", resources__type=[OBJECTS], resources__ARN=["arn:aws:s3:::vault/"])], None),
        ([advanced("Data", resources__type=[OBJECTS])], None),
        ([advanced("Management", readOnly=["false"]), advanced("Data", resources__type=[OBJECTS])], None),
    ],
)
def test_advanced_event_selectors(selectors: list[Any], narrows: bool | None) -> None:
    assert narrows_logging("PutEventSelectors", {"trailName": "main", "advancedEventSelectors": selectors}) is narrows


@pytest.mark.parametrize(
    ("asked", "narrows"),
    [
        ({"isMultiRegionTrail": False}, True),
        ({"isMultiRegionTrail": True, "includeGlobalServiceEvents": False}, True),
        ({"enableLogFileValidation": False, "s3BucketName": "elsewhere"}, True),
        ({"isMultiRegionTrail": True, "enableLogFileValidation": True}, False),
        ({"isMultiRegionTrail": True, "s3BucketName": "elsewhere"}, None),
        ({"kmsKeyId": "alias/theirs"}, None),
        ({}, None),
    ],
)
def test_trails(asked: dict[str, Any], narrows: bool | None) -> None:
    assert narrows_logging("UpdateTrail", {"name": "main"} | asked) is narrows


@pytest.mark.parametrize(
    ("asked", "narrows"),
    [
        ({"BucketLoggingStatus": ENABLED}, False),
        ({"BucketLoggingStatus": {"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/"}}, True),
        ({"BucketLoggingStatus": ""}, True),
        ({"logging": ""}, None),
    ],
)
def test_access_logs_of_a_bucket(asked: dict[str, Any], narrows: bool | None, lake: Lake, tmp_path: Path) -> None:
    """As loaded: the call keeps its bucket, and the bucket that logs go to is no destination of data."""
    row = one(lake, tmp_path / "logs", eventName="PutBucketLogging", requestParameters={"bucketName": "vault"} | asked)
    assert (row["operation"], row["bucket"], row["narrows_logging"]) == ("configure", "vault", narrows)
    assert (row["destination_kind"], row["destination_bucket"]) == (None, None)


@pytest.mark.parametrize("api", JUDGED)
@pytest.mark.parametrize("asked", [None, "text", ["list"], {"eventSelectors": [3, None, {"dataResources": [3]}]}])
def test_requests_of_no_known_shape_are_never_called_harmless(api: str, asked: Any) -> None:
    assert narrows_logging(api, asked) is not False


def test_calls_that_set_up_no_logging_are_not_judged(lake: Lake, tmp_path: Path) -> None:
    trail = {"eventSource": "cloudtrail.amazonaws.com", "resources": []}
    asked = {"name": "main", "s3BucketName": "elsewhere"}
    records = [
        record(0),
        record(1, eventName="StopLogging", requestParameters={"name": "main"}, **trail),
        record(2, eventName="UpdateTrail", requestParameters=asked | {"isMultiRegionTrail": False}, **trail),
    ]
    load(lake, put(tmp_path / "logs", {"a.json": delivered(records)}))
    assert [row["narrows_logging"] for row in rows(lake)] == [None, None, True]


def test_the_real_samples(shared_data: Path, lake: Lake, tmp_path: Path) -> None:
    """A published attack that blinds a trail, and access logs of a bucket set up, taken away and asked for."""
    lines = [json.loads(line) for line in (shared_data / "panther" / "cloudtrail_s3.jsonl").read_text().splitlines()]
    for number, line in enumerate(lines):
        line["event"]["eventID"] = f"own-{number}"  # the file uses ids again
    load(lake, put(tmp_path / "logs", {"rows.jsonl": "\n".join(map(json.dumps, lines)).encode()}))
    load(lake, shared_data / "invictus" / "218007301253_CloudTrail_us-east-1_20230710T1205Z_UljXNp9xLp8nsAGc.json")
    found = [(row["api"], row["outcome"], row["narrows_logging"]) for row in rows(lake) if row["api"] in JUDGED]
    assert sorted(found, key=str) == [
        ("PutBucketLogging", "denied", True),
        ("PutBucketLogging", "ok", False),
        ("PutBucketLogging", "ok", None),
        ("PutBucketLogging", "ok", True),
        ("PutEventSelectors", "ok", True),
    ]


def setting(*logs: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A change of what a storage account's blob service logs, as the activity log has it."""
    name = "Microsoft.Insights/diagnosticSettings"
    return (
        activity(
            operationName=f"{name}/write".upper(),
            resourceId=f"{STORAGE}/blobServices/default/providers/{name}/to-archive".upper(),
            told={"requestbody": json.dumps({"properties": {"workspaceId": "w", "logs": list(logs)}})},
        )
        | changes
    )


@pytest.mark.parametrize(
    ("row", "narrows"),
    [
        (setting({"category": "StorageRead", "enabled": True}), False),
        (setting({"categoryGroup": "allLogs", "enabled": True}), False),
        (setting({"category": "StorageRead", "enabled": False}, {"category": "StorageWrite", "enabled": True}), True),
        (setting({"categoryGroup": "audit", "enabled": False}), True),
        (setting(), None),
        (setting() | {"properties": {"eventCategory": "Administrative"}}, None),
        (setting() | {"resourceId": f"{SUBSCRIPTION}/providers/Microsoft.Insights/diagnosticSettings/x"}, None),
    ],
)
def test_diagnostic_settings_of_azure(row: dict[str, Any], narrows: bool | None, lake: Lake, tmp_path: Path) -> None:
    load(lake, put(tmp_path / "logs", {"PT1H.json": json.dumps({"records": [row]}).encode()}))
    found = [(row["api"], row["narrows_logging"]) for row in rows(lake)]
    assert found == [("Microsoft.Insights/diagnosticSettings/write", narrows)]
