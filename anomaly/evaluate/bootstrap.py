"""How far a figure could be off: percentile bootstrap, resampling what is independent (campaigns, or days)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Statistic = Callable[[Floats], Floats]

DRAWS = 2000
"""The ends of a 95 % interval then rest on the outermost 50 draws each."""
SEED = 20260101
LEVEL = 0.95


@dataclass(frozen=True)
class Figure:
    """A figure and its 95 % interval; all None where there is nothing to tell it from."""

    value: float | None
    low: float | None
    high: float | None

    def as_dict(self) -> dict[str, float | None]:
        """The three numbers by name."""
        return {"value": self.value, "low": self.low, "high": self.high}


NOTHING = Figure(None, None, None)


def mean(rows: Floats) -> Floats:
    """Mean of each draw; ``rows`` is (n_draws, n_units)."""
    return np.asarray(rows.mean(axis=1), dtype=np.float64)


def median(rows: Floats) -> Floats:
    """Median of each draw; infinity is the largest value, and the lower of two middle values is taken."""
    return np.asarray(np.sort(rows, axis=1)[:, (rows.shape[1] - 1) // 2], dtype=np.float64)


def p90(rows: Floats) -> Floats:
    """90th percentile of each draw."""
    return np.asarray(np.percentile(rows, 90, axis=1), dtype=np.float64)


def figure(values: npt.ArrayLike, statistic: Statistic = mean, seed: int = SEED) -> Figure:
    """A statistic of independent units and its percentile interval.

    Parameters
    ----------
    values
        (n_units,), one number a campaign or day; infinity where a campaign never ranked.
    statistic
        From (n_draws, n_units) to (n_draws,).
    """
    units = np.asarray(values, dtype=np.float64)
    if not len(units):
        return NOTHING
    picks = np.random.default_rng(seed).integers(len(units), size=(DRAWS, len(units)))
    drawn = np.sort(statistic(units[picks]))
    tail = int(DRAWS * (1 - LEVEL) / 2)
    return Figure(_plain(statistic(units[None])[0]), _plain(drawn[tail]), _plain(drawn[-tail - 1]))


def ratio(parts: npt.ArrayLike, wholes: npt.ArrayLike, seed: int = SEED) -> Figure:
    """Sum of the parts over sum of the wholes, (n_units,) each, drawn together unit by unit."""
    pairs = np.stack([np.asarray(parts, dtype=np.float64), np.asarray(wholes, dtype=np.float64)])
    if not pairs.shape[1] or not pairs[1].sum():
        return NOTHING
    picks = np.random.default_rng(seed).integers(pairs.shape[1], size=(DRAWS, pairs.shape[1]))
    sums = pairs[:, picks].sum(axis=2)
    whole = sums[1] > 0
    drawn = np.sort(sums[0, whole] / sums[1, whole])
    tail = int(len(drawn) * (1 - LEVEL) / 2)
    return Figure(float(pairs[0].sum() / pairs[1].sum()), float(drawn[tail]), float(drawn[-tail - 1]))


def _plain(value: np.float64) -> float | None:
    """Infinity (never ranked) is told as None, which JSON can hold."""
    return float(value) if np.isfinite(value) else None
