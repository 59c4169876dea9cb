"""Damage on disk: every table but the events is made again from them, so a broken partition of one is simply removed.

Looked for only when something could not be read: a night on which nothing broke pays nothing for it.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from anomaly.catalog import catalog
from anomaly.errors import AnomalyError
from anomaly.pruned import first_kept
from anomaly.store import Lake, day_of

WINDOW_DAYS = 100
"""The longest look back of any table is 90 days; days before these are read through what they left in later ones."""
EVENTS = "events"


def remove_damaged(lake: Lake, days: Sequence[date]) -> list[Path]:
    """Remove the partitions, of every table that is made from events, that cannot be read; returns them.

    Raises
    ------
    AnomalyError
        A file of events cannot be read: which, what it was made from, and how to bring it back; or one that is kept of
        a day that was pruned. Nothing is removed.
    """
    first, last = min(days) - timedelta(days=WINDOW_DAYS), max(days)
    if lost := list(_damaged(lake, EVENTS, first, last)):
        raise AnomalyError(_how_to_bring_back(lake, *lost[0], len(lost)))
    found = [path for name in catalog() if name != EVENTS for path, _ in _damaged(lake, name, first, last)]
    kept = first_kept(lake.root)
    if frozen := [path for path in found if kept and day_of(path.parent) < kept]:
        raise AnomalyError(
            f"{frozen[0]} cannot be read. It is kept of a day whose events were pruned and cannot be made again: "
            "bring it back from a backup"
        )
    for path in found:
        path.unlink()
    return found


def _damaged(lake: Lake, table: str, first: date, last: date) -> Iterator[tuple[Path, str]]:
    for path in lake.files(table, first, last):
        try:
            with pq.ParquetFile(path) as file:
                for _ in file.iter_batches():
                    pass
        except (OSError, pa.ArrowException) as error:
            yield path, str(error).partition("\n")[0]


def _how_to_bring_back(lake: Lake, path: Path, reason: str, files: int) -> str:
    """What a person can do: a group of log files is read again once its ledger file is gone."""
    group = path.name.partition("~")[0].removesuffix(".parquet")
    ledger = lake.root / "ledger" / "ingest" / f"{group}.parquet"
    more = f" ({files - 1} more cannot be read either)" if files > 1 else ""
    return (
        f"{path} cannot be read: {reason}{more}. Bring the file back from a backup; or, while {_made_from(ledger)} "
        f"are still at hand, remove {ledger} and run this again with the same logs: they are then read anew, and "
        "every table made from them with them"
    )


def _made_from(ledger: Path) -> str:
    try:
        names = pq.read_table(ledger, columns=["name"], partitioning=None).column("name").to_pylist()
    except (OSError, pa.ArrowException):
        return "the log files that it was made from"
    return f"the {len(names)} log file(s) that it was made from ({names[0]}{', …' if len(names) > 1 else ''})"
