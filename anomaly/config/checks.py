"""What a setting may say beyond its type: each check raises a ValueError that says what is wrong."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from anomaly.errors import nearest
from anomaly.globs import glob

# ISO 3166
COUNTRY = re.compile(r"[A-Z]{2}")

# What `anomaly daily` may refuse a day for and be told to let through: anomaly/daily/gates.py.
GATES = ("fresh", "holes", "destination", "exceedance")

WEBHOOK_FORMATS = ("finding", "ocsf")

AWS_ACCOUNT = re.compile(r"[0-9]{12}")
AWS_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")

Check = Callable[[Any], None]

# The units that DuckDB takes.
MEMORY = re.compile(r"\d+(\.\d+)? ?([KMGT]i?B|%)", re.IGNORECASE)


class HiddenValueError(ValueError):
    """What is wrong with a value that the message must not show."""


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


def globs(values: tuple[str, ...]) -> None:
    """Check globs as workflows.csv writes them."""
    for value in values:
        not_empty(value)
        try:
            glob(value)
        except ValueError as error:
            raise ValueError(f"holds {value!r}, which {error}") from None


def countries(values: tuple[str, ...]) -> None:
    """Check countries of two capital letters, as ISO 3166 has them."""
    for value in values:
        if not COUNTRY.fullmatch(value):
            raise ValueError(f"holds {value!r}, which is not a country of two capital letters such as DE")


def not_empty(value: object) -> None:
    """Check that something is named."""
    if not str(value).strip() or value == Path():
        raise ValueError("names nothing")


def nothing(value: object) -> None:
    """Check nothing: its type says all."""


def share(value: float) -> None:
    """Check a share, from 0 to 1."""
    if not 0 <= value <= 1:
        raise ValueError("is not a share from 0 to 1")


def gates(values: tuple[str, ...]) -> None:
    """Check names of gates."""
    for value in values:
        if value not in GATES:
            raise ValueError(f"holds {value!r}, which is no gate; {nearest(value, GATES)}")


def webhook(value: str) -> None:
    """Check the form in which the webhook gets findings."""
    if value not in WEBHOOK_FORMATS:
        raise ValueError(f"is no form of a finding; {nearest(value, WEBHOOK_FORMATS)}")


def aws_account(value: str) -> None:
    """Check the number of an AWS account; empty names none."""
    if value and not AWS_ACCOUNT.fullmatch(value):
        raise ValueError("is not an AWS account of twelve digits")


def aws_region(value: str) -> None:
    """Check an AWS region; empty names none."""
    if value and not AWS_REGION.fullmatch(value):
        raise ValueError("is not an AWS region such as eu-west-1")


def web_address(value: str) -> None:
    """Check an address to post to; empty names none. It is not shown: it may hold what should not be in it."""
    try:
        parts = urlsplit(value)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if value and not is_address:
        raise HiddenValueError("is not an address such as https://siem.corp.example/anomaly")
    if value and "@" in parts.netloc:
        raise HiddenValueError("holds a name or a password before an @; secrets come from the environment")
