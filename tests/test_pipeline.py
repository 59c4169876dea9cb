"""The main promises of the pipeline, on a small organisation.

One full build is day by day is K partitions; late logs and a corrected context rebuild what they touch and nothing
else; no stage sees the day it judges or any later.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

import rows
from anomaly import pipeline as pipeline_module
from anomaly.catalog import table
from anomaly.checks import offenders
from anomaly.context import Context
from anomaly.engines.duckdb import Sources, run_stage
from anomaly.errors import DataQualityError
from anomaly.ingest import ingest
from anomaly.pipeline import FEATURES, Pipeline
from anomaly.simulate import simulate
from anomaly.stage import Stage, stage_named, stages
from anomaly.store import Lake, Store, row_count, write_parquet

START = date(2026, 1, 5)
# Few days, for speed, but spread: a weekend, gaps, and 14 days with more than a week before them.
DAYS = [START + timedelta(days=offset) for offset in (0, 1, 4, 19, 24, 25)]
LATE = DAYS[2]
ALL = list(stages())


@dataclass(frozen=True)
class Given:
    """What one stage was given for one day: view to the days of its files."""

    stage: Stage
    day: date
    views: dict[str, list[date]]


@dataclass(frozen=True)
class World:
    """An organisation's logs and context, and the lake built from all of them at once."""

    logs: Path
    context: Context
    lake: Lake
    given: list[Given]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    simulate(folder, seed=11, days=26, start=START, scale=0.02, attack_from=24, attacks=["S01", "S04", "S12"])
    logs, lake, context = folder / "few", Lake(folder / "lake"), Context.load(folder / "context")
    for day in DAYS:
        link(folder / "logs", logs, of_day(folder / "logs", day))
    assert ingest([logs], lake).balanced
    keep_days(lake)
    given: list[Given] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline_module, "run_stage", watched(given))
        built = Pipeline(lake, context).build(DAYS, ALL)
    assert built.written == len(ALL) * len(DAYS)
    return World(logs, context, lake, given)


def of_day(logs: Path, day: date) -> list[Path]:
    return sorted(path for path in logs.rglob("*.json.gz") if f"/{day:%Y/%m/%d}/" in path.as_posix())


def link(source: Path, target: Path, files: Iterable[Path]) -> None:
    for path in files:
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, place)


def keep_days(lake: Lake) -> None:
    # logs that came around midnight hold a few events of days that we leave out
    for day in set(lake.days("events")) - set(DAYS):
        shutil.rmtree(lake.folder("events", day))


def watched(given: list[Given]) -> Callable[..., None]:
    def run(store: Store, stage: Stage, day: date, sources: Sources, *rest: Any) -> None:
        dates = {view: [of_file(path) for path in files] for view, (_, files) in sources.files.items()}
        given.append(Given(stage, day, dates))
        run_stage(store, stage, day, sources, *rest)

    return run


def of_file(path: Path) -> date:
    return date.fromisoformat(path.parent.name.removeprefix("date="))


def copied(lake: Lake, target: Path, tables: Sequence[str] | None = None) -> Lake:
    """Copy a lake, or some of its tables: hard links, for partitions are replaced and never written into."""
    for name in tables or [path.name for path in lake.root.iterdir() if path.is_dir()]:
        shutil.copytree(lake.root / name, target / name, copy_function=os.link)
    return Lake(target)


def differing(one: Lake, other: Lake, days: Iterable[date]) -> list[str]:
    """The partitions of every table that are not the same, value by value."""
    pairs = [(name, day) for day in days for name in ALL]
    return [f"{name} {day}" for name, day in pairs if not equal(content(one, name, day), content(other, name, day))]


def equal(one: Any, other: Any) -> bool:
    # column by column: whether a column could be empty is no value, and differs between a query and a table
    return bool(one.column_names == other.column_names and all(map(equals, one.columns, other.columns)))


def equals(one: Any, other: Any) -> bool:
    return bool(one.type == other.type and one.equals(other))


def content(lake: Lake, name: str, day: date) -> Any:
    found = pq.read_table(lake.folder(name, day) / "data.parquet", partitioning=None)
    stage = stage_named(name)
    return found if stage.is_sorted else found.sort_by([(column, "ascending") for column in stage.grain])


