"""The same three records in every envelope: all load, with the same rows."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from anomaly.store import Lake
from ingest_records import delivered, entries, load, put, record, rows

THREE = [record(number) for number in range(3)]


def lines(values: list[Any], end: str = "\n") -> bytes:
    return "".join(json.dumps(value) + end for value in values).encode()


def lookup(value: dict[str, Any]) -> dict[str, Any]:
    return {"EventId": value["eventID"], "EventTime": "2024-03-01 11:00:00+11:00", "CloudTrailEvent": json.dumps(value)}


def logstash(value: dict[str, Any]) -> dict[str, Any]:
    rest = {name: inner for name, inner in value.items() if name != "eventTime"}
    return rest | {"@timestamp": value["eventTime"], "@version": "1"}


ENVELOPES: dict[str, Callable[[], bytes]] = {
    "delivered": lambda: delivered(THREE),
    "delivered, spaced": lambda: json.dumps({"Records": THREE}, indent=2).encode(),
    "bare list": lambda: json.dumps(THREE).encode(),
    "one a line": lambda: lines(THREE),
    "one a line, CRLF": lambda: lines(THREE, "\r\n"),
    "one a line, blank lines between": lambda: lines(THREE, "\n\n"),
    "byte order mark": lambda: b"\xef\xbb\xbf" + delivered(THREE),
    "byte order mark, one a line": lambda: b"\xef\xbb\xbf" + lines(THREE),
    "indented objects one after another": lambda: b"\n".join(json.dumps(value, indent=1).encode() for value in THREE),
    "lookup-events rows": lambda: lines([lookup(value) for value in THREE]),
    "lookup-events answer": lambda: json.dumps(
        {"Events": [lookup(value) for value in THREE], "NextToken": "x"}
    ).encode(),
    "EventBridge": lambda: lines([{"version": "0", "source": "aws.s3", "detail": value} for value in THREE]),
    "Elasticsearch": lambda: lines([{"_index": "a", "_source": value} for value in THREE]),
    "Splunk": lambda: lines([{"preview": False, "result": 1, "_raw": json.dumps(value)} for value in THREE]),
    "rule tests": lambda: lines([{"rule_file": "x", "event": value} for value in THREE]),
    "Logstash": lambda: lines([logstash(value) for value in THREE]),
    "delivered files one after another": lambda: b"\n".join(delivered([value]) for value in THREE),
    "other keys beside Records": lambda: json.dumps({"Records": THREE, "more": [1]}).encode(),
    "gzip": lambda: gzip.compress(delivered(THREE)),
    "gzip of several members": lambda: gzip.compress(delivered(THREE)[:900]) + gzip.compress(delivered(THREE)[900:]),
    "zstd": lambda: pa.compress(delivered(THREE), codec="zstd", asbytes=True),
}


@pytest.mark.parametrize("name", ENVELOPES)
def test_envelope(name: str, lake: Lake, tmp_path: Path) -> None:
    report = load(lake, put(tmp_path / "logs", {"whatever.bin": ENVELOPES[name]()}))
    assert (report.records.seen, report.records.loaded) == (3, 3)
    assert entries(lake) == []
    loaded = rows(lake)
    assert [row["event_id"] for row in loaded] == [value["eventID"] for value in THREE]
    assert [row["evidence_record"] for row in loaded] == [0, 1, 2]
    assert [row["bytes_read"] for row in loaded] == [100] * 3
    assert [row["event_time"].isoformat() for row in loaded] == [value["eventTime"][:-1] for value in THREE]


def test_an_empty_list_of_records_is_a_good_file(lake: Lake, tmp_path: Path) -> None:
    files = {"a.json": b'{"Records":[]}', "b.json": b'{ "Records" : [ ] }\n', "c.json": b"[]"}
    report = load(lake, put(tmp_path / "logs", files))
    assert (report.files_loaded, report.records.seen) == (3, 0)
