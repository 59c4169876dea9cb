"""Rows that people write: the CSV cells of the cases under ``tests/features/`` as values of the catalogue's types.

A number may be arithmetic (``5 * 4194304``, ``ln(7 / 4)``), a time is a clock of the case's day (``09:30:00``), a day
is counted from the case's day (``-3``), a list is joined by ``;``, and ``md5(ana||{09:00:00})`` is the digest of that
text with the clock as microseconds. An empty cell, or a column left out, is missing; where the catalogue knows no
missing value it is 0, false or the empty text, and in a view of the day itself ``day`` is the case's day. ``''`` is
the empty text.
"""

import csv
import hashlib
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from anomaly.catalog import Column, Table
from anomaly.context import frames

CONTEXT: dict[str, dict[str, Any]] = {
    "accounts": frames.ACCOUNTS,
    "addresses": frames.ADDRESSES,
    "expected_countries": frames.EXPECTED_COUNTRIES,
    "identities": frames.IDENTITIES,
    "inventory": frames.INVENTORY,
    "role_context": frames.ROLE_CONTEXT,
    "workflows": frames.WORKFLOWS,
    "workflow_addresses": frames.WORKFLOW_ADDRESSES,
}
ARROW = {
    "VARCHAR": pa.string(),
    "VARCHAR[]": pa.list_(pa.string()),
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMP": pa.timestamp("us"),
}
NEVER_MISSING = {"VARCHAR": "", "VARCHAR[]": [], "BIGINT": 0, "INTEGER": 0, "DOUBLE": 0.0, "BOOLEAN": False}
FUNCTIONS: dict[str, Any] = {
    "__builtins__": {},
    "ln": math.log,
    "sqrt": math.sqrt,
    "surprise": lambda probability: min(12.0, max(0.0, math.log(1 / (2 * probability)))),
}
CLOCK = re.compile(r"\d\d:\d\d:\d\d(\.\d{1,6})?")
DIGEST = re.compile(r"md5\((.*)\)", flags=re.DOTALL)
MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = dict[str, Any]


def read_csv(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Return the header and the rows of a file; raises ValueError for a row of another width."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        rows = list(reader)
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise ValueError(f"{path}: row {number} has not as many cells as the header")
    return list(reader.fieldnames or []), rows


def table_rows(path: Path, table: Table, day: date, *, of_day: bool) -> tuple[list[str], list[Row]]:
    """Return a file's columns and its rows in the table's types, those the file leaves out as missing.

    ``of_day`` says that the rows are the case's own day's: their ``day`` need not be written.
    """
    header, rows = read_csv(path)
    columns = {column.name: column for column in table.columns}
    if unknown := [name for name in header if name not in columns]:
        raise ValueError(f"{path}: {table.name} has no column {', '.join(unknown)}")
    base = {"day": "0"} if of_day else {}
    whole = [{**base, **row} for row in rows]
    return header, [{c.name: value(row.get(c.name, ""), c, day) for c in table.columns} for row in whole]


def context_rows(path: Path, types: Mapping[str, Any], day: date) -> list[Row]:
    """Return the rows of one of the organisation's files, as the context frames take them."""
    header, rows = read_csv(path)
    if unknown := [name for name in header if name not in types]:
        raise ValueError(f"{path}: no column {', '.join(unknown)}")
    return [{name: _context_value(row.get(name, ""), kind, day) for name, kind in types.items()} for row in rows]


def _context_value(text: str, kind: Any, day: date) -> Any:
    if text == "":
        return 0 if kind == frames.WHOLE else None
    if kind == frames.TEXT:
        return text
    return day + timedelta(days=int(text)) if kind == frames.DAY else int(text)


def value(text: str, column: Column, day: date) -> Any:
    """Return one cell in its column's type."""
    if text == "":
        return None if column.null != "never" else NEVER_MISSING.get(column.type)
    if column.type == "INTEGER" and column.name.endswith("day"):
        return (day - EPOCH.date()).days + int(text)
    return READERS[column.type](text, day)


def _text(text: str, day: date) -> str:
    if text == "''":
        return ""
    if found := DIGEST.fullmatch(text):
        spelled = re.sub(r"\{(.*?)\}", lambda match: str(_microseconds(match[1], day)), found[1])
        return hashlib.md5(spelled.encode()).hexdigest()
    return text


def _whole(text: str, day: date) -> int:
    return _microseconds(text, day) if CLOCK.fullmatch(text) else int(eval(text, FUNCTIONS))


def _moment(text: str, day: date) -> datetime:
    return datetime.combine(day, time.fromisoformat(text))


def _microseconds(text: str, day: date) -> int:
    return (_moment(text, day).replace(tzinfo=UTC) - EPOCH) // MICROSECOND


READERS: dict[str, Callable[[str, date], Any]] = {
    "VARCHAR": _text,
    "VARCHAR[]": lambda text, day: text.split(";"),
    "BIGINT": _whole,
    "INTEGER": _whole,
    "DOUBLE": lambda text, day: float(eval(text, FUNCTIONS)),
    "BOOLEAN": lambda text, day: {"true": True, "false": False}[text],
    "TIMESTAMP": _moment,
}


def write_rows(path: Path, table: Table, rows: list[Row]) -> Path:
    """Write rows as a Parquet file of a catalogue table."""
    schema = pa.schema([(name, ARROW[kind]) for name, kind in table.types.items()])
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    return path


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a Parquet file."""
    found: list[Row] = pq.read_table(path).to_pylist()
    return found


def difference(expected: list[Row], made: list[Row], tolerance: float = 1e-9) -> str:
    """Say how two sets of rows differ, one line a row or cell; empty where they agree."""
    wanted, found = sorted(expected, key=_order), sorted(made, key=_order)
    lines = []
    if len(wanted) != len(found):
        lines.append(f"{len(wanted)} rows expected, {len(found)} made")
        lines += [f"  expected {row}" for row in wanted] + [f"  made     {row}" for row in found]
        return "\n".join(lines)
    for want, have in zip(wanted, found, strict=True):
        apart = [name for name in want if not same(want[name], have[name], tolerance)]
        lines += [f"{name}: expected {want[name]!r}, made {have[name]!r}, in {want}" for name in apart]
    return "\n".join(lines)


def same(one: Any, other: Any, tolerance: float) -> bool:
    """Whether two cells agree, floats within the tolerance."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= tolerance
    return bool(one == other) and (one is None) == (other is None)


def _order(row: Row) -> tuple[str, ...]:
    exact = [repr(cell) for cell in row.values() if not isinstance(cell, float)]
    return (*exact, *(f"{cell:.6f}" for cell in row.values() if isinstance(cell, float)))
