"""Real CloudTrail samples, loaded whole, against what a person read in them."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from anomaly.store import Lake
from ingest_records import entries, load, put, rows

MORDOR = "mordors3stack-s3bucket-llp2yingx64a"


@pytest.mark.parametrize(
    ("folder", "counts"),
    [  # seen, loaded, duplicate, not relevant: counted by hand with grep and jq
        ("otrf", (103, 16, 0, 87)),
        ("splunk", (2, 2, 0, 0)),
        ("trailscraper", (2, 1, 0, 1)),
        ("cloudgrep", (1, 1, 0, 0)),
        ("invictus", (163, 99, 0, 64)),
    ],
)
def test_every_record_of_a_sample_is_accounted_for(
    folder: str, counts: tuple[int, int, int, int], shared_data: Path, lake: Lake
) -> None:
    records = load(lake, shared_data / folder).records
    assert (records.seen, records.loaded, records.duplicate, records.not_relevant) == counts
    assert entries(lake) == []


def test_the_theft_in_the_security_datasets_is_whole(shared_data: Path, lake: Lake) -> None:
    load(lake, shared_data / "otrf")
    theft = [row for row in rows(lake) if row["access_key_id"] == "ASIA5FLZVX4OPVKKVBMX"]
    assert sorted(row["api"] for row in theft) == ["GetObject"] * 2 + ["ListBuckets"] * 2 + ["ListObjects"] * 7
    assert {row["identity"] for row in theft} == {
        "arn:aws:iam::123456789123:role/MordorNginxStack-BankingWAFRole-9S3E0UAE1MM0"
    }
    assert {row["session_name"] for row in theft} == {"i-0317f6c6b66ae9c40"}
    assert {row["identity_kind"] for row in theft} == {"workload"}
    assert {row["tool"] for row in theft} == {"aws-cli"}
    reads = [row for row in theft if row["operation"] == "read"]
    assert [(row["bucket"], row["object_key"], row["bytes_read"]) for row in reads] == [(MORDOR, "ring.txt", 89)] * 2
    assert min(row["event_time"] for row in theft) == datetime(2020, 9, 14, 1, 0, 4)
    assert max(row["event_time"] for row in theft) == datetime(2020, 9, 14, 1, 13, 20)
    assert sum(row["bytes_read"] or 0 for row in rows(lake)) == 178, "listings and management calls carry no volume"


def test_a_read_and_a_replication_of_the_splunk_samples(shared_data: Path, lake: Lake) -> None:
    load(lake, shared_data / "splunk")
    read, replication = rows(lake)
    assert (read["identity"], read["identity_kind"]) == ("arn:aws:iam::111111111111:user/console", "human")
    assert (read["tool"], read["bytes_read"], read["bytes_written"]) == ("aws-cli s3.cp", 1136, None)
    assert (read["bucket"], read["object_key"]) == ("security-content", "stories/windows_discovery_techniques.yml")
    assert (read["source_ip"], read["account_id"], read["region"]) == ("12.26.0.38", "111111111111", "us-west-2")
    assert (replication["operation"], replication["bucket"]) == ("share", "git-wild-hunt-results")
    assert (replication["destination_kind"], replication["destination_bucket"]) == ("bucket", "badpublicbuckettest")
    assert replication["destination_account"] is None
    assert (replication["session_name"], replication["identity_kind"]) == ("bpatel@splunk.com", "human")
    assert replication["identity"].endswith("AWSReservedSSO_SPLKAdministratorAccess_d9ce1347d0a6dd3f")
    assert (replication["tool"], replication["via_endpoint"]) == ("console", "vpce-a0d039c9")
    assert (replication["bytes_read"], replication["bytes_written"]) == (None, None)


def test_a_record_of_2017_and_one_by_a_service(shared_data: Path, lake: Lake) -> None:
    load(lake, shared_data / "trailscraper")
    (assumed,) = rows(lake)
    assert (assumed["identity"], assumed["identity_kind"]) == ("service:config.amazonaws.com", "service")
    assert (assumed["operation"], assumed["evidence_record"], assumed["source_ip"]) == ("auth", 1, None)
    assert assumed["shared_event_id"] == "61742ed6-324a-4133-a3ee-1ead9cd1b75c"


def test_log_delivery_is_a_service_that_writes(shared_data: Path, lake: Lake) -> None:
    load(lake, shared_data / "cloudgrep")
    (row,) = rows(lake)
    assert (row["identity"], row["invoked_by"]) == ("service:cloudtrail.amazonaws.com", "cloudtrail.amazonaws.com")
    assert (row["bytes_written"], row["bytes_read"], row["account_id"]) == (791, None, "001")


def test_lookup_rows_hold_the_record_as_text(shared_data: Path, lake: Lake) -> None:
    report = load(lake, shared_data / "plaso" / "aws_cloudtrail.jsonl")
    assert (report.records.seen, report.records.loaded, report.records.not_relevant) == (6, 1, 5)
    (row,) = rows(lake)
    assert (row["api"], row["event_time"]) == ("SharedSnapshotVolumeCreated", datetime(2022, 2, 7, 22, 19, 7))
    assert row["evidence_file"] == "aws_cloudtrail.jsonl"


def test_wrapped_rows_with_reused_ids(shared_data: Path, lake: Lake) -> None:
    report = load(lake, shared_data / "panther" / "cloudtrail_s3.jsonl")
    assert (report.records.seen, report.records.quarantined) == (33, 0)
    assert report.records.not_relevant == 0
    assert report.records.loaded + report.records.duplicate == 33
    by_record = {row["evidence_record"]: row for row in rows(lake)}
    assert by_record[22]["bytes_written"] == 524_288
    assert by_record[5]["error_code"] is not None
    assert by_record[5]["bytes_read"] is None
    assert by_record[1]["account_id"] == "111122223333", "resource keys are in lower case there"
    assert by_record[6]["via_endpoint"] == "vpce-aaa333c9", "the endpoint stands in additionalEventData there"
    at_endpoint = {row["evidence_record"]: row for row in rows(lake) if row["source"] == "cloudtrail_vpce"}
    assert {n: (row["bucket"], row["object_key"], row["bytes_read"]) for n, row in at_endpoint.items()} == {
        28: ("example-bucket", "sensitive-file.txt", None),
        30: ("example-bucket", "sensitive-file.txt", None),
        31: ("example-bucket", "example-file.txt", None),
    }
    outsider = at_endpoint[28]
    assert (outsider["identity"], outsider["session_name"]) == ("aws-account:111111111111", "AROAEXAMPLE:session-name")
    assert (outsider["identity_kind"], outsider["outcome"], outsider["error_code"]) == (
        "external", "denied", "VpceAccessDenied",
    )  # fmt: skip
    assert (outsider["recipient_account"], outsider["via_endpoint"]) == ("222222222222", "vpce-EXAMPLE08c1b6b9b7")
    assert (outsider["source_ip"], outsider["operation"], outsider["account_id"]) == ("10.0.0.1", "read", None)


def test_attack_emulation_on_buckets(shared_data: Path, lake: Lake) -> None:
    load(lake, shared_data / "invictus")
    loaded = rows(lake)
    assert not any(row["bytes_read"] or row["bytes_written"] for row in loaded), "management calls carry no volume"
    assert {row["tool"] for row in loaded if row["identity"].endswith("bert-jan")} >= {"Stratus Red Team"}
    (policy,) = [row for row in loaded if row["api"] == "PutBucketPolicy"]
    assert (policy["operation"], policy["destination_kind"]) == ("configure", None), "it lets in a service, no outsider"
    inside = [row for row in loaded if row["invoked_by"] == "AWS Internal"]
    assert inside
    assert {row["source_ip"] for row in inside} == {None}
    assert {row["outcome"] for row in loaded if row["api"] == "AssumeRole"} == {"denied"}


def test_a_mixed_folder_loads_what_is_cloudtrail_and_names_the_rest(shared_data: Path, lake: Lake) -> None:
    report = load(lake, shared_data)
    whole = {entry.file for entry in entries(lake) if entry.record is None}
    assert report.files_quarantined == len(whole)
    assert "README.md" in whole
    assert not any("CloudTrail_us-east-1" in name for name in whole)


BOB, TESTER = "arn:aws:iam::123456789012:user/Bob", "arn:aws:iam::111111111111:user/testuser"
ALICE = "arn:aws:iam::123456789012:user/Alice"
JENKINS = "arn:aws:iam::111122223333:role/SampleRole"
SAMPLE = "arn:aws:iam::111111111111:role/sample-role-dreamy-yonath"
SIGNED_ON = SAMPLE.replace("/", "/sample-role-quirky-greider/sso.amazonaws.com/us-west-2/")
WRAPPED = [  # api, operation, outcome, bucket, key, owner, identity, address, bytes written, destination bucket
    ("ListBucket", "list", "ok", "example-bucket", None, None, BOB, "192.0.2.0", None, None),
    *[("PutBucketLifecycle", "configure", "ok", "sample-cloudtrail-bucket-name", None, "111122223333", JENKINS,
       "1.2.3.4", None, None)] * 4,
    ("GetBucketLifecycle", "head", "error", "sample-cloudtrail-bucket-name", None, "111122223333", JENKINS,
     "1.2.3.4", None, None),
    ("DeleteBucket", "delete", "ok", "secrets", None, None, "arn:aws:iam::123456789012:role/BucketAdministrator",
     "157.130.196.214", None, None),
    ("CopyObject", "copy", "ok", None, None, None, ALICE, "192.0.2.0", None, "example-bucket"),
    ("CopyObject", "copy", "ok", None, None, None, BOB, "192.0.2.0", None, "example-bucket"),
    ("DeleteBucketEncryption", "configure", "ok", "sensitive-data-bucket", None, None, SAMPLE, "1.2.3.4", None, None),
    ("DeleteBucketEncryption", "configure", "denied", "sensitive-data-bucket", None, None, TESTER, "1.2.3.4", None,
     None),
    ("PutBucketEncryption", "configure", "ok", "sensitive-data-bucket", None, None, SAMPLE, "1.2.3.4", None, None),
    ("DeleteObject", "delete", "ok", "example-bucket", "example-object", None, ALICE, "192.0.2.0", None, None),
    ("ListBucket", "list", "ok", "example-bucket", None, None, BOB, "192.0.2.0", None, None),
    ("DeleteBucketPublicAccessBlock", "share", "ok", "corporate-documents", None, None, SAMPLE, "1.2.3.4", None, None),
    ("DeleteBucketPublicAccessBlock", "share", "denied", "corporate-documents", None, None, TESTER, "1.2.3.4", None,
     None),
    ("PutBucketPublicAccessBlock", "configure", "ok", "corporate-documents", None, None, SAMPLE, "1.2.3.4", None, None),
    ("PutBucketLogging", "configure", "ok", "critical-data-bucket", None, "111111111111", SIGNED_ON, "1.2.3.4", None,
     None),
    ("PutBucketLogging", "configure", "denied", "critical-data-bucket", None, None, TESTER, "1.2.3.4", None, None),
    ("PutBucketLogging", "configure", "ok", "critical-data-bucket", None, None, SAMPLE, "1.2.3.4", None, None),
    ("PutBucketLogging", "configure", "ok", "critical-data-bucket", None, None,
     "arn:aws:iam::111111111111:role/AdminRole", "1.2.3.4", None, None),
    ("PutObject", "write", "ok", "production-data", "documents/financial/HOW_TO_DECRYPT_FILES.txt", "111111111111",
     "arn:aws:iam::111111111111:user/compromised-user", "1.2.3.4", 2048, None),
    ("PutObject", "write", "ok", "my-company-bucket", "reports/quarterly-report.pdf", "123456789012",
     "arn:aws:iam::123456789012:user/legitimate-user", "203.0.113.10", 524_288, None),
    *[("PutBucketVersioning", "configure", "ok", "important-files-bucket", None, None, SAMPLE, "1.2.3.4", None,
       None)] * 2,
    ("PutBucketVersioning", "configure", "denied", "important-files-bucket", None, None, TESTER, "1.2.3.4", None, None),
    ("PutBucketVersioning", "configure", "ok", "important-files-bucket", None, None, SAMPLE, "1.2.3.4", None, None),
    ("DeleteBucketEncryption", "configure", "ok", "important-files-bucket", None, None, SAMPLE, "1.2.3.4", None, None),
    ("GetObject", "read", "denied", "example-bucket", "sensitive-file.txt", None, "aws-account:111111111111",
     "10.0.0.1", None, None),
    ("GetObject", "read", "denied", "example-bucket", "sensitive-file.txt", None, "principal:AROAEXAMPLE", "10.0.0.1",
     None, None),
    ("GetObject", "read", "ok", "example-bucket", "sensitive-file.txt", None, "principal:AROAEXAMPLE", "10.0.0.1", None,
     None),
    ("GetObject", "read", "ok", "example-bucket", "example-file.txt", None, "principal:AROAEXAMPLE", "10.0.0.1", None,
     None),
]  # fmt: skip
"""Records 0 to 31, read in the file by a person."""


def test_each_field_of_the_wrapped_rows(shared_data: Path, lake: Lake, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in (shared_data / "panther" / "cloudtrail_s3.jsonl").read_text().splitlines()]
    for number, line in enumerate(lines):
        line["event"]["eventID"] = f"own-{number}"  # the file uses ids again
    report = load(lake, put(tmp_path, {"rows.jsonl": "\n".join(map(json.dumps, lines)).encode()}))
    assert (report.records.seen, report.records.loaded) == (33, 33)
    names = ["api", "operation", "outcome", "bucket", "object_key", "account_id", "identity", "source_ip"]
    names += ["bytes_written", "destination_bucket"]
    by_record = {row["evidence_record"]: row for row in rows(lake)}
    assert [tuple(by_record[number][name] for name in names) for number in range(32)] == WRAPPED
    assert (by_record[32]["api"], by_record[32]["operation"]) == ("ListAllMyBuckets", "list")
    assert not any(row["bytes_read"] or row["destination_account"] for row in by_record.values())


LAB = "arn:aws:iam::123837392027:user/"
LAB_SHARE = [  # records of buckets in invictus/ by address, caller, operation and outcome: counted by a person
    ("10.107.112.14", LAB + "benjamin", "head", "ok", 1),
    ("10.248.16.43", LAB + "benjamin", "head", "error", 14),
    ("10.248.16.43", LAB + "benjamin", "head", "ok", 43),
    ("10.248.16.43", LAB + "benjamin", "list", "ok", 9),
    ("192.168.10.20", LAB + "bert-jan", "configure", "ok", 4),
    ("192.168.10.20", LAB + "bert-jan", "head", "error", 6),
    ("192.168.10.20", LAB + "bert-jan", "head", "ok", 11),
    (None, LAB + "benjamin", "head", "ok", 3),
    (None, "service:cloudtrail.amazonaws.com", "head", "ok", 1),
]


def test_each_call_on_a_bucket_of_the_attack_emulation(shared_data: Path, lake: Lake) -> None:
    load(lake, shared_data / "invictus")
    raw = [
        record
        for path in (shared_data / "invictus").glob("*.json")
        for record in json.loads(path.read_text())["Records"]
        if record["eventSource"] == "s3.amazonaws.com"
    ]
    asked = sorted((r["eventID"], (r["requestParameters"] or {}).get("bucketName")) for r in raw)
    stored = [row for row in rows(lake) if row["event_id"] in {event for event, _ in asked}]
    assert sorted((row["event_id"], row["bucket"]) for row in stored) == asked
    counted = [tuple(row[name] for name in ("source_ip", "identity", "operation", "outcome")) for row in stored]
    assert {(*kind, counted.count(kind)) for kind in counted} == set(LAB_SHARE)
    assert {row["account_id"] for row in stored if row["bucket"]} == {"123837392027"}
