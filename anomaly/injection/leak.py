"""A leak: the same amount, day after day, until it is caught."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from anomaly.injection.routes import Caller, Campaign
from anomaly.injection.search import Search
from anomaly.injection.trials import ALERT, Outcome

WORKING_DAYS = 5


@dataclass(frozen=True)
class LeakProbe:
    """What became of one daily amount.

    ``taken`` is what it took on a middling day until it was caught; ``day`` says on which of its days that was (1 is
    the first, None: on none) and ``lost`` how much was gone by the evening of it.
    """

    taken: float
    day: int | None
    lost: float

    @property
    def caught(self) -> Mapping[str, bool]:
        """Whether it was caught: by an alert, the one line that a leak is held to."""
        return {ALERT: self.day is not None}

    @classmethod
    def of(cls, outcomes: Mapping[date, Outcome]) -> "LeakProbe":
        """Sum up the outcomes of its days."""
        in_order = [outcomes[day] for day in sorted(outcomes)]
        caught = next((place for place, outcome in enumerate(in_order, 1) if outcome.caught[ALERT]), None)
        amounts = [outcome.taken for outcome in in_order[:caught]]
        return cls(sorted(amounts)[len(amounts) // 2] if amounts else 0.0, caught, sum(amounts))


@dataclass
class Leak:
    """One caller's leak over one route, and the daily amounts tried so far."""

    caller: Caller
    route: str
    number: int
    search: Search[LeakProbe]

    def works_on(self, day: date) -> bool:
        """People leak on working days, machines on all."""
        return self.caller.kind != "human" or day.weekday() < WORKING_DAYS

    def campaign(self, place: int, day: date, seed: int) -> Campaign:
        """Its campaign of one day; all of them have one name."""
        return Campaign(str(self.number), self.caller, self.route, self.search.amounts[place], day, seed)
