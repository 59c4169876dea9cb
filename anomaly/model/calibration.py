"""From a score to "expected N such cases a day": tail probability against a later, held-out window.

What is held out is one score an actor and day, its most unusual session, because that is what becomes a case and may
raise an alert. Each identity kind is held against its own: machines are regular, so among all a machine's odd day looks
ordinary, and people would spend the whole budget. What a kind leaves of its share, since nothing about most of its
days is unusual and such days tie, falls to the other kinds (decision 0017).

Conformal rank p = (k + 1) / (n + 1), k the calibration scores at or above: for exchangeable sessions exact, never 0.
Past the largest calibration score the tail decays exponentially at the mean excess of the top scores. A forest's score
is bounded, so its true tail ends sooner: the exponential errs towards "more often", where a fitted generalised Pareto
of negative shape would say 0 past its end point.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from anomaly.errors import DataQualityError
from anomaly.model.spec import MIN_CALIBRATION_DAYS
from anomaly.model.trees import Floats

TAIL_SHARE = 0.01
TAIL_LEAST = 10
"""The tail's scale is the mean excess of the top 1 %, of 10 scores at least."""
LEAST_OF_KIND = 20
"""Kinds with fewer held-out scores are held against each other: a budget of a fifth of the cases can just be told."""
SMALL = ""
"""The name under which the scores of all small kinds are held; no identity kind is called so."""
ROUNDING = 1e-9
"""A budget is kept where only the rounding of the sum over the kinds is above it, and no rank is lost to rounding."""
SCALE_FLOOR = 0.002
"""Keeps exp(-(score - largest) / scale) above the smallest double for every score up to 1, even when all scores tie."""


@dataclass(frozen=True)
class Calibration:
    """The sorted scores of a held-out window, the number of active days they came from, and the scores by kind."""

    scores: Floats
    days: int
    kinds: Mapping[str, Floats] = field(default_factory=dict)

    @classmethod
    def fit(cls, scores: npt.ArrayLike, days: int, kinds: npt.ArrayLike | None = None) -> "Calibration":
        """Hold scores that were not trained on.

        Parameters
        ----------
        kinds
            The identity kind of each score; kinds of fewer than ``LEAST_OF_KIND`` are put together. Without it all
            are of one kind.

        Raises
        ------
        DataQualityError
            Fewer than 10 days, no score, or a score that is not finite.
        """
        values = np.asarray(scores, dtype=np.float64)
        if days < MIN_CALIBRATION_DAYS:
            raise DataQualityError(f"{days} active day(s) to calibrate on; at least {MIN_CALIBRATION_DAYS} are needed")
        if not len(values) or not np.isfinite(values).all():
            raise DataQualityError(f"{len(values)} calibration score(s), {np.sum(~np.isfinite(values))} not finite")
        return cls.of(scores, days, kinds)

    @classmethod
    def of(cls, scores: npt.ArrayLike, days: int, kinds: npt.ArrayLike | None = None) -> "Calibration":
        """Hold scores as they are, however few their days."""
        values = np.asarray(scores, dtype=np.float64)
        return cls(np.sort(values), days, {} if kinds is None else _by_kind(values, kinds))

    @property
    def per_day(self) -> float:
        """Scores on an average active day of the window."""
        return len(self.scores) / self.days

    def tail_probability(self, scores: npt.ArrayLike, kinds: npt.ArrayLike | None = None) -> Floats:
        """Chance that an ordinary score is at least this high, in (0, 1], never rising with the score.

        Parameters
        ----------
        kinds
            The identity kind of each score, or one for all: each is held against its own. A kind that the window held
            too little of is held against the small kinds together, or against all where these are too few as well.
        """
        values = np.asarray(scores, dtype=np.float64)
        if kinds is None:
            return _tail(self.scores, values)
        values, labels = np.broadcast_arrays(values, np.asarray(kinds, dtype=object))
        result = np.empty(values.shape)
        for kind in set(labels.flat):
            mine = labels == kind
            result[mine] = _tail(self._held(kind), values[mine])
        return result

    def expected_per_day(self, scores: npt.ArrayLike, kinds: npt.ArrayLike | None = None) -> Floats:
        """How many cases of an ordinary active day are at least this unusual for their kind.

        Over all kinds, the cases a day whose tail probability among their own is at most this one. Without ties it is
        the tail probability times the scores a day, and alerts within a budget fall to each kind by its share of the
        cases; a kind whose held-out scores tie takes the less of it and leaves the rest to the others.
        """
        return self._expected(self.tail_probability(scores, kinds))

    def promised(self, budget: float, kinds: Iterable[str]) -> dict[str, float]:
        """Which share of each of these kinds' cases is promised to alert, 0 to 1, at a budget of alerts a day."""
        groups = [held for _, held in self._groups()]
        past = [1 / (len(held) + 1) for held in groups]
        candidates = np.concatenate([*(_tail(held, held) for held in groups), past, [min(budget / self.per_day, 1.0)]])
        line = candidates[self._expected(candidates) <= budget * (1 + ROUNDING)].max()
        return {kind: float(_within(self._held(kind), line)) for kind in kinds}

    def _held(self, kind: str) -> Floats:
        return self.kinds.get(kind, self.kinds.get(SMALL, self.scores))

    def _groups(self) -> list[tuple[float, Floats]]:
        """What is held together, and how many scores a day it is; the last are of kinds too small even together."""
        groups = [(len(held) / self.days, held) for held in self.kinds.values()]
        rest = len(self.scores) - sum(len(held) for held in self.kinds.values())
        return [*groups, (rest / self.days, self.scores)] if rest else groups

    def _expected(self, probabilities: Floats) -> Floats:
        parts = [rate * _within(held, probabilities) for rate, held in self._groups()]
        return np.asarray(np.sum(parts, axis=0), dtype=np.float64)


