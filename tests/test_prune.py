"""Old days go, later days are judged as if they were there; killed at any point, the next prune ends it."""

import json
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from anomaly.config import Settings
from anomaly.config.settings import SinkSettings
from anomaly.context import Context
from anomaly.daily.heal import remove_damaged
from anomaly.errors import AnomalyError, DataQualityError, UsageError
from anomaly.ingest import ingest, quarantined
from anomaly.lock import locked
from anomaly.pipeline import FEATURES
from anomaly.prune import plan, smallest
from anomaly.prune.kept import Kept, running
from anomaly.prune.planned import Plan, reckon
from anomaly.prune.run import carry_out
from anomaly.pruned import FILE, pruned
from anomaly.score import score_days, train_model
from anomaly.sinks import Outbox, sinks
from anomaly.sinks.file import settled
from anomaly.stage import stages
from anomaly.store import Lake, Store
from fixtures_org import QUIET, START, THEFT, Org, ScoredOrg
from sink_findings import finding

BEFORE = THEFT - timedelta(days=2)
LATER = [BEFORE + timedelta(days=place) for place in range((THEFT - BEFORE).days + 1)]
SETTINGS = Settings.load(None, {"features.threads": 1, "ingest.threads": 1})


def context_of(org: Org) -> Context:
    return Context.load(org.context)


def pruned_copy(source: Path, target: Path, context: Context) -> tuple[Lake, Plan]:
    shutil.copytree(source, target)
    lake = Lake(target)
    found = reckon(lake, BEFORE)
    carry_out(lake, context, SETTINGS, found)
    return lake, found


def rows(lake: Lake, table: str, day: date) -> list[tuple[Any, ...]]:
    with Store(threads=1) as store:
        store.view(table, lake.files(table, day))
        return store.rows(f"select * from {table} order by all")


def forget(lake: Lake, days: list[date]) -> None:
    """Throw away all that was made of these days, so that it has to be made anew."""
    for day in days:
        for table in stages():
            shutil.rmtree(lake.folder(table, day), ignore_errors=True)
        shutil.rmtree(lake.folder("scores", day), ignore_errors=True)
        (lake.root / "ledger" / "features" / f"{day}.json").unlink(missing_ok=True)


def files(lake: Lake) -> set[str]:
    return {path.relative_to(lake.root).as_posix() for path in lake.root.rglob("*.parquet")}