def written_at(lake: Lake, names: Iterable[str] = ALL) -> dict[tuple[str, date], int]:
    return {
        (name, day): (lake.folder(name, day) / "data.parquet").stat().st_mtime_ns
        for name in names
        for day in lake.days(name)
    }


def rewritten(before: dict[tuple[str, date], int], after: dict[tuple[str, date], int]) -> set[tuple[str, date]]:
    return {key for key, when in after.items() if before.get(key) != when}


def test_the_small_organisation_says_something(world: World) -> None:
    with Store() as store:
        store.view("session_features", world.lake.files(FEATURES, DAYS[0], DAYS[-1]))
        sums = store.records(
            f"select {', '.join(f'sum({name}) as {name}' for name in table(FEATURES).signals)} from session_features"
        )
    stirring = [name for name, value in sums[0].items() if value > 0]
    # equal tables of zeros would prove nothing
    assert len(stirring) > 25


def test_day_by_day_with_late_logs_is_as_all_at_once(world: World, tmp_path: Path) -> None:
    logs, lake = tmp_path / "logs", Lake(tmp_path / "lake")
    late = of_day(world.logs, LATE)[::3]
    for day in DAYS:
        link(world.logs, logs, [path for path in of_day(world.logs, day) if path not in late])
        ingest([logs], lake)
        keep_days(lake)
        Pipeline(lake, world.context).build([day], ALL)
    before_late = [day for day in DAYS if day < LATE]
    assert differing(lake, world.lake, before_late) == []
    assert f"acts {LATE}" in differing(lake, world.lake, [LATE])

    earlier = written_at(lake)
    link(world.logs, logs, late)
    ingest([logs], lake)
    keep_days(lake)
    Pipeline(lake, world.context).build(DAYS, ALL)
    assert differing(lake, world.lake, DAYS) == []
    changed = rewritten(earlier, written_at(lake))
    assert min(day for _, day in changed) == LATE
    # only the late day has other acts; what later days remember of it is another
    assert [day for name, day in sorted(changed) if name == "acts"] == [LATE]
    assert {day for name, day in changed if name == FEATURES} == set(DAYS) - set(before_late)


@pytest.mark.parametrize(("partitions", "days"), [(4, DAYS[-2:]), (7, DAYS[-1:])], ids=["4", "7"])
def test_partitions_change_nothing(world: World, tmp_path: Path, partitions: int, days: list[date]) -> None:
    lake = copied(world.lake, tmp_path / "lake")
    for name in ALL:
        for day in days:
            shutil.rmtree(lake.folder(name, day))
    built = Pipeline(lake, world.context, partitions=partitions).build(DAYS, ALL)
    assert built.written == len(ALL) * len(days)
    assert differing(lake, world.lake, days) == []


def test_a_second_build_writes_nothing(world: World) -> None:
    before = written_at(world.lake)
    built = Pipeline(world.lake, world.context).build(DAYS, ALL)
    assert (built.written, built.kept) == (0, len(ALL) * len(DAYS))
    assert rewritten(before, written_at(world.lake)) == set()


def test_no_stage_is_given_the_day_it_judges_or_any_later(world: World) -> None:
    assert {(given.stage.name, given.day) for given in world.given} == {(name, day) for name in ALL for day in DAYS}
    for given in world.given:
        earlier = [day for day in DAYS if day < given.day]
        expected = {name: {given.day} for name in given.stage.inputs}
        for name, window in given.stage.history.items():
            expected[f"{name}_history"] = {day for day in earlier if given.day - day <= timedelta(days=window)}
        for name in given.stage.before:
            expected[f"{name}_before"] = set(earlier[-1:])
        assert {view: set(days) for view, days in given.views.items()} == expected, given


def test_nothing_after_a_day_changes_it_nor_the_order_of_events(world: World, tmp_path: Path) -> None:
    lake, until = Lake(tmp_path / "lake"), DAYS[3]
    with Store(threads=1) as store:
        for day in DAYS:
            store.view("events", world.lake.files("events", day))
            # up to the day: the same rows in another order; after it: other people at other times
            swapped = (
                ""
                if day <= until
                else "replace (reverse(identity) as identity, event_time - interval 1 hour as event_time)"
            )
            sql = f"select * {swapped} from events order by md5(event_id)"
            write_parquet(store, sql, lake.folder("events", day) / "mixed.parquet")
    Pipeline(lake, world.context).build([day for day in DAYS if day <= until], ALL)
    assert differing(lake, world.lake, [day for day in DAYS if day <= until]) == []


