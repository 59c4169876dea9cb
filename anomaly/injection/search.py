"""The smallest amount that is caught, by halving a ladder of amounts, one probe a round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

STEPS_A_DECADE = 3
SMALLEST_BYTES = 100_000.0
"""Nobody's theft: the features' floors are at 4 MB (signals/volume)."""


class Probe(Protocol):
    """What became of one amount."""

    @property
    def taken(self) -> float:
        """The amount that was really taken."""

    @property
    def caught(self) -> Mapping[str, bool]:
        """Whether it was caught, by line."""


P = TypeVar("P", bound=Probe)


def ladder(largest: float, *, in_bytes: bool) -> tuple[float, ...]:
    """Amounts to try, ascending: ``STEPS_A_DECADE`` a decade, the last one all there is.

    >>> [round(each) for each in ladder(1_000_000, in_bytes=True)]
    [100000, 215443, 464159, 1000000]
    """
    first = SMALLEST_BYTES if in_bytes else 1.0
    steps: list[float] = []
    while (amount := first * 10 ** (len(steps) / STEPS_A_DECADE)) < largest * 0.999:
        steps.append(amount)
    return (*steps, largest)


@dataclass
class Search(Generic[P]):
    """One search: the probes so far by their place on the ladder.

    A larger amount is taken to be caught where a smaller one is; ``contradictions`` counts probes that say otherwise.
    """

    amounts: Sequence[float]
    lines: Sequence[str]
    probes: dict[int, P] = field(default_factory=dict)

    def next_place(self) -> int | None:
        """The place to try next: of the first line that is not settled; None when all are."""
        for line in self.lines:
            low, high = self._bracket(line)
            if high - low > 1:
                return (low + high) // 2
        return None

    def smallest(self, line: str) -> P | None:
        """The smallest probe that was caught; None where none was."""
        high = self._bracket(line)[1]
        return self.probes.get(high)

    def contradictions(self, line: str) -> int:
        """Probes of more than the smallest amount caught that were not caught."""
        high = self._bracket(line)[1]
        return sum(place > high and not probe.caught[line] for place, probe in self.probes.items())

    def _bracket(self, line: str) -> tuple[int, int]:
        """The largest place below the smallest one caught that was not caught, and that smallest one."""
        high = min((place for place, probe in self.probes.items() if probe.caught[line]), default=len(self.amounts))
        low = max((place for place in self.probes if place < high), default=-1)
        return low, high
