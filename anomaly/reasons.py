"""Why a session is unusual, in words: the catalogue's templates filled with the session's own numbers.

A reason is a signal that is well above zero and that saved the forest splits. The headline comes from the family
without which the score would fall most; the others follow by what they saved.
"""

import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from anomaly.catalog import Column, table
from anomaly.model.detector import ExfilDetector
from anomaly.words import NOTHING, in_bytes, in_count, in_hour, in_list, in_silence, visible

ORDINARY = "nothing unusual"
NO_FAMILY = "none"
MOST = 6
"""Reasons kept of a session: past six they repeat one another."""

SPEAKS = 0.3
"""A signal below this says no more than a third above the usual (e^.3 = 1.35): no reason to tell anyone. Our choice."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Reasons:
    """What is said of one session: the strongest reason, its family, and all of them, strongest first."""

    headline: str
    family: str
    texts: tuple[str, ...]


def reasons(detector: ExfilDetector, signals: pd.DataFrame, rows: Sequence[Row]) -> list[Reasons]:
    """Say why each session scored as it did.

    Parameters
    ----------
    signals
        The model's columns, (n_sessions, n_signals).
    rows
        The same sessions as session_features joined with sessions, for the numbers in the words.
    """
    columns = table("session_features").signals
    contributing = detector.reasons(signals, top=len(detector.columns))
    drops = detector.families(signals).to_dict("records")
    return [
        _of_session(row, [columns[name] for name, _ in saved if row[name] >= SPEAKS], drop)
        for row, saved, drop in zip(rows, contributing, drops, strict=True)
    ]


def _of_session(row: Row, strongest: Sequence[Column], drop: Mapping[Any, float]) -> Reasons:
    if not strongest:
        return Reasons(ORDINARY, NO_FAMILY, ())
    # a family that has no reason of its own cannot be the headline
    family = max({column.family: None for column in strongest}, key=lambda name: drop[name])
    ordered = sorted(strongest, key=lambda column: column.family != family)
    headline = ordered[0]
    others = [column for column in strongest if column is not headline]
    texts = list(dict.fromkeys(said(column.reason, row) for column in (headline, *others)))
    return Reasons(texts[0], family, tuple(texts[:MOST]))


def said(template: str, row: Row) -> str:
    """Fill a reason's template such as ``read {day_bytes:bytes}`` with a session's numbers."""
    return "".join(
        text + (_formatted(name, kind, row) if name is not None else "") for text, name, kind in _parsed(template)
    )


def template_mistakes(template: str, known: Iterable[str]) -> list[str]:
    """What is wrong with a template: names no column, or asks for a format that there is not."""
    names = set(known)
    found = [f"no column {name!r}" for _, name, _ in _parsed(template) if name is not None and name not in names]
    return found + [
        f"no format {kind!r}" for _, name, kind in _parsed(template) if name is not None and kind not in FORMATS
    ]


@cache
def _parsed(template: str) -> tuple[tuple[str, str | None, str], ...]:
    return tuple((text, name, kind or "") for text, name, kind, _ in string.Formatter().parse(template))


def _formatted(name: str, kind: str, row: Row) -> str:
    return FORMATS[kind](row[name], row)


def _plain(value: Any, _: Row) -> str:
    if value is None:
        return NOTHING
    return f"{value:g}" if isinstance(value, float) else visible(str(value))


def _one_of(values: Sequence[object] | None) -> str:
    # the signal is the largest over the session's values, so of several it does not say which one
    return f"at least one of {in_list(values)}" if values and len(values) > 1 else in_list(values)


def _busiest(value: str | None, row: Row) -> str:
    if value is None:
        return "it has no day of its own in the 30 before"
    return f"its busiest of {row['own_days']} day{'' if row['own_days'] == 1 else 's'} before: {value}"


def _near(days: int | None, row: Row) -> str:
    sort = "of that sort (working day or weekend) before"
    if not row["own_days_of_sort"]:
        return f"it was at work on no day {sort}"
    return f"at work near that hour on {in_count(days)} of {in_count(row['own_days_of_sort'])} days {sort}"


FORMATS: dict[str, Callable[[Any, Row], str]] = {
    "": _plain,
    "bytes": lambda value, _: in_bytes(value),
    "count": lambda value, _: in_count(value),
    "list": lambda value, _: in_list(value),
    "one": lambda value, _: _one_of(value),
    "busiest_bytes": lambda value, row: _busiest(None if value is None else in_bytes(value), row),
    "busiest_count": lambda value, row: _busiest(None if value is None else in_count(value), row),
    "near": _near,
    "hour": lambda value, _: in_hour(value),
    "since": lambda value, row: in_silence(value, row["day"]),
}
