"""Calls beyond objects: credentials handed out, endpoints, settings that a call loosens or tightens."""

from pathlib import Path
from typing import Any

import pytest

from anomaly.store import Lake
from ingest_records import ACCOUNT, delivered, load, one, put, record, rows

ISSUED_ROLE = "arn:aws:iam::222222222222:role/team/loader"
CALLER = f"arn:aws:iam::{ACCOUNT}:role/path/reader"
TOKEN = {"accessKeyId": "ASIANEW", "sessionToken": "secret-token", "expiration": "Mar 1, 2024"}
ASSUMED = {"credentials": TOKEN, "assumedRoleUser": {"arn": "arn:aws:sts::222222222222:assumed-role/loader/job-7"}}


@pytest.mark.parametrize(
    ("api", "asked", "answer", "expected"),
    [
        (
            "AssumeRole",
            {"roleArn": ISSUED_ROLE, "roleSessionName": "job-7"},
            ASSUMED,
            (ISSUED_ROLE, "job-7", "ASIANEW"),
        ),
        ("AssumeRole", None, ASSUMED, ("arn:aws:iam::222222222222:role/loader", "job-7", "ASIANEW")),
        ("AssumeRole", {"roleArn": ISSUED_ROLE, "roleSessionName": "x"}, None, (ISSUED_ROLE, "x", None)),
        ("AssumeRoleWithSAML", {"roleArn": ISSUED_ROLE}, ASSUMED, (ISSUED_ROLE, "job-7", "ASIANEW")),
        ("AssumeRoleWithWebIdentity", {"roleArn": ISSUED_ROLE}, ASSUMED, (ISSUED_ROLE, "job-7", "ASIANEW")),
        (
            "AssumeRoot",
            {"targetPrincipal": "222222222222"},
            {"credentials": TOKEN},
            ("arn:aws:iam::222222222222:root", None, "ASIANEW"),
        ),
        (
            "GetFederationToken",
            {"name": "ann"},
            {"credentials": TOKEN, "federatedUser": {"arn": f"arn:aws:sts::{ACCOUNT}:federated-user/ann"}},
            (CALLER, "ann", "ASIANEW"),
        ),
        ("GetSessionToken", None, {"credentials": TOKEN}, (CALLER, None, "ASIANEW")),
        (
            "CreateAccessKey",
            {"userName": "eve"},
            {"accessKey": {"accessKeyId": "AKIANEW", "userName": "eve"}},
            (f"arn:aws:iam::{ACCOUNT}:user/eve", None, "AKIANEW"),
        ),
        (
            "CreateLoginProfile",
            {"userName": "eve"},
            {"loginProfile": {"userName": "eve"}},
            (f"arn:aws:iam::{ACCOUNT}:user/eve", None, None),
        ),
        ("CreateSession", {"bucketName": "b"}, {"credentials": TOKEN}, (CALLER, "i-0123456789abcdef0", "ASIANEW")),
        ("GetDataAccess", {"target": "s3://b/*"}, {"Credentials": {"AccessKeyId": "ASIANEW"}}, (None, None, "ASIANEW")),
        ("GetObject", {"roleArn": ISSUED_ROLE}, ASSUMED, (None, None, None)),
    ],
)
def test_whom_a_credential_was_handed_to(
    api: str, asked: Any, answer: Any, expected: tuple[str | None, ...], lake: Lake, tmp_path: Path
) -> None:
    iam = api in ("CreateAccessKey", "CreateLoginProfile")
    s3 = api in ("CreateSession", "GetDataAccess", "GetObject")
    call = record(
        eventName=api,
        eventSource="iam.amazonaws.com" if iam else "s3.amazonaws.com" if s3 else "sts.amazonaws.com",
        requestParameters=asked,
        responseElements=answer,
        resources=None,
    )
    refused = record(1, **{k: v for k, v in call.items() if k not in ("eventID", "eventTime")})
    refused |= {"errorCode": "AccessDenied"}
    load(lake, put(tmp_path / "logs", {"one.json": delivered([call, refused])}))
    given, nothing = rows(lake)
    assert (given["issued_identity"], given["issued_session"], given["issued_key_id"]) == expected
    assert (nothing["issued_identity"], nothing["issued_session"], nothing["issued_key_id"]) == (None, None, None)
    assert not any("secret-token" in str(value) for row in (given, nothing) for value in row.values())


def test_a_role_is_read_from_the_resources_where_the_request_hides_it(lake: Lake, tmp_path: Path) -> None:
    twin = {
        "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRole",
        "userIdentity": {"type": "AWSAccount", "accountId": "333333333333", "principalId": "AROAX:job"},
        "requestParameters": None,
        "resources": [{"ARN": ISSUED_ROLE, "accountId": "222222222222", "type": "AWS::IAM::Role"}],
    }
    row = one(lake, tmp_path / "logs", **twin)
    assert (row["issued_identity"], row["account_id"]) == (ISSUED_ROLE, "222222222222")
    assert (row["identity"], row["session_name"]) == ("aws-account:333333333333", "AROAX:job")


def test_a_switched_role_names_who_switched(lake: Lake, tmp_path: Path) -> None:
    came = f"arn:aws:iam::{ACCOUNT}:user/ann"
    row = one(
        lake,
        tmp_path / "logs",
        eventSource="signin.amazonaws.com",
        eventName="SwitchRole",
        additionalEventData={"SwitchFrom": came},
    )
    assert (row["operation"], row["role_chain"]) == ("auth", came)


