"""The outbox's file: how it is opened, and what of it goes with the days that a prune removes."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

from anomaly.errors import AnomalyError

FILE = "outbox.sqlite"
HERE = Path(__file__).parent


def query(name: str) -> str:
    """Return the text of a query of this folder."""
    return (HERE / f"{name}.sql").read_text(encoding="utf-8")


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an outbox, made where there is none, and commit what was done; raises AnomalyError where that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=30)) as database:
            database.row_factory = sqlite3.Row
            database.execute("pragma journal_mode = wal")
            database.execute("pragma synchronous = full")
            # what a prune takes is not to be read in the file afterwards
            database.execute("pragma secure_delete = on")
            database.executescript(query("outbox"))
            yield database
            database.commit()
    except (sqlite3.Error, OSError) as error:
        raise AnomalyError(f"the outbox {path} cannot be used: {error}") from error


def settled(root: Path, before: date) -> int:
    """How many findings of days before one wait for nothing; makes no outbox where there is none."""
    if not (root / FILE).exists():
        return 0
    with opened(root / FILE) as database:
        counted = database.execute(f"select count(*) from ({query('settled')})", {"before": before.isoformat()})
        return int(counted.fetchone()[0])


def forget(root: Path, before: date) -> int:
    """Remove the findings that ``settled`` counts, and return how many; its room is used again by later ones."""
    if not (root / FILE).exists():
        return 0
    with opened(root / FILE) as database:
        gone = f"delete from outbox where key in ({query('settled')})"
        return database.execute(gone, {"before": before.isoformat()}).rowcount