@pytest.fixture(scope="module")
def whole(scored_org: ScoredOrg, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The company with its last three days scored; nothing pruned."""
    root = tmp_path_factory.mktemp("whole") / "lake"
    shutil.copytree(scored_org.root, root)
    score_days(Lake(root), context_of(scored_org.org), SETTINGS, LATER)
    return Lake(root)


@pytest.fixture(scope="module")
def short(whole: Lake, scored_org: ScoredOrg, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The same after a prune; not to be changed."""
    return pruned_copy(whole.root, tmp_path_factory.mktemp("short") / "lake", context_of(scored_org.org))[0]


@pytest.fixture
def mine(short: Lake, tmp_path: Path) -> Lake:
    """The pruned lake as a copy that a test may change."""
    shutil.copytree(short.root, tmp_path / "lake")
    return Lake(tmp_path / "lake")


def test_days_made_anew_after_a_prune_have_the_scores_they_had(whole: Lake, mine: Lake, org: Org) -> None:
    forget(mine, LATER)
    score_days(mine, context_of(org), SETTINGS, LATER)
    for day in LATER:
        assert rows(mine, "scores", day) == rows(whole, "scores", day)
        assert rows(mine, FEATURES, day) == rows(whole, FEATURES, day)
        for name in sorted(running()):
            assert rows(mine, name, day) == rows(whole, name, day)
        # the fingerprint too: the night after hands nothing on a second time
        assert mine.facts("scores", day) == whole.facts("scores", day)


def test_what_stands_is_left_alone(mine: Lake, org: Org) -> None:
    assert all(each.kept for each in score_days(mine, context_of(org), SETTINGS, LATER))


def test_events_and_what_nobody_looks_back_to_are_gone(whole: Lake, short: Lake) -> None:
    old = [day for day in whole.days("events") if day < BEFORE]
    assert len(old) == (BEFORE - START).days
    for name in ("events", "acts", "flows", "mentioned"):
        assert short.held(name) == LATER
    assert short.days("events") == LATER
    # scores are never touched
    assert short.held("scores") == whole.held("scores")
    for name in running():
        assert short.held(name) == [day for day in whole.held(name) if day >= old[-1]]
    assert short.held("actor_day") == whole.held("actor_day")  # all within its 30 days


def test_every_look_back_of_a_day_that_stays_is_kept() -> None:
    last = BEFORE - timedelta(days=3)  # the days between had no events
    kept = Kept(BEFORE, last)
    for stage in stages().values():
        for name, days in stage.history.items():
            assert kept.holds(name, BEFORE - timedelta(days=days)), (stage.name, name)
        for name in stage.before:
            assert kept.holds(name, last), (stage.name, name)
            assert not kept.holds(name, last - timedelta(days=1))
    assert not kept.holds("actor_day", BEFORE - timedelta(days=46))
    assert not kept.holds("acts", last)
    assert kept.holds("scores", date(2020, 1, 1))


@pytest.mark.parametrize("after", [1, 200])
def test_killed_it_leaves_a_lake_that_scores_alike_and_the_next_prune_ends_it(
    after: int, whole: Lake, short: Lake, org: Org, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(whole.root, tmp_path / "lake")
    lake, context = Lake(tmp_path / "lake"), context_of(org)
    found = reckon(lake, BEFORE)
    real = shutil.rmtree
    removed: list[Path] = []

    def dies(folder: Path) -> None:
        if len(removed) == after:
            next(folder.iterdir()).unlink()  # half of a partition
            raise KeyboardInterrupt
        removed.append(folder)
        real(folder)

    with monkeypatch.context() as patched:
        patched.setattr("anomaly.prune.run.shutil.rmtree", dies)
        with pytest.raises(KeyboardInterrupt):
            carry_out(lake, context, SETTINGS, found)
    assert lake.days("events") == LATER  # whatever still lies there
    with pytest.raises(DataQualityError, match="was pruned"):
        score_days(lake, context, SETTINGS, [BEFORE - timedelta(days=1)])
    forget(lake, LATER[-1:])
    score_days(lake, context, SETTINGS, LATER[-1:])
    assert rows(lake, "scores", THEFT) == rows(whole, "scores", THEFT)
    carry_out(lake, context, SETTINGS, reckon(lake, START))  # asked for less: what was begun is ended all the same
    assert files(lake) == files(short)
    assert pruned(lake.root) == pruned(short.root)


def test_what_was_handed_over_of_pruned_days_leaves_the_outbox(mine: Lake, org: Org, tmp_path: Path) -> None:
    settings = SinkSettings(csv_folder=tmp_path / "csv", evidence_folder=tmp_path / "pages")
    box = Outbox(mine.root, sinks(settings), settings)
    old = [BEFORE - timedelta(days=back) for back in (2, 1)]
    box.enqueue([finding(number, day=str(day)) for number, day in enumerate([*old, BEFORE])])
    assert box.deliver().sent == 6
    # a page of the newer of the two is still to be written: nothing of that day's pages goes
    only_pages = Outbox(mine.root, sinks(replace(settings, csv_folder=Path())), settings)
    only_pages.enqueue([finding(number, day=str(old[1])) for number in (1, 7)])
    assert settled(mine.root, BEFORE) == 3
    found = reckon(mine, BEFORE)
    assert (found.outbox, found.as_dict()["outbox"], box.counts()["csv"]) == (3, 3, {"sent": 3})
    carry_out(mine, context_of(org), SETTINGS, found)
    assert box.counts() == {"csv": {"sent": 1}, "evidence": {"sent": 2, "pending": 1}}
    assert reckon(mine, BEFORE).outbox == 0
    pages = {path.relative_to(tmp_path / "pages").as_posix() for path in (tmp_path / "pages").rglob("*.html")}
    assert box.deliver().sent == 1
    assert len(pages) + 1 == len(list((tmp_path / "pages").rglob("*.html")))


def test_a_lake_without_an_outbox_gets_none(short: Lake) -> None:
    assert (settled(short.root, BEFORE), list(short.root.glob("outbox*"))) == (0, [])


def test_late_logs_of_a_pruned_day_are_told_one_by_one(mine: Lake, org: Org, tmp_path: Path) -> None:
    late = BEFORE - timedelta(days=2)
    source = next(org.logs.rglob(f"{late:%Y/%m/%d}/*.json.gz"))
    target = tmp_path / "late" / source.relative_to(org.logs).with_name("again.json.gz")
    target.parent.mkdir(parents=True)
    shutil.copy(source, target)
    report = ingest([tmp_path / "late"], mine, threads=1)
    records = report.records
    assert records.seen == records.quarantined > 0
    assert records.loaded == 0
    assert report.balanced
    told = list(quarantined(mine))
    assert len(told) == records.seen
    assert {each.reason for each in told} == {f"of {late}, a day that was pruned: the lake keeps {BEFORE} and later"}
    assert [each.record for each in told] == list(range(records.seen))
    assert mine.days("events") == LATER


def test_a_corrected_context_rebuilds_what_stays_and_nothing_of_what_went(mine: Lake, org: Org, tmp_path: Path) -> None:
    folder = tmp_path / "context"
    shutil.copytree(org.context, folder)
    inventory = folder / "inventory.csv"
    inventory.write_text(inventory.read_text().replace("restricted", "confidential"), encoding="utf-8")
    before = {name: mine.held(name) for name in stages()}
    again = score_days(mine, Context.load(folder), SETTINGS, LATER)
    assert [each.kept for each in again] == [each.day != THEFT for each in again]  # the one day on which it was read
    assert {name: mine.held(name) for name in stages()} == before


def test_what_is_kept_of_a_pruned_day_cannot_be_lost_unnoticed(mine: Lake, org: Org) -> None:
    path = Path(mine.partition("actor_day", BEFORE - timedelta(days=3)))
    whole_file = path.read_bytes()
    forget(mine, LATER[-1:])
    path.write_bytes(whole_file[:100])
    with pytest.raises(AnomalyError, match=r"actor_day.*cannot be made again"):
        score_days(mine, context_of(org), SETTINGS, LATER[-1:])
    with pytest.raises(AnomalyError, match=r"actor_day.*bring it back from a backup"):
        remove_damaged(mine, LATER[-1:])
    assert path.exists()
    path.unlink()
    with pytest.raises(AnomalyError, match=r"actor_day.*cannot be made again"):
        score_days(mine, context_of(org), SETTINGS, LATER[-1:])


def test_a_damaged_marker_stops_everything(mine: Lake) -> None:
    (mine.root / FILE).write_text("{", encoding="utf-8")
    with pytest.raises(AnomalyError, match=r"pruned\.json says which days were pruned and is damaged"):
        mine.days("events")


def test_a_training_window_that_reaches_into_pruned_days_is_refused(mine: Lake, org: Org) -> None:
    with pytest.raises(DataQualityError, match=f"{START} was pruned: the lake keeps {BEFORE} and later"):
        train_model(mine, context_of(org), SETTINGS, QUIET)


@pytest.mark.parametrize(
    "words",
    [
        ("top", "--day"),
        ("score", "--day"),
        ("export", "--format", "csv", "--from"),
        ("coverage", "--day"),
        ("daily", "--date"),
    ],
)
def test_a_command_about_a_pruned_day_says_so(words: tuple[str, ...], short: Lake, scored_org: ScoredOrg) -> None:
    found = ScoredOrg(scored_org.org, short.root)
    last = str(BEFORE - timedelta(days=1))
    end = ("--to", last) if "--from" in words else ()
    result = found.run(*words, last, *end)
    assert result.exit_code in (2, 3), result.output
    assert str(BEFORE) in result.output


def test_too_few_days_are_refused_with_the_smallest_number(scored_org: ScoredOrg) -> None:
    assert smallest(SETTINGS) == 60 + 7 + 3 + 1
    result = scored_org.run("prune", "--keep-days", "70", "--apply")
    assert result.exit_code == 2
    assert "--keep-days 70 is too few: the smallest is 71" in result.output
    with pytest.raises(UsageError, match="the smallest is 53"):
        plan(scored_org.lake, Settings.load(None, {"train.window_days": 11, "retrain.gate_days": 4}), 1, THEFT)


def test_the_plan_counts_from_the_newest_day_that_the_clock_allows(scored_org: ScoredOrg) -> None:
    lake = scored_org.lake
    assert plan(lake, SETTINGS, 100, THEFT).before == THEFT - timedelta(days=99)
    assert plan(lake, SETTINGS, 100, QUIET).before == QUIET - timedelta(days=99)
    assert plan(lake, SETTINGS, 100, date(1999, 1, 1)).going == ()
    assert plan(lake, SETTINGS, 100, date(2999, 1, 1)).before == THEFT - timedelta(days=99)


def test_without_apply_nothing_is_touched(whole: Lake, scored_org: ScoredOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anomaly.prune.planned.smallest", lambda _: 1)
    found = ScoredOrg(scored_org.org, whole.root)
    before = files(whole)
    result = found.run("prune", "--keep-days", "3")
    assert result.exit_code == 0, result.output
    assert f"of days before {BEFORE}; {BEFORE} and later stay" in result.output
    assert "nothing was touched" in result.output
    told = json.loads(found.run("prune", "--keep-days", "3", "--json").stdout)
    assert told["applied"] is False
    assert told["days"] == [str(START + timedelta(days=place)) for place in range((BEFORE - START).days)]
    assert files(whole) == before
    assert not (whole.root / FILE).exists()


def test_the_command_does_what_it_told(
    whole: Lake, short: Lake, scored_org: ScoredOrg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anomaly.prune.planned.smallest", lambda _: 1)
    shutil.copytree(whole.root, tmp_path / "lake")
    found = ScoredOrg(scored_org.org, tmp_path / "lake")
    told = json.loads(found.run("prune", "--keep-days", "3", "--json").stdout)
    done = found.run("prune", "--keep-days", "3", "--apply", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == told | {"applied": True}
    assert files(found.lake) == files(short)
    assert "nothing is older than" in found.run("prune", "--keep-days", "3", "--apply").output


@pytest.mark.parametrize("name", [".lock", ".daily.lock"])
def test_another_run_keeps_it_off(name: str, scored_org: ScoredOrg) -> None:
    with locked(scored_org.root, name):
        result = scored_org.run("prune", "--keep-days", "100", "--apply")
    assert result.exit_code == 75
    assert "another run" in result.output
