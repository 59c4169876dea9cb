"""Each data promise under ``features/checks/`` finds an offender when one is planted, and none before."""

from datetime import date
from pathlib import Path

import pytest

import rows
from anomaly.catalog import table
from anomaly.checks import offenders
from anomaly.data import data_folder
from anomaly.store import Lake

DAY = date(2026, 3, 4)
ACT = {"session_id": "s", "day": "0", "identity": "ana", "actor": "ana", "operation": "read", "outcome": "ok"}
SESSION = {"session_id": "s", "day": "0", "identity": "ana", "actor": "ana", "acts": "2", "bytes_read": "30"}
# One day on which every promise is kept: two reads of 10 and 20 bytes, half an hour apart.
KEPT: dict[str, list[dict[str, str]]] = {
    "acts": [
        ACT | {"event_id": "a", "ts_us": "09:00:00", "bytes_read": "10"},
        ACT | {"event_id": "b", "ts_us": "09:30:00", "bytes_read": "20"},
    ],
    "sessions": [SESSION],
    "flows": [SESSION | {"bucket": "pay"}],
    "actor_day": [{"identity": "ana", "actor": "ana", "day": "0", "bytes_read": "30"}],
    "actor_seen": [
        {"identity": "ana", "actor": "ana", "facet": "active", "first_day": "-3", "last_day": "0", "days_seen": "2"}
    ],
    "session_features": [{"session_id": "s", "day": "0", "identity": "ana", "actor": "ana"}],
}
# promise, table, and what is wrong with its first row (None: the row is not there)
PLANTED: list[tuple[str, str, dict[str, str] | None]] = [
    ("only_reads_have_volume", "acts", {"operation": "copy"}),
    ("only_reads_have_volume", "acts", {"outcome": "denied"}),
    ("only_reads_have_volume", "acts", {"bytes_read": "-1"}),
    ("only_the_past", "actor_seen", {"last_day": "1"}),
    ("only_the_past", "actor_seen", {"first_day": "-1", "last_day": "-2"}),
    ("sessions_end", "acts", {"ts_us": "08:59:59.999999"}),
    ("sessions_end", "acts", {"day": "-1"}),
    ("sessions_featured", "session_features", {"session_id": "t"}),
    ("sessions_featured", "session_features", None),
    ("volume_kept", "acts", {"bytes_read": "11"}),
    ("volume_kept", "sessions", {"acts": "3"}),
    ("volume_kept", "sessions", {"bytes_read": "31"}),
    ("volume_kept", "flows", {"acts": "1"}),
    ("volume_kept", "flows", {"bytes_read": "29"}),
    ("volume_kept", "actor_day", None),
    ("session_features.volume_bytes_own from 0 to 12", "session_features", {"volume_bytes_own": "12.001"}),
    ("session_features.timing_hour_own from 0 to 12", "session_features", {"timing_hour_own": "-.001"}),
]


def written(folder: Path, content: dict[str, list[dict[str, str]]]) -> Lake:
    lake = Lake(folder / "lake")
    for name, found in content.items():
        entry = table(name)
        typed = [{c.name: rows.value(row.get(c.name, ""), c, DAY) for c in entry.columns} for row in found]
        rows.write_rows(lake.folder(name, DAY) / "data.parquet", entry, typed)
    return lake


def test_a_sound_day_breaks_no_promise(tmp_path: Path) -> None:
    assert offenders(written(tmp_path, KEPT), DAY) == {}


@pytest.mark.parametrize(("promise", "name", "wrong"), PLANTED)
def test_a_planted_offender_is_found(tmp_path: Path, promise: str, name: str, wrong: dict[str, str] | None) -> None:
    first, rest = KEPT[name][0], KEPT[name][1:]
    content = KEPT | {name: rest if wrong is None else [first | wrong, *rest]}
    broken = offenders(written(tmp_path, content), DAY)
    assert promise in broken
    assert len(broken[promise]) == 1


def test_every_promise_was_broken_once() -> None:
    promises = {path.stem for path in (data_folder("features") / "checks").glob("*.sql")}
    assert promises <= {promise for promise, _, _ in PLANTED}


def test_two_rows_of_one_grain_and_an_empty_value_are_found(tmp_path: Path) -> None:
    lake = written(tmp_path, {"actor_day": KEPT["actor_day"] * 2})
    assert list(offenders(lake, DAY)) == ["actor_day one row a actor"]
    facts = {column.name: None for column in table("actor_day").columns}
    rows.write_rows(lake.folder("actor_day", DAY) / "data.parquet", table("actor_day"), [facts])
    assert set(offenders(lake, DAY)) == {
        f"actor_day.{column.name} never empty" for column in table("actor_day").columns
    }


def test_a_promise_over_a_table_that_is_not_built_yet_is_not_broken(tmp_path: Path) -> None:
    newest = {name: found for name, found in KEPT.items() if name != "actor_day"}
    assert offenders(written(tmp_path, newest), DAY) == {}
