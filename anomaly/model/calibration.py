"""From a score to "expected N such sessions a day": tail probability against a later, held-out window.

Conformal rank p = (k + 1) / (n + 1), k the calibration scores at or above: for exchangeable sessions exact, never 0.
Past the largest calibration score the tail decays exponentially at the mean excess of the top scores. A forest's score
is bounded, so its true tail ends sooner: the exponential errs towards "more often", where a fitted generalised Pareto
of negative shape would say 0 past its end point.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from anomaly.errors import DataQualityError
from anomaly.model.spec import MIN_CALIBRATION_DAYS
from anomaly.model.trees import Floats

TAIL_SHARE = 0.01
TAIL_LEAST = 10
"""The tail's scale is the mean excess of the top 1 %, of 10 scores at least."""
SCALE_FLOOR = 0.002
"""Keeps exp(-(score - largest) / scale) above the smallest double for every score up to 1, even when all scores tie."""


@dataclass(frozen=True)
class Calibration:
    """The sorted scores of a held-out window and the number of active days they came from."""

    scores: Floats
    days: int

    @classmethod
    def fit(cls, scores: npt.ArrayLike, days: int) -> "Calibration":
        """Hold the scores of sessions that were not trained on.

        Raises
        ------
        DataQualityError
            Fewer than 10 days, no score, or a score that is not finite.
        """
        values = np.sort(np.asarray(scores, dtype=np.float64))
        if days < MIN_CALIBRATION_DAYS:
            raise DataQualityError(f"{days} active day(s) to calibrate on; at least {MIN_CALIBRATION_DAYS} are needed")
        if not len(values) or not np.isfinite(values).all():
            raise DataQualityError(f"{len(values)} calibration score(s), {np.sum(~np.isfinite(values))} not finite")
        return cls(values, days)

    @property
    def sessions_per_day(self) -> float:
        """Sessions on an average active day of the window."""
        return len(self.scores) / self.days

    def tail_probability(self, scores: npt.ArrayLike) -> Floats:
        """Chance that an ordinary session scores at least this high, in (0, 1], never rising with the score."""
        values = np.asarray(scores, dtype=np.float64)
        count = len(self.scores)
        at_or_above = count - np.searchsorted(self.scores, values, side="left")
        past = np.maximum(values - self.scores[-1], 0)
        return np.asarray((at_or_above + 1) / (count + 1) * np.exp(-past / self.scale), dtype=np.float64)

    def expected_per_day(self, scores: npt.ArrayLike) -> Floats:
        """How many sessions at least this unusual an ordinary active day holds."""
        return self.tail_probability(scores) * self.sessions_per_day

    @cached_property
    def scale(self) -> float:
        """Mean excess of the top scores over the one below them, in score units."""
        top = min(max(TAIL_LEAST, int(np.ceil(TAIL_SHARE * len(self.scores)))), len(self.scores) - 1)
        if top < 1:
            return SCALE_FLOOR
        return max(float(np.mean(self.scores[-top:] - self.scores[-top - 1])), SCALE_FLOOR)


def q_values(probabilities: npt.ArrayLike) -> Floats:
    """Benjamini-Hochberg adjusted probabilities of one day's sessions: flagging q <= a keeps false ones near a.

    Shown beside the ranking, never the gate: the gate is the budget (design §6).
    """
    values = np.asarray(probabilities, dtype=np.float64)
    order = np.argsort(values)
    adjusted = values[order] * len(values) / np.arange(1, len(values) + 1)
    result = np.empty_like(values)
    result[order] = np.minimum(np.minimum.accumulate(adjusted[::-1])[::-1], 1)
    return result


def daily_q_values(days: npt.ArrayLike, probabilities: npt.ArrayLike) -> Floats:
    """Benjamini-Hochberg within each day; ``days`` and ``probabilities`` have one value a session."""
    labels = np.asarray(days)
    values = np.asarray(probabilities, dtype=np.float64)
    result = np.empty_like(values)
    for day in np.unique(labels):
        result[labels == day] = q_values(values[labels == day])
    return result
