"""The records of one format in a batch into rows of the event table, in a private DuckDB.

Two SQL files a format do the per-row work; what depends on a distinct value (caller, user agent, call) or on a rare
shape (destinations) is derived in Python and joined.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from anomaly.ingest.array_file import ArrayFile
from anomaly.ingest.formats import Format, Learned
from anomaly.ingest.text_lines import ROWS
from anomaly.store import DatabaseError, Store, empty_select, write_parquet

MANY_VALUES = 20_000
"""Callers and agents remembered between batches; more are forgotten, to keep memory flat."""

FILES = pa.schema([("segment", pa.int64()), ("file", pa.string()), ("first", pa.int64()), ("marker_rn", pa.int64())])
LINES = pa.schema([("rn", pa.int64()), ("segment", pa.int64()), *ROWS])

REFUSALS = ("InvalidInputException", "ConversionException")
"""What the reader says of bad text. Other errors, such as no memory or no disk, are not the file's fault."""


class RefusedError(Exception):
    """The reader does not take a batch's text."""


@dataclass(frozen=True)
class Segment:
    """A run of consecutive records of one file: ``first`` is the ordinal of its first record."""

    file: str
    first: int


@dataclass(frozen=True)
class Defect:
    """A record that parses but cannot stand: ``ordinal`` is its place in the file."""

    segment: int
    ordinal: int
    reason: str
    text: str


class Transform:
    """One worker's DuckDB (one thread) for one format, and what it remembers between batches.

    A record of a day before ``first_kept`` cannot stand: that day was pruned.
    """

    def __init__(self, format: Format, first_kept: date | None = None) -> None:
        self.format = format
        self.first_kept = first_kept
        self.store = Store(threads=1)
        self.array = ArrayFile()
        self.nonce = os.urandom(12).hex()
        self.segments: Sequence[Segment] = ()
        self.marker_rows: list[int] = []
        for learned in format.learned:
            self._replace(learned.name, learned.schema, [])

    def close(self) -> None:
        """Close the connection and give the array's memory back."""
        self.store.connection.close()
        self.array.close()

    def marker(self, segment: int) -> bytes:
        """Return the array element that starts a segment; the nonce keeps a log from forging one."""
        return b'{"_batch":"%s","_segment":%d}' % (self.nonce.encode(), segment)

    def read(self, path: str, segments: Sequence[Segment]) -> list[int]:
        """Read a batch's array into the table ``raw``.

        Returns
        -------
        list of int
            Records seen in each segment.

        Raises
        ------
        RefusedError
            The text is not the array of objects that it should be, or a file's brackets swallowed a marker.
        """
        self.segments, self.marker_rows = segments, []
        self._run(self._sql("read"), {"path": path, "nonce": self.nonce} | self.format.read_parameters())
        return self._counts(len(segments))

    def read_lines(self, lines: pa.Table, segments: Sequence[Segment]) -> list[int]:
        """Read a batch's lines into the table ``raw``.

        Parameters
        ----------
        lines
            Columns of ``LINES``; ``rn`` counts from 1, ``record`` is the ordinal in the file.

        Returns
        -------
        list of int
            Records seen in each segment.
        """
        self.segments, self.marker_rows = segments, [0] * len(segments)
        self.store.register("lines", lines)
        self._run(self._sql("read"), self.format.read_parameters())
        seen = dict(self.store.rows("select segment, count(*) from lines group by segment"))
        self.store.register("lines", LINES.empty_table())  # a table that is registered stays in memory
        return [seen.get(number, 0) for number in range(len(segments))]

    def _sql(self, step: str) -> str:
        return sql(f"{self.format.name}_{step}")

    def _run(self, text: str, bound: dict[str, Any]) -> None:
        self.store.run("drop table if exists raw")  # or the batch before is held until the new one stands
        try:
            self.store.run(text, bound or None)
        except DatabaseError as error:
            if type(error).__name__ not in REFUSALS:
                raise
            raise RefusedError(str(error).partition("\n")[0]) from error
        if self.first_kept:
            self.store.run(sql("too_late"), {"first": self.first_kept})

    def _counts(self, segments: int) -> list[int]:
        markers = self.store.rows("select segment, rn from raw where is_marker order by rn")
        if [segment for segment, _ in markers] != list(range(segments + 1)):
            raise RefusedError("a file's brackets reach into the next file")
        if self.store.value("select max(rn) from raw") != markers[-1][1]:
            raise RefusedError("text after the end of the array")
        self.marker_rows = [rn for _, rn in markers]
        return [after - before - 1 for before, after in zip(self.marker_rows, self.marker_rows[1:], strict=False)]

    def defects(self) -> list[Defect]:
        """Return the records of the batch that cannot stand."""
        place = "record" if self.format.lines else "rn"
        rows = self.store.rows(
            f"select segment, {place}, defect, defect_text from raw where defect is not null order by rn"
        )
        return [Defect(segment, self._ordinal(segment, at), reason, text) for segment, at, reason, text in rows]

    def _ordinal(self, segment: int, at: int) -> int:
        return at if self.format.lines else self.segments[segment].first + at - self.marker_rows[segment] - 1

    def keys(self) -> pd.DataFrame:
        """Return rn, day (days since 1970), segment and two 64-bit hashes of event_id, for each row that may load."""
        return self.store.df(
            """select rn, segment, cast(event_time as date) - date '1970-01-01' as day,
                hash(event_id) as h1, hash(event_id || '~') as h2
            from raw where not is_marker and defect is null order by rn"""
        )

    def prepare(self, repeated: Iterable[int]) -> None:
        """Derive everything that ``write`` joins, for the rows not in ``repeated``."""
        for learned in self.format.learned:
            self._learn(learned)
        files = [(i, s.file, s.first, self.marker_rows[i]) for i, s in enumerate(self.segments)]
        self._replace("files", FILES, files)
        self._replace("repeated", pa.schema([("rn", pa.int64())]), [(rn,) for rn in repeated])
        for derived in self.format.derived:
            self._replace(derived.name, derived.schema, [derived.row(*row) for row in self.store.rows(derived.query)])

    def write(self, day: date, path: Path) -> None:
        """Write the batch's rows of one day to a Parquet file; a column that the format's SQL leaves out is NULL."""
        bound = {"day": day} | self.format.events_parameters()
        rows = f"{empty_select('events')} union all by name ({self._sql('events')})"
        write_parquet(self.store, rows, path, parameters=bound)

    def _learn(self, learned: Learned) -> None:
        """Add the distinct values of this batch that a table does not hold yet."""
        if self.store.value(f"select count(*) from {learned.name}") > MANY_VALUES:
            self._replace(learned.name, learned.schema, [])
        new = self.store.rows(
            f"select distinct {learned.select} from raw where not is_marker and defect is null "
            f"except select {', '.join(learned.keys)} from {learned.name}"
        )
        if new:
            self.store.register("learned", _arrow(learned.schema, [learned.row(*values) for values in new]))
            self.store.run(f"insert into {learned.name} select * from learned")

    def _replace(self, name: str, schema: pa.Schema, rows: list[tuple[Any, ...]]) -> None:
        self.store.register("given", _arrow(schema, rows))
        self.store.run(f"create or replace temp table {name} as select * from given")


def _arrow(schema: pa.Schema, rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pa.table(
        [pa.array(list(column), type=field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )


@cache
def sql(name: str) -> str:
    """Return the text of an SQL file of this folder."""
    return (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8")
