"""What was measured, as plain values: cells of trials, the depth of each, and how far it could be off."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

HALF, MOST = 0.5, 0.9
LEVEL = 0.95


@dataclass(frozen=True)
class Level:
    """The smallest amount caught in a share of the trials, and its 95 % interval.

    None: not with all there is. ``low`` is 0 where there are too few trials to bound it from below.
    """

    amount: float | None
    low: float | None
    high: float | None


def level(amounts: Sequence[float], share: float) -> Level:
    """The smallest amount at which a share of the trials is caught.

    The interval is that of order statistics: no distribution is assumed, and of few trials it is as wide as it must be.

    Parameters
    ----------
    amounts
        (n_trials,): the smallest amount caught in each; infinity where none was.

    >>> level([1.0, 2.0, 3.0, 4.0, float("inf")], 0.5)
    Level(amount=3.0, low=0.0, high=None)
    """
    ordered = sorted(amounts)
    count = len(ordered)
    place = max(0, math.ceil(share * count) - 1)
    below = [_binomial_at_most(each, count, share) for each in range(count + 1)]
    low = max((ordered[each] for each in range(count) if below[each] <= (1 - LEVEL) / 2), default=0.0)
    high = min((each for each in range(count) if below[each] >= 1 - (1 - LEVEL) / 2), default=count)
    return Level(_known(ordered[place]), _known(low), _known(ordered[high]) if high < count else None)


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927); (0, 1) of no trials."""
    if not trials:
        return 0.0, 1.0
    z = 1.959964
    share, spread = hits / trials, z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Cell:
    """One kind of caller over one route: by line the smallest amount caught in each trial, infinity where none was.

    ``smallest`` and ``largest`` are the least and the most that was tried. ``covered`` counts trials in which an
    approved workflow covered the session, ``contradictions`` probes of a larger amount that were not caught.
    """

    who: str
    route: str
    smallest: float
    largest: float
    caught: Mapping[str, Sequence[float]]
    covered: int = 0
    contradictions: int = 0

    @property
    def trials(self) -> int:
        """How many trials there were."""
        return len(self.caught["alert"])

    def level(self, share: float, line: str = "alert") -> Level:
        """The smallest amount that is caught in a share of the trials."""
        return level(self.caught[line], share)

    def share(self, amount: float, line: str = "alert") -> float:
        """The share of the trials in which this amount is caught."""
        return sum(each <= amount for each in self.caught[line]) / self.trials

    def as_dict(self) -> dict[str, Any]:
        """Plain values; infinity as None."""
        levels = {
            line: {f"{share:.0%}": vars(self.level(share, line)) for share in (HALF, MOST)} for line in self.caught
        }
        return {
            "who": self.who,
            "route": self.route,
            "trials": self.trials,
            "smallest_tried": self.smallest,
            "largest_tried": self.largest,
            "covered": self.covered,
            "contradictions": self.contradictions,
            "smallest_caught": levels,
            "by_trial": {line: [_known(each) for each in sorted(found)] for line, found in self.caught.items()},
        }


@dataclass(frozen=True)
class LeakCell(Cell):
    """The same of leaks, in amounts a day.

    ``days`` and ``lost`` are of those that were caught, at the smallest amount: on which day, what was gone by then.
    """

    days: Sequence[int] = ()
    lost: Sequence[float] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values; infinity as None."""
        return super().as_dict() | {"days_until_caught": sorted(self.days), "lost_until_caught": sorted(self.lost)}


@dataclass(frozen=True)
class Depth:
    """The depth of one bucket: what was tried on which days with which model, and what came of it."""

    bucket: str
    in_bytes: bool
    days: tuple[date, ...]
    budget: float
    model_version: int
    objects: int
    builds: int
    cells: tuple[Cell, ...]
    leak_days: tuple[date, ...]
    leaks: tuple[LeakCell, ...]
    not_tried: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "bucket": self.bucket,
            "unit": "bytes" if self.in_bytes else "objects",
            "days": [str(day) for day in self.days],
            "alerts_a_day": self.budget,
            "model_version": self.model_version,
            "objects_on_record": self.objects,
            "builds": self.builds,
            "one_day": [cell.as_dict() for cell in self.cells],
            "leak_days": [str(day) for day in self.leak_days],
            "leak": [cell.as_dict() for cell in self.leaks],
            "not_tried": list(self.not_tried),
        }


def _known(amount: float) -> float | None:
    return amount if math.isfinite(amount) else None


def _binomial_at_most(hits: int, trials: int, share: float) -> float:
    return sum(math.comb(trials, each) * share**each * (1 - share) ** (trials - each) for each in range(hits + 1))
