"""AWS VPC flow logs delivered as Parquet are read as the same records delivered as text."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anomaly.store import Lake
from ingest_records import entries, load, put, rows

FIELDS = {
    "version": pa.array([2, 2, 2], pa.int32()),
    "account_id": pa.array(["123456789012"] * 3),
    "interface_id": pa.array(["eni-0a1b2c3d4e5f60718"] * 3),
    "srcaddr": pa.array(["10.0.1.5", "10.0.1.5", None]),
    "dstaddr": pa.array(["203.0.113.9", "10.0.2.8", None]),
    "srcport": pa.array([49152, 49153, None], pa.int32()),
    "dstport": pa.array([443, 5432, None], pa.int32()),
    "protocol": pa.array([6, 6, None], pa.int32()),
    "packets": pa.array([10, 10, None], pa.int64()),
    "bytes": pa.array([84000, 90, None], pa.int64()),
    "start": pa.array([1709287200] * 3, pa.int64()),
    "end": pa.array([1709287260] * 3, pa.int64()),
    "action": pa.array(["ACCEPT", "ACCEPT", ""]),
    "log_status": pa.array(["OK", "OK", "NODATA"]),
}
HEADER = (
    b"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets"
    b" bytes start end action log-status"
)
TEXT = b"""
2 123456789012 eni-0a1b2c3d4e5f60718 10.0.1.5 203.0.113.9 49152 443 6 10 84000 1709287200 1709287260 ACCEPT OK
2 123456789012 eni-0a1b2c3d4e5f60718 10.0.1.5 10.0.2.8 49153 5432 6 10 90 1709287200 1709287260 ACCEPT OK
2 123456789012 eni-0a1b2c3d4e5f60718 - - - - - - - 1709287200 1709287260 - NODATA
"""


def parquet(columns: dict[str, pa.Array]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def test_parquet_gives_the_events_of_the_same_text(tmp_path: Path) -> None:
    found = []
    for name, data in {"text": HEADER + TEXT, "parquet": parquet(FIELDS)}.items():
        lake = Lake(tmp_path / f"lake-{name}")
        records = load(lake, put(tmp_path / name, {"flows": data})).records
        assert (records.seen, records.loaded, records.not_relevant) == (3, 1, 2)
        found.append(rows(lake))
    assert found[0] == found[1]
    assert (found[1][0]["bytes_out"], found[1][0]["destination_ip"]) == (84000, "203.0.113.9")


def test_a_blank_in_a_value_moves_no_field(lake: Lake, tmp_path: Path) -> None:
    odd = FIELDS | {"interface_id": pa.array(["eni 1\n2"] * 3)}
    assert load(lake, put(tmp_path / "logs", {"a.parquet": parquet(odd)})).records.loaded == 1


def test_a_record_that_cannot_stand_is_in_quarantine(lake: Lake, tmp_path: Path) -> None:
    odd = FIELDS | {"srcaddr": pa.array(["nobody", "10.0.1.5", None])}
    records = load(lake, put(tmp_path / "logs", {"a.parquet": parquet(odd)})).records
    assert (records.seen, records.quarantined, records.not_relevant) == (3, 1, 2)
    assert entries(lake)[0].reason == "srcaddr or dstaddr is no address"


@pytest.mark.parametrize("at", [0.3, 0.6])
def test_damage_costs_the_file_and_nothing_else(at: float, lake: Lake, tmp_path: Path) -> None:
    good = parquet(FIELDS)
    place = int(len(good) * at)
    bad = {"cut": good[:place], "torn": good[:40] + bytes(60) + good[100:]}
    report = load(lake, put(tmp_path / "logs", bad | {"whole": good}))
    assert report.balanced
    assert report.records.loaded == 1
    assert {entry.file for entry in entries(lake)} == {"cut", "torn"}


def test_parquet_of_another_kind_stays_in_quarantine(lake: Lake, tmp_path: Path) -> None:
    load(lake, put(tmp_path / "logs", {"a.parquet": parquet({"bucket": pa.array(["b"])})}))
    (entry,) = entries(lake)
    assert "a Parquet file" in entry.reason
