"""Damaged and odd Google Cloud entries: in quarantine with file, entry and reason, their neighbours loaded."""

import json
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anomaly.store import Lake
from gcp_records import audit, flow, written
from ingest_records import entries, load, put, rows

GOOD = [audit(number) for number in range(4)]
DEEP = b'{"a":' * 5_000 + b"1" + b"}" * 5_000


def text(entry: Any) -> bytes:
    """Return an entry as one line without its end."""
    return written([entry]).strip()


ONE_BAD: dict[str, tuple[bytes, str]] = {
    "no time": (text(audit(9, timestamp=None)), "no timestamp"),
    "bad time": (text(audit(9, timestamp="yesterday")), "the time yesterday cannot be read"),
    "a number as time": (text(audit(9, timestamp=1709251200)), "cannot be read"),
    "time out of range": (text(audit(9, timestamp="1999-01-01T00:00:00Z")), "outside 2008"),
    "an object as time": (text(audit(9, timestamp={"s": 1})), "no timestamp"),
    "no methodName": (text(audit(9, payload={"methodName": None})), "no serviceName or no methodName"),
    "no serviceName": (text(audit(9, payload={"serviceName": None})), "no serviceName or no methodName"),
    "methodName a list": (text(audit(9, payload={"methodName": ["x"]})), "no serviceName or no methodName"),
    "caller as text": (text(audit(9, payload={"authenticationInfo": "root"})), "authenticationInfo is no object"),
    "payload as text": (text(audit(9, protoPayload="AuditLog")), "protoPayload is no object"),
    "payload a list": (text(audit(9, protoPayload=[1])), "protoPayload is no object"),
    "flow as text": (text(flow(9, jsonPayload="10.0.0.4 203.0.113.9")), "jsonPayload is no object"),
    "a flow's bytes": (text(flow(9, told={"bytes_sent": "many"})), "bytes_sent is no number"),
    "a flow without bytes": (text(flow(9, told={"bytes_sent": None})), "bytes_sent is no number"),
    "a flow's negative bytes": (text(flow(9, told={"bytes_sent": "-5"})), "bytes_sent is no number"),
    "a flow's address": (
        text(flow(9, told={"connection": {"src_ip": "10.0.0.4", "dest_ip": "example.com"}})),
        "no address",
    ),
    "a flow's time": (text(flow(9, told={"start_time": "soon"})), "the time soon cannot be read"),
    "a number": (b"7", "a number, not an object"),
    "null": (b"null", "null, not an object"),
    "another object": (b'{"hello":"world"}', "no log entry"),
    "a cut entry": (text(audit(9))[:200], "broken JSON"),
    "a raw zero byte": (text(audit(9)).replace(b"vault", b"va\0lt", 1), "broken JSON"),
    "not UTF-8": (text(audit(9)).replace(b"vault", b"va\xff\xfe", 1), "not UTF-8"),
}


@pytest.mark.parametrize("name", ONE_BAD)
def test_one_bad_entry_among_good_ones(name: str, lake: Lake, tmp_path: Path) -> None:
    bad, reason = ONE_BAD[name]
    data = written(GOOD[:2]) + bad + b"\n" + written(GOOD[2:])
    report = load(lake, put(tmp_path / "logs", {"a.json.gz": data, "b.json": written([audit(20)])}))
    (entry,) = entries(lake)
    assert (entry.file, entry.record) == ("a.json.gz", 2)
    assert reason in entry.reason
    assert entry.excerpt
    assert (report.records.seen, report.records.loaded, report.records.quarantined) == (6, 5, 1)
    assert [row["evidence_record"] for row in rows(lake) if row["evidence_file"] == "a.json.gz"] == [0, 1, 3, 4]


