"""What a night costs on the 300th day against what it costs on the 30th: a history must not make it dearer.

An organisation whose every day is as busy is drawn as raw logs and read night by night; before day 30 and before day
300 its lake is set aside. On copies of the two, in turn, the same night's work is done, each in a process of its own.
"""

import os
import shutil
import statistics
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from anomaly.bench_ingest import Cost, apart
from anomaly.bench_night import night, to_logs
from anomaly.bench_scale import FIRST, context_folder, draw
from anomaly.config import Settings
from anomaly.context import Context
from anomaly.ingest import ingest
from anomaly.score import score_days, train_model
from anomaly.store import Lake, Store

EARLY, LATE = 30, 300
IDENTITIES, EVENTS = 200, 4_000
LIKE_DAYS = 10
"""Days before each night that are scored, as they are by then: the exceedance of a night is told against them."""
RUNS = 5
LIMIT = 1.2

Say = Callable[[str], None]


def main(say: Say = print) -> None:
    """Draw both lakes, then do the two nights in turn; says the ratio of the medians."""
    with tempfile.TemporaryDirectory(prefix="anomaly-bench-") as temporary:
        folder = Path(temporary)
        nights = prepare(folder)
        costs: dict[int, list[Cost]] = {number: [] for number in nights}
        for run in range(RUNS):
            for number, day in nights.items():
                place = copied(folder / str(number), folder / f"run-{run}-{number}")
                costs[number].append(apart(usual_night, place, day))
                shutil.rmtree(place)
        for number, measured_costs in costs.items():
            seconds, memory = _medians(measured_costs)
            say(f"  the night of day {number:3d}: {seconds:.2f} s of processor, peak {memory:,.0f} MB")
        (early, small), (late, large) = (_medians(costs[number]) for number in (EARLY, LATE))
        say(
            f"  day {LATE} against day {EARLY}: processor {late / early:.2f}, memory {large / small:.2f} "
            f"(limit {LIMIT}; medians of {RUNS}, in turn; {EVENTS:,} events of {IDENTITIES} identities a day)"
        )


def prepare(folder: Path) -> dict[int, date]:
    """Draw the lakes that have seen every night before the two, and those nights' logs; returns the days by number."""
    history = folder / "history"
    lake = Lake(history / "lake")
    context = Context.load(context_folder(lake.root))
    with Store(threads=1) as store:
        for number in range(LATE + 1):
            day = FIRST + timedelta(days=number)
            draw(store, lake, day, IDENTITIES, EVENTS)
            files = to_logs(lake, day, history / "logs")
            if number in (EARLY, LATE):
                set_aside(lake, context, day)
                copied(history, folder / str(number))
            if number < LATE:
                # a night's logs are a ledger file of their own
                ingest([files[0].parent], lake, threads=1)
    return {number: FIRST + timedelta(days=number) for number in (EARLY, LATE)}


def set_aside(lake: Lake, context: Context, night_of: date) -> None:
    """Put a model of the last days in use and score the days before the night."""
    settings = Settings.load(None, {"train.window_days": EARLY, "features.threads": 1})
    train_model(lake, context, settings, night_of, promote=True)
    score_days(lake, context, settings, [night_of - timedelta(days=back) for back in range(LIKE_DAYS, 0, -1)])


def copied(folder: Path, place: Path) -> Path:
    """A copy that a night may change; tables are linked, for the product replaces them and never edits them."""
    shutil.copytree(folder, place, copy_function=_linked)
    return place


def _linked(source: str, target: str) -> None:
    (os.link if source.endswith((".parquet", ".gz")) else shutil.copy2)(source, target)


def usual_night(folder: Path, day: date) -> Cost:
    """The night of the small organisation, on one thread, with the days that late logs may still change."""
    lookback_days = Settings().daily.lookback_days
    return night(folder, day, 1, lookback_days, features__threads=1, ingest__threads=1)


def _medians(costs: list[Cost]) -> tuple[float, float]:
    return statistics.median(each.processor for each in costs), statistics.median(each.megabytes for each in costs)
