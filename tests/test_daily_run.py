"""A night's work on a small company: run twice, refused, late logs, broken files, and what it tells of itself."""

import gzip
import json
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from anomaly.daily.drift import drift
from anomaly.daily.ledger import lines
from anomaly.daily.logs import logging_to_stderr
from anomaly.daily.run import LOCK
from anomaly.errors import AnomalyError, DataQualityError, LockedError, NoModelError
from anomaly.ingest.log_file import LogFile
from anomaly.lock import locked
from anomaly.model.registry import Registry
from daily_world import World, copied
from fixtures_org import QUIET, THEFT, ScoredOrg, run

BEFORE = QUIET - timedelta(days=1)


@pytest.fixture(scope="module")
def after_the_night(before_the_night: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The lake after both nights, each run by itself; not to be changed."""
    world = copied(before_the_night, tmp_path_factory.mktemp("after"))
    for day in (QUIET, THEFT):
        assert world.run(day).outcome == "done"
    return world


@pytest.fixture
def done(after_the_night: World, tmp_path: Path) -> World:
    """The same as a copy that a test may change."""
    return copied(after_the_night, tmp_path)


def report(world: World) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((world.root / "reports" / "latest.json").read_text(encoding="utf-8"))
    return found


def metric(world: World, name: str) -> float:
    text = (world.root / "metrics" / "anomaly.prom").read_text(encoding="utf-8")
    return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"anomaly_daily_{name}"))


def test_the_theft_of_the_night_is_its_first_case(after_the_night: World) -> None:
    best = min(after_the_night.scores(THEFT), key=lambda row: -float(str(row[4])))
    assert "mallory" in str(best)
    told = report(after_the_night)
    assert (told["outcome"], told["number"], told["days"][0]["day"]) == ("done", 2, str(THEFT))
    assert told["sources"][0]["lag_seconds"] == (3 * 60 + 109) * 60, "the last call was at 22:11, the run at 03:00"
    assert metric(after_the_night, "sessions_scored") == told["days"][0]["sessions"]
    assert metric(after_the_night, "last_success_timestamp_seconds") > 1.7e9


def test_run_again_it_changes_no_byte_of_the_scores(done: World) -> None:
    path = Path(done.lake.partition("scores", THEFT))
    before = path.read_bytes(), path.stat().st_mtime_ns
    night = done.run(THEFT, lookback=1)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [each.rescored for each in night.days] == [False, False]
    assert [line["event"] for line in lines(done.lake) if line["run"] == 3] == ["begin", "ingest", "end"]


def test_a_second_run_meanwhile_gives_way(world: World) -> None:
    with locked(world.root, LOCK), pytest.raises(LockedError) as caught:
        world.run(QUIET)
    assert caught.value.exit_code == 75
    assert not (world.root / "ledger" / "daily.jsonl").exists()


def test_a_day_without_logs_is_refused_and_nothing_of_it_is_scored(world: World) -> None:
    world.log_of(THEFT).unlink()
    night = world.run(QUIET, THEFT)
    assert [(each.gate, each.day) for each in night.refusals] == [("fresh", THEFT)]
    assert f"the newest events are of {QUIET}" in night.error
    assert (night.exit_code, world.lake.days("scores")) == (3, [QUIET]), "the other night was done"
    assert metric(world, "success") == 0
    assert metric(world, "days_refused") == 1
    shutil.copy(world.log_of(QUIET), world.logs / "late.json.gz")
    assert world.run(THEFT).exit_code == 3, "more of another day is no log of this one"


def test_a_gate_named_in_the_settings_only_warns(world: World) -> None:
    tight = {"daily__max_silent_hours": 0}
    thin_out(world, QUIET)
    held = world.run(QUIET, **tight)
    assert [each.gate for each in held.refusals] == ["holes"]
    assert "cloudtrail of account 111111111111 silent for" in held.error
    assert (held.exit_code, world.lake.days("scores")) == (3, [])
    let = world.run(QUIET, **tight, daily__allow=("holes",))
    assert (let.exit_code, let.outcome, world.lake.days("scores")) == (0, "done", [QUIET])
    assert report(world)["refusals"][0]["allowed"] is True
    page = (world.root / "reports" / "latest.html").read_text(encoding="utf-8")
    assert "let through by daily.allow" in page


def thin_out(world: World, day: date) -> None:
    """Leave of every day before a busy hour, and nothing of that hour on the day itself."""
    for path in world.logs.rglob("*.json.gz"):
        if f"{day:%Y/%m/%d}" in path.as_posix():
            found = json.loads(gzip.decompress(path.read_bytes()))["Records"]
            rewrite(path, [record for record in found if "T09" not in record["eventTime"]])


def rewrite(path: Path, records: list[dict[str, Any]]) -> None:
    path.unlink()  # the file is shared with other tests by a link
    path.write_bytes(gzip.compress(json.dumps({"Records": records}).encode(), mtime=0))


def test_late_logs_of_a_day_in_the_lookback_score_it_again(done: World) -> None:
    before = done.scores(QUIET), done.scores(THEFT)
    again = json.loads(gzip.decompress(done.log_of(QUIET).read_bytes()))["Records"]
    late = [record | {"eventID": f"late-{n}"} for n, record in enumerate(again[:4])]
    rewrite(done.log_of(QUIET), [*again, *late])
    night = done.run(THEFT, lookback=2)
    assert [(each.day, each.rescored) for each in night.days if each.day == QUIET] == [(QUIET, True)]
    assert done.scores(QUIET) != before[0]
    assert night.ingest is not None
    assert night.ingest["records"]["loaded"] == 4


def test_without_a_champion_it_is_exit_4_and_the_logs_are_in(world: World) -> None:
    shutil.rmtree(world.root / "mlflow")
    with pytest.raises(NoModelError):
        world.run(QUIET)
    assert report(world)["exit_code"] == metric(world, "exit_code") == 4
    assert [line["event"] for line in lines(world.lake)] == ["begin", "ingest", "end"]
    assert QUIET in world.lake.days("events")


def test_a_run_cut_off_is_named_by_the_next(done: World) -> None:
    with (done.root / "ledger" / "daily.jsonl").open("a") as handle:
        handle.write('{"run": 9, "event": "begin", "at": "2026-03-25T03:00:00+00:00"}\n{"run": 9, "ev')
    night = done.run(THEFT)
    assert night.number == 10
    assert "Run 9 was cut off" in night.notes[0]
    assert lines(done.lake)[-1]["outcome"] == "done"


@pytest.mark.parametrize("table", ["session_features", "scores", "deliveries", "kind_baseline"])
def test_a_partition_that_somebody_broke_is_made_anew(done: World, table: str) -> None:
    days = done.lake.days(table)
    path = Path(done.lake.partition(table, days[-1]))
    whole, expected = path.read_bytes(), done.scores(THEFT)
    path.unlink()
    # same size, so that nothing but reading it tells: pages destroyed, the footer as it was
    path.write_bytes(whole[:4] + b"\xa5" * (len(whole) - 1500) + whole[len(whole) - 1496 :])
    done.run(THEFT, daily__mlflow=False)
    night = done.run(THEFT)
    assert night.outcome == "done"
    assert done.scores(THEFT) == expected


def test_a_broken_event_file_is_named_with_the_way_back(done: World) -> None:
    path = sorted(done.lake.files("events", THEFT))[-1]
    whole = path.read_bytes()
    path.unlink()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AnomalyError) as caught:
        done.run(THEFT)
    said = str(caught.value)
    assert path.name in said
    assert "Bring the file back from a backup" in said
    group = path.name.partition("~")[0]
    ledger = done.root / "ledger" / "ingest" / f"{group}.parquet"
    assert f"remove {ledger}" in said
    expected = report(done)
    assert expected["outcome"] == "failed"
    ledger.unlink()
    assert done.run(THEFT, lookback=3).outcome == "done"
    assert THEFT in done.lake.days("scores")


def test_a_log_replaced_while_it_is_read_is_read_again_by_the_next_run(
    world: World, after_the_night: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = world.log_of(THEFT)
    whole = path.read_bytes()
    path.unlink()
    path.write_bytes(whole[: len(whole) // 3])
    read = LogFile.read

    def replaced(file: LogFile) -> bytes:
        data = read(file)
        if file.path == path:
            path.unlink()
            path.write_bytes(whole)
        return data

    with monkeypatch.context() as patch:
        patch.setattr(LogFile, "read", replaced)
        world.run(QUIET, THEFT)
    night = world.run(THEFT, lookback=1)
    assert night.outcome == "done"
    for day in (QUIET, THEFT):
        assert [row[:10] for row in world.scores(day)] == [row[:10] for row in after_the_night.scores(day)]


def test_drift_compares_with_like_days_of_the_training_window(scored_org: ScoredOrg) -> None:
    _, detector = Registry(scored_org.root).champion()
    found = drift(scored_org.lake, THEFT, detector)
    assert THEFT.weekday() < 5
    assert found.like_days
    assert all(day.weekday() < 5 and day < QUIET for day in found.like_days)
    assert found.score is not None
    by_facet = {each.facet: each for each in found.unseen}
    assert by_facet["bucket"].examples == ["customers", "payroll"]
    assert by_facet["network"].sessions_with_unseen == 1
    assert {"psi.score", "ks.score", "unseen.bucket", "psi.volume_bytes_own"} <= found.figures().keys()


def test_the_command_says_what_it_did_and_its_exit_code(done: World) -> None:
    words = ("--root", str(done.root), "--context", str(done.context))
    found = run("daily", str(done.logs), "--date", str(THEFT), "--lookback", "0", "--json", *words)
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["days"][0]["rescored"] is False
    refused = run("daily", str(done.logs), "--date", "2026-04-02", *words)
    assert refused.exit_code == 3
    assert "no log of that day has come" in refused.stderr
    known = Registry(done.root).versions()
    assert len(known) == 1, "the figures of a night are no model"


def test_disk_full_is_said_and_the_rerun_heals(world: World, after_the_night: World) -> None:
    """A limit on the size of any one file stands for a full disk: the first that passes it cannot be written."""
    program = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, resource.RLIM_INFINITY))\n"
        "from anomaly.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    words = ["daily", str(world.logs), "--from", str(QUIET), "--to", str(THEFT), "--lookback", "0"]
    where = ["--root", str(world.root), "--context", str(world.context)]
    done = subprocess.run([sys.executable, "-c", program, *words, *where], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "anomaly: " in done.stderr
    assert "Traceback" not in done.stderr
    world.run(QUIET, THEFT)
    for day in (QUIET, THEFT):
        assert world.scores(day) == after_the_night.scores(day)


def test_a_lake_that_cannot_be_written_is_refused_in_words(world: World) -> None:
    shutil.rmtree(world.root / "ledger")
    (world.root / "ledger").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(AnomalyError, match="ledger"):
        world.run(QUIET)


def test_before_any_log_has_come_it_says_what_to_run(tmp_path: Path, world: World) -> None:
    empty = World(tmp_path / "none", world.logs, world.context)
    with pytest.raises((DataQualityError, NoModelError)):
        empty.run(QUIET, logs=())


def test_no_secret_is_ever_written(
    done: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("SUCCESS", "FAILURE"):
        monkeypatch.setenv(f"ANOMALY_DAILY_PING_{name}", f"http://127.0.0.1:9/canary-{name}")
    with logging_to_stderr("json"):
        done.run(THEFT)
        done.run(THEFT + timedelta(days=9))
    said = capsys.readouterr().err
    assert said.count("ping failed") == 2
    written = [path.read_bytes() for path in done.root.rglob("*") if path.is_file() and "mlflow" not in path.parts]
    assert len(written) > 20
    assert "canary" not in said
    assert not any(b"canary" in each for each in written)
