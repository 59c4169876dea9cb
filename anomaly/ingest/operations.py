"""Which calls are kept and what they do to storage: ``features/sources/api_operations.csv`` as lookups.

A row names an event source and an API; both may hold ``*``. The first row that fits decides.
"""

import re
from dataclasses import dataclass
from fnmatch import translate
from functools import cache

from anomaly.data import source_rows

S3_FAMILY = r"^s3[a-z-]*\.amazonaws\.com"
"""Event sources of S3 itself: s3, s3express, s3-outposts, s3-object-lambda. Every call on them is kept."""


@dataclass(frozen=True)
class Operation:
    """What one API does: ``operation`` as in the event table, ``bytes`` is "read", "written" or "" (no volume)."""

    source: str
    api: str
    operation: str
    bytes: str


@cache
def operations() -> tuple[Operation, ...]:
    """Return the rows of the map, in order."""
    rows = source_rows("api_operations.csv")
    return tuple(Operation(row["event_source"], row["api"], row["operation"], row["bytes"]) for row in rows)


@cache
def operation_of(source: str, api: str) -> Operation | None:
    """Return what a call does, or None for a call that has nothing to do with storage.

    >>> operation_of("s3.amazonaws.com", "GetObject").bytes
    'read'
    >>> operation_of("kms.amazonaws.com", "Decrypt") is None
    True
    """
    return next((row for row, fits in _matchers() if fits.match(f"{source} {api}")), None)


@cache
def exact_names() -> tuple[str, ...]:
    """Return ``source/api`` of every kept call outside S3; the fast path filters on them."""
    return tuple(f"{row.source}/{row.api}" for row in operations() if not row.source.startswith("s3"))


@cache
def _matchers() -> tuple[tuple[Operation, re.Pattern[str]], ...]:
    return tuple((row, re.compile(translate(f"{row.source} {row.api}"))) for row in operations())
