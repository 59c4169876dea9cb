"""Files that other services put beside the logs: CloudTrail's own are counted and left, others are named."""

import json
from pathlib import Path
from typing import Any

import pytest

from anomaly.store import Lake
from ingest_records import ACCOUNT, delivered, entries, load, put, record, rows

DIGEST = {
    "awsAccountId": ACCOUNT,
    "digestStartTime": "2024-03-01T09:01:31Z",
    "digestEndTime": "2024-03-01T10:01:31Z",
    "digestS3Bucket": "logs",
    "digestS3Object": f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/eu-west-1/2024/03/01/x_20240301T100131Z.json.gz",
    "digestPublicKeyFingerprint": "31e8b5433410dfb61a9dc45cc65b22ff",
    "digestSignatureAlgorithm": "SHA256withRSA",
    "newestEventTime": "2024-03-01T10:00:58Z",
    "oldestEventTime": "2024-03-01T08:58:12Z",
    "previousDigestS3Bucket": "logs",
    "previousDigestHashValue": "97fb791cf91ffc440d274f8190dbdd9aa09c34432aba82739df18b6d3c13df2d",
    "logFiles": [
        {
            "s3Bucket": "logs",
            "s3Object": f"AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/2024/03/01/x_20240301T1000Z_QNEh.json.gz",
            "hashValue": "9bb6196fc6b84d6f075a56548feca262bd99ba3c2de41b618e5b6e22c1fc71f6",
            "hashAlgorithm": "SHA-256",
            "newestEventTime": "2024-03-01T09:59:00Z",
            "oldestEventTime": "2024-03-01T09:52:00Z",
        }
    ],
}
INSIGHT = {
    "eventVersion": "1.09",
    "eventTime": "2024-03-01T10:01:00Z",
    "awsRegion": "eu-west-1",
    "eventID": "ef6f8a2b-0000-4000-8000-000000000001",
    "eventType": "AwsCloudTrailInsight",
    "recipientAccountId": ACCOUNT,
    "sharedEventID": "a3b4c5d6-0000-4000-8000-000000000001",
    "insightDetails": {
        "state": "Start",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "insightType": "ApiCallRateInsight",
        "insightContext": {"statistics": {"baseline": {"average": 0.01}, "insight": {"average": 32.0}}},
    },
    "eventCategory": "Insight",
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("damaged", [False, True])
def test_digests_and_insights_are_counted_and_left(
    indent: int | None, damaged: bool, lake: Lake, tmp_path: Path
) -> None:
    """Compressed, in their own folders, read fast or (beside a damaged record of their file) patiently."""
    insights = json.dumps({"Records": [INSIGHT, INSIGHT | {"eventID": "2"}]}, indent=indent)
    digest = json.dumps(DIGEST, indent=indent)
    if damaged:
        insights, digest = insights[:-2] + ", {]}", digest + "\n{"
    files = {
        "CloudTrail/a.json.gz": delivered([record(0)]),
        "CloudTrail-Digest/d.json.gz": digest.encode(),
        "CloudTrail-Insight/i.json.gz": insights.encode(),
    }
    report = load(lake, put(tmp_path / "logs", files))
    assert (report.files_loaded, report.files_quarantined) == (3, 0)
    assert (report.records.loaded, report.records.not_relevant) == (1, 3)
    assert (report.records.quarantined, len(entries(lake))) == ((2, 2) if damaged else (0, 0))


def test_a_call_does_not_hide_behind_the_key_of_a_digest(lake: Lake, tmp_path: Path) -> None:
    folder = put(tmp_path / "logs", {"a.json": delivered([record(0, digestStartTime="2024-03-01T09:01:31Z")])})
    assert (load(lake, folder).records.loaded, len(rows(lake))) == (1, 1)


def json_text(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (
            json_text({"fileVersion": "1.0", "configSnapshotId": "8f", "configurationItems": [{"resourceId": "sg-1"}]}),
            "an AWS Config snapshot or history",
        ),
        (
            json_text(
                {
                    "sourceBucket": "vault",
                    "destinationBucket": "arn:aws:s3:::inventory",
                    "version": "2016-11-30",
                    "creationTimestamp": "1514944800000",
                    "fileFormat": "CSV",
                    "fileSchema": "Bucket, Key, Size",
                    "files": [{"key": "vault/data/x.csv.gz", "size": 2147483647, "MD5checksum": "f11166069f1990ab"}],
                }
            ),
            "an S3 inventory manifest",
        ),
        (b"2e9f2b1c0b6f0f5d8c6e2f1b7a9d3c4e\n", "the checksum of an S3 inventory manifest"),
        (
            b"https 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80"
            b' 0.086 0.048 0.037 200 200 0 57 "GET https://www.example.com:443/ HTTP/1.1" "curl/7.46.0" - - -\n',
            "an Elastic Load Balancing access log",
        ),
        (
            b"2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 0.000057"
            b' 200 200 0 29 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -\n',
            "an Elastic Load Balancing access log",
        ),
        (
            b"tls 2.0 2018-12-20T02:59:40 net/my-network-loadbalancer/c6e77e28c25b2234 g3d4b5e8bb8464cd"
            b" 72.21.218.154:51341 172.100.100.185:443 5 2 98 246 - arn:aws:acm:us-east-2:1:certificate/2a\n",
            "an Elastic Load Balancing access log",
        ),
        (b"#Version: 1.0\n#Fields: date time x-edge-location sc-bytes\n2019-12-04\t21:02:31\tLAX1\n", "a CloudFront"),
        (json_text({"timestamp": 1576280412771, "formatVersion": 1, "webaclId": "arn:aws:wafv2:x"}), "an AWS WAF log"),
        (json_text({"schemaVersion": "2.0", "service": {"detectorId": "d"}, "severity": 8}), "GuardDuty findings"),
        (json_text({"version": "1.1", "query_name": "a.example.", "query_type": "A"}), "a Route 53 resolver query log"),
        (b"PAR1\x15\x04\x15\x10" + bytes(64), "a Parquet file"),
    ],
)
def test_a_file_of_another_service_is_named(data: bytes, says: str, lake: Lake, tmp_path: Path) -> None:
    report = load(lake, put(tmp_path / "logs", {"odd": data, "good.json": delivered([record()])}))
    assert (report.files_quarantined, report.files_loaded, report.records.loaded) == (1, 1, 1)
    (entry,) = entries(lake)
    assert (entry.file, entry.record) == ("odd", None)
    assert entry.reason.startswith(f"looks like {says}"), entry.reason
    assert entry.reason.endswith(", no CloudTrail log")


def test_a_file_that_looks_like_nothing_known_is_told_as_it_is(lake: Lake, tmp_path: Path) -> None:
    load(lake, put(tmp_path / "logs", {"odd": b'{"level":"info","files":[]}\n', "good.json": delivered([record()])}))
    assert [entry.reason for entry in entries(lake)] == ["no CloudTrail record among 1 JSON records"]
