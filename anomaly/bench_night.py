"""What one whole night costs: the raw logs of a day of five million events read, scored, judged and handed on.

The organisation is the largest of the scale bench; its history is drawn as events, the night's day as CloudTrail files.
"""

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from isal import igzip

from anomaly.bench_ingest import BIG, Cost, apart, measured
from anomaly.bench_scale import WHOLE, prepare
from anomaly.config import Settings
from anomaly.context import Context
from anomaly.daily.plan import Asked
from anomaly.daily.run import Job, run_daily
from anomaly.store import Lake, Store

ACCOUNT = "111111111111"
SQL = Path(__file__).with_suffix(".sql")

Say = Callable[[str], None]


def main(say: Say = print) -> None:
    """Draw the organisation and the day's logs, then do the night's work in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="anomaly-bench-") as temporary:
        folder = Path(temporary)
        day = prepare(folder / "lake", WHOLE)
        files = to_logs(Lake(folder / "lake"), day, folder / "logs")
        size = sum(file.stat().st_size for file in files)
        say(f"  {WHOLE.events:,} records in {len(files):,} files, {size / 1e6:,.0f} MB compressed")
        cost = apart(whole_night, folder, day)
        say(
            f"  the whole night: {cost.seconds:,.0f} s, {cost.processor:,.0f} s of processor, "
            f"peak {cost.megabytes:,.0f} MB"
        )


def to_logs(lake: Lake, day: date, folder: Path) -> list[Path]:
    """Turn a day's events back into CloudTrail files, and take the events out of the lake."""
    parts = [str(path) for path in lake.files("events", day)]
    target = folder / "AWSLogs" / ACCOUNT / "CloudTrail" / "eu-west-1" / f"{day:%Y/%m/%d}"
    target.mkdir(parents=True)
    files: list[Path] = []
    with Store() as store:
        batches = store.connection.execute(SQL.read_text(encoding="utf-8"), {"files": parts})
        while rows := batches.fetchmany(BIG):
            path = target / f"{ACCOUNT}_CloudTrail_eu-west-1_{day:%Y%m%d}T2355Z_{len(files):016d}.json.gz"
            path.write_bytes(igzip.compress(('{"Records":[' + ",".join(row[0] for row in rows) + "]}").encode(), 2))
            files.append(path)
    shutil.rmtree(lake.folder("events", day))
    return files


def whole_night(folder: Path, day: date) -> Cost:
    """The night of the whole organisation."""
    return night(folder, day, WHOLE.identities, daily__mlflow=False)


def night(folder: Path, day: date, sessions: int, lookback_days: int = 0, **own: object) -> Cost:
    """Do what ``anomaly daily`` does on the morning after that day, with a folder's lake, context and logs.

    Parameters
    ----------
    sessions
        At least so many have to be scored: a night that found no logs would be cheap.
    own
        Settings, with ``__`` for the dot.
    """
    names = {name.replace("__", "."): value for name, value in own.items()}
    settings = Settings.load(None, names | {"context.folder": folder / "context"})
    context = Context.load(folder / "context")
    morning = datetime.combine(day + timedelta(days=1), time(3), UTC)
    asked, logs = Asked([day], by_clock=False), (str(folder / "logs"),)
    job = Job(Lake(folder / "lake"), context, settings, logs, asked, lookback_days, lambda: morning)
    with measured() as cost:
        done = run_daily(job)
    if done.exit_code or not done.days[-1].rescored or done.days[-1].sessions < sessions:
        raise RuntimeError(f"the night of the bench failed: {done.error or done.as_dict()}")
    return cost
