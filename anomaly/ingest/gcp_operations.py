"""Which Google Cloud calls are kept and what they do to storage: ``features/sources/gcp_operations.csv`` as lookups.

A row names a service and a method; the method may hold ``*``, for versions and interfaces write it differently. The
first row that fits decides.
"""

import re
from dataclasses import dataclass
from functools import cache

from anomaly.data import source_rows

STORAGE = "storage.googleapis.com"
"""Every call on it is kept."""


@dataclass(frozen=True)
class GcpOperation:
    """One row: ``operation`` as in the event table."""

    service: str
    method: str
    operation: str


@cache
def gcp_operations() -> tuple[GcpOperation, ...]:
    """Return the rows of the map, in order."""
    return tuple(
        GcpOperation(row["service"], row["method"], row["operation"]) for row in source_rows("gcp_operations.csv")
    )


@cache
def gcp_operation_of(service: str, method: str) -> str:
    """Return what a kept call does.

    >>> gcp_operation_of("storage.googleapis.com", "storage.objects.get")
    'read'
    """
    fitting = (row.operation for row, fits in _matchers() if row.service == service and fits.fullmatch(method))
    return next(fitting, "configure")


@cache
def kept_services() -> tuple[str, ...]:
    """Return the services besides storage that have kept calls."""
    return tuple(sorted({row.service for row in gcp_operations()} - {STORAGE}))


@cache
def kept_calls() -> str:
    """Return a pattern for ``service method`` of every kept call besides those on storage, in RE2's dialect."""
    rows = [row for row in gcp_operations() if row.service != STORAGE]
    return f"^(?:{'|'.join(_pattern(f'{row.service} {row.method}') for row in rows)})$"


def _pattern(glob: str) -> str:
    return ".*".join(re.escape(part) for part in glob.split("*"))


@cache
def _matchers() -> tuple[tuple[GcpOperation, re.Pattern[str]], ...]:
    return tuple((row, re.compile(_pattern(row.method), re.DOTALL)) for row in gcp_operations())
