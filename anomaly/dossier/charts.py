"""Small multiples: a reason's amount, day by day, for the identity of a case. Numbers here, SVG in ``chart.html.j2``.

A chart ends with the day of the case: what came after was not known when the case was ranked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from anomaly.words import in_bytes, in_count

WIDTH, HEIGHT = 300, 84
"""Of the drawing in its own units; the page scales it."""
GAP = 0.2
"""Part of a day's width that stays empty."""
LEAST_HEIGHT = 1.5
"""A day with a little is told from a day with nothing."""
MOST_DAYS = 60


@dataclass(frozen=True)
class Bar:
    """One day."""

    x: float
    y: float
    width: float
    height: float
    is_case: bool
    title: str


@dataclass(frozen=True)
class Chart:
    """One reason: its bars, and what stands around them in words."""

    title: str
    bars: tuple[Bar, ...]
    unknown: tuple[float, ...]
    """Left ends of days on which the amount is not on record; drawn as a gap with a mark, never as nothing."""
    usual_y: float | None
    usual: str
    value: str
    first: str
    last: str
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def text(self) -> str:
        """The chart for who does not see it."""
        past = f"; the most on any day before: {self.usual}" if self.usual else "; no day before it is on record"
        return f"{self.title}: {self.value} on {self.last}{past}"


def chart(history: Mapping[str, Any]) -> Chart:
    """Draw one entry of a document's ``history``; its series ends with the day of the case."""
    series = list(history["series"])[-MOST_DAYS:]
    said = amount_in(str(history["unit"]))
    known = [each["value"] for each in series if each["value"] is not None]
    past = [each["value"] for each in series[:-1] if each["value"] is not None]
    most = max([*known, 0]) or 1
    first, days = _calendar(series)
    step = WIDTH / days
    places = {each["day"]: (date.fromisoformat(each["day"]) - first).days * step for each in series}
    last_day = series[-1]["day"]
    return Chart(
        title=str(history["says"]),
        bars=tuple(
            _bar(each, places[each["day"]], step, most, said, each["day"] == last_day)
            for each in series
            if each["value"] is not None
        ),
        unknown=tuple(places[each["day"]] + step / 2 for each in series if each["value"] is None),
        usual_y=HEIGHT * (1 - max(past) / most) if past else None,
        usual=said(max(past)) if past else "",
        value=said(history["value"]),
        first=series[0]["day"],
        last=last_day,
    )


def charts(histories: Sequence[Mapping[str, Any]] | None) -> list[Chart]:
    """Draw every entry that has a day at all."""
    return [chart(history) for history in histories or () if history["series"]]


def amount_in(unit: str) -> Callable[[float | None], str]:
    """Return how to say an amount of a unit of ``features/catalog.toml``.

    >>> amount_in("nats, 0 to 12")(7.4), amount_in("ln, 0 to 12")(4), amount_in("count")(96), amount_in("days")(None)
    ('7.4 of 12', '4 of 12', '96', 'not on record')
    """
    if unit == "bytes":
        return in_bytes
    # how unusual, on a scale: nats and logarithms mean nothing to who reads this
    scale = unit.removeprefix("nats, 0 to ").removeprefix("ln, 0 to ")
    after = f"of {scale}" if scale != unit else "" if unit == "count" else unit
    return lambda amount: "not on record" if amount is None else f"{_number(amount)} {after}".rstrip()


def _number(amount: float) -> str:
    return in_count(amount) if amount >= 100 or amount == int(amount) else f"{amount:.2g}"


def _calendar(series: Sequence[Mapping[str, Any]]) -> tuple[date, int]:
    """The first day drawn and how many: days without any event keep their place."""
    first, last = date.fromisoformat(series[0]["day"]), date.fromisoformat(series[-1]["day"])
    # a short past is not stretched over the whole width: ten days at least
    first = min(first, last - timedelta(days=9))
    return first, (last - first).days + 1


def _bar(
    each: Mapping[str, Any], x: float, step: float, most: float, said: Callable[[float | None], str], is_case: bool
) -> Bar:
    height = HEIGHT * each["value"] / most
    height = max(height, LEAST_HEIGHT) if each["value"] > 0 else 0.0
    title = f"{each['day']}: {said(each['value'])}"
    return Bar(
        round(x + step * GAP / 2, 2),
        round(HEIGHT - height, 2),
        round(step * (1 - GAP), 2),
        round(height, 2),
        is_case,
        title,
    )
