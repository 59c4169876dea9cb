"""Which campaigns happen on which days: attacks from a given day on, hard benign look-alikes all along."""

from collections.abc import Sequence

from anomaly.errors import UsageError, nearest
from anomaly.simulate.deeds import Campaign
from anomaly.simulate.draw import Rng, rng, some
from anomaly.simulate.org import Org
from anomaly.simulate.thefts import THEFTS

SLOW_DAYS = (10, 13)


def plan(org: Org, attacks: Sequence[str] | None, attack_from: int) -> list[Campaign]:
    """Draw the campaigns; raises UsageError for a scenario that cannot be planted."""
    wanted = list(THEFTS) if attacks is None else list(attacks)
    for name in wanted:
        if name not in THEFTS:
            raise UsageError(f"no scenario {name!r} can be planted: {nearest(name, THEFTS)}")
    open_days = list(range(attack_from, org.days))
    if wanted and not open_days:
        raise UsageError(f"attacks were asked from day {attack_from} on, but there are only {org.days} days")
    draw = rng(org.seed, "plan")
    quiet = set(some(draw, open_days, _quiet(len(open_days))))
    days = [day for day in open_days if day not in quiet]
    turns = [days[i % len(days)] for i in draw.permutation(max(len(THEFTS), len(days))).tolist()]
    return [_theft(org, name, days, turns[number]) for number, name in enumerate(THEFTS) if name in wanted]


def _quiet(days: int) -> int:
    return 2 if days >= 8 else 1 if days >= 3 else 0


def _theft(org: Org, name: str, days: list[int], day: int) -> Campaign:
    draw = rng(org.seed, "campaign", name)
    chosen = _slow(draw, days) if name == "S25" else (day,)
    return Campaign(f"{name}-{org.seed}", name, "attack", chosen, THEFTS[name](org, draw))


def _slow(draw: Rng, days: list[int]) -> tuple[int, ...]:
    return tuple(some(draw, days, int(draw.integers(*SLOW_DAYS))))
