"""The feature catalogue as objects: which tables there are, their columns, types and meaning."""

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from anomaly.data import data_folder
from anomaly.errors import CatalogError, UnknownNameError, nearest

COLUMN_KEYS = {"type", "meaning", "unit", "null", "family", "cap", "reason"}


@dataclass(frozen=True)
class Column:
    """One column: ``null`` says when it is empty ("never" is checked), ``family`` is set for a model signal."""

    name: str
    type: str
    meaning: str
    null: str = "never"
    unit: str = ""
    family: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Table:
    """One table of the lake: what a row is, who owns it, and its columns in order."""

    name: str
    row: str
    owner: str
    columns: tuple[Column, ...]

    @property
    def types(self) -> dict[str, str]:
        """Column name to DuckDB type, in order."""
        return {column.name: column.type for column in self.columns}

    @property
    def signals(self) -> dict[str, Column]:
        """The columns a model may read, by name."""
        return {column.name: column for column in self.columns if column.family}


@cache
def catalog() -> dict[str, Table]:
    """Read ``features/catalog.toml``; raises CatalogError with every mistake in it."""
    path = data_folder("features") / "catalog.toml"
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    mistakes = [
        f"{table}.{name}: unknown key {key!r}"
        for table, body in raw.items()
        for name, column in body["columns"].items()
        for key in column.keys() - COLUMN_KEYS
    ]
    if mistakes:
        raise CatalogError("features/catalog.toml:\n  " + "\n  ".join(mistakes))
    return {name: _table(name, body) for name, body in raw.items()}


def table(name: str) -> Table:
    """Return one table's entry; raises UnknownNameError for a table that the catalogue lacks."""
    if name not in catalog():
        raise UnknownNameError(f"no table {name!r} in features/catalog.toml: {nearest(name, catalog())}")
    return catalog()[name]


def _table(name: str, body: dict[str, Any]) -> Table:
    columns = tuple(Column(name=column, **facts) for column, facts in body["columns"].items())
    return Table(name=name, row=body["row"], owner=body["owner"], columns=columns)
