"""What of a pruned day is kept: the tables that later days look back to, for as long as they do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from anomaly.catalog import catalog
from anomaly.coverage.facts import WINDOW_DAYS as COVERAGE_DAYS
from anomaly.daily.drift import WINDOW_DAYS as DRIFT_DAYS
from anomaly.findings.history import DAYS as HISTORY_DAYS
from anomaly.investigate.counterfactual import HISTORY_DAYS as COUNTERFACTUAL_DAYS
from anomaly.listing import SCORES
from anomaly.pipeline import FEATURES
from anomaly.stage import stages

READERS = {
    FEATURES: max(HISTORY_DAYS, DRIFT_DAYS),
    "sessions": HISTORY_DAYS,
    "bucket_cover": COVERAGE_DAYS,
    "deliveries": COVERAGE_DAYS,
    "actor_bucket_day": COUNTERFACTUAL_DAYS,
}
"""What reports of a day read of the days before it, besides the stages: table to days."""


@cache
def look_back() -> dict[str, int]:
    """Each table that later days look back to, and over how many days."""
    found = dict(READERS)
    for stage in stages().values():
        for name, days in stage.history.items():
            found[name] = max(days, found.get(name, 0))
    return found


@cache
def longest() -> int:
    """The longest look back of any stage, in days."""
    return max(days for stage in stages().values() for days in stage.history.values())


@cache
def running() -> frozenset[str]:
    """The tables of which a day reads the last state before it."""
    return frozenset(name for stage in stages().values() for name in stage.before)


@dataclass(frozen=True)
class Kept:
    """What is kept of the days before ``before``; ``last`` is the last of them that had events."""

    before: date
    last: date

    def holds(self, table: str, day: date) -> bool:
        """Whether a table's day stays."""
        if table == SCORES or day >= self.before:
            return True
        if table in running() and day == self.last:
            return True
        return day >= self.before - timedelta(days=look_back().get(table, 0))


def going(kept: Kept, days: Callable[[str], list[date]]) -> list[tuple[date, str]]:
    """The day and table of each partition that goes, oldest first; ``days`` gives the days a table lies there of."""
    found = [(day, name) for name in ("events", *catalog()) for day in days(name) if not kept.holds(name, day)]
    return sorted(set(found))
