"""What a setting may say beyond its type: each check raises a ValueError that says what is wrong."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

Check = Callable[[Any], None]

# The units that DuckDB takes.
MEMORY = re.compile(r"\d+(\.\d+)? ?([KMGT]i?B|%)", re.IGNORECASE)


def at_least(low: int) -> Check:
    """Return a check for numbers that have a lowest value."""

    def check(value: int) -> None:
        if value < low:
            raise ValueError(f"is below {low}, the least allowed")

    return check


def above_zero(value: float) -> None:
    """Check a positive, finite number."""
    if not 0 < value < float("inf"):
        raise ValueError("is not above 0 and finite")


def memory(value: str) -> None:
    """Check an amount of memory as DuckDB reads it; empty leaves it to DuckDB."""
    if value and not MEMORY.fullmatch(value):
        raise ValueError("is not an amount of memory such as 2GB, 512MiB or 60%")


def not_empty(value: object) -> None:
    """Check that something is named."""
    if not str(value).strip() or value == Path():
        raise ValueError("names nothing")
