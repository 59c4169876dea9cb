"""Real CloudTrail samples, loaded whole, against what a person read in them."""

from datetime import datetime
from pathlib import Path

import pytest

from anomaly.store import Lake
from ingest_records import entries, load, rows

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
