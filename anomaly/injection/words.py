"""The depth of a bucket in words and tables, for a terminal or a pipe."""

from collections.abc import Sequence
from typing import TypeVar

from anomaly.injection.result import HALF, MOST, Cell, Depth, LeakCell, Level
from anomaly.injection.routes import COPY, ELSEWHERE, NEW, OTHER, READER, ROUTES, TINY, USUAL
from anomaly.show import Table
from anomaly.words import in_bytes, in_count, visible

DAY_HEADERS = (
    "who",
    "way out",
    "trials",
    "noticed from",
    "true value (95 %)",
    "9 of 10 from",
    "top 10 from",
    "top 5 from",
)
LEAK_HEADERS = ("who", "leaks", "noticed from, a day", "true value (95 %)", "on its day", "gone by then")
KINDS = {"human": "person", "workload": "workload", "service": "cloud service", "external": "outside account"}
RELATIONS = {READER: "already reads it", OTHER: "reads other buckets only", NEW: "unknown to every log"}
WAYS = {
    USUAL: "from the usual network",
    ELSEWHERE: "from a new network",
    COPY: "by a copy to a foreign account",
    TINY: "as many tiny objects",
}

Number = TypeVar("Number", int, float)


def caller(who: str) -> str:
    """Kind and relation of a caller for somebody who does not know our words."""
    kind, relation = who.split(", ", 1)
    return f"{KINDS.get(kind, kind)}, {RELATIONS[relation]}"


def amount(depth: Depth, number: float | None) -> str:
    """An amount in the bucket's own unit.

    Sizes where a log tells them, else objects.
    """
    if depth.in_bytes:
        return in_bytes(number)
    return f"{in_count(number)} object{'' if number == 1 else 's'}"


def caught_at(depth: Depth, cell: Cell, found: Level) -> str:
    """The smallest amount; that the least tried was enough; or that all there is was not."""
    if found.amount is not None and found.amount <= cell.smallest:
        return f"at most {amount(depth, cell.smallest)}"
    return f"over {amount(depth, cell.largest)}" if found.amount is None else amount(depth, found.amount)


def interval(depth: Depth, cell: Cell) -> str:
    """The 95 % interval of the amount noticed in half of the trials, in words; open where too few trials close it."""
    found = cell.level(HALF)
    if found.low is None:
        return f"over {amount(depth, cell.largest)}"
    low, high = amount(depth, found.low), amount(depth, found.high)
    if found.low <= cell.smallest:
        return (
            "too few trials to say"
            if found.high is None
            else f"at most {amount(depth, max(found.high, cell.smallest))}"
        )
    if found.high is None:
        return f"at least {low}"
    return low if low == high else f"{low} to {high}"


def verdict(depth: Depth) -> str:
    """What an executive asks, in a sentence: who could take how much, in one day or drop by drop, before it shows."""
    worst = max(depth.cells, key=lambda cell: (_half(cell), cell.who))
    least = amount(depth, worst.smallest)
    if _half(worst) <= worst.smallest:
        return f"Whoever takes {least} in one day, the least that was tried, is noticed as often as not, whichever way"
    who = caller(worst.who).replace(", ", " who ", 1).replace("who unknown", "unknown")
    way = WAYS[worst.route]
    found = worst.level(HALF).amount
    if found is None:
        day = f"all that was tried ({amount(depth, worst.largest)}) in one day, {way}"
    else:
        day = f"up to {amount(depth, found)} in one day, {way}"
    return f"A {who} could take {day}{_drop_by_drop(depth, worst.who)}, before the queue shows it more often than not"


def _drop_by_drop(depth: Depth, who: str) -> str:
    """The slowest leak of that kind of caller, as the rest of the sentence; nothing where the least shows at once."""
    for cell in depth.leaks:
        found = cell.level(HALF).amount
        if cell.who != who:
            continue
        if found is None:
            return f", or {amount(depth, cell.largest)} on each of {len(depth.leak_days)} days, {WAYS[cell.route]}"
        unseen = _middle(cell.days) - 1
        if unseen:
            days = f"{unseen} day{'' if unseen == 1 else 's'}"
            return f", or {amount(depth, found)} a day for {days}, {WAYS[cell.route]}"
        if found > cell.smallest:
            # what is seen is seen at once, and the next smaller amount on none of its days
            return f", or less than {amount(depth, found)} on each of {len(depth.leak_days)} days, {WAYS[cell.route]}"
    return ""


def others(depth: Depth) -> str | None:
    """At what amount everybody is noticed who did not read the bucket before; None where nobody of them was tried."""
    strangers = [cell for cell in depth.cells if not cell.who.endswith(f", {READER}")]
    if not strangers:
        return None
    worst = max(strangers, key=lambda cell: (_half(cell), cell.who))
    return f"Whoever did not read it before: noticed from {caught_at(depth, worst, worst.level(HALF))} a day"


def day_table(depth: Depth) -> Table:
    """One row a kind of caller and route, the least noticed first."""
    cells = sorted(depth.cells, key=lambda cell: (-_half(cell), cell.who, cell.route))
    rows = [
        (
            caller(cell.who),
            cell.route,
            f"{cell.trials}",
            caught_at(depth, cell, cell.level(HALF)),
            interval(depth, cell),
            caught_at(depth, cell, cell.level(MOST)),
            caught_at(depth, cell, cell.level(HALF, "top 10")),
            caught_at(depth, cell, cell.level(HALF, "top 5")),
        )
        for cell in cells
    ]
    days = ", ".join(str(day) for day in depth.days)
    return Table(
        f"{visible(depth.bucket)}: the least in one day that reaches the queue ({depth.budget:g} alerts a day)",
        DAY_HEADERS,
        rows,
        [
            verdict(depth),
            *([also] if (also := others(depth)) else []),
            f"days {days}; model version {depth.model_version}; {depth.objects:,} objects on record",
            *_covered(depth),
            *(f"not tried: {each}" for each in depth.not_tried),
        ],
    )


def leak_table(depth: Depth) -> Table:
    """One row a kind of caller: the smallest amount a day that is caught before the leak's last day."""
    rows = [
        (
            caller(cell.who),
            f"{cell.trials}",
            caught_at(depth, cell, cell.level(HALF)),
            interval(depth, cell),
            middle_days(cell),
            middle_lost(depth, cell),
        )
        for cell in depth.leaks
    ]
    route = ROUTES[depth.leaks[0].route]
    title = (
        f"The same every day for {len(depth.leak_days)} days ({depth.leak_days[0]} to {depth.leak_days[-1]}): {route}"
    )
    return Table(title, LEAK_HEADERS, rows)


def middle_days(cell: LeakCell) -> str:
    """On which of its days a leak of the smallest amount caught was caught, in the middle of the leaks."""
    return f"{_middle(cell.days)}" if cell.days else "never"


def middle_lost(depth: Depth, cell: LeakCell) -> str:
    """What was gone by the evening of that day."""
    return amount(depth, _middle(cell.lost)) if cell.lost else "-"


def _middle(values: Sequence[Number]) -> Number:
    return sorted(values)[(len(values) - 1) // 2]  # the place that the level of a half is read at


def _half(cell: Cell) -> float:
    found = cell.level(HALF).amount
    return float("inf") if found is None else found


def _covered(depth: Depth) -> list[str]:
    covered = sum(cell.covered for cell in depth.cells)
    return [f"an approved workflow covered {covered:,} trials at some amount: those take no rank"] if covered else []
