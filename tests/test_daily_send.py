"""What a night hands on: cases to the review database, findings through the outbox, each once whatever happens."""

from pathlib import Path
from typing import Any

import pytest

from anomaly.daily.ledger import lines
from anomaly.review.database import open_database
from anomaly.review.schema import cases
from daily_world import Receiver, World, copied
from fixtures_org import QUIET, THEFT


@pytest.fixture(scope="module")
def settled(before_the_night: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A lake in which the quiet night was done, with nowhere to send it."""
    world = copied(before_the_night, tmp_path_factory.mktemp("settled"))
    assert world.run(QUIET).days[0].sent is None
    return world


@pytest.fixture
def mine(settled: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same as a copy, and a key to sign with."""
    monkeypatch.setenv("ANOMALY_SINKS_WEBHOOK_SECRET", "canary-secret")
    return copied(settled, tmp_path)


def published(world: World) -> set[tuple[Any, ...]]:
    database = open_database(f"sqlite:///{world.root / 'review.sqlite'}")
    with database.reading() as connection:
        found = {
            tuple(row) for row in connection.execute(cases.select().with_only_columns(cases.c.case_id, cases.c.rank))
        }
    database.close()
    return found


def test_a_night_reaches_the_reviewers_and_the_receiver_once(mine: World, receiver: Receiver) -> None:
    places: dict[str, object] = {
        "review__url": f"sqlite:///{mine.root / 'review.sqlite'}",
        "sinks__webhook_url": receiver.url,
        "sinks__csv_folder": mine.root / "csv",
    }
    night = mine.run(THEFT, **places)
    cases_of_the_day = night.days[0].cases + night.days[0].covered
    assert night.days[0].sent is not None
    assert night.days[0].sent["new"] == len(published(mine)) == cases_of_the_day
    assert 2 * len(receiver.keys) == 2 * len(set(receiver.keys)) == night.days[0].sent["queued"] > 0
    assert night.sinks == {name: {"sent": len(receiver.keys)} for name in ("csv", "webhook")}
    assert len((mine.root / "csv" / f"{THEFT}.csv").read_text(encoding="utf-8").splitlines()) == 1 + len(receiver.keys)
    again = mine.run(THEFT, **places)
    assert (again.days[0].sent, 2 * len(receiver.keys)) == (None, night.days[0].sent["queued"])
    written = b"".join(
        path.read_bytes() for path in mine.root.rglob("*") if path.is_file() and "mlflow" not in path.parts
    )
    assert b"canary-secret" not in written


def test_a_dead_receiver_fails_nothing_and_loses_nothing(mine: World, receiver: Receiver) -> None:
    receiver.down = True
    night = mine.run(THEFT, sinks__webhook_url=receiver.url)
    assert (night.outcome, receiver.keys) == ("done", [])
    assert night.sinks["webhook"]["pending"] == (night.days[0].sent or {})["queued"]
    receiver.down = False
    mine.run(QUIET, sinks__webhook_url=receiver.url)
    waiting = mine.run(QUIET, sinks__webhook_url=receiver.url).sinks["webhook"]
    assert waiting["sent"] == len(set(receiver.keys)) == len(receiver.keys)
    assert sum(waiting.values()) >= night.sinks["webhook"]["pending"], "what is not due yet is kept"


def test_a_day_held_back_is_handed_to_nobody(mine: World, receiver: Receiver) -> None:
    mine.log_of(THEFT).unlink()
    for path in mine.lake.files("events", THEFT):
        path.unlink()
    mine.lake.folder("events", THEFT).rmdir()
    night = mine.run(THEFT, sinks__webhook_url=receiver.url)
    assert (night.exit_code, receiver.keys) == (3, [])
    assert [line["event"] for line in lines(mine.lake) if line["run"] == night.number] == [
        "begin",
        "ingest",
        "gate",
        "end",
    ]


def test_a_late_log_moves_the_case_that_was_published(mine: World) -> None:
    place = {"review__url": f"sqlite:///{mine.root / 'review.sqlite'}"}
    mine.run(THEFT, **place)
    before = published(mine)
    night = mine.run(THEFT, **place, score__budget_per_day=3.0)
    assert night.days[0].rescored
    assert published(mine) == before, "another budget makes no other case"
    assert night.days[0].sent is not None
    assert night.days[0].sent["new"] == 0
