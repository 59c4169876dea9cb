"""What a day of features costs: the same with 10 days of history and with 300, and how that grows with its events."""

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
DAYS = 301
SHORT, LONG = 10, 300
RUNS = 7

Say = Callable[[str], None]


def main(say: Say = print) -> None:
    """Draw 301 quiet days, then rebuild one day after 10 and one after 300 days of history, in turn."""
    with tempfile.TemporaryDirectory(prefix="anomaly-bench-") as temporary:
        folder = Path(temporary)
        simulate(folder, seed=5, days=DAYS, start=START, scale=0.1, attacks=[], attack_from=DAYS)
        lake = Lake(folder / "lake")
        ingest([folder / "logs"], lake)
        context = Context.load(folder / "context")
        early, late = START + timedelta(days=SHORT), START + timedelta(days=LONG)
        Pipeline(lake, context).build([early, late])
        # the same weekday and about the same events: what differs is what lies before
        times: dict[date, list[float]] = {early: [], late: []}
        for _ in range(RUNS):
            for day in times:
                times[day].append(rebuild(lake, context, day))
        short, long = statistics.median(times[early]), statistics.median(times[late])
        say(f"features of one day after {SHORT:3d} days: {short:.2f} s for {events(lake, early):,} events")
        say(f"features of one day after {LONG:3d} days: {long:.2f} s for {events(lake, late):,} events")
        say(f"ratio {long / short:.2f} (median of {RUNS}, in turn); peak memory of this process {peak_gb():.2f} GB")


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