def mentions(world: World, kind: str) -> dict[str, list[date]]:
    """Which days mention a value."""
    found: dict[str, list[date]] = {}
    for day in DAYS:
        for row in content(world.lake, "mentioned", day).to_pylist():
            if row["kind"] == kind:
                found.setdefault(row["value"], []).append(day)
    return found


def rarest(days_of: dict[str, list[date]]) -> tuple[str, list[date]]:
    return min(days_of.items(), key=lambda pair: (len(pair[1]), pair[0]))


def reclassified(context: Context, bucket: str) -> Context:
    chosen = context.inventory["bucket"] == bucket
    inventory = context.inventory.assign(
        sensitivity=context.inventory["sensitivity"].mask(chosen, "unheard-of"),
        sensitivity_weight=context.inventory["sensitivity_weight"].mask(chosen, 7),
    )
    return replace(context, inventory=inventory, digest=f"{bucket} reclassified")


def with_office(context: Context, address: str) -> Context:
    office = pd.DataFrame([{"cidr": f"{address}/32", "label": "new-office", "kind": "office"}])
    networks = pd.concat([context.networks, office.astype(context.networks.dtypes)])
    return replace(context, networks=networks, digest=f"an office at {address}")


@pytest.mark.parametrize("kind", ["bucket", "address"])
def test_a_changed_context_rebuilds_only_the_days_that_mention_it(world: World, tmp_path: Path, kind: str) -> None:
    days_of = mentions(world, kind)
    if kind == "bucket":
        listed = set(world.context.inventory["bucket"])
        value, days = rarest({name: days for name, days in days_of.items() if name in listed})
        context, column, label = reclassified(world.context, value), "sensitivity", "unheard-of"
    else:
        value, days = rarest({ip: days for ip, days in days_of.items() if ":" not in ip})
        context, column, label = with_office(world.context, value), "network", "new-office"
    assert 0 < len(days) < len(DAYS)
    lake = copied(world.lake, tmp_path / "lake")
    before = written_at(lake)
    Pipeline(lake, context).build(DAYS, ["acts"])
    assert rewritten(before, written_at(lake)) == {("acts", day) for day in days}
    labels = [set(content(lake, "acts", day).column(column).to_pylist()) for day in days]
    assert all(label in found for found in labels)


def test_a_corrected_kind_rebuilds_the_days_that_identity_was_at_work_on(world: World, tmp_path: Path) -> None:
    value, days = rarest(mentions(world, "identity"))
    assert 0 < len(days) < len(DAYS)
    said = pd.DataFrame([{"identity_glob": value, "identity_kind": "external", "label": "a test"}])
    context = replace(world.context, identities=said, digest="one kind corrected")
    lake = copied(world.lake, tmp_path / "lake")
    before = written_at(lake)
    Pipeline(lake, context).build(DAYS, ["acts"])
    assert rewritten(before, written_at(lake)) == {("acts", day) for day in days}
    for row in content(lake, "acts", days[0]).to_pylist():
        assert row["identity"] != value or row["identity_kind"] == "external"


@pytest.mark.parametrize(
    ("table_name", "column", "stage"),
    [("role_context", "identity_glob", "workflow"), ("expected_countries", "country", "novelty")],
)
def test_a_setting_of_detection_rebuilds_the_signal_that_reads_it(
    world: World, tmp_path: Path, table_name: str, column: str, stage: str
) -> None:
    changed: dict[str, Any] = {table_name: pd.DataFrame({column: ["XX"]}), "digest": f"{table_name} set"}
    lake = copied(world.lake, tmp_path / "lake")
    before = written_at(lake)
    Pipeline(lake, replace(world.context, **changed)).build(DAYS[-1:], [stage])
    assert (stage, DAYS[-1]) in rewritten(before, written_at(lake))
    assert {name for name, _ in rewritten(before, written_at(lake))} == {stage}


def test_a_context_row_that_no_day_mentions_rebuilds_nothing(world: World, tmp_path: Path) -> None:
    lake, context = copied(world.lake, tmp_path / "lake"), with_office(world.context, "8.8.8.8")
    assert "8.8.8.8" not in mentions(world, "address")
    assert Pipeline(lake, context).build(DAYS, ALL).written == 0


