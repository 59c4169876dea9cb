"""Which campaigns happen on which days: attacks from a given day on, hard benign look-alikes all along."""

from collections.abc import Callable, Iterable, Sequence

from anomaly.errors import UsageError, nearest
from anomaly.simulate import egress, exports, shares, thefts, transfers
from anomaly.simulate.approved import APPROVED
from anomaly.simulate.deeds import Campaign, Deed
from anomaly.simulate.draw import Rng, rng, some
from anomaly.simulate.forms import CLOUDTRAIL, VPC_FLOW
from anomaly.simulate.lookalikes import LOOKALIKES
from anomaly.simulate.org import Org
from anomaly.simulate.sources import CONTROL

ATTACKS: dict[str, Callable[[Org, Rng], Deed]] = {
    "S01": thefts.s01,
    "S02": thefts.s02,
    "S03": thefts.s03,
    "S04": transfers.s04,
    "S05": transfers.s05,
    "S12": thefts.s12,
    "S14": thefts.s14,
    "S15": thefts.s15,
    "S24": thefts.s24,
    "S25": thefts.s25,
    "S26": thefts.s26,
    "S30": thefts.s30,
}
# attacks that are planted only where the log that shows them is written
MORE: dict[str, dict[str, Callable[[Org, Rng], Deed]]] = {
    CONTROL: {
        "S08": shares.s08,
        "S09": shares.s09,
        "S10": shares.s10,
        "S11": shares.s11,
        "S13": shares.s13,
        "S16": shares.s16,
        "S21": shares.s21,
        "S23": shares.s23,
        "S29": shares.s29,
        "S22": exports.s22,
    },
    VPC_FLOW: {"S17": egress.s17, "S18": egress.s18},
}
SLOW_DAYS = (10, 13)
HARMLESS = LOOKALIKES | APPROVED


def shown(sources: Sequence[str]) -> dict[str, Callable[[Org, Rng], Deed]]:
    """The attacks that some logs can show, by scenario id."""
    known = dict(ATTACKS) if CLOUDTRAIL in sources else {}
    for source in sources:
        known |= MORE.get(source, {})
    return known


def plan(org: Org, attacks: Sequence[str] | None, attack_from: int) -> list[Campaign]:
    """Draw the campaigns; raises UsageError for a scenario that cannot be planted, or for no day to plant it on."""
    known = shown(org.sources)
    wanted = list(known) if attacks is None else list(attacks)
    for name in wanted:
        if name not in known:
            logs = ", ".join(org.sources)
            raise UsageError(f"no scenario {name!r} can be planted in {logs}: {nearest(name, known)}")
    if wanted and attack_from >= org.days:
        raise UsageError(f"attacks were asked from day {attack_from} on, but there are only {org.days} days (from 0)")
    benign = [_lookalike(org, name, attack_from) for name in HARMLESS]
    return benign + (_attacks(org, wanted, list(range(attack_from, org.days))) if wanted else [])


def _attacks(org: Org, wanted: list[str], window: list[int]) -> list[Campaign]:
    draw = rng(org.seed, "plan")
    days = open_days(draw, window)
    planned = deal(draw, ATTACKS, days)
    for source in org.sources:
        planned += deal(rng(org.seed, "plan", source), MORE.get(source, {}), days)
    return [_attack(org, name, days, day) for name, day in planned if name in wanted]


def open_days(draw: Rng, window: Sequence[int]) -> list[int]:
    """The days of a window on which attacks may happen: all but one or two that stay quiet."""
    quiet = some(draw, window, 2 if len(window) >= 8 else int(len(window) >= 3))
    return [day for day in window if day not in quiet]


def deal(draw: Rng, names: Iterable[str], days: Sequence[int]) -> list[tuple[str, int]]:
    """Give each attack a day, all days about equally many: attacks that crowd one day hide each other in its queue."""
    known = list(names)
    turns = draw.permutation(max(len(known), len(days))).tolist()
    return [(name, days[turn % len(days)]) for name, turn in zip(known, turns, strict=False)]


def _attack(org: Org, name: str, days: list[int], day: int) -> Campaign:
    draw = rng(org.seed, "attack", name)
    chosen = some(draw, days, int(draw.integers(*SLOW_DAYS))) if name == "S25" else [day]
    return Campaign(f"{name}-{org.seed}", name, "attack", tuple(chosen), shown(org.sources)[name](org, draw))


def _lookalike(org: Org, name: str, attack_from: int) -> Campaign:
    draw = rng(org.seed, "lookalike", name)
    deed = HARMLESS[name](org, draw)
    later = min(attack_from, org.days - 1) if draw.random() < 0.75 else org.days // 3
    day = int(draw.integers(later, org.days))
    return Campaign(f"{name}-{org.seed}", name, "benign", (day if deed.day is None else deed.day,), deed)
