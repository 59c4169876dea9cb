"""What a log format brings: how its files are known, how they are read, and how their records become events.

Two kinds exist. Records of a JSON format go into one array that DuckDB reads strictly; lines of a text format go into
a table. From there on all formats are handled alike (``transform.py``).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

PREFIX_BYTES = 16 << 10
"""Decompressed bytes at a file's beginning that its format is looked for in."""

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Learned:
    """A table of what Python derives once a distinct value: ``select`` gives the ``keys`` columns from ``raw``."""

    name: str
    schema: pa.Schema
    keys: tuple[str, ...]
    select: str
    row: Callable[..., Row]


@dataclass(frozen=True)
class Derived:
    """A table of what Python derives for single rows of rare shapes: ``query`` gives the arguments of ``row``."""

    name: str
    schema: pa.Schema
    query: str
    row: Callable[..., Row]


def _no_parameters() -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Format:
    """One kind of log.

    Attributes
    ----------
    name
        Short name: part of the names of event files, and what the ledger calls the format. Its SQL files are
        ``NAME_read.sql`` (makes the table ``raw``) and ``NAME_events.sql`` (selects one day's events from it).
    says
        Its name for people.
    finds
        Matches somewhere in the first ``PREFIX_BYTES`` of a file of this format.
    read_parameters, events_parameters
        Make the values that the two SQL files name, besides ``path``, ``nonce`` and ``day``.
    learned, derived
        Tables that the second SQL file joins.
    looks_like, conform
        Of a JSON format: whether a decoded object is one of its records, and a record as the reader takes it
        (raises ``MisshapenError``).
    lines
        Of a text format: returns the table of a decompressed file's lines (``text_lines.ROWS``).
    """

    name: str
    says: str
    finds: re.Pattern[bytes]
    read_parameters: Callable[[], dict[str, Any]] = _no_parameters
    events_parameters: Callable[[], dict[str, Any]] = _no_parameters
    learned: tuple[Learned, ...] = field(default=())
    derived: tuple[Derived, ...] = field(default=())
    looks_like: Callable[[Any], bool] | None = None
    conform: Callable[[Mapping[str, Any]], bytes] | None = None
    lines: Callable[[bytes], pa.Table] | None = None
