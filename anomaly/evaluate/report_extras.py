"""The parts of the report that are made when asked for: what each signal earns, and how far a patient insider gets."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from anomaly.evaluate.ablation import FOUND_AT, LUCK, Ablation, Effect
from anomaly.evaluate.bootstrap import Figure
from anomaly.evaluate.poison import LIMIT_MONTHS, WEEK, Poisoned
from anomaly.evaluate.report import share, size, table

ABLATION_HEADER = (
    "left out",
    "family",
    *(f"top {top}" for top in FOUND_AT),
    "precision a day",
    "places",
    "attacks later, sooner",
    "needed by",
)
NEEDED = 0.5
"""Scenarios whose attacks fall by this many places on average are named: every second one falls by one."""
MOST_NAMED = 3
ABLATION_NOTE = (
    "The whole model's figure less that without, in pairs: above 0 it earns its place. Places: how far an attack falls "
    "without it, had no other attack happened that day. The first row is luck: the whole model less itself, fitted "
    "with other seeds."
)
POISON_HEADER = (
    "seed and insider",
    "kind",
    "bucket",
    "normal month",
    "caught on day",
    "normal months gone",
    "by its usual work",
    "headline",
)
POISON_NOTE = (
    "Each doubles its whole volume every week, from its usual network, with the model trained anew every week on what "
    "it did. Caught: in an alert among the first 10 cases, on a day on which its ordinary work alone is not. By its "
    "usual work: on how many days up to then that alone is shown. Gone: beyond its ordinary work, by that evening."
)


def ablation_part(found: Ablation) -> list[str]:
    """Heading, note and table, in Markdown."""
    rows = [_ablation_row(*row) for row in ablation_rows(found)]
    return ["## What each family and signal earns", ABLATION_NOTE, table(ABLATION_HEADER, rows)]


def ablation_rows(found: Ablation) -> list[tuple[str, str, Effect]]:
    """Luck, then the families, then the signals, as the model reads them: name, family, effect."""
    rows = [(LUCK, "", found.luck)]
    rows += [(f"all of {name}", name, each) for name, each in found.families.items()]
    return rows + [(name, found.family[name], each) for name, each in found.signals.items()]


def _ablation_row(name: str, family: str, told: Effect) -> tuple[str, ...]:
    return (
        name,
        family,
        *(share(told.found[top], signed=True) for top in FOUND_AT),
        signed(told.precision, 3),
        signed(told.places, 2),
        f"{told.later}, {told.sooner}",
        needed_by(told),
    )


def needed_by(told: Effect) -> str:
    """The scenarios that fall furthest without it: ``S23 by 4.0, ...``."""
    fallen = sorted(((places, name) for name, places in told.scenarios.items() if places >= NEEDED), reverse=True)
    return ", ".join(f"{name} by {places:.1f}" for places, name in fallen[:MOST_NAMED])


def signed(told: Figure, digits: int) -> str:
    """A difference with its interval: ``+0.012 [-0.003, +0.020]``."""
    if told.value is None or told.low is None or told.high is None:
        return "-"
    return f"{told.value:+.{digits}f} [{told.low:+.{digits}f}, {told.high:+.{digits}f}]"


def poison_part(found: Sequence[Poisoned]) -> list[str]:
    """Heading, note, summary and table, in Markdown."""
    rows = [poison_row(each) for each in found]
    return ["## A patient insider", POISON_NOTE, poison_summary(found), table(POISON_HEADER, rows)]


def poison_summary(found: Sequence[Poisoned]) -> str:
    """How many were caught before ten normal months had left."""
    if not found:
        return "Nobody could be one: a regular reader of a sensitive, large enough bucket whom no workflow covers."
    in_time = sum(each.in_time for each in found)
    return f"{in_time} of {len(found)} were caught before {LIMIT_MONTHS:g} normal months had left."


def poison_row(told: Poisoned) -> tuple[str, ...]:
    """One insider as cells."""
    who = told.insider
    caught = "never" if told.caught is None else f"{told.caught} (week {(told.caught - 1) // WEEK + 1})"
    limited = "" if told.full_amount else ", all that the bucket holds a day"
    return (
        f"{told.seed}/{who.actor.rsplit('/', 1)[-1]}",
        who.kind,
        f"{who.bucket} ({who.sensitivity})",
        size(who.normal_bytes),
        caught,
        f"{told.months:.1f}{limited}",
        f"{told.usual_alerts} of {told.usual_days} days",
        told.headline,
    )


def extra_parts(ablation: Ablation | None, poisoned: Sequence[Poisoned] | None) -> list[str]:
    """What was asked for, as paragraphs of Markdown."""
    return [
        *([] if ablation is None else ablation_part(ablation)),
        *([] if poisoned is None else poison_part(poisoned)),
    ]


def extras_dict(ablation: Ablation | None, poisoned: Sequence[Poisoned] | None) -> dict[str, Any]:
    """What was asked for, as plain values for JSON."""
    found: dict[str, Any] = {}
    if ablation is not None:
        found["ablation"] = asdict(ablation)
    if poisoned is not None:
        found["patient_insiders"] = [asdict(each) | {"in_time": each.in_time} for each in poisoned]
    return found
