"""Numbers and hostile text in words that a person can read: sizes, counts, lists, hours.

Bucket names, object keys and user agents are written by whoever makes the call, so nothing from a log is shown before
``visible`` has seen it.
"""

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

NOTHING = "nothing on record"
UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")
LISTED = 3
# Format (bidi marks, zero-width), control, surrogate, private, unassigned, line and paragraph separators.
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def visible(text: str) -> str:
    r"""Return the text with every character that is unseen or moves its neighbours written as an escape.

    >>> visible("report\u202efdp.exe")
    'report\\u202efdp.exe'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(char) if unicodedata.category(char) in HIDDEN else char for char in text)


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def in_bytes(number: float | None) -> str:
    """Return a size in decimal units.

    >>> in_bytes(89), in_bytes(3_141_592_653), in_bytes(412_000_000_000), in_bytes(None)
    ('89 bytes', '3.1 GB', '412 GB', 'nothing on record')
    """
    if number is None:
        return NOTHING
    value, unit = float(number), 0
    # 999.6 would be written 1000
    while value >= 999.5 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    digits = 0 if unit == 0 or value >= 99.95 else 1
    return f"{value:,.{digits}f} {UNITS[unit] if number != 1 else 'byte'}"


def in_count(number: float | None) -> str:
    """Return a whole number with thousands marked."""
    return NOTHING if number is None else f"{round(number):,}"


def in_list(values: Sequence[object] | None, limit: int = LISTED) -> str:
    """Return the first values and how many more there are."""
    if not values:
        return NOTHING
    shown = ", ".join(visible(str(value)) for value in values[:limit])
    return shown + (f" and {len(values) - limit:,} more" if len(values) > limit else "")


def in_hour(hour: int | None) -> str:
    """Return an hour of the day as a clock shows it."""
    return NOTHING if hour is None else f"{hour:02d}:00"


def in_silence(last_day: int | None, day: int) -> str:
    """Say how long an actor was silent before ``day``; both are days since 1970-01-01."""
    if last_day is None:
        return "first seen that day"
    days = max(0, day - last_day - 1)
    return f"silent for {days:,} day{'' if days == 1 else 's'} before"


def in_time(microseconds: int | None) -> str:
    """Return a moment (microseconds since 1970-01-01) as UTC to the second, ISO 8601."""
    if microseconds is None:
        return ""
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def in_rate(number: float | None) -> str:
    """Return an expected number a day: two significant digits, no exponent.

    >>> in_rate(12.3), in_rate(0.0123), in_rate(0.0000004)
    ('12', '0.012', '<0.001')
    """
    if number is None:
        return ""
    if number >= 10:
        return f"{number:,.0f}"
    return "<0.001" if number < 0.001 else f"{number:.2g}"
