"""What one day of a large organisation costs, features and scores, and how that grows with events, identities, history.

The rows of the events table are drawn at once, not read from logs: reading has a bench of its own.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from anomaly.bench_ingest import Cost, apart, measured
from anomaly.config import Settings
from anomaly.context import Context
from anomaly.engines.duckdb import day_number
from anomaly.score import score_days, train_model
from anomaly.store import Lake, Store, empty_select, write_parquet

FIRST = date(2025, 1, 6)
USUAL = 0.1
"""A day of the history has this share of the measured day's events: thirty such days take long to draw, and of them the
day reads a row an actor and bucket, of which fewer events make nearly as many."""
SQL = Path(__file__).with_suffix(".sql")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """An organisation: how many identities, how many events on the measured day, how many days before it."""

    identities: int
    events: int
    history: int = 30


WHOLE = Size(20_000, 5_000_000)
SIZES = (
    Size(5_000, 1_250_000),
    Size(5_000, 2_500_000),
    Size(20_000, 1_250_000),
    Size(5_000, 1_250_000, history=60),
    WHOLE,
)


def main(say: Say = print) -> None:
    """Measure one day of each size in a process of its own, the largest last."""
    for size in SIZES:
        with tempfile.TemporaryDirectory(prefix="anomaly-bench-") as temporary:
            root = Path(temporary) / "lake"
            day = prepare(root, size)
            cost = apart(one_day, root, day)
            say(
                f"  {size.identities:>6,} identities, {size.events:>9,} events, {size.history} days before: "
                f"{cost.seconds:,.0f} s, {cost.processor:,.0f} s of processor, peak {cost.megabytes:,.0f} MB"
            )


def prepare(root: Path, size: Size) -> date:
    """Draw the history, build and train on it, then draw the day to measure; return that day."""
    lake, day = Lake(root), FIRST + timedelta(days=size.history)
    with Store() as store:
        for past in days_before(day, size.history):
            draw(store, lake, past, size.identities, int(size.events * USUAL))
    context = Context.load(context_folder(root))
    train_model(lake, context, Settings(), day)
    with Store() as store:
        draw(store, lake, day, size.identities, size.events)
    return day


def days_before(day: date, count: int) -> Iterator[date]:
    """Yield that many days before a day, oldest first."""
    return (day - timedelta(days=back) for back in range(count, 0, -1))


def draw(store: Store, lake: Lake, day: date, identities: int, events: int) -> None:
    """Write one day's events as the one part of its partition."""
    parameters = {"day": day_number(day), "identities": identities, "events": events}
    sql = f"{empty_select('events')} union all by name ({SQL.read_text(encoding='utf-8')})"
    write_parquet(store, sql, lake.folder("events", day) / "part-1~cloudtrail.parquet", parameters=parameters)


def context_folder(root: Path) -> Path:
    """Write the organisation's own files beside the lake: a hundred listed buckets, one own account."""
    folder = root.parent / "context"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    kinds = ("internal", "confidential", "restricted")
    listed = [f"bucket-{n},aws,111111111111,{kinds[n % 3]},owner@example.org" for n in range(100)]
    texts = {
        "inventory.csv": ["bucket,cloud,account,sensitivity,owner", *listed],
        "accounts.csv": ["cloud,account,label,relation", "aws,111111111111,main,own"],
        "networks.csv": ["cidr,label,kind", "10.0.0.0/8,vpc,vpc"],
        "workflows.csv": ["id,identity,bucket,destination,reason,owner,review_by"],
    }
    for name, lines in texts.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def one_day(root: Path, day: date) -> Cost:
    """Build and score one day of which nothing is made yet."""
    with measured() as cost:
        score_days(Lake(root), Context.load(root.parent / "context"), Settings(), [day])
    return cost
