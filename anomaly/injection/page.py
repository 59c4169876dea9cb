"""The depth of a bucket as one HTML page that a person can hand on: no script, curves inline, every value escaped."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from anomaly.injection import words
from anomaly.injection.result import HALF, MOST, Cell, Depth, wilson
from anomaly.injection.routes import ROUTES
from anomaly.injection.search import ladder
from anomaly.pages import rendered

WIDTH, HEIGHT, LEFT, BOTTOM = 420, 170, 34, 24
COLOURS = ("#1f4e79", "#b42318", "#2e7d32", "#8a4b00", "#6b3fa0", "#00727a", "#9d174d", "#57606a")


@dataclass(frozen=True)
class Curve:
    """One kind of caller: the line, the band of its interval, and its colour; points as SVG wants them."""

    who: str
    colour: str
    line: str
    band: str


@dataclass(frozen=True)
class Chart:
    """One route: share caught against the amount taken in a day, on a logarithmic axis."""

    route: str
    about: str
    curves: Sequence[Curve]
    ticks: Sequence[tuple[float, str]]


def page(depth: Depth) -> str:
    """Return the page's text."""
    values = {
        "depth": depth,
        "charts": charts(depth),
        "words": words,
        "half": HALF,
        "most": MOST,
        "day": words.day_table(depth),
        "leak": words.leak_table(depth) if depth.leaks else None,
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "bottom": BOTTOM,
    }
    return rendered(Path(__file__).parent, {}, values)


def charts(depth: Depth) -> list[Chart]:
    """A chart a route that was tried."""
    who = list(dict.fromkeys(cell.who for cell in depth.cells))
    colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(who)}
    made = []
    for route, about in ROUTES.items():
        cells = [cell for cell in depth.cells if cell.route == route]
        if cells:
            amounts = ladder(cells[0].largest, in_bytes=depth.in_bytes)
            curves = [_curve(cell, amounts, colours[cell.who]) for cell in cells]
            made.append(Chart(route, about, curves, _ticks(depth, amounts)))
    return made


def _curve(cell: Cell, amounts: Sequence[float], colour: str) -> Curve:
    # what is taken stays a little below what was asked for: an object more would be too much
    shares = [cell.share(each * 1.001) for each in amounts]
    ends = [wilson(round(share * cell.trials), cell.trials) for share in shares]
    across = [_x(each, amounts) for each in amounts]
    low = [(x, _y(end[0])) for x, end in zip(across, ends, strict=True)]
    high = [(x, _y(end[1])) for x, end in zip(across, ends, strict=True)]
    line = [(x, _y(share)) for x, share in zip(across, shares, strict=True)]
    return Curve(cell.who, colour, _points(line), _points([*low, *reversed(high)]))


def _ticks(depth: Depth, amounts: Sequence[float]) -> list[tuple[float, str]]:
    first, last = math.ceil(math.log10(amounts[0]) - 1e-9), math.floor(math.log10(amounts[-1]) + 1e-9)
    return [(_x(10.0**power, amounts), words.amount(depth, 10**power)) for power in range(first, last + 1)]


def _x(amount: float, amounts: Sequence[float]) -> float:
    span = math.log(amounts[-1] / amounts[0]) or 1.0
    return LEFT + (WIDTH - LEFT - 10) * math.log(amount / amounts[0]) / span


def _y(share: float) -> float:
    return 8 + (HEIGHT - BOTTOM - 8) * (1 - share)


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
