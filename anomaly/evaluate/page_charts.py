"""The charts of the evaluation page as inline SVG: fixed geometry, the same text twice for the same figures."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 720.0, 340.0
SMALL_WIDTH, SMALL_HEIGHT = 220.0, 130.0
OURS_COLOUR = "#b42318"
STYLES = (
    (OURS_COLOUR, ""),
    ("#0072b2", "7 3"),
    ("#56b4e9", "2 3"),
    ("#009e73", "9 3 2 3"),
    ("#e69f00", "5 5"),
    ("#7b3294", "1 2"),
    ("#6b7280", "12 4"),
)
"""Colour and dashes by place, ours first: told apart by the colour-blind (Okabe and Ito) and on grey paper."""

Place = Callable[[float], float]
Interval = tuple[float, float, float]
"""A value, and the low and the high end of its interval."""


@dataclass(frozen=True)
class Axes:
    """The plot area of a chart in its own units: left, right, top, bottom."""

    left: float
    right: float
    top: float
    bottom: float

    def across(self, low: float, high: float, *, log: bool = False) -> Place:
        """Where a value lies from left to right; outside values at the edge."""
        return _scale(low, high, self.left, self.right, log)

    def up(self, low: float, high: float, *, log: bool = False) -> Place:
        """Where a value lies from bottom to top; outside values at the edge."""
        return _scale(low, high, self.bottom, self.top, log)


WIDE = Axes(52, WIDTH - 14, 12, HEIGHT - 44)
SMALL = Axes(26, SMALL_WIDTH - 8, 22, SMALL_HEIGHT - 20)


def recall_chart(curves: Mapping[str, Sequence[float]], ceiling: Sequence[float] = ()) -> str:
    """Share of attacks found (0 to 1) against cases looked at a day, a curve a ranking; ours first, drawn on top.

    What lies above ``ceiling``, the most that any ranking could find, is greyed.
    """
    longest = max(map(len, curves.values()), default=0)
    if not longest:
        return ""
    x, y = WIDE.across(1, longest), WIDE.up(0, 1)
    edge = [(x(n), y(share)) for n, share in enumerate(ceiling, start=1)]
    beyond = [(WIDE.left, WIDE.top), *edge, (WIDE.right, WIDE.top)]
    parts = [f'<polygon class="beyond" points="{_points(beyond)}"/>'] if edge else []
    parts += _grid(WIDE, x, [1, 5, 10, 15, 20, 25, 30], y, [0, 0.2, 0.4, 0.6, 0.8, 1], percent=True)
    parts += _curves(curves, x, y, 3)
    return _svg(WIDTH, HEIGHT, "recall against cases a day", parts, "cases looked at a day", "attacks found, %", WIDE)


def small_recall_chart(title: str, curves: Mapping[str, Sequence[float]]) -> str:
    """One scenario's curves, small; as ``recall_chart``."""
    longest = max(map(len, curves.values()), default=0)
    if not longest:
        return ""
    x, y = SMALL.across(1, longest), SMALL.up(0, 1)
    parts = [*_grid(SMALL, x, [1, 10, 20, 30], y, [0, 0.5, 1], percent=True)]
    parts += _curves(curves, x, y, 2.5)
    parts += [_text(SMALL.left, 13, title, "title")]
    return _svg(SMALL_WIDTH, SMALL_HEIGHT, title, parts)


