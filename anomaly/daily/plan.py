"""Which days a run is about, and from when on logs are listed for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from anomaly.daily.ledger import History
from anomaly.errors import DataQualityError, UsageError

CLOCK_SLACK = timedelta(hours=1)
"""A clock that is set right may step back by seconds; an hour is a clock that is wrong."""


@dataclass(frozen=True)
class Asked:
    """The days asked for, oldest first; ``by_clock`` when nobody named them, so that they are yesterday."""

    days: list[date]
    by_clock: bool

    def lookback(self, known: Sequence[date], days: int) -> list[date]:
        """The days before the first one that late logs may have changed: those that have events."""
        first = self.days[0] - timedelta(days=days)
        return [day for day in known if first <= day < self.days[0]]

    def first_listed(self, known: Sequence[date], days: int) -> date:
        """The day from which on logs are listed: the lookback, or further where the last nights were missed."""
        first = self.days[0] - timedelta(days=days)
        before = [day for day in known if day < self.days[0]]
        return min(first, before[-1]) if before else first


def asked_days(now: datetime, day: date | None, first: date | None, last: date | None) -> Asked:
    """Return the days asked for: one, a span with both ends included, or yesterday; raises UsageError."""
    if day and (first or last):
        raise UsageError("say which days: --date D, or --from D --to D")
    if not (first or last):
        return Asked([day or now.date() - timedelta(days=1)], by_clock=day is None)
    if not (first and last):
        raise UsageError("a span has two ends: --from D --to D")
    if first > last:
        raise UsageError(f"--from {first} is after --to {last}")
    return Asked([first + timedelta(days=place) for place in range((last - first).days + 1)], by_clock=False)


def check_clock(asked: Asked, now: datetime, past: History) -> str:
    """Refuse to tell yesterday by a clock that runs behind the last run; with a day named it is only noted.

    Raises
    ------
    DataQualityError
        The clock would make this the night of another day.
    """
    if past.last_begin is None or now >= past.last_begin - CLOCK_SLACK:
        return ""
    said = (
        f"the clock says {now:%Y-%m-%d %H:%M} UTC, before run {past.last_number}, "
        f"which began at {past.last_begin:%Y-%m-%d %H:%M} UTC"
    )
    if asked.by_clock:
        raise DataQualityError(f"{said}: set the clock, or say which day is meant with --date")
    return said
