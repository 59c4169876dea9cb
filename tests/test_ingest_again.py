"""Ingest run again: nothing twice, nothing lost, whatever came in between."""

import os
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from anomaly.engines.duckdb import Sources, run_stage
from anomaly.errors import AnomalyError, LockedError
from anomaly.lock import locked
from anomaly.stage import stage_named
from anomaly.store import Lake, Store
from ingest_records import delivered, entries, load, put, record, rows


def content(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*.*")) if path.is_file()}


def test_a_second_run_changes_nothing(lake: Lake, tmp_path: Path) -> None:
    folder = put(tmp_path / "logs", {"a.json.gz": delivered([record(0), record(0)]), "b.txt": b"no log"})
    first = load(lake, folder)
    assert (first.records.seen, first.records.loaded, first.records.duplicate) == (2, 1, 1)
    before = content(lake.root)
    second = load(lake, folder)
    assert (second.files_seen, second.files_skipped, second.records.seen) == (2, 2, 0)
    assert content(lake.root) == before


def test_a_touched_file_is_known_by_its_digest(lake: Lake, tmp_path: Path) -> None:
    folder = put(tmp_path / "logs", {"a.json": delivered([record(0)])})
    load(lake, folder)
    os.utime(folder / "a.json", ns=(1, 1))
    report = load(lake, folder)
    assert (report.files_skipped, report.records.seen, len(rows(lake))) == (1, 0, 1)


def test_the_same_content_under_another_name_loads_nothing_new(lake: Lake, tmp_path: Path) -> None:
    data = delivered([record(number) for number in range(3)])
    load(lake, put(tmp_path / "logs", {"a.json": data}))
    report = load(lake, put(tmp_path / "copy", {"b.json.gz": data}))
    assert (report.records.seen, report.records.duplicate, report.days) == (3, 3, set())
    assert {row["evidence_file"] for row in rows(lake)} == {"a.json"}


def test_a_file_that_grew_loads_what_is_new(lake: Lake, tmp_path: Path) -> None:
    load(lake, put(tmp_path / "logs", {"a.json": delivered([record(0)])}))
    report = load(lake, put(tmp_path / "logs", {"a.json": delivered([record(0), record(1)])}))
    assert (report.records.loaded, report.records.duplicate, report.days) == (1, 1, {date(2024, 3, 1)})
    assert len(rows(lake)) == 2


def test_a_repeat_on_a_neighbour_day_is_seen_and_one_far_away_is_not(lake: Lake, tmp_path: Path) -> None:
    load(lake, put(tmp_path / "logs", {"a.json": delivered([record(0)])}))
    later = {"b.json": delivered([record(0, eventTime="2024-03-02T00:00:00Z")])}
    assert load(lake, put(tmp_path / "later", later)).records.duplicate == 1
    far = {"c.json": delivered([record(0, eventTime="2024-06-01T00:00:00Z")])}
    assert load(lake, put(tmp_path / "far", far)).records.loaded == 1


def test_records_without_an_id_are_known_by_their_content(lake: Lake, tmp_path: Path) -> None:
    same, other = record(0, eventID=None), record(0, eventID=None, sourceIPAddress="198.51.100.8")
    report = load(lake, put(tmp_path / "logs", {"a.json": delivered([same, other, same])}))
    assert (report.records.loaded, report.records.duplicate) == (2, 1)
    assert all(row["event_id"].startswith("digest-") for row in rows(lake))
    assert load(lake, put(tmp_path / "again", {"b.json": delivered([same])})).records.duplicate == 1


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_which_of_two_records_wins_does_not_depend_on_threads(
    threads: int, lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anomaly.ingest.run.BATCH_BYTES", 1)
    files = {f"{n:02d}.json": delivered([record(n), record(n + 1)]) for n in range(12)}
    report = load(lake, put(tmp_path / "logs", files), threads=threads)
    assert (report.records.loaded, report.records.duplicate) == (13, 11)
    assert [row["evidence_file"] for row in rows(lake)] == ["00.json", *(f"{n:02d}.json" for n in range(12))]


def test_days_are_utc_and_one_partition_each(lake: Lake, tmp_path: Path) -> None:
    times = ["2024-03-01T23:59:59Z", "2024-03-02T00:00:00Z", "2024-03-02T01:00:00+02:00"]
    data = delivered([record(number, eventTime=time) for number, time in enumerate(times)])
    report = load(lake, put(tmp_path / "logs", {"a.json": data}))
    assert report.days == {date(2024, 3, 1), date(2024, 3, 2)}
    with Store(threads=1) as store:
        for day, count in ((date(2024, 3, 1), 2), (date(2024, 3, 2), 1)):
            store.view("events", lake.files("events", day))
            assert store.rows("select count(*), min(cast(event_time as date)) from events") == [(count, day)]


def test_files_come_in_by_delivery_time(lake: Lake, tmp_path: Path) -> None:
    names = ["z/1_CloudTrail_r_20240301T0000Z_x.json", "a/1_CloudTrail_r_20240302T0000Z_x.json"]
    load(lake, put(tmp_path / "logs", {name: delivered([record(0)]) for name in names}))
    assert [row["evidence_file"] for row in rows(lake)] == [names[0]]


def test_leftovers_of_a_killed_run_are_removed_and_others_are_not(lake: Lake, tmp_path: Path) -> None:
    folder = put(tmp_path / "logs", {"a.json": delivered([record(0)])})
    load(lake, folder)
    day = lake.folder("events", date(2024, 3, 1))
    for name in ("part-00000009~cloudtrail.parquet", ".tmp-part-00000002~cloudtrail.parquet"):
        (day / name).write_bytes(b"half a file")
    (lake.root / "quarantine").mkdir()
    (lake.root / "quarantine" / "part-00000009.jsonl").write_text("{}")
    (day / "other.parquet").write_bytes((day / "part-00000001~cloudtrail.parquet").read_bytes())
    load(lake, folder)
    assert sorted(path.name for path in day.iterdir()) == ["other.parquet", "part-00000001~cloudtrail.parquet"]
    assert entries(lake) == []


def test_a_lake_inside_the_folder_is_not_read(tmp_path: Path) -> None:
    folder = put(tmp_path / "logs", {"a.json": delivered([record(0)])})
    lake = Lake(folder / "lake")
    load(lake, folder)
    assert load(lake, folder).files_seen == 1


def test_one_writer_at_a_time(lake: Lake, tmp_path: Path) -> None:
    folder = put(tmp_path / "logs", {"a.json": delivered([record(0)])})
    with locked(lake.root), pytest.raises(LockedError):
        load(lake, folder)


def test_progress_ends_at_the_total(lake: Lake, tmp_path: Path) -> None:
    folder = put(tmp_path / "logs", {f"{n}.json": delivered([record(n)]) for n in range(3)})
    told: list[tuple[int, int]] = []
    load(lake, folder, progress=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1] == sum(path.stat().st_size for path in folder.iterdir())


def test_a_failure_in_one_worker_stops_the_run_and_a_rerun_heals(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anomaly.ingest.run.BATCH_BYTES", 1)
    folder = put(tmp_path / "logs", {f"{n}.json": delivered([record(n)]) for n in range(6)})
    really = Path.read_bytes

    def fail(path: Path) -> bytes:
        if path.name == "3.json":
            raise MemoryError("no more")
        return really(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", fail)
        with pytest.raises(MemoryError, match="no more"):
            load(lake, folder, threads=2)
    assert load(lake, folder, threads=2).records.balanced
    assert [row["evidence_file"] for row in rows(lake)] == [f"{n}.json" for n in range(6)]


def test_the_report_in_words_and_values(lake: Lake, tmp_path: Path) -> None:
    folder = put(tmp_path / "logs", {"a.json": delivered([record(0), record(0), 7]), "b": b""})
    report = load(lake, folder)
    words = report.summary_lines()
    assert words[0] == "files    2 seen = 1 loaded + 0 already loaded + 1 quarantined"
    assert words[1] == "records  3 seen = 1 loaded + 1 duplicate + 0 not relevant + 1 quarantined"
    values = report.as_dict()
    assert (values["days"], values["balanced"], values["records"]["quarantined"]) == (["2024-03-01"], True, 1)


def test_days_that_were_let_go_are_read_again(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anomaly.ingest.run.BATCH_BYTES", 1)
    monkeypatch.setattr("anomaly.ingest.dedupe.DAYS_KEPT", 1)
    monkeypatch.setattr("anomaly.ingest.dedupe.IDLE_BATCHES", 1)
    days = [1, 11, 21, 1, 11, 21, 1]  # each day comes back after others, with a record it knows and a new one
    files = {
        f"{n}.json": delivered([record(100 * day + i, eventTime=f"2024-03-{day:02d}T00:00:00Z") for i in (n, n + 3)])
        for n, day in enumerate(days)
    }
    report = load(lake, put(tmp_path / "logs", files), threads=1)
    assert (report.records.seen, report.records.loaded, report.records.duplicate) == (14, 10, 4)


def old_lake(lake: Lake, tmp_path: Path) -> Path:
    """Load one record, then take the columns away that the first version's events did not have."""
    folder = put(tmp_path / "logs", {"a.json": delivered([record(0)])})
    load(lake, folder)
    (part,) = lake.files("events", date(2024, 3, 1))
    pq.write_table(pq.read_table(part).drop_columns(["issued_key_id", "bytes_out"]), part)
    return folder


SAYS = "older version: its events have no issued_key_id, bytes_out .*Ingest the logs anew into an empty folder"


def test_a_lake_of_an_older_version_takes_no_more_logs(lake: Lake, tmp_path: Path) -> None:
    folder = old_lake(lake, tmp_path)
    put(folder, {"b.json": delivered([record(1)])})
    before = content(lake.root)
    with pytest.raises(AnomalyError, match=SAYS):
        load(lake, folder)
    assert content(lake.root) == before


def test_a_lake_of_an_older_version_is_not_read_as_if_nothing_had_been_logged(lake: Lake, tmp_path: Path) -> None:
    old_lake(lake, tmp_path)
    day = date(2024, 3, 1)
    sources = Sources({"events": ("events", lake.files("events", day))})
    with Store(threads=1) as store, pytest.raises(AnomalyError, match=SAYS):
        run_stage(store, stage_named("issued"), day, sources, tmp_path / "issued.parquet", {})
    with pytest.raises(AnomalyError, match=SAYS):
        rows(lake)
    assert not (tmp_path / "issued.parquet").exists()


def test_an_event_part_that_is_no_parquet_is_named(lake: Lake, tmp_path: Path) -> None:
    old_lake(lake, tmp_path)
    (part,) = lake.files("events", date(2024, 3, 1))
    part.write_bytes(b"PAR1 cut off")
    with pytest.raises(AnomalyError, match=f"{part.name} cannot be read"):
        rows(lake)
