"""A leak: the same amount, day after day, until it is caught."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from anomaly.injection.routes import Caller, Campaign
from anomaly.injection.search import Search
from anomaly.injection.trials import LINES, Outcome

WORKING_DAYS = 5


@dataclass(frozen=True)
class LeakProbe:
    """What became of one daily amount.

    ``taken`` is what it took on a middling day; ``days`` says by line on which of its days it was caught (1 is the
    first) and ``lost`` how much was gone by the evening of that day.
    """

    taken: float
    caught: Mapping[str, bool]
    days: Mapping[str, int]
    lost: Mapping[str, float]

    @classmethod
    def of(cls, outcomes: Mapping[date, Outcome]) -> "LeakProbe":
        """Sum up the outcomes of its days."""
        in_order = [outcomes[day] for day in sorted(outcomes)]
        caught: dict[str, bool] = {}
        days: dict[str, int] = {}
        lost: dict[str, float] = {}
        for line in LINES:
            found = next((place for place, outcome in enumerate(in_order, start=1) if outcome.caught[line]), None)
            caught[line] = found is not None
            if found is not None:
                days[line] = found
                lost[line] = sum(outcome.taken for outcome in in_order[:found])
        amounts = sorted(outcome.taken for outcome in in_order)
        return cls(amounts[len(amounts) // 2] if amounts else 0.0, caught, days, lost)


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
