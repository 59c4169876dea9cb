"""Where a call sends data, or whom it lets in."""

import json
from typing import Any

import pytest

from anomaly.ingest.destination import CLOSED, Destination, copy_source, destination_of

OWN, OTHER, THIRD = "111111111111", "222222222222", "333333333333"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("vault/a.txt", ("vault", "a.txt")),
        ("/vault/dir/a%20b%2Bc.txt", ("vault", "dir/a b+c.txt")),
        ("vault/a.txt?versionId=3HL4kqtJ", ("vault", "a.txt")),
        ("vault/a%3FversionId=no", ("vault", "a?versionId=no")),
        (
            "arn:aws:s3:eu-west-1:111111111111:accesspoint/point/object/dir/a.txt",
            ("arn:aws:s3:eu-west-1:111111111111:accesspoint/point", "dir/a.txt"),
        ),
        (None, (None, None)),
    ],
)
def test_copy_source(header: str | None, expected: tuple[str | None, str | None]) -> None:
    assert copy_source(header) == expected


def test_a_copy_names_both_owners() -> None:
    resources = [
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::theirs/a.txt"},
        {"accountId": OTHER, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::theirs"},
        {"accountid": OWN, "type": "AWS::S3::Bucket", "arn": "arn:aws:s3:::vault"},
    ]
    asked = {"bucketName": "theirs", "key": "a.txt", "x-amz-copy-source": "vault/a.txt"}
    assert destination_of("CopyObject", asked, resources, OWN) == Destination(
        "bucket", OTHER, "theirs", source_bucket="vault", source_key="a.txt", source_account=OWN
    )


def rule(bucket: str, account: str | None = None) -> dict[str, Any]:
    return {"Destination": {"Bucket": f"arn:aws:s3:::{bucket}"} | ({"Account": account} if account else {})}


@pytest.mark.parametrize(
    ("rules", "account", "bucket"),
    [
        (rule("copy", OTHER), OTHER, "copy"),
        ([rule("ours", OWN), rule("theirs", OTHER)], OTHER, "theirs"),
        ([rule("a"), rule("b")], None, "a"),
    ],
)
def test_replication(rules: Any, account: str | None, bucket: str) -> None:
    found = destination_of("PutBucketReplication", {"ReplicationConfiguration": {"Rule": rules}}, None, OWN)
    assert (found.kind, found.account, found.bucket) == ("bucket", account, bucket)
    plural = {"ReplicationConfiguration": {"Rules": rules if isinstance(rules, list) else [rules]}}
    assert destination_of("PutBucketReplication", plural, None, OWN) == found


def test_a_replication_rule_that_is_off_opens_nothing() -> None:
    off = {"ReplicationConfiguration": {"Rule": rule("theirs", OTHER) | {"Status": "Disabled"}}}
    assert destination_of("PutBucketReplication", off, None, OWN) == CLOSED


def policy(*principals: Any) -> dict[str, Any]:
    return {
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject"} for principal in principals]
    }


@pytest.mark.parametrize(
    ("principals", "expected"),
    [
        (["*"], Destination("public")),
        ([{"AWS": "*"}], Destination("public")),
        ([{"AWS": f"arn:aws:iam::{OTHER}:root"}], Destination("account", OTHER)),
        ([{"AWS": [f"arn:aws:iam::{OWN}:role/x", OTHER]}], Destination("account", OTHER)),
        ([{"AWS": {"AWS": OTHER}}], CLOSED),
        ([{"AWS": OWN}], Destination("account", OWN)),
        ([{"Service": "cloudtrail.amazonaws.com"}], CLOSED),
        ([{"Federated": "arn:aws:iam::111111111111:saml-provider/x"}], CLOSED),
    ],
)
@pytest.mark.parametrize("as_text", [False, True])
def test_policy(principals: list[Any], expected: Destination, as_text: bool) -> None:
    document: Any = policy(*principals)
    asked = {"bucketPolicy": json.dumps(document) if as_text else document}
    assert destination_of("PutBucketPolicy", asked, None, OWN) == expected


def conditioned(condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Condition": condition}
    return {"bucketPolicy": {"Statement": [statement]}}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}, Destination("account")),
        ({"StringEquals": {"aws:PrincipalAccount": [OWN, OTHER]}}, Destination("account", OTHER)),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/*"}}, Destination("account", OTHER)),
        ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, Destination("network")),
        ({"IpAddress": {"aws:SourceIp": ["198.51.100.0/24"]}}, Destination("network")),
        ({"IpAddress": {"aws:SourceIp": ["198.51.100.0/24", "0.0.0.0/0"]}}, Destination("public")),
        ({"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}, Destination("public")),
        ({"IpAddress": {"aws:SourceIp": "anywhere"}}, Destination("public")),
        ({"NotIpAddress": {"aws:SourceIp": "198.51.100.0/24"}}, Destination("public")),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-abc"}}, Destination("public")),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-abc"}}, Destination("public")),
        ({"StringLike": {"aws:PrincipalOrgID": "*"}}, Destination("public")),
        ({"Bool": {"aws:SecureTransport": "true"}}, Destination("public")),
        ({"StringLike": {"aws:Referer": "https://example.com/*"}}, Destination("public")),
        ("text", Destination("public")),
    ],
)
def test_everyone_under_a_condition(condition: Any, expected: Destination) -> None:
    assert destination_of("PutBucketPolicy", conditioned(condition), None, OWN) == expected


def test_everyone_but_one_is_public() -> None:
    but = {"Statement": [{"Effect": "Allow", "NotPrincipal": {"AWS": OWN}, "Action": "s3:*"}]}
    assert destination_of("PutBucketPolicy", {"bucketPolicy": but}, None, OWN) == Destination("public")


@pytest.mark.parametrize(
    ("api", "asked"),
    [
        ("PutAccessPointPolicy", {"name": "point", "PutAccessPointPolicyRequest": {"Policy": ...}}),
        ("PutMultiRegionAccessPointPolicy", {"details": {"name": "point", "policy": ...}}),
        ("UpdateAssumeRolePolicy", {"roleName": "r", "policyDocument": ...}),
        ("PutBackupVaultAccessPolicy", {"backupVaultName": "v", "policy": ...}),
    ],
)
def test_policies_of_other_things(api: str, asked: dict[str, Any]) -> None:
    text = json.dumps(policy({"AWS": f"arn:aws:iam::{OTHER}:root"}))
    filled = json.loads(json.dumps(asked, default=lambda _: text))
    assert destination_of(api, filled, None, OWN) == Destination("account", OTHER)


def test_a_policy_that_denies_opens_nothing() -> None:
    denied = {"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*"}}
    assert destination_of("PutBucketPolicy", {"bucketPolicy": denied}, None, OWN) == CLOSED


def test_access_lists() -> None:
    everyone = {"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}
    somebody = {"Grantee": {"ID": "beef"}, "Permission": "READ"}
    listed = {"AccessControlPolicy": {"Owner": {"ID": "cafe"}, "AccessControlList": {"Grant": [somebody]}}}
    assert destination_of("PutBucketAcl", {"x-amz-acl": ["public-read"]}, None, OWN).kind == "public"
    assert destination_of("PutBucketAcl", {"AccessControlPolicy": {"x": [everyone]}}, None, OWN).kind == "public"
    assert destination_of("PutBucketAcl", listed, None, OWN) == Destination("account")
    assert destination_of("PutBucketAcl", {"x-amz-acl": ["private"]}, None, OWN) == CLOSED


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"createVolumePermission": {"add": {"items": [{"userId": OTHER}]}}}, Destination("account", OTHER)),
        ({"launchPermission": {"add": {"items": [{"group": "all"}]}}}, Destination("public")),
        ({"createVolumePermission": {"remove": {"items": [{"userId": OTHER}]}}}, CLOSED),
        ({"attributeName": "restore", "valuesToAdd": [OWN, THIRD]}, Destination("account", THIRD)),
        ({"s3BucketName": "dumps", "iamRoleArn": "arn:x"}, Destination("bucket", None, "dumps")),
        ({"s3Bucket": "dumps", "s3BucketOwner": OTHER}, Destination("bucket", OTHER, "dumps")),
        ("text", CLOSED),
        (None, CLOSED),
    ],
)
def test_shares_and_exports(asked: Any, expected: Destination) -> None:
    assert destination_of("ModifySnapshotAttribute", asked, None, OWN) == expected


LOCKS = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)


@pytest.mark.parametrize(
    ("locks", "operation"),
    [(LOCKS, "configure"), (LOCKS | {"BlockPublicPolicy": False}, "share"), (LOCKS | {"x": False}, "configure")],
)
def test_a_public_access_block_shares_only_where_it_loosens(locks: dict[str, bool], operation: str) -> None:
    asked = {"bucketName": "b", "PublicAccessBlockConfiguration": locks}
    assert destination_of("PutBucketPublicAccessBlock", asked, None, OWN) == Destination(operation=operation)


def batch(operation: dict[str, Any]) -> dict[str, Any]:
    return {
        "CreateJobRequest": {
            "Operation": operation,
            "Report": {"Bucket": "arn:aws:s3:::reports"},
            "ManifestGenerator": {"S3JobManifestGenerator": {"SourceBucket": "arn:aws:s3:::vault"}},
        }
    }


@pytest.mark.parametrize(
    ("api", "asked", "expected"),
    [
        (
            "CreateJob",
            batch({"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::theirs"}}),
            Destination("bucket", None, "theirs", source_bucket="vault", operation="copy"),
        ),
        (
            "CreateJob",
            batch({"S3InitiateRestoreObject": {"ExpirationInDays": 3}}),
            Destination(source_bucket="vault", operation="restore"),
        ),
        ("CreateLocationS3", {"s3BucketArn": "arn:aws:s3:::drop"}, Destination("bucket", None, "drop")),
        (
            "CreateLocationObjectStorage",
            {"serverHostname": "storage.googleapis.com", "bucketName": "drop"},
            Destination("bucket", None, "gs://drop"),
        ),
        (
            "CreateLocationObjectStorage",
            {"serverHostname": "s3.eu-west-1.amazonaws.com", "bucketName": "drop"},
            Destination("bucket", None, "drop"),
        ),
        (
            "CreateLocationObjectStorage",
            {"serverHostname": "s3.example.net", "bucketName": "drop"},
            Destination("network", None, "s3.example.net/drop"),
        ),
        (
            "CreateLocationAzureBlob",
            {"containerUrl": "https://theirs.blob.core.windows.net/drop/x"},
            Destination("bucket", None, "azure-account:theirs/drop"),
        ),
        ("CreateLocationAzureBlob", {"containerUrl": "https://[broken"}, Destination("network", None, "[broken")),
        (
            "CreateUser",
            {"serverId": "s-1", "homeDirectory": "/vault/home"},
            Destination("network", source_bucket="vault"),
        ),
        ("CreateUser", {"userName": "ann"}, Destination()),
        (
            "StartFileTransfer",
            {"connectorId": "c-1", "sendFilePaths": ["/vault/hr/a.csv"]},
            Destination("network", source_bucket="vault", source_key="hr/a.csv"),
        ),
        ("StartFileTransfer", {"connectorId": "c-1", "retrieveFilePaths": ["/in/a.csv"]}, CLOSED),
        (
            "StartQueryExecution",
            {"resultConfiguration": {"outputLocation": "s3://results/athena/"}},
            Destination("bucket", None, "results"),
        ),
        (
            "UpdateWorkGroup",
            {
                "workGroup": "primary",
                "configurationUpdates": {
                    "resultConfigurationUpdates": {
                        "outputLocation": "s3://drop/a/",
                        "expectedBucketOwner": OTHER,
                    }
                },
            },
            Destination("bucket", OTHER, "drop"),
        ),
        ("StartQueryExecution", {"workGroup": "primary", "queryString": "***OMITTED***"}, Destination()),
        ("StartQueryExecution", {"resultConfiguration": {"expectedBucketOwner": OTHER}}, Destination()),
        (
            "CreateLocationNfs",
            {"serverHostname": "Files.example.net", "subdirectory": "/drop/a/", "onPremConfig": {"agentArns": ["a"]}},
            Destination("network", None, "files.example.net/drop/a"),
        ),
        ("CreateLocationNfs", {"serverHostname": "8.8.8.8"}, Destination("network", None, "8.8.8.8")),
        ("CreateLocationNfs", {"serverHostname": "10.0.0.9", "subdirectory": "/export"}, Destination()),
        (
            "CreateLocationSmb",
            {"serverHostname": "smb.example.net", "subdirectory": "/share", "user": "x"},
            Destination("network", None, "smb.example.net/share"),
        ),
        (
            "CreateLocationHdfs",
            {"nameNodes": [{"hostname": "nn.example.net", "port": 8020}], "subdirectory": "/"},
            Destination("network", None, "nn.example.net"),
        ),
        ("CreateLocationHdfs", {"nameNodes": ["nn"]}, Destination()),
        ("StartExportTask", {"s3BucketName": "dumps", "sourceArn": "arn:x"}, Destination("bucket", None, "dumps")),
        (
            "ExportImage",
            {"ExportImageRequest": {"S3ExportLocation": {"S3Bucket": "dumps"}}},
            Destination("bucket", None, "dumps"),
        ),
        ("CreateStoreImageTask", {"CreateStoreImageTaskRequest": {"Bucket": "d"}}, Destination("bucket", None, "d")),
        ("CreateResourceShare", {"principals": [OTHER]}, Destination("account", OTHER)),
        (
            "GrantPermissions",
            {"principal": {"dataLakePrincipalIdentifier": f"arn:aws:iam::{OTHER}:role/x"}},
            Destination("account", OTHER),
        ),
        ("AuthorizeDataShare", {"consumerIdentifier": OTHER}, Destination("account", OTHER)),
        (
            "StartCopyJob",
            {"destinationBackupVaultArn": f"arn:aws:backup:eu-west-1:{OTHER}:backup-vault:v"},
            Destination("account", OTHER),
        ),
        (
            "CreateAccessGrant",
            {"grantee": {"granteeIdentifier": f"arn:aws:iam::{OTHER}:role/x"}},
            Destination("account", OTHER),
        ),
        ("CopySnapshot", {"sourceSnapshotId": "snap-1", "sourceRegion": "eu-west-1"}, Destination()),
        ("DeleteBucketPublicAccessBlock", {"bucketName": "b"}, Destination()),
    ],
)
def test_calls_of_the_control_plane(api: str, asked: dict[str, Any], expected: Destination) -> None:
    assert destination_of(api, asked, None, OWN) == expected
