"""S3 server access logs: real samples and the shapes that real lines take."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from anomaly.store import Lake
from ingest_records import entries, load, put, rows

OWNER = "79a59df900bb44eeed96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
ALICE = "arn:aws:iam::111111111111:user/alice"


def line(
    operation: str = "REST.GET.OBJECT",
    key: str = "a.txt",
    *,
    requester: str = ALICE,
    uri: str = "GET /a.txt HTTP/1.1",
    status: str = "200",
    error: str = "-",
    sent: str = "100",
    size: str = "200",
    agent: str = "Boto3/1.34",
    referrer: str = "-",
    auth: str = "AuthHeader",
    request: str = "R1",
    address: str = "198.51.100.7",
    time: str = "01/Mar/2024:10:00:00 +0000",
    more: str = "",
) -> str:
    return (
        f'{OWNER} vault [{time}] {address} {requester} {request} {operation} {key} "{uri}" {status} {error}'
        f' {sent} {size} 12 10 "{referrer}" "{agent}" - hostid= SigV4 ECDHE-RSA-AES128-GCM-SHA256 {auth}'
        f" vault.s3.eu-west-1.amazonaws.com TLSv1.2{more}"
    )


def read(lake: Lake, tmp_path: Path, *lines: str) -> list[dict[str, Any]]:
    load(lake, put(tmp_path / "logs", {"2024-03-01-10-00-00-0123456789ABCDEF": "\n".join(lines).encode() + b"\n"}))
    return rows(lake)


def test_a_read_says_who_what_from_where_and_how_much(lake: Lake, tmp_path: Path) -> None:
    (row,) = read(lake, tmp_path, line(more=" - -"))
    assert row["event_time"] == datetime(2024, 3, 1, 10)
    assert (row["source"], row["provider"], row["region"]) == ("s3_access", "aws", "eu-west-1")
    assert (row["identity"], row["identity_kind"], row["identity_account"]) == (ALICE, "human", "111111111111")
    assert (row["bucket"], row["object_key"], row["bytes_read"]) == ("vault", "a.txt", 100)
    assert (row["operation"], row["api"], row["outcome"]) == ("read", "REST.GET.OBJECT", "ok")
    assert (row["source_ip"], row["tool"], row["request_id"]) == ("198.51.100.7", "boto", "R1")
    assert (row["auth_method"], row["evidence_record"]) == ("AuthHeader", 0)


@pytest.mark.parametrize(
    "shape",
    [
        line(agent='odd "agent" with quotes'),
        line(referrer='https://x/"y"'),
        line(uri='GET /a.txt?x="y" HTTP/1.1'),
        line().replace(" vault ", "  vault  "),
        line().replace('"GET /a.txt HTTP/1.1"', "-"),
        line(more=" arn:aws:s3:eu-west-1:1:accesspoint/p Yes a-field of-the future"),
        line().split(" - hostid=")[0],
    ],
)
def test_shapes_that_real_lines_take_lose_nothing(shape: str, lake: Lake, tmp_path: Path) -> None:
    (row,) = read(lake, tmp_path, shape)
    assert (row["bucket"], row["object_key"], row["bytes_read"], row["identity"]) == ("vault", "a.txt", 100, ALICE)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"sent": "-", "status": "206"}, {"operation": "read", "bytes_read": None, "outcome": "ok"}),
        ({"sent": "-", "status": "304"}, {"operation": "head", "bytes_read": None, "outcome": "ok"}),
        ({"sent": "243", "status": "403", "error": "AccessDenied"}, {"outcome": "denied", "bytes_read": None}),
        ({"sent": "243", "status": "404", "error": "NoSuchKey"}, {"outcome": "error", "error_code": "NoSuchKey"}),
        ({"status": "-", "sent": "-"}, {"outcome": "error", "error_code": "NoStatus", "bytes_read": None}),
        ({"requester": "-"}, {"identity": "anonymous", "identity_kind": "anonymous"}),
        ({"requester": "-", "auth": "QueryString"}, {"identity_kind": "anonymous"}),
        ({"auth": "QueryString"}, {"identity": ALICE, "identity_kind": "signed_url", "auth_method": "QueryString"}),
        ({"requester": OWNER}, {"identity": f"canonical:{OWNER}", "identity_kind": "external"}),
        ({"requester": "svc:s3.amazonaws.com"}, {"identity": "service:s3.amazonaws.com", "identity_kind": "service"}),
        ({"address": "-"}, {"source_ip": None}),
        ({"key": "my%2520file.txt"}, {"object_key": "my file.txt"}),
        ({"key": "a%2Bb.txt"}, {"object_key": "a+b.txt"}),
        ({"agent": "-"}, {"user_agent": None, "tool": "unknown"}),
        (
            {"operation": "REST.GET.BUCKET", "key": "-", "uri": "GET /?list-type=2&prefix=pay%2F HTTP/1.1"},
            {"operation": "list", "object_key": None, "list_prefix": "pay/", "bytes_read": None},
        ),
        (
            {"operation": "REST.PUT.OBJECT", "sent": "-", "size": "2900"},
            {"operation": "write", "bytes_written": 2900, "bytes_read": None},
        ),
        ({"operation": "REST.COPY.OBJECT_GET", "sent": "224"}, {"operation": "copy", "bytes_read": None}),
        ({"operation": "REST.COPY.OBJECT", "sent": "224"}, {"operation": "write", "bytes_written": None}),
        ({"operation": "BATCH.DELETE.OBJECT"}, {"operation": "delete"}),
        ({"operation": "REST.PUT.BUCKETPOLICY"}, {"operation": "share"}),
        ({"operation": "REST.GET.ACL"}, {"operation": "head"}),
        (
            {"uri": "GET /a.txt?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F2024 HTTP/1.1", "auth": "QueryString"},
            {"access_key_id": "AKIAIOSFODNN7EXAMPLE"},
        ),
    ],
)
def test_each_field_by_the_guide(changes: dict[str, str], expected: dict[str, Any], lake: Lake, tmp_path: Path) -> None:
    (row,) = read(lake, tmp_path, line(**changes))
    assert {name: row[name] for name in expected} == expected


def test_a_bad_line_goes_to_quarantine_and_the_rest_loads(lake: Lake, tmp_path: Path) -> None:
    loaded = read(lake, tmp_path, line(), "not a line", "", line(request="R2"), line(time="99/Foo/2024:10:00:00 +0000"))
    assert [row["request_id"] for row in loaded] == ["R1", "R2"]
    assert [(entry.record, entry.reason) for entry in entries(lake)] == [
        (1, "no S3 server access log line"),
        (4, "the time 99/Foo/2024:10:00:00 +0000 cannot be read"),
    ]


def test_the_same_line_twice_loads_once(lake: Lake, tmp_path: Path) -> None:
    assert len(read(lake, tmp_path, line(), line())) == 1


def test_the_public_archive_sample(shared_data: Path, lake: Lake) -> None:
    records = load(lake, shared_data / "dandi").records
    assert (records.seen, records.loaded) == (3, 3)
    found = rows(lake)
    assert [row["bytes_read"] for row in found] == [384, 1409, 6284696]
    assert {row["identity_kind"] for row in found} == {"anonymous"}
    assert {(row["bucket"], row["source_ip"], row["outcome"]) for row in found} == {("dandiarchive", "192.0.2.0", "ok")}
    assert found[1]["object_key"] == "ds006260/participants.tsv"


def test_the_deployment_sample(shared_data: Path, lake: Lake) -> None:
    records = load(lake, shared_data / "aws-solutions" / "s3.log").records
    assert (records.seen, records.loaded) == (6, 6)
    found = rows(lake)
    assert [row["bytes_written"] for row in found] == [2900, 5283, 39811, 233520, 29349, 27428]
    role = "arn:aws:iam::123456789012:role/LogHub-CustomCDKBucketDeployment8693BB64968944B69A-1XDCC69VHK2DE"
    assert {row["identity"] for row in found} == {role}
    assert {(row["operation"], row["bytes_read"], row["tool"]) for row in found} == {("write", None, "aws-cli")}


def test_the_console_sample_has_no_bytes(shared_data: Path, lake: Lake) -> None:
    records = load(lake, shared_data / "panther" / "attacker_s3_access.log").records
    assert (records.seen, records.loaded) == (3, 3)
    found = rows(lake)
    assert [row["object_key"] for row in found] == ["id-01.pdf", "id-02.pdf", "id-03.pdf"]
    assert {row["bytes_read"] for row in found} == {None}, "the object's size is not what was sent"
    assert {(row["identity"], row["source_ip"]) for row in found} == {
        ("arn:aws:iam::493859302102:user/tracy_stone", "172.31.77.31")
    }