def _by_kind(scores: Floats, kinds: npt.ArrayLike) -> dict[str, Floats]:
    labels = np.asarray(kinds, dtype=object)
    found = {str(kind): np.sort(scores[labels == kind]) for kind in sorted(set(labels.flat))}
    large = {kind: values for kind, values in found.items() if len(values) >= LEAST_OF_KIND}
    small = [values for kind, values in found.items() if kind not in large]
    together = np.sort(np.concatenate(small)) if small else np.empty(0)
    return large | ({SMALL: together} if len(together) >= LEAST_OF_KIND else {})


def _tail(held: Floats, values: Floats) -> Floats:
    count = len(held)
    at_or_above = count - np.searchsorted(held, values, side="left")
    past = np.maximum(values - held[-1], 0)
    return np.asarray((at_or_above + 1) / (count + 1) * np.exp(-past / tail_scale(held)), dtype=np.float64)


def _within(held: Floats, probabilities: npt.ArrayLike) -> Floats:
    """Chance that an ordinary score has a tail probability of at most this among the held ones.

    Where no score comes twice it is the next probability down that a score can have. But a score that does is an
    atom: to be above it is as likely as it was among the held ones, k / n.
    """
    values, count = np.asarray(probabilities, dtype=np.float64), len(held)
    # how many held scores may be at or above a score of such a probability; negative past the largest one
    may_be = np.floor(values * (count + 1) * (1 + ROUNDING)).astype(np.int64) - 1
    # the score that is too low for it
    low = held[count - 1 - np.clip(may_be, 0, count - 1)]
    above = count - np.searchsorted(held, low, side="right")
    is_atom = (count - np.searchsorted(held, low, side="left") - above > 1) & (above > 0)
    chances = np.where(is_atom, above / count, (above + 1) / (count + 1))
    return np.where(may_be < 0, values, np.where(may_be >= count, 1.0, chances))


def tail_scale(held: Floats) -> float:
    """Mean excess of the top of sorted scores over the one below them, in score units."""
    top = min(max(TAIL_LEAST, int(np.ceil(TAIL_SHARE * len(held)))), len(held) - 1)
    if top < 1:
        return SCALE_FLOOR
    return max(float(np.mean(held[-top:] - held[-top - 1])), SCALE_FLOOR)


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
