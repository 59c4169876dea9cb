"""One record in, one row out: what each field of the event table takes from a record."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from anomaly.catalog import table
from anomaly.ingest.operations import operation_of, operations
from anomaly.ingest.tools import clean_agent, tool_of
from anomaly.store import Lake
from ingest_records import ACCOUNT, delivered, load, one, put, record, rows

OPERATIONS = {"read", "list", "head", "write", "copy", "delete", "restore", "share", "configure", "auth"}


def test_a_plain_read_fills_the_whole_row(lake: Lake, tmp_path: Path) -> None:
    row = one(lake, tmp_path / "logs")
    assert list(row)[: len(table("events").types)] == list(table("events").types)
    assert {name: value for name, value in row.items() if value is not None and name != "date"} == {
        "event_id": "00000000-0000-0000-0000-000000000000",
        "request_id": "R0",
        "event_time": datetime(2024, 3, 1),
        "provider": "aws",
        "account_id": ACCOUNT,
        "recipient_account": ACCOUNT,
        "region": "eu-west-1",
        "source": "cloudtrail",
        "identity": f"arn:aws:iam::{ACCOUNT}:role/path/reader",
        "identity_kind": "workload",
        "identity_account": ACCOUNT,
        "session_name": "i-0123456789abcdef0",
        "access_key_id": "ASIAEXAMPLE",
        "mfa": False,
        "source_ip": "198.51.100.7",
        "auth_method": "AuthHeader",
        "user_agent": "Boto3/1.34.51",
        "tool": "boto",
        "operation": "read",
        "api": "GetObject",
        "outcome": "ok",
        "bucket": "vault",
        "object_key": "k/0.parquet",
        "bytes_read": 100,
        "evidence_file": "one.json",
        "evidence_record": 0,
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"errorCode": "AccessDenied"}, {"outcome": "denied", "error_code": "AccessDenied", "bytes_read": None}),
        ({"errorCode": "NoSuchKey"}, {"outcome": "error", "bytes_read": None}),
        ({"additionalEventData": {"bytesTransferredOut": 5}}, {"bytes_read": 5, "auth_method": None}),
        ({"additionalEventData": {"bytesTransferredOut": -1}}, {"bytes_read": None}),
        ({"additionalEventData": {"bytesTransferredOut": 10**30}}, {"bytes_read": None}),
        ({"additionalEventData": {"bytesTransferredOut": "12"}}, {"bytes_read": 12}),
        ({"additionalEventData": None}, {"bytes_read": None}),
        ({"additionalEventData": "text"}, {"bytes_read": None}),
        ({"requestParameters": None}, {"bucket": "vault", "object_key": "k/0.parquet"}),
        ({"requestParameters": "text"}, {"bucket": "vault", "object_key": "k/0.parquet"}),
        ({"requestParameters": None, "resources": None}, {"bucket": None, "object_key": None, "account_id": None}),
        ({"resources": [{"accountid": "9", "arn": "arn:aws-cn:s3:::other"}]}, {"account_id": "9", "bucket": "vault"}),
        (
            {"requestParameters": None, "resources": [{"ARN": 'arn:aws-us-gov:s3:::other/a "b"/c'}]},
            {"bucket": "other", "object_key": 'a "b"/c'},
        ),
        (
            {"requestParameters": {"bucketName": "arn:aws:s3:eu-west-1:111111111111:accesspoint/p", "key": "x"}},
            {"bucket": "vault", "object_key": "x"},
        ),
        ({"sourceIPAddress": "AWS Internal"}, {"source_ip": None, "invoked_by": "AWS Internal"}),
        ({"sourceIPAddress": "athena.amazonaws.com"}, {"source_ip": None, "invoked_by": "athena.amazonaws.com"}),
        ({"sourceIPAddress": "999.1.1.1"}, {"source_ip": None, "invoked_by": None}),
        ({"sourceIPAddress": "2001:db8::7"}, {"source_ip": "2001:db8::7"}),
        ({"additionalEventData": {"AuthenticationMethod": "QueryString"}}, {"identity_kind": "signed_url"}),
        (
            {"userIdentity": {"type": "AWSAccount", "accountId": "222222222222", "principalId": "AIDAX"}},
            {
                "identity_kind": "external",
                "identity": "aws-account:222222222222",
                "session_name": "AIDAX",
                "identity_account": "222222222222",
            },
        ),
        ({"userIdentity": None}, {"identity": "unknown", "access_key_id": None}),
        ({"eventTime": "2024-03-01T02:00:00+02:00"}, {"event_time": datetime(2024, 3, 1)}),
        (
            {"eventTime": None, "@timestamp": "2024-03-01T00:00:00.250Z"},
            {"event_time": datetime(2024, 3, 1, 0, 0, 0, 250000)},
        ),
        ({"vpcEndpointId": "vpce-1"}, {"via_endpoint": "vpce-1"}),
        ({"userAgent": None}, {"tool": "unknown", "user_agent": None}),
    ],
)
def test_a_changed_read(changes: dict[str, Any], expected: dict[str, Any], lake: Lake, tmp_path: Path) -> None:
    base = record()
    kept = {name: value for name, value in (base | changes).items() if value is not None}
    load(lake, put(tmp_path / "logs", {"one.json": delivered([kept])}))
    (row,) = rows(lake)
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("api", "expected"),
    [
        ("PutObject", ("write", None, 7)),
        ("UploadPart", ("write", None, 7)),
        ("CompleteMultipartUpload", ("write", None, None)),
        ("HeadObject", ("head", None, None)),
        ("ListObjects", ("list", None, None)),
        ("GetBucketAcl", ("head", None, None)),
        ("DeleteObjects", ("delete", None, None)),
        ("RestoreObject", ("restore", None, None)),
        ("PutBucketLogging", ("configure", None, None)),
    ],
)
def test_only_object_reads_and_uploads_carry_volume(
    api: str, expected: tuple[str, int | None, int | None], lake: Lake, tmp_path: Path
) -> None:
    row = one(
        lake,
        tmp_path / "logs",
        eventName=api,
        additionalEventData={"bytesTransferredIn": 7.0, "bytesTransferredOut": 9},
    )
    assert (row["operation"], row["bytes_read"], row["bytes_written"]) == expected


def test_a_copy_is_told_from_its_source(lake: Lake, tmp_path: Path) -> None:
    row = one(
        lake,
        tmp_path / "logs",
        eventName="CopyObject",
        requestParameters={"bucketName": "theirs", "key": "z", "x-amz-copy-source": "/vault/a%20b?versionId=1"},
        resources=[
            {"accountId": "222222222222", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::theirs"},
            {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::vault"},
        ],
    )
    assert (row["operation"], row["bucket"], row["object_key"], row["account_id"]) == ("copy", "vault", "a b", ACCOUNT)
    assert (row["destination_kind"], row["destination_bucket"]) == ("bucket", "theirs")
    assert (row["destination_account"], row["bytes_read"], row["bytes_written"]) == ("222222222222", None, None)


def test_a_listing_keeps_its_prefix(lake: Lake, tmp_path: Path) -> None:
    row = one(
        lake,
        tmp_path / "logs",
        eventName="ListObjects",
        requestParameters={"bucketName": "vault", "prefix": "hr/"},
        resources=[{"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::vault/hr/"}],
    )
    assert (row["list_prefix"], row["object_key"], row["bucket"]) == ("hr/", None, "vault")


def test_what_has_nothing_to_do_with_storage_is_counted_and_left(lake: Lake, tmp_path: Path) -> None:
    others = [
        record(1, eventSource="kms.amazonaws.com", eventName="Decrypt"),
        record(2, eventType="AwsCloudTrailInsight", eventCategory="Insight"),
        record(5, eventSource="kms.amazonaws.com", eventName="ListKeys", eventType="AwsVpceEvent"),
        record(3, eventSource="ec2.amazonaws.com", eventName="DescribeInstances"),
        record(4, eventSource="s3.evil.example.com"),
    ]
    report = load(lake, put(tmp_path / "logs", {"a.json.gz": delivered([record(0), *others])}))
    assert (report.records.loaded, report.records.not_relevant) == (1, 5)


@pytest.mark.parametrize(
    ("source", "api", "operation"),
    [
        ("iam.amazonaws.com", "CreateAccessKey", "auth"),
        ("iam.amazonaws.com", "CreateLoginProfile", "auth"),
        ("iam.amazonaws.com", "UpdateAssumeRolePolicy", "share"),
        ("iam.amazonaws.com", "AttachUserPolicy", "configure"),
        ("guardduty.amazonaws.com", "DeleteDetector", "configure"),
        ("config.amazonaws.com", "StopConfigurationRecorder", "configure"),
        ("sts.amazonaws.com", "AssumeRole", "auth"),
        ("signin.amazonaws.com", "ConsoleLogin", "auth"),
        ("ec2.amazonaws.com", "ModifySnapshotAttribute", "share"),
        ("cloudtrail.amazonaws.com", "StopLogging", "configure"),
        ("s3express.amazonaws.com", "GetObject", "read"),
        ("s3-outposts.amazonaws.com", "CreateBucket", "configure"),
        ("s3.amazonaws.com", "PutBucketPolicy", "share"),
        ("s3.amazonaws.com", "PutBucketReplication", "share"),
    ],
)
def test_operations(source: str, api: str, operation: str) -> None:
    known = operation_of(source, api)
    assert known is not None
    assert known.operation == operation


def test_the_map_of_calls_names_only_known_operations() -> None:
    assert {row.operation for row in operations()} == OPERATIONS
    assert {row.bytes for row in operations()} == {"", "read", "written"}
    pairs = [(row.source, row.api) for row in operations()]
    assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize(
    ("agent", "tool"),
    [
        ("[aws-cli/2.15.30 Python/3.11.8 exe/x86_64 prompt/off command/s3.sync]", "aws-cli s3.sync"),
        (
            "aws-cli/2.22.0 md/awscrt#0.22.0 ua/2.0 os/linux#6 md/prompt#off md/command#s3api.get-object",
            "aws-cli s3api.get-object",
        ),
        ("[aws-cli/1.18.136 Python/3.8.5 Darwin/19.5.0 botocore/1.17.59]", "aws-cli"),
        ("[Boto3/1.34.51 md/Botocore#1.34.51]", "boto"),
        ("rclone/v1.66.0", "rclone"),
        ("[S3 Browser/11.5.7 (https://s3browser.com)]", "S3 Browser"),
        ("Cyberduck/8.7.1.40770 (Mac OS X/13.5)", "Cyberduck"),
        ("[S3Console/0.4, aws-internal/3 aws-sdk-java/1.11.1030]", "console"),
        ("console.ec2.amazonaws.com", "console"),
        ("MinIO (linux; amd64) minio-go/v7.0.70 mc/RELEASE.2024", "MinIO mc"),
        ("s5cmd/v2.2.2", "s5cmd"),
        ("[aws-sdk-java/1.12 Linux Hadoop 3.3.4 s3a]", "Hadoop s3a"),
        ("cloudtrail.amazonaws.com", "aws service"),
        ("Something/1.0", "other"),
        (None, "unknown"),
    ],
)
def test_tools(agent: str | None, tool: str) -> None:
    assert tool_of(clean_agent(agent)) == tool
