"""A night's work killed at any moment, then run again, leaves the lake that an undisturbed run leaves."""

import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from anomaly.daily.ledger import lines
from anomaly.daily.run import run_daily
from anomaly.review.database import open_database
from anomaly.review.schema import cases
from anomaly.store import Store
from daily_world import Receiver, World, copied, on_the_eve
from fixtures_org import QUIET, THEFT, Org, ScoredOrg

KILLS = int(os.environ.get("DAILY_KILLS", "4"))
"""``make kills`` asks for a hundred, of a run over five days."""
DAYS = (QUIET, THEFT) if KILLS < 10 else tuple(THEFT - timedelta(days=back) for back in range(4, -1, -1))
TABLES = ("sessions", "session_features", "scores", "deliveries", "delivery_holes", "kind_seen", "flows")
# imports first, so that the kill lands in the work and not in the start-up
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["anomaly.daily.run", "anomaly.score", "sklearn.ensemble", "skops.io", "daily_world"])


def places(world: World, url: str) -> dict[str, object]:
    """Where the cases go."""
    return {"review__url": f"sqlite:///{world.root / 'review.sqlite'}", "sinks__webhook_url": url}


def work(world: World, url: str, begins: Event) -> None:
    job = world.job(*DAYS, **places(world, url))  # type: ignore[arg-type]
    begins.set()
    run_daily(job)


def start(world: World, url: str) -> BaseProcess:
    begins = PROCESSES.Event()
    child = PROCESSES.Process(target=work, args=(world, url, begins))
    child.start()
    assert begins.wait(120)
    return child


def contents(world: World) -> dict[str, object]:
    """The rows of the tables that matter, by table and day; and which events there are."""
    found: dict[str, object] = {}
    with Store(threads=1) as store:
        for table in TABLES:
            for day in DAYS:
                store.view(table, world.lake.files(table, day))
                found[f"{table} {day}"] = sorted(
                    map(repr, store.rows(f"select columns(lambda c: c != 'date') from {table}"))
                )
        for day in DAYS:
            store.view("events", world.lake.files("events", day))
            found[f"events {day}"] = store.rows("select event_id from events order by event_id")
    database = open_database(f"sqlite:///{world.root / 'review.sqlite'}")
    columns = (cases.c.case_id, cases.c.rank, cases.c.score, cases.c.state)
    with database.reading() as connection:
        found["published"] = sorted(map(tuple, connection.execute(cases.select().with_only_columns(*columns))), key=str)
    database.close()
    return found | {"findings": keys(world)}


def keys(world: World, state: str = "%") -> list[str]:
    """The keys of the outbox, of one state or all."""
    with closing(sqlite3.connect(world.root / "outbox.sqlite")) as outbox:
        return [key for (key,) in outbox.execute("select key from outbox where state like ? order by key", (state,))]


@pytest.fixture(scope="module")
def eve(scored_org: ScoredOrg, org: Org, before_the_night: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The company before the first of the days."""
    return (
        before_the_night if DAYS[0] == QUIET else on_the_eve(scored_org, org, tmp_path_factory.mktemp("eve"), DAYS[0])
    )


def test_killed_at_any_moment_and_run_again(
    eve: World, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANOMALY_SINKS_WEBHOOK_SECRET", "a key to sign with")
    undisturbed = copied(eve, tmp_path / "undisturbed")
    child = start(undisturbed, receiver.url)
    began = time.monotonic()
    child.join()
    seconds = time.monotonic() - began
    assert child.exitcode == 0
    expected = contents(undisturbed)
    moments = random.Random(20260324)
    killed = stopped = 0
    for kill in range(KILLS):
        world = copied(eve, tmp_path / f"killed-{kill}")
        receiver.keys.clear()
        # at every other kill the receiver is down before it, and back for the next run
        receiver.down = kill % 2 == 1
        child = start(world, receiver.url)
        time.sleep(moments.uniform(0, seconds * 0.9))
        child.kill()
        child.join()
        killed += child.exitcode == -signal.SIGKILL
        receiver.down = False
        before = lines(world.lake)
        stopped += bool(before) and before[-1]["event"] != "end"
        night = world.run(*DAYS, **places(world, receiver.url))
        assert night.outcome == "done"
        assert contents(world) == expected
        assert set(keys(world, "sent")) <= set(receiver.keys) <= set(keys(world)), "none is lost, none is made up"
        whole = lines(world.lake)
        assert whole[: len(before)] == before
        assert whole[-1]["outcome"] == "done"
        leftovers = [path for table in TABLES for path in (world.root / table).rglob(".tmp-*")]
        assert leftovers == []
        shutil.rmtree(tmp_path / f"killed-{kill}")
    assert killed >= KILLS // 2, "too few runs were still at work when they were killed"
    assert stopped > 0, "some must have been killed after they began to write"