ODD: dict[str, dict[str, Any]] = {
    "nothing but the call": audit(
        9,
        payload={"requestMetadata": None, "authenticationInfo": None, "authorizationInfo": None, "resourceName": None},
        resource=None,
        logName=None,
    ),
    "everything else of a wrong kind": audit(
        9,
        payload={
            "status": "fine",
            "requestMetadata": [1],
            "authorizationInfo": {"granted": True},
            "resourceName": {"name": "x"},
            "metadata": "x",
            "serviceData": [7],
        },
        resource="bucket",
        operation=3,
        insertId={"id": 1},
    ),
    "half a surrogate": audit(9, payload={"resourceName": "projects/_/buckets/vault/objects/\ud800"}),
    "deltas of wrong kinds": audit(
        9,
        payload={
            "methodName": "storage.setIamPermissions",
            "serviceData": {"policyDelta": {"bindingDeltas": [None, "x", {"action": "ADD", "member": 5}, {}]}},
        },
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_entry_still_loads(name: str, lake: Lake, tmp_path: Path) -> None:
    counts = load(lake, put(tmp_path / "logs", {"a.json": written([audit(0), ODD[name], audit(1)])})).records
    assert (counts.seen, counts.loaded) == (3, 3)


def test_an_entry_nested_without_end_does_no_harm(lake: Lake, tmp_path: Path) -> None:
    key = {"serviceName": "iam.googleapis.com", "methodName": "x.CreateServiceAccountKey", "request": "DEEP"}
    deep = text(audit(9, payload=key)).replace(b'"DEEP"', DEEP) + b"\n"
    files = {"a.json": written([audit(0)]) + deep, "b.json": written([audit(1)]) + deep + b"null\n"}
    report = load(lake, put(tmp_path / "logs", files))
    assert (report.records.seen, report.records.loaded, report.records.quarantined) == (5, 3, 2)
    reasons = {(entry.file, entry.record, entry.reason) for entry in entries(lake)}
    assert reasons == {("b.json", 1, "nested too deeply"), ("b.json", 2, "record is null, not an object")}


def test_a_mixed_folder_is_read_by_content(lake: Lake, tmp_path: Path) -> None:
    trail = {
        "eventVersion": "1.09",
        "eventTime": "2024-03-01T00:00:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "userIdentity": {"type": "AWSService", "invokedBy": "x.amazonaws.com"},
        "eventID": "e",
    }
    files = {"a.json": written([trail]), "a.log": written([audit(0)]), "b": written([flow(1), audit(2)])}
    load(lake, put(tmp_path / "logs", files))
    assert [row["source"] for row in rows(lake)] == ["cloudtrail", "gcs_audit", "gcp_flow", "gcs_audit"]


VALUES: tuple[Callable[[random.Random], Any], ...] = (
    lambda source: None,
    lambda source: source.choice([True, False, 0, -1, 7, 2**70, 1e300, float("nan")]),
    lambda source: "".join(source.choice('ab{}[]"\\/:*\n\0é€😀') for _ in range(source.randrange(12))),
    lambda source: source.choice([[], {}, [[]], [None], {"": {}}, ["x", {"a": 1}], {"code": "7"}]),
    lambda source: source.choice(["10.0.0.1", "private", "2024-03-01T00:00:00Z", "9999-99-99", "allUsers", "-5"]),
)


def mutated(source: random.Random, number: int) -> Any:
    """Return an entry of some kind with one to four of its parts replaced, removed or doubled under another name."""
    kinds: list[dict[str, Any]] = [
        audit(number),
        flow(number),
        audit(
            number,
            payload={
                "methodName": "storage.setIamPermissions",
                "serviceData": {"policyDelta": {"bindingDeltas": [{"action": "ADD", "member": "allUsers"}]}},
            },
        ),
        audit(
            number,
            payload={
                "serviceName": "iam.googleapis.com",
                "methodName": "google.iam.admin.v1.CreateServiceAccountKey",
                "request": {"name": "x"},
                "response": {"name": "y"},
            },
        ),
        audit(
            number,
            payload={
                "serviceName": "storagetransfer.googleapis.com",
                "methodName": "x.CreateTransferJob",
                "request": {"transferJob": {"transferSpec": {"gcsDataSink": {"bucketName": "b"}}}},
            },
        ),
        audit(number, payload={"metadata": {"destination": "projects/p/buckets/b/objects/o"}}),
    ]
    entry = source.choice(kinds)
    for _ in range(source.randint(1, 4)):
        _mutate(entry, source)
    return entry


def _mutate(part: Any, source: random.Random) -> None:
    """Walk down a random way and change something at its end."""
    while True:
        keys = list(part) if isinstance(part, dict) else list(range(len(part)))
        if not keys:
            return
        key = source.choice(keys)
        inner = part[key]
        if isinstance(inner, dict | list) and inner and source.random() < 0.8:
            part = inner
            continue
        if isinstance(part, dict) and source.random() < 0.2:
            part[str(key).upper()] = part.pop(key)
        else:
            part[key] = source.choice(VALUES)(source)
        return


@given(st.integers(0, 2**32))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_mutated_entries_are_always_accounted_for(seed: int) -> None:
    source = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        found = [mutated(source, number) for number in range(100)]
        good = written([audit(number) for number in range(500, 504)])
        files = {"a.json": "\n".join(json.dumps(entry) for entry in found).encode(), "zz.json": good}
        lake = Lake(Path(folder) / "lake")
        report = load(lake, put(Path(folder) / "logs", files), threads=1)
        assert report.records.seen == len(found) + 4
        assert len(rows(lake)) == report.records.loaded
        assert {row["evidence_record"] for row in rows(lake) if row["evidence_file"] == "zz.json"} == {0, 1, 2, 3}


@given(st.integers(0, 2**32))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_files_are_always_accounted_for(seed: int) -> None:
    source = random.Random(seed)
    data = bytearray(written([audit(0), flow(1), audit(2)]))
    for _ in range(source.randint(1, 4)):
        at = source.randrange(len(data))
        data[at : at + source.randrange(40)] = source.choice(
            [b"{", b"}", b'"', b"[", b"]", b"\\", b"\n", source.randbytes(9)]
        )
    with tempfile.TemporaryDirectory() as folder:
        good = written([audit(number) for number in range(500, 504)])
        lake = Lake(Path(folder) / "lake")
        report = load(lake, put(Path(folder) / "logs", {"a.json": bytes(data), "zz.json": good}), threads=1)
        loaded = rows(lake)
        assert len(loaded) == report.records.loaded
        assert {row["evidence_record"] for row in loaded if row["evidence_file"] == "zz.json"} == {0, 1, 2, 3}
