"""Where a call sends data, or whom it lets in."""

import json
from typing import Any

import pytest

from anomaly.ingest.destination import Destination, copy_source, destination_of

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
        ([{"AWS": OWN}], Destination("account", OWN)),
        ([{"Service": "cloudtrail.amazonaws.com"}], Destination()),
    ],
)
@pytest.mark.parametrize("as_text", [False, True])
def test_policy(principals: list[Any], expected: Destination, as_text: bool) -> None:
    document: Any = policy(*principals)
    asked = {"bucketPolicy": json.dumps(document) if as_text else document}
    assert destination_of("PutBucketPolicy", asked, None, OWN) == expected


def test_a_policy_that_denies_opens_nothing() -> None:
    denied = {"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*"}}
    assert destination_of("PutBucketPolicy", {"bucketPolicy": denied}, None, OWN) == Destination()


def test_access_lists() -> None:
    everyone = {"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}
    somebody = {"Grantee": {"ID": "beef"}, "Permission": "READ"}
    listed = {"AccessControlPolicy": {"Owner": {"ID": "cafe"}, "AccessControlList": {"Grant": [somebody]}}}
    assert destination_of("PutBucketAcl", {"x-amz-acl": ["public-read"]}, None, OWN).kind == "public"
    assert destination_of("PutBucketAcl", {"AccessControlPolicy": {"x": [everyone]}}, None, OWN).kind == "public"
    assert destination_of("PutBucketAcl", listed, None, OWN) == Destination("account")
    assert destination_of("PutBucketAcl", {"x-amz-acl": ["private"]}, None, OWN) == Destination()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"createVolumePermission": {"add": {"items": [{"userId": OTHER}]}}}, Destination("account", OTHER)),
        ({"launchPermission": {"add": {"items": [{"group": "all"}]}}}, Destination("public")),
        ({"createVolumePermission": {"remove": {"items": [{"userId": OTHER}]}}}, Destination()),
        ({"attributeName": "restore", "valuesToAdd": [OWN, THIRD]}, Destination("account", THIRD)),
        ({"s3BucketName": "dumps", "iamRoleArn": "arn:x"}, Destination("bucket", None, "dumps")),
        ({"s3Bucket": "dumps", "s3BucketOwner": OTHER}, Destination("bucket", OTHER, "dumps")),
        ("text", Destination()),
        (None, Destination()),
    ],
)
def test_shares_and_exports(asked: Any, expected: Destination) -> None:
    assert destination_of("ModifySnapshotAttribute", asked, None, OWN) == expected