def test_what_is_seen_at_an_endpoint_stands_apart_and_has_no_volume(lake: Lake, tmp_path: Path) -> None:
    row = one(
        lake,
        tmp_path / "logs",
        eventType="AwsVpceEvent",
        eventCategory="NetworkActivity",
        recipientAccountId="222222222222",
        vpcEndpointId="vpce-1",
        vpcEndpointAccountId="222222222222",
        sourceIPAddress="10.0.0.1",
    )
    assert (row["source"], row["bytes_read"], row["operation"]) == ("cloudtrail_vpce", None, "read")
    assert (row["bucket"], row["object_key"], row["via_endpoint"]) == ("vault", "k/0.parquet", "vpce-1")
    assert (row["recipient_account"], row["source_ip"]) == ("222222222222", "10.0.0.1")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {
                "eventName": "PutBucketPublicAccessBlock",
                "requestParameters": {
                    "bucketName": "vault",
                    "PublicAccessBlockConfiguration": {"BlockPublicPolicy": False},
                },
            },
            ("share", "vault", None, None, None),
        ),
        (
            {"eventName": "PutBucketAcl", "requestParameters": {"bucketName": "vault", "x-amz-acl": ["private"]}},
            ("configure", "vault", None, None, None),
        ),
        (
            {
                "eventSource": "datasync.amazonaws.com",
                "eventName": "CreateLocationObjectStorage",
                "requestParameters": {"bucketName": "drop", "serverHostname": "s3.example.net"},
                "resources": None,
            },
            ("configure", None, "network", None, "s3.example.net/drop"),
        ),
        (
            {
                "eventName": "CreateJob",
                "requestParameters": {
                    "CreateJobRequest": {
                        "Operation": {"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::theirs"}},
                        "ManifestGenerator": {"S3JobManifestGenerator": {"SourceBucket": "arn:aws:s3:::vault"}},
                    }
                },
                "resources": None,
            },
            ("copy", "vault", "bucket", None, "theirs"),
        ),
        (
            {
                "eventSource": "ec2.amazonaws.com",
                "eventName": "ModifySnapshotAttribute",
                "requestParameters": {"createVolumePermission": {"remove": {"items": [{"userId": "222222222222"}]}}},
                "resources": None,
            },
            ("configure", None, None, None, None),
        ),
        (
            {
                "eventSource": "iam.amazonaws.com",
                "eventName": "UpdateAssumeRolePolicy",
                "requestParameters": {
                    "policyDocument": '{"Statement":[{"Effect":"Allow","Principal":{"AWS":"222222222222"}}]}'
                },
                "resources": None,
            },
            ("share", None, "account", "222222222222", None),
        ),
    ],
)
def test_what_a_call_did_may_differ_from_its_name(
    changes: dict[str, Any], expected: tuple[str | None, ...], lake: Lake, tmp_path: Path
) -> None:
    row = one(lake, tmp_path / "logs", **changes)
    names = ("operation", "bucket", "destination_kind", "destination_account", "destination_bucket")
    assert tuple(row[name] for name in names) == expected


DESTINED = ("destination_kind", "destination_account", "destination_bucket")
EXPORTS = [
    (
        "dynamodb.amazonaws.com",
        "ExportTableToPointInTime",
        {
            "tableArn": f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders",
            "s3Bucket": "drop",
            "s3BucketOwner": "222222222222",
            "exportFormat": "DYNAMODB_JSON",
        },
        ("copy", "bucket", "222222222222", "drop"),
    ),
    (
        "rds.amazonaws.com",
        "StartExportTask",
        {
            "exportTaskIdentifier": "night",
            "sourceArn": f"arn:aws:rds:eu-west-1:{ACCOUNT}:snapshot:orders",
            "s3BucketName": "drop",
            "iamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/export",
            "kmsKeyId": "alias/x",
        },
        ("copy", "bucket", None, "drop"),
    ),
    (
        "athena.amazonaws.com",
        "StartQueryExecution",
        {
            "queryString": "***OMITTED***",
            "queryExecutionContext": {"database": "marts"},
            "resultConfiguration": {"outputLocation": "s3://drop/out/", "expectedBucketOwner": "222222222222"},
            "workGroup": "primary",
        },
        ("configure", "bucket", "222222222222", "drop"),
    ),
    (
        "datasync.amazonaws.com",
        "CreateLocationNfs",
        {
            "subdirectory": "/drop",
            "serverHostname": "files.example.net",
            "onPremConfig": {"agentArns": [f"arn:aws:datasync:eu-west-1:{ACCOUNT}:agent/agent-1"]},
        },
        ("configure", "network", None, "files.example.net/drop"),
    ),
]


@pytest.mark.parametrize(("source", "api", "asked", "expected"), EXPORTS)
def test_where_an_export_goes(
    source: str, api: str, asked: dict[str, Any], expected: tuple[str | None, ...], lake: Lake, tmp_path: Path
) -> None:
    row = one(
        lake,
        tmp_path / "logs",
        eventSource=source,
        eventName=api,
        requestParameters=asked,
        additionalEventData=None,
        resources=None,
        eventCategory="Management",
    )
    assert tuple(row[name] for name in ("operation", *DESTINED)) == expected
    assert (row["bucket"], row["bytes_read"], row["outcome"]) == (None, None, "ok")
