"""Whatever Azure records come in: no crash, no record unaccounted for, no good record lost to its neighbours."""

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anomaly.ingest.azure_flow import flow_lines
from anomaly.store import Lake
from azure_records import activity, blob, flows, written
from ingest_records import load, put, rows

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
OUT = "1709287200123,10.0.0.4,203.0.113.50,43652,443,6,O,E,NX,5,6600,7,635"
RECORDS = [blob(0), activity(1), blob(2, operationName="CopyBlobSource")]
MARKS = [b"{", b"}", b'"', b"[", b"]", b"\\", b",", b"\t", b"%", b":", b"-"]


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    """Return a record with any values in some of its fields or properties."""
    record = dict(draw(st.sampled_from(RECORDS)))
    record |= draw(st.dictionaries(st.sampled_from(sorted(record)), JSON, max_size=3))
    if isinstance(record.get("properties"), dict):
        told = draw(st.dictionaries(st.sampled_from([*sorted(blob()["properties"]), "responseBody"]), JSON, max_size=3))
        record["properties"] = record["properties"] | told
    return record


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a delivered file with bytes changed, removed or put in."""
    flow = json.dumps({"records": [flows(OUT, OUT.replace("443", "80")), flows(OUT)]}).encode()
    data = bytearray(draw(st.sampled_from([written(RECORDS), flow])))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data) - 1))
        data[at : at + draw(st.integers(0, 40))] = draw(st.binary(max_size=20) | st.sampled_from(MARKS))
    return bytes(data)


@given(st.lists(changed(), min_size=1, max_size=6))
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_value_in_any_field_is_accounted_for(records: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        good = blob(99, correlationId="good")
        logs = put(Path(folder) / "logs", {"a.json": written([*records, good])})
        lake = Lake(Path(folder) / "lake")
        assert load(lake, logs, threads=1).records.seen == len(records) + 1
        assert [row["object_key"] for row in rows(lake) if row["request_id"] == "good"] == ["k/99.parquet"]


@given(st.lists(damaged(), min_size=1, max_size=3))
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_damage_is_always_accounted_for_and_stays_in_its_file(files: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        named = {f"{number}.json": data for number, data in enumerate(files)}
        good = {"y.json": written([blob(50)]), "z.json": written([flows(OUT.replace("443", "22"))])}
        lake = Lake(Path(folder) / "lake")
        report = load(lake, put(Path(folder) / "logs", named | good), threads=1)
        loaded = rows(lake)
        assert len(loaded) == report.records.loaded
        assert {row["evidence_file"] for row in loaded} >= set(good)


@given(st.lists(JSON, max_size=4), st.lists(st.text(max_size=60) | JSON, max_size=5))
@settings(max_examples=200, deadline=None)
def test_flow_lines_are_numbered_without_gaps(records: list[Any], tuples: list[Any]) -> None:
    lines = flow_lines(json.dumps({"records": [*records, flows(*tuples)]}).encode())
    assert lines["record"].to_pylist() == list(range(len(lines)))
    assert len(lines) >= len(tuples)
    lines.validate(full=True)  # the text is UTF-8
