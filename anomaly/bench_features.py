"""What a day of features costs, and how little that grows with the history behind it."""

import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from anomaly.context import Context
from anomaly.ingest import ingest
from anomaly.pipeline import Pipeline
from anomaly.simulate import simulate
from anomaly.store import Lake, Store

START = date(2025, 1, 6)
HISTORIES = (10, 60, 300)
DAYS = max(HISTORIES) + 1
RUNS = 7

Say = Callable[[str], None]


def main(say: Say = print) -> None:
    """Draw 301 quiet days, then rebuild one day after 10, one after 60 and one after 300 days of history, in turn.

    The baselines look 45 days back, so after 10 days they are not full yet; after 60 and 300 they are.
    """
    with tempfile.TemporaryDirectory(prefix="anomaly-bench-") as temporary:
        folder = Path(temporary)
        simulate(folder, seed=5, days=DAYS, start=START, scale=0.1, attacks=[], attack_from=DAYS)
        lake = Lake(folder / "lake")
        ingest([folder / "logs"], lake)
        context = Context.load(folder / "context")
        days = [START + timedelta(days=history) for history in HISTORIES]
        Pipeline(lake, context).build(days)
        times: dict[date, list[float]] = {day: [] for day in days}
        for _ in range(RUNS):
            for day in days:
                times[day].append(rebuild(lake, context, day))
        medians = [statistics.median(times[day]) for day in days]
        for history, day, median in zip(HISTORIES, days, medians, strict=True):
            say(f"  one day after {history:3d} days of history  {median:.2f} s for {events(lake, day):,} events")
        say(
            f"  {HISTORIES[2]} days against {HISTORIES[1]}: ratio {medians[2] / medians[1]:.2f}; "
            f"against {HISTORIES[0]}: {medians[2] / medians[0]:.2f} "
            f"(medians of {RUNS}, in turn; peak memory of this process {peak_gb():.2f} GB)"
        )


def rebuild(lake: Lake, context: Context, day: date) -> float:
    """Seconds to make every table of a day anew, nothing of the days before."""
    for table in lake.root.iterdir():
        if table.name not in ("events", "ledger", "quarantine"):
            shutil.rmtree(lake.folder(table.name, day), ignore_errors=True)
    began = time.perf_counter()
    Pipeline(lake, context, threads=os.cpu_count()).build([day])
    return time.perf_counter() - began


def events(lake: Lake, day: date) -> int:
    """Events of a day."""
    with Store(threads=1) as store:
        store.view("events", lake.files("events", day))
        return int(store.value("select count(*) from events"))


def peak_gb() -> float:
    """Largest resident memory of this process so far, in GB (Linux reports KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
