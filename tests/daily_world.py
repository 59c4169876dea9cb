"""A company with a champion and seventeen days in its lake; the logs of the last two nights are still to come."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from anomaly.config import Settings
from anomaly.context import Context
from anomaly.daily.night import Night
from anomaly.daily.plan import Asked
from anomaly.daily.run import Job, run_daily
from anomaly.ingest import ingest
from anomaly.score import pipeline_for
from anomaly.store import Lake, Store
from fixtures_org import QUIET, START, Org, ScoredOrg

QUICK = {"daily.mlflow": False, "features.threads": 1, "ingest.threads": 1}
"""MLflow costs seconds to import; one test keeps figures in it."""


@dataclass(frozen=True)
class World:
    """One lake and the logs it reads; both may be changed."""

    root: Path
    logs: Path
    context: Path

    @property
    def lake(self) -> Lake:
        """The lake."""
        return Lake(self.root)

    def job(
        self,
        *days: date,
        lookback: int = 0,
        logs: tuple[str, ...] | None = None,
        clock: Callable[[], datetime] | None = None,
        **settings: object,
    ) -> Job:
        """A job for these days, begun on the morning after the last of them."""
        own = {"context.folder": self.context} | {name.replace("__", "."): value for name, value in settings.items()}
        loaded = Settings.load(None, QUICK | own)
        morning = datetime.combine(days[-1] + timedelta(days=1), time(3), UTC)
        return Job(
            self.lake,
            Context.load(self.context),
            loaded,
            (str(self.logs),) if logs is None else logs,
            Asked(list(days), by_clock=False),
            lookback,
            clock or (lambda: morning),
        )

    def run(self, *days: date, **options: object) -> Night:
        """Do a night's work."""
        return run_daily(self.job(*days, **options))  # type: ignore[arg-type]

    def scores(self, day: date) -> list[tuple[object, ...]]:
        """Every row of the scores of a day."""
        with Store(threads=1) as store:
            store.view("scores", self.lake.files("scores", day))
            return store.rows("select * exclude (date) from scores order by session_id")

    def log_of(self, day: date) -> Path:
        """The one log file of a day."""
        return next(self.logs.rglob(f"{day:%Y/%m/%d}/*.json.gz"))


@pytest.fixture(scope="session")
def before_the_night(scored_org: ScoredOrg, org: Org, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Seventeen days ingested, a champion in use, nothing scored; not to be changed."""
    return on_the_eve(scored_org, org, tmp_path_factory.mktemp("night"), QUIET)


def on_the_eve(scored_org: ScoredOrg, org: Org, folder: Path, first: date) -> World:
    """The company before the night of its day ``first``: the days before ingested and built, the champion in use."""
    world = World(folder / "lake", org.logs, org.context)
    known = [START + timedelta(days=place) for place in range((first - START).days)]
    ingest([world.log_of(day) for day in known], world.lake, threads=1)
    shutil.copytree(scored_org.root / "mlflow", world.root / "mlflow")
    # the past is built, as it is when a night comes
    settings = Settings.load(None, QUICK)
    pipeline_for(world.lake, Context.load(world.context), settings).build(known[-1:])
    return world


@pytest.fixture
def world(before_the_night: World, tmp_path: Path) -> World:
    """The same as a copy that a test may change."""
    return copied(before_the_night, tmp_path)


def copied(world: World, folder: Path) -> World:
    """A lake and logs of one's own; tables are linked, which is safe: the product replaces and never edits them."""
    shutil.copytree(world.root, folder / "lake", copy_function=_linked)
    shutil.copytree(world.logs, folder / "logs", copy_function=os.link)
    return World(folder / "lake", folder / "logs", world.context)


def _linked(source: str, target: str) -> None:
    # the run ledger is appended to: a link would write into the lake that it was copied from
    (os.link if source.endswith(".parquet") else shutil.copy2)(source, target)


@dataclass
class Receiver:
    """A receiver that may be down: the keys of what it took, in order."""

    down: bool = False
    keys: list[str] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A running receiver on this machine."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if not found.down:
                found.keys.append(self.headers["Idempotency-Key"])
            self.send_response(503 if found.down else 200)
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield found
        server.shutdown()
        thread.join()
