"""The smallest change that takes a session below a line, found on the model itself.

A lever is a change in the world: the signals that it puts back to their usual value, 0. One lever is a matter of
degree: the session thinned to fewer bytes and objects, with every signal that counts them moved together.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from anomaly.model.detector import ExfilDetector
from anomaly.model.trees import Floats

CAP = 12.0
"""The most that ``above`` of features/macros.sql says, in nats."""
MOST_LEVERS = 3
"""A reader keeps three conditions in mind; with more, anything would pass. Our choice."""

HARDLY = 0.05
"""Nats (5 %) below which an amount still smaller is not worth stating. Our choice."""

Passes = Callable[[Floats], npt.NDArray[np.bool_]]


@dataclass(frozen=True)
class Measure:
    """One thing that a volume signal counts, and what it is held to.

    Attributes
    ----------
    signal : the column it feeds; of several measures of one signal the largest speaks
    unit : ``bytes`` or ``objects``, by which of the two it is thinned
    value, rest : what this session took, and what stays however little it takes (earlier that day, or in 14 days)
    reference, floor : as ``above`` of features/macros.sql takes them
    factor : what the nats are multiplied with (sensitivity, or half for what stays in our own networks)
    less : nats taken off afterwards
    """

    signal: str
    unit: str
    value: float
    rest: float
    reference: float
    floor: float
    factor: float = 1.0
    less: float = 0.0

    def at(self, share: npt.ArrayLike) -> Floats:
        """The signal where the session takes these shares (0 to 1) of what it took."""
        taken = self.rest + np.asarray(share, dtype=np.float64) * self.value
        return np.maximum(self.factor * above(taken, self.reference, self.floor) - self.less, 0.0)


@dataclass(frozen=True)
class Amounts:
    """Ever smaller amounts that the session might have taken, and the signals that move with them.

    ``amounts`` holds (bytes, objects), the largest first; ``signals`` a row for each, the moved columns only.
    """

    lever: str
    amounts: Sequence[tuple[int, int]]
    signals: pd.DataFrame


@dataclass(frozen=True)
class Found:
    """The change found: its levers, the amount where the session is thinned, the score left, the line it lies below.

    ``line`` is a place among the lines asked for, or None where no three levers reach any: then these are the three
    that lower the score most.
    """

    levers: tuple[str, ...]
    amount: tuple[int, int] | None
    score: float
    line: int | None


def above(value: npt.ArrayLike, reference: npt.ArrayLike, floor: float) -> Floats:
    """``above`` of features/macros.sql: natural log of how far a value stands above its reference, 0 to 12."""
    ratio = (np.asarray(value, dtype=np.float64) + floor) / (np.asarray(reference, dtype=np.float64) + floor)
    return np.clip(np.log(ratio), 0.0, CAP)


def implied_reference(nats: float, value: float, floor: float) -> float:
    """The reference that ``above`` was given, told from what it said (more than 0).

    At the cap only a bound is known; then 0 is returned, the reference against which the least is allowed.
    """
    return max(0.0, (value + floor) / float(np.exp(nats)) - floor) if nats < CAP else 0.0


def smallest_change(
    detector: ExfilDetector,
    signals: pd.Series,
    tiers: Sequence[Mapping[str, Sequence[str]]],
    lines: Sequence[Passes],
    amounts: Amounts | None = None,
) -> Found:
    """Search all sets of at most three levers, fewest first; of equally many the one that takes off the fewest nats.

    Parameters
    ----------
    signals
        The model's columns of one session.
    tiers
        Levers by name: the signals that each puts to 0. The levers of a later tier are asked, beside those before, only
        where these do not do it.
    lines
        Which scores lie below a line. A later line is asked for only where the one before cannot be reached.
    amounts
        The lever of degree: the largest amount is taken at which the session passes, and at all smaller ones too.
    """
    row = signals[list(detector.columns)].astype(np.float64)
    here = float(detector.score(row.to_frame().T)[0])
    search = _Search(detector, row, tiers, amounts)
    for line, passes in enumerate(lines):
        if passes(np.array([here]))[0]:
            return Found((), None, here, line)
        for sets, scores in search.steps():
            passing = [chosen for chosen, passed in zip(sets, passes(scores), strict=True) if passed]
            if passing:
                return search.least(passing, passes, line)
    return search.nearest(here)


class _Search:
    """Scores sets of levers; the place of an amount is -1 where the session takes the least."""

    def __init__(
        self,
        detector: ExfilDetector,
        row: pd.Series,
        tiers: Sequence[Mapping[str, Sequence[str]]],
        amounts: Amounts | None,
    ) -> None:
        self.detector, self.row, self.amounts = detector, row.to_numpy(dtype=np.float64), amounts
        places = {name: place for place, name in enumerate(detector.columns)}
        self.moved = self.row[None, :] if amounts is None else _moved(self.row, amounts, places)
        names = [amounts.lever] if amounts is not None and (self.moved[-1] < self.row).any() else []
        self.zeroed: dict[str, list[int]] = {}
        self.tiers: list[tuple[str, ...]] = []
        for tier in tiers:
            found = {name: [places[column] for column in columns if column in places] for name, columns in tier.items()}
            # a lever that would move nothing is none
            moving = {name: at for name, at in found.items() if self.row[at].any()}
            self.zeroed |= moving
            names = [*names, *moving]
            self.tiers.append(tuple(names))
        self.scored: dict[tuple[int, int], tuple[list[tuple[str, ...]], Floats]] = {}

    def steps(self) -> Iterator[tuple[list[tuple[str, ...]], Floats]]:
        """Sets of levers and the score that each leaves: tier by tier, within it by their number."""
        for tier, names in enumerate(self.tiers):
            for size in range(1, min(MOST_LEVERS, len(names)) + 1):
                if (tier, size) not in self.scored:
                    sets = list(combinations(names, size))
                    self.scored[tier, size] = sets, self.scores(sets, [-1] * len(sets))
                yield self.scored[tier, size]

    def nearest(self, here: float) -> Found:
        """The set of those scored that leaves the lowest score; none where nothing lowers it."""
        best = Found((), None, here, None)
        for sets, scores in self.scored.values():
            place = int(np.argmin(scores))
            if scores[place] < best.score:
                best = self._found(sets[place], -1, float(scores[place]), None)
        return best

    def least(self, sets: Sequence[tuple[str, ...]], passes: Passes, line: int) -> Found:
        """Of sets that pass, the one whose largest passing amount takes off the fewest nats."""
        places = self._largest(sets, passes)
        removed = (self.row - self._rows(sets, places)).sum(axis=1)
        best = int(np.argmin(removed))
        chosen = sets[best]
        place = self._checked(chosen, places[best], passes) if self._thins(chosen) else places[best]
        return self._found(chosen, place, float(self.scores([chosen], [place])[0]), line)

    def scores(self, sets: Sequence[Sequence[str]], places: Sequence[int]) -> Floats:
        """The detector's score after each set of levers."""
        return self.detector.score(pd.DataFrame(self._rows(sets, places), columns=list(self.detector.columns)))

    def _rows(self, sets: Sequence[Sequence[str]], places: Sequence[int]) -> Floats:
        """The signals after each set of levers, (n_sets, n_columns)."""
        pairs = list(zip(sets, places, strict=True))
        rows = np.array([self.moved[place] if self._thins(chosen) else self.row for chosen, place in pairs])
        for row, chosen in zip(rows, sets, strict=True):
            row[[at for name in chosen for at in self.zeroed.get(name, ())]] = 0.0
        return rows

    def _thins(self, chosen: Sequence[str]) -> bool:
        return self.amounts is not None and self.amounts.lever in chosen

    def _found(self, chosen: tuple[str, ...], place: int, score: float, line: int | None) -> Found:
        if self.amounts is None or not self._thins(chosen):
            return Found(chosen, None, score, line)
        return Found(chosen, self.amounts.amounts[place % len(self.moved)], score, line)

    def _largest(self, sets: Sequence[tuple[str, ...]], passes: Passes) -> list[int]:
        """By bisection, all sets at once, the place of the largest amount that passes; the last one always does."""
        fails = np.full(len(sets), -1)
        holds = np.full(len(sets), len(self.moved) - 1)
        while (holds - fails > 1).any():
            middle = np.where(holds - fails > 1, (fails + holds) // 2, holds)
            passed = passes(self.scores(sets, middle.tolist()))
            holds, fails = np.where(passed, middle, holds), np.where(passed, fails, middle)
        return [int(place) for place in holds]

    def _checked(self, chosen: tuple[str, ...], place: int, passes: Passes) -> int:
        """The first place from which on every smaller amount passes: a forest is only nearly monotone."""
        after = list(range(place, len(self.moved)))
        failing = np.flatnonzero(~passes(self.scores([chosen] * len(after), after)))
        return place if not len(failing) else place + int(failing[-1]) + 1


def _moved(row: Floats, amounts: Amounts, places: Mapping[str, int]) -> Floats:
    """The session at each amount, (n_amounts, n_columns), up to the first from which on hardly anything falls."""
    known = [name for name in amounts.signals.columns if name in places]
    if not known or not len(amounts.amounts):
        return row[None, :]
    at = [places[name] for name in known]
    moved = np.tile(row, (len(amounts.amounts), 1))
    moved[:, at] = np.minimum(row[at], amounts.signals[known].to_numpy(dtype=np.float64))
    falling = np.flatnonzero((moved - moved[-1] > HARDLY).any(axis=1))
    return moved[: min(int(falling[-1]) + 2, len(moved))] if len(falling) else moved[:1]
