"""Whatever bytes come in: no crash, no record unaccounted for, no good record lost to its neighbours."""

import gzip
import json
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anomaly.ingest.cloudtrail import FORMAT
from anomaly.ingest.inflate import inflate
from anomaly.ingest.walk import NoRecordError, walk
from anomaly.store import Lake
from ingest_records import delivered, load, put, record, rows

BASE = delivered([record(number) for number in range(4)])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
MARKS = [b"{", b"}", b'"', b"[", b"]", b"\\", b","]
FIELDS = st.sampled_from(sorted(record()))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a delivered file with bytes changed, removed or put in, perhaps compressed and cut."""
    data = bytearray(BASE)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data) - 1))
        length = draw(st.integers(0, 40))
        data[at : at + length] = draw(st.binary(max_size=20) | st.sampled_from(MARKS))
    if draw(st.booleans()):
        packed = gzip.compress(bytes(data))
        return packed[: draw(st.integers(20, len(packed)))]
    return bytes(data)


@given(st.lists(damaged(), min_size=1, max_size=3))
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_damage_is_always_accounted_for_and_stays_in_its_file(files: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        good = delivered([record(number) for number in range(100, 104)])
        named = {f"{number}.json": data for number, data in enumerate(files)} | {"zz.json": good}
        lake = Lake(Path(folder) / "lake")
        report = load(lake, put(Path(folder) / "logs", named), threads=1)
        loaded = rows(lake)
        assert len(loaded) == report.records.loaded
        assert {row["evidence_record"] for row in loaded if row["evidence_file"] == "zz.json"} == {0, 1, 2, 3}
        assert load(lake, Path(folder) / "logs", threads=1).records.seen == 0


@given(st.lists(st.dictionaries(FIELDS, JSON, max_size=4), min_size=1, max_size=6))
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_any_value_in_any_field_is_accounted_for(changes: list[dict[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        records = [record(number) | change for number, change in enumerate(changes)]
        data = json.dumps({"Records": records}).encode()
        report = load(Lake(Path(folder) / "lake"), put(Path(folder) / "logs", {"a.json": data}), threads=1)
        assert report.records.seen == len(records)


@given(damaged() | st.binary(max_size=200))
@settings(max_examples=300)
def test_walking_ends_and_numbers_records_without_gaps(data: bytes) -> None:
    try:
        found = list(walk(inflate(data).data, FORMAT))
    except NoRecordError:
        return
    assert [item.ordinal for item in found] == list(range(len(found)))
    assert all(item.reason for item in found if item.record is None)
