"""The depth of a bucket in words and tables, for a terminal or a pipe."""

from anomaly.injection.result import HALF, MOST, Cell, Depth, LeakCell, Level
from anomaly.injection.routes import ROUTES
from anomaly.show import Table
from anomaly.words import in_bytes, in_count, visible

DAY_HEADERS = ("who", "route", "trials", "alert, half", "95 % of it", "alert, 90 %", "top 10, half", "top 5, half")
LEAK_HEADERS = ("who", "leaks", "a day, half", "95 % of it", "days until caught", "gone by then")


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
    """The 95 % interval of the amount noticed in half of the trials; open above where too few trials close it."""
    found = cell.level(HALF)
    low = f"over {amount(depth, cell.largest)}" if found.low is None else amount(depth, max(found.low, cell.smallest))
    return f"{low} to {'…' if found.high is None else amount(depth, max(found.high, cell.smallest))}"


def verdict(depth: Depth) -> str:
    """What an executive asks: the most that could leave in a day without more than half of it being noticed."""
    worst = max(depth.cells, key=lambda cell: (cell.level(HALF).amount or float("inf"), cell.who))
    found = worst.level(HALF)
    who = f"{worst.who}, {worst.route}"
    if found.amount is None:
        tried = amount(depth, worst.largest)
        return f"all that was tried ({tried}) can leave in one day ({who}) and stay unseen more often than not"
    return (
        f"in one day, {caught_at(depth, worst, found)} is noticed in half of the trials or more, whoever takes it and "
        f"whichever way; the least noticed: {who}"
    )


def day_table(depth: Depth) -> Table:
    """One row a kind of caller and route, the least noticed first."""
    cells = sorted(depth.cells, key=lambda cell: (-(cell.level(HALF).amount or float("inf")), cell.who, cell.route))
    rows = [
        (
            cell.who,
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
            f"days {days}; model version {depth.model_version}; {depth.objects:,} objects on record",
            *_covered(depth),
            *(f"not tried: {each}" for each in depth.not_tried),
        ],
    )


def leak_table(depth: Depth) -> Table:
    """One row a kind of caller: the smallest amount a day that is caught before the leak's last day."""
    rows = [
        (
            cell.who,
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
    return f"{sorted(cell.days)[len(cell.days) // 2]}" if cell.days else "never"


def middle_lost(depth: Depth, cell: LeakCell) -> str:
    """What was gone by the evening of that day."""
    return amount(depth, sorted(cell.lost)[len(cell.lost) // 2]) if cell.lost else "-"


def _covered(depth: Depth) -> list[str]:
    covered = sum(cell.covered for cell in depth.cells)
    return [f"an approved workflow covered {covered:,} trials at some amount: those take no rank"] if covered else []
