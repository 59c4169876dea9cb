"""The lake: DuckDB over Parquet, one folder a table, one partition a day, each written whole and renamed.

DuckDB is private to a command and transient; no database file is shared. This is the one home of duckdb.
"""

import contextlib
import os
import secrets
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from anomaly.catalog import table as catalog_table
from anomaly.config.settings import FeatureSettings
from anomaly.errors import AnomalyError
from anomaly.pruned import first_kept

COMPRESSION = "format parquet, compression zstd, compression_level 1"
TEMPORARY = ".tmp-"

MEMORY = FeatureSettings.memory_limit
"""What a query may hold in memory unless a setting says otherwise; beyond it goes to the temporary folder.
A day of five million events takes 7 % longer with it, and a quarter of the memory (docs/features.md)."""

DatabaseError = duckdb.Error


class Store:
    """A private DuckDB connection that always drains what it asks (an undrained result blocks the next query).

    A ``memory_limit`` of "" leaves it to DuckDB, which takes most of the machine. What does not fit goes to a folder of
    the connection's own under the system's temporary folder (``TMPDIR``), which is gone when it is closed.
    """

    def __init__(self, threads: int | None = None, memory_limit: str = MEMORY) -> None:
        spill = Path(tempfile.gettempdir()) / f"anomaly-{os.getpid()}-{secrets.token_hex(4)}"
        options: dict[str, Any] = {"preserve_insertion_order": True, "temp_directory": str(spill)}
        if threads:
            options["threads"] = threads
        if memory_limit:
            options["memory_limit"] = memory_limit
        self.connection = duckdb.connect(":memory:", config=options)
        self.run("set timezone = 'UTC'")
        self.run("set enable_progress_bar = false")  # a long query must not draw over our own output

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def run(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None) -> None:
        """Run a statement and throw its result away."""
        self.rows(sql, parameters)

    def rows(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a query and return all its rows."""
        return self.connection.execute(sql, parameters).fetchall()

    def records(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None) -> list[dict[str, Any]]:
        """Run a query and return each row by column name."""
        result = self.connection.execute(sql, parameters)
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def value(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None) -> Any:
        """Run a query of one row and one column and return that value."""
        return self.rows(sql, parameters)[0][0]

    def df(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None) -> pd.DataFrame:
        """Run a query and return a DataFrame."""
        return self.connection.execute(sql, parameters).df()

    def view(self, name: str, files: Sequence[Path], where: str = "") -> None:
        """Make a view of a catalogue table over these Parquet files, empty but typed where there are none."""
        if not files:
            self.run(f'create or replace view "{name}" as {empty_select(name)}')
            return
        must_fit(name, files)
        paths = ", ".join(quoted(str(path)) for path in files)
        self.run(f'create or replace view "{name}" as select * from read_parquet([{paths}]) {where}')

    def register(self, name: str, frame: pd.DataFrame | pa.Table) -> None:
        """Show a frame to SQL under a name."""
        self.connection.register(name, frame)


def quoted(text: str) -> str:
    """Return the text as an SQL string literal, for the places where DuckDB binds no parameter (paths, options)."""
    return "'" + text.replace("'", "''") + "'"


def empty_select(table: str, types: Mapping[str, str] | None = None) -> str:
    """Return a query of no rows that has the catalogue's columns of a table."""
    columns = types if types is not None else catalog_table(table).types
    return "select " + ", ".join(f'null::{kind} as "{name}"' for name, kind in columns.items()) + " where false"


def must_fit(table: str, files: Sequence[Path]) -> None:
    """Refuse event files of another version of the product; every other table is made again from these.

    Raises
    ------
    AnomalyError
        A file lacks columns of the catalogue. They are not filled in with nothing: what the logs said is then unread.
    """
    if table != "events":
        return
    columns = catalog_table(table).types
    for path in files:
        try:
            held = set(pq.read_schema(path).names)
        except (OSError, pa.ArrowException) as error:
            raise AnomalyError(f"{path} cannot be read: {str(error).partition(chr(10))[0]}") from error
        if missing := [name for name in columns if name not in held]:
            raise AnomalyError(
                f"{path.parents[2]} was made by an older version: its events have no {', '.join(missing)} "
                f"({path.parent.name}/{path.name}). Ingest the logs anew into an empty folder: "
                "anomaly ingest LOGS --root NEW_FOLDER"
            )


def row_count(files: Iterable[Path]) -> int:
    """How many rows Parquet files hold, by their footers."""
    return sum(pq.read_metadata(path).num_rows for path in files)


class Lake:
    """The folder that holds every table: ``ROOT/TABLE/date=YYYY-MM-DD/*.parquet``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, table: str, day: date) -> Path:
        """Where a table's partition of a day lies, whether it exists or not."""
        return self.root / table / f"date={day.isoformat()}"

    def partition(self, table: str, day: date) -> str:
        """The file that holds a table's whole day, of every table but the events."""
        return f"{self.root}/{table}/date={day.isoformat()}/data.parquet"

    def files(self, table: str, first: date, last: date | None = None) -> list[Path]:
        """The finished Parquet files of a table from ``first`` to ``last``, both included, oldest first."""
        days = [first] if last is None else [day for day in self.days(table) if first <= day <= last]
        return [
            path
            for day in days
            for path in sorted(self.folder(table, day).glob("*.parquet"))
            if not path.name.startswith(TEMPORARY)
        ]

    def held(self, table: str) -> list[date]:
        """The days a table's folders lie there of, oldest first, those too that a prune which was killed left."""
        return sorted(map(day_of, (self.root / table).glob("date=*")))

    def days(self, table: str) -> list[date]:
        """The days a table has a partition of, oldest first; of the events none that was pruned."""
        found = self.held(table)
        first = first_kept(self.root) if table == "events" else None
        return [day for day in found if day >= first] if first else found

    def write(self, store: Store, sql: str, table: str, day: date, facts: Mapping[str, str] | None = None) -> Path:
        """Write a query's rows as the whole partition of a day, with facts in the file's own metadata, atomically."""
        path = Path(self.partition(table, day))
        write_parquet(store, sql, path, facts)
        return path

    def facts(self, table: str, day: date) -> dict[str, str]:
        """The facts written with a partition; empty where there is none or it cannot be read."""
        path = Path(self.partition(table, day))
        if not path.exists():
            return {}
        try:
            metadata = pq.read_metadata(path).metadata or {}
        except (OSError, pa.ArrowException):
            return {}
        return {key.decode(): value.decode() for key, value in metadata.items() if key != b"ARROW:schema"}


def write_parquet(
    store: Store,
    sql: str,
    path: Path,
    facts: Mapping[str, str] | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> None:
    """Write a query's rows to a Parquet file: a temporary name first, then renamed, so no reader sees half of it."""
    pairs = ", ".join(f"{name}: {quoted(value)}" for name, value in (facts or {}).items())
    metadata = f", kv_metadata {{{pairs}}}" if pairs else ""
    with replacing(path) as temporary:
        store.run(f"copy ({sql}) to {quoted(str(temporary))} ({COMPRESSION}{metadata})", parameters)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside a file; on leaving, it takes the file's place at once, or is removed on an error.

    What a killed run left for the same file goes first; writers of a lake hold its lock, so nobody else is at it.

    Raises
    ------
    AnomalyError
        The file cannot be written, be it for the folder, the disk or the user.
    """
    temporary = path.with_name(f"{TEMPORARY}{uuid.uuid4().hex}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for leftover in path.parent.glob(f"{TEMPORARY}*-{path.name}"):
            leftover.unlink(missing_ok=True)
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise AnomalyError(f"cannot write {path}: {error.strerror or error}") from error
    except duckdb.IOException as error:
        # it may as well be about a file that is read meanwhile
        if temporary.name not in str(error):
            raise
        raise AnomalyError(f"cannot write {path}: {str(error).rpartition(': ')[2]}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def day_of(folder: Path) -> date:
    """The day of a partition's folder; raises ValueError for a folder that is none."""
    return date.fromisoformat(folder.name.removeprefix("date="))


def sweep(root: Path) -> int:
    """Remove the temporary files that killed runs left in a lake; returns how many."""
    leftovers = list(root.rglob(f"{TEMPORARY}*"))
    for path in leftovers:
        path.unlink(missing_ok=True)
    return len(leftovers)