def test_a_changed_query_rebuilds_what_it_makes_and_what_reads_that(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timing = stage_named("timing")
    changed = timing.sql.replace("as timing_length_own", "+ 1 as timing_length_own")
    monkeypatch.setitem(stages(), "timing", replace(timing, sql=changed))
    lake = copied(world.lake, tmp_path / "lake")
    before = written_at(lake)
    Pipeline(lake, world.context).build(DAYS[-1:])
    assert rewritten(before, written_at(lake)) == {("timing", DAYS[-1]), (FEATURES, DAYS[-1])}
    lengths = content(lake, FEATURES, DAYS[-1]).column("timing_length_own").to_pylist()
    assert lengths == [x + 1 for x in content(world.lake, FEATURES, DAYS[-1]).column("timing_length_own").to_pylist()]


@pytest.mark.parametrize("damage", ["cut", "emptied", "removed"])
def test_a_damaged_partition_heals_and_moves_nothing_else(world: World, tmp_path: Path, damage: str) -> None:
    lake = copied(world.lake, tmp_path / "lake")
    path = lake.folder("actor_day", DAYS[3]) / "data.parquet"
    whole = path.read_bytes()
    path.unlink()
    if damage != "removed":
        path.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"")
    before = written_at(lake, set(ALL) - {"actor_day"})
    built = Pipeline(lake, world.context).build(DAYS, ALL)
    assert built.written == 1
    assert rewritten(before, written_at(lake, set(ALL) - {"actor_day"})) == set()
    assert differing(lake, world.lake, [DAYS[3]]) == []


def test_a_day_without_events_is_refused_with_the_nearest(world: World, tmp_path: Path) -> None:
    pipeline = Pipeline(world.lake, world.context)
    with pytest.raises(DataQualityError, match=f"no events on 2026-01-22; .*, the nearest day is {DAYS[3]}"):
        pipeline.build([date(2026, 1, 22), DAYS[0]], ["twins"])
    with pytest.raises(DataQualityError, match="no day was asked for"):
        pipeline.build([])
    with pytest.raises(DataQualityError, match="holds no events: run `anomaly ingest PATH`"):
        Pipeline(Lake(tmp_path), world.context).build([DAYS[0]])


def test_every_promise_holds_on_every_day(world: World) -> None:
    assert {str(day): list(broken) for day in DAYS if (broken := offenders(world.lake, day))} == {}


def test_midnight_cuts_a_session_and_the_second_half_knows_the_first(tmp_path: Path) -> None:
    """Two calls ten minutes apart, on either side of midnight: two sessions, the actor known on the second day."""
    lake, days = Lake(tmp_path / "lake"), [date(2026, 3, 4), date(2026, 3, 5)]
    for day, clock in zip(days, ("23:55:00", "00:05:00"), strict=True):
        row = f"{day},{clock},aws,ana,human,read,ok,pay,a,100"
        csv = tmp_path / f"{day}.csv"
        csv.write_text(
            f"event_id,event_time,provider,identity,identity_kind,operation,outcome,bucket,object_key,bytes_read\n{row}\n"
        )
        _, found = rows.table_rows(csv, table("events"), day, of_day=True)
        rows.write_rows(lake.folder("events", day) / "data.parquet", table("events"), found)
    Context.template(tmp_path / "context")
    Pipeline(lake, Context.load(tmp_path / "context")).build(days)
    first, second = (content(lake, FEATURES, day).to_pylist() for day in days)
    assert (len(first), len(second)) == (1, 1)
    assert first[0]["session_id"] != second[0]["session_id"]
    assert (first[0]["own_days"], second[0]["own_days"]) == (0, 1)
    assert (first[0]["day_bytes"], second[0]["day_bytes"], second[0]["own_busiest_bytes"]) == (100, 100, 100)


def test_a_day_is_built_in_as_many_parts_as_its_events_need(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = DAYS[-1]
    lake = copied(world.lake, tmp_path / "lake")
    for name in ALL:
        shutil.rmtree(lake.folder(name, day))
    seen: set[int] = set()

    def noted(*arguments: Any) -> None:
        seen.add(arguments[-1])
        run_stage(*arguments)

    monkeypatch.setattr(pipeline_module, "run_stage", noted)
    monkeypatch.setattr(pipeline_module, "EVENTS_A_PART", -(-row_count(lake.files("events", day)) // 3))
    Pipeline(lake, world.context).build(DAYS, ALL)
    assert seen == {3}
    assert differing(lake, world.lake, [day]) == []
