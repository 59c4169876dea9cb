"""AWS VPC flow logs: columns by header, what leaves, and what is counted only."""

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from anomaly.store import Lake
from ingest_records import delivered as cloudtrail
from ingest_records import entries, load, put, record, rows

HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
OUT = "2 123456789012 eni-0a1b2c3d4e5f60718 10.0.1.5 203.0.113.9 49152 443 6 10 84000 1709287200 1709287260 ACCEPT OK"


def test_bytes_that_leave_become_a_flow(lake: Lake, tmp_path: Path) -> None:
    load(lake, put(tmp_path / "logs", {"a.log": f"{HEADER}\n{OUT}\n".encode()}))
    (row,) = rows(lake)
    assert (row["source"], row["operation"], row["api"]) == ("vpc_flow", "flow", "Flow")
    assert (row["source_ip"], row["destination_ip"], row["destination_port"]) == ("10.0.1.5", "203.0.113.9", 443)
    assert (row["bytes_out"], row["bytes_read"], row["bytes_written"]) == (84000, None, None)
    assert (row["event_time"], row["end_time"]) == (datetime(2024, 3, 1, 10), datetime(2024, 3, 1, 10, 1))
    assert (row["identity"], row["identity_kind"], row["account_id"]) == (
        "address:10.0.1.5",
        "workload",
        "123456789012",
    )
    assert (row["evidence_file"], row["evidence_record"]) == ("a.log", 1)


def test_columns_are_found_by_the_header(lake: Lake, tmp_path: Path) -> None:
    header = "instance-id bytes end start dstaddr srcaddr flow-direction pkt-srcaddr action log-status region"
    line = "i-0123456789abcdef0 500 1709287260 1709287200 2001:db8:1::5 fd00::7 egress fd00::7 ACCEPT OK eu-west-1"
    load(lake, put(tmp_path / "logs", {"a": f"{header}\n{line}\n".encode()}))
    (row,) = rows(lake)
    assert (row["workload"], row["identity"]) == ("i-0123456789abcdef0", "workload:i-0123456789abcdef0")
    assert (row["source_ip"], row["destination_ip"], row["bytes_out"]) == ("fd00::7", "2001:db8:1::5", 500)
    assert (row["region"], row["account_id"], row["destination_port"]) == ("eu-west-1", None, None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("203.0.113.9", "10.0.2.8"),  # stays inside
        ("203.0.113.9", "100.64.3.3"),
        ("10.0.1.5 203.0.113.9", "203.0.113.9 10.0.1.5"),  # comes in
        ("ACCEPT", "REJECT"),
        ("84000", "0"),
        (OUT, "2 123456789012 eni-0a1b2c3d4e5f60718 - - - - - - - 1709287200 1709287260 - NODATA"),
        (OUT, "2 123456789012 eni-0a1b2c3d4e5f60718 - - - - - - - 1709287200 1709287260 - SKIPDATA"),
    ],
)
def test_what_does_not_leave_is_only_counted(old: str, new: str, lake: Lake, tmp_path: Path) -> None:
    records = load(lake, put(tmp_path / "logs", {"a.log": f"{HEADER}\n{OUT.replace(old, new)}\n".encode()})).records
    assert (records.seen, records.loaded, records.not_relevant) == (1, 0, 1)


def test_a_gateway_repeats_and_is_not_counted_twice(lake: Lake, tmp_path: Path) -> None:
    header = HEADER + " pkt-srcaddr"
    own, gateway = f"{OUT} 10.0.1.5", f"{OUT.replace('10.0.1.5', '10.0.9.9')} 10.0.1.5"
    load(lake, put(tmp_path / "logs", {"a.log": f"{header}\n{own}\n{gateway}\n".encode()}))
    assert [row["source_ip"] for row in rows(lake)] == ["10.0.1.5"]


@pytest.mark.parametrize("prefix", ["", "2024-03-01T10:05:00.000Z "])
def test_without_a_header_the_default_columns_hold(prefix: str, lake: Lake, tmp_path: Path) -> None:
    load(lake, put(tmp_path / "logs", {"a.log": f"{prefix}{OUT}\n".encode()}))
    assert [row["bytes_out"] for row in rows(lake)] == [84000]


def test_all_columns_without_a_header(lake: Lake, tmp_path: Path) -> None:
    more = "vpc-1 subnet-1 i-0123456789abcdef0 2 IPv4 10.0.1.5 203.0.113.9 eu-west-1 euw1-az1 - - - - egress 8"
    load(lake, put(tmp_path / "logs", {"a.log": f"{OUT.replace('2 ', '5 ', 1)} {more}\n".encode()}))
    assert [(row["workload"], row["region"]) for row in rows(lake)] == [("i-0123456789abcdef0", "eu-west-1")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{HEADER}\n{OUT.replace('84000', 'many')}", "bytes is no number"),
        (f"{HEADER}\n{OUT.replace('203.0.113.9', 'nowhere')}", "srcaddr or dstaddr is no address"),
        (f"{HEADER}\n{OUT.replace('1709287200', '9')}", "start or end is no time from 2006-03-14 to 2100-01-01"),
        (f"{HEADER}\n2 123456789012 eni-0a1b2c3d4e5f60718 10.0.1.5", "the record has 4 fields, fewer than its header"),
        (
            f"{OUT} and more",
            "no header that names srcaddr, dstaddr, bytes, start and end, and not the default columns",
        ),
    ],
)
def test_a_bad_record_is_kept_for_a_person(text: str, reason: str, lake: Lake, tmp_path: Path) -> None:
    records = load(lake, put(tmp_path / "logs", {"a.log": text.encode()})).records
    assert (records.seen, records.quarantined) == (1, 1)
    assert [entry.reason for entry in entries(lake)] == [reason]


def test_the_default_sample_holds_nothing_that_leaves(shared_data: Path, lake: Lake) -> None:
    records = load(lake, shared_data / "aws-solutions" / "vpcflow.log").records
    assert (records.seen, records.loaded, records.not_relevant, records.quarantined) == (17, 0, 17, 0)
    assert entries(lake) == []


def test_a_mixed_folder_loads_by_content(lake: Lake, tmp_path: Path) -> None:
    from test_ingest_s3_access import line

    files = {
        "x/1": cloudtrail([record(0)]),
        "x/2.gz": (line() + "\n").encode(),
        "x/3.json": pa.compress(f"{HEADER}\n{OUT}\n".encode(), codec="zstd", asbytes=True),
        "x/4.log": b"nothing known\n",
    }
    report = load(lake, put(tmp_path / "logs", files))
    assert report.balanced
    assert sorted(row["source"] for row in rows(lake)) == ["cloudtrail", "s3_access", "vpc_flow"]
    assert [entry.file for entry in entries(lake)] == ["x/4.log"]