def key(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each name with a short line in its colour and dashes."""
    for place, name in enumerate(names):
        line = _line([(0, 5), (34, 5)], place, 3 if place == 0 else 2)
        yield name, f'<svg class="key" width="34" height="10" viewBox="0 0 34 10" aria-hidden="true">{line}</svg>'


def _curves(curves: Mapping[str, Sequence[float]], x: Place, y: Place, width: float) -> list[str]:
    """Draw the first curve last and heaviest, so that nothing hides it."""
    lines = [
        _line([(x(n), y(share)) for n, share in enumerate(curve, start=1)], place, width if place == 0 else 1.5)
        for place, curve in enumerate(curves.values())
        if curve
    ]
    return lines[::-1]


def promise_chart(budgets: Sequence[float], realised: Mapping[str, Mapping[float, Interval]]) -> str:
    """Alerts a day that came against those asked, both logarithmic, ours with its intervals.

    Parameters
    ----------
    budgets
        Alerts a day asked.
    realised
        By ranking, ours first, and by budget: alerts a day with their interval.
    """
    x, y = WIDE.across(budgets[0] / 1.3, budgets[-1] * 1.3, log=True), WIDE.up(0.1, 50, log=True)
    parts = [_band(budgets, x, y), *_grid(WIDE, x, budgets, y, [0.1, 0.5, 1, 2, 5, 10, 20, 50])]
    lines = []
    for place, points in enumerate(realised.values()):
        ends = [(x(asked), y(mean)) for asked, (mean, _, _) in points.items()]
        lines.append(_line(ends, place, 3 if place == 0 else 1.5))
        if place == 0:
            whiskers = ([(x(asked), y(least)), (x(asked), y(most))] for asked, (_, least, most) in points.items())
            lines += [_line(ends, 0, 1.5) for ends in whiskers]
    parts += lines[::-1]
    return _svg(WIDTH, HEIGHT, "alerts a day realised against asked", parts, "alerts a day asked", "came of it", WIDE)


def _band(budgets: Sequence[float], x: Place, y: Place) -> str:
    """From 0.7 to 1.5 times the budget: what a promise kept looks like."""
    ends = [budgets[0] / 1.3, budgets[-1] * 1.3]
    corners = [(x(b), y(0.7 * b)) for b in ends] + [(x(b), y(1.5 * b)) for b in reversed(ends)]
    return f'<polygon class="band" points="{_points(corners)}"/>'


def expected_chart(edges: Sequence[float], counts: Mapping[str, Sequence[int]], budget: float) -> str:
    """How cases are spread over the sessions expected a day, a row of bars a label, and where the budget lies.

    Parameters
    ----------
    edges
        (n_bins + 1,), sessions expected a day, rising.
    counts
        By label, (n_bins,) cases; each row's bars are shares of that row.
    """
    x = WIDE.across(edges[0], edges[-1], log=True)
    step = (WIDE.bottom - WIDE.top) / len(counts)
    parts = [_text(x(edge), WIDE.bottom + 16, f"{edge:g}", "tick", "middle") for edge in edges[::2]]
    for row, (label, of_label) in enumerate(counts.items()):
        base, total = WIDE.top + (row + 1) * step, sum(of_label)
        parts.append(f'<line class="axis" x1="{WIDE.left}" x2="{WIDE.right}" y1="{base:.1f}" y2="{base:.1f}"/>')
        parts.append(_text(WIDE.left + 4, base - step + 16, f"{label}: {total:,} cases", "title"))
        tallest = max(of_label, default=0)
        for left, right, count in zip(edges[:-1], edges[1:], of_label, strict=True):
            if count:
                bar = (step - 36) * count / tallest
                parts.append(_bar(x(left) + 1, base - bar, x(right) - x(left) - 2, bar, f"l{row}"))
                parts.append(_text((x(left) + x(right)) / 2, base - bar - 3, f"{count:,}", "tick", "middle"))
    at = x(budget)
    parts.append(f'<line class="budget" x1="{at:.1f}" x2="{at:.1f}" y1="{WIDE.top}" y2="{WIDE.bottom}"/>')
    parts.append(_text(at - 4, WIDE.top + 12, f"budget {budget:g}", "tick", "end"))
    title = "cases by sessions expected a day"
    return _svg(WIDTH, HEIGHT, title, parts, "so many ordinary sessions a day look as unusual", "", WIDE)


def lost_chart(lost: Mapping[str, Interval]) -> str:
    """Share of the attacks' bytes gone before the queue showed them, a bar a ranking with its interval."""
    height = 26.0 * len(lost) + 50
    axes = Axes(330, WIDTH - 60, 6, height - 44)
    x = axes.across(0, 1)
    parts = [
        _text(x(tick), axes.bottom + 15, f"{100 * tick:.0f} %", "tick", "middle") for tick in (0, 0.25, 0.5, 0.75, 1)
    ]
    for row, (name, (value, low, high)) in enumerate(lost.items()):
        middle = axes.top + 26.0 * row + 13
        parts.append(_text(axes.left - 8, middle + 4, name, "name", "end"))
        parts.append(_bar(axes.left, middle - 8, x(value) - axes.left, 16, "l0" if row == 0 else "l2"))
        parts.append(f'<line class="whisker" x1="{x(low):.1f}" x2="{x(high):.1f}" y1="{middle}" y2="{middle}"/>')
        parts.append(_text(axes.right + 8, middle + 4, f"{100 * value:.0f} %", "tick"))
    return _svg(WIDTH, height, "bytes lost before detection", parts, "bytes gone", "", axes)


def _scale(low: float, high: float, start: float, end: float, log: bool) -> Place:
    first, last = (math.log(low), math.log(high)) if log else (low, high)

    def place(value: float) -> float:
        inside = min(max(value, low), high)
        share = ((math.log(inside) if log else inside) - first) / ((last - first) or 1)
        return start + share * (end - start)

    return place


def _grid(
    axes: Axes, x: Place, across: Sequence[float], y: Place, up: Sequence[float], *, percent: bool = False
) -> Iterator[str]:
    for value in up:
        at = y(value)
        yield f'<line class="grid" x1="{axes.left}" x2="{axes.right}" y1="{at:.1f}" y2="{at:.1f}"/>'
        yield _text(axes.left - 5, at + 4, f"{100 * value:.0f}" if percent else f"{value:g}", "tick", "end")
    for value in across:
        yield _text(x(value), axes.bottom + 16, f"{value:g}", "tick", "middle")


def _line(points: Sequence[tuple[float, float]], place: int, width: float) -> str:
    colour, dashes = STYLES[place % len(STYLES)]
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<polyline fill="none" stroke="{colour}" stroke-width="{width:g}"{dashed} points="{_points(points)}"/>'


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _bar(x: float, y: float, width: float, height: float, style: str) -> str:
    return f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"/>'


def _text(x: float, y: float, text: str, style: str, anchor: str = "start") -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(
    width: float,
    height: float,
    title: str,
    parts: Iterable[str],
    across: str = "",
    up: str = "",
    axes: Axes = WIDE,
) -> str:
    words = []
    if across:
        words.append(_text((axes.left + axes.right) / 2, height - 8, across, "name", "middle"))
    if up:
        middle = (axes.top + axes.bottom) / 2
        turned = f'transform="rotate(-90 14 {middle:g})"'
        words.append(f'<text class="name" x="14" y="{middle:g}" text-anchor="middle" {turned}>{escape(up)}</text>')
    body = "".join([*parts, *words])
    return f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(title)}">{body}</svg>'
