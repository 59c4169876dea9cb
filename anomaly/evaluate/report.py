"""The result for people (tables in Markdown, aligned so that they read well in a terminal too) and for programs."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from anomaly.evaluate.bootstrap import LEVEL, Figure
from anomaly.evaluate.figures import TOPS, Alerts, Figures, Recall
from anomaly.evaluate.replay import OURS, RANKINGS
from anomaly.evaluate.result import Result
from anomaly.evaluate.spending import BUDGETS

FOUND_HEADER = (
    "scenario or cloud",
    "campaigns",
    *(f"top {n}" for n in TOPS),
    "best rank",
    "top 5 alone",
    "rank alone",
    "days to detect",
    "bytes lost",
)
ALERT_HEADER = ("ranking", "mean", "90th percentile", "mean without attacks", "90th percentile", "cases a day")
NEVER = "never"


def markdown(found: Result) -> str:
    """Every figure as tables."""
    seeds = ", ".join(str(seed) for seed in found.seeds)
    parts = [
        f"# Evaluation on seeds {seeds}",
        f"Each figure with its {100 * LEVEL:.0f} % interval (bootstrap, by campaign or by day). Found: in the first N "
        "cases of at least one of its days; alone: had no other attack happened that day. Ranks and days to detect are "
        "medians; bytes lost were read up to and including the day it was found.",
    ]
    if found.ceiling:
        most = ", ".join(f"{100 * found.ceiling[top]:.0f} % in the top {top}" for top in TOPS)
        parts += [f"Attacks of one day compete for its first places. The best ranking could find {most}."]
    for name, told in found.figures.items():
        parts += [f"## Found by {RANKINGS[name]}", table(FOUND_HEADER, _found_rows(told))]
    parts += [f"## Alerts a day (asked: {found.budget_per_day:g})", table(ALERT_HEADER, _alert_rows(found))]
    parts += ["## Look-alikes (planted, harmless)", table(LOOK_ALIKE_HEADER, _look_alike_rows(found))]
    parts += ["## What the queue is spent on", SPENDING_NOTE, table(SPENDING_HEADER, _spending_rows(found))]
    parts += ["## Alerts a day promised and realised, without attacks", table(PROMISED_HEADER, _promised_rows(found))]
    kinds = table(KIND_HEADER, _kind_rows(found))
    parts += [f"## Alerts a day by identity kind, without attacks: {RANKINGS[OURS]}", KIND_NOTE, kinds]
    parts += ["## Found in the top 10 beyond a baseline", table(("baseline", "share of attacks"), _lead_rows(found))]
    if left_out(found):
        parts += [f"Left out, since PyOD is not installed: {', '.join(RANKINGS[name] for name in left_out(found))}."]
    return "\n\n".join(parts) + "\n"


def as_dict(found: Result) -> dict[str, Any]:
    """Everything as plain values for JSON; a rank or wait of None means never."""
    return {
        "seeds": list(found.seeds),
        "budget_per_day": found.budget_per_day,
        "interval": LEVEL,
        "rankings": {
            name: {"title": RANKINGS[name], **asdict(told), "spending": asdict(found.spending[name])}
            for name, told in found.figures.items()
        },
        "left_out": left_out(found),
        "ceiling": {str(top): share for top, share in found.ceiling.items()},
        "lead_in_top_10": {name: asdict(each) for name, each in found.leads.items()},
        "campaigns": [_plain(row) for row in found.campaigns.to_dict("records")],
        "alerts": [_plain(row) for row in found.alerts.to_dict("records")],
    }


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return an aligned Markdown table; one row that says so where there is none."""
    body = [tuple(row) for row in rows] or [("none", *[""] * (len(header) - 1))]
    cells = [tuple(header), *body]
    widths = [max(len(row[place]) for row in cells) for place in range(len(header))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def left_out(found: Result) -> list[str]:
    """Rankings that were not made, by name: those of PyOD where it is not installed."""
    return [name for name in RANKINGS if name not in found.figures]


LOOK_ALIKE_HEADER = ("ranking", "planted", "in the top 10", "alerted", "best rank")
SPENDING_HEADER = ("ranking", "look-alikes", "unusually quiet", "average precision a day", "days with attacks")
SPENDING_NOTE = (
    "Shares of the places in the top 10 of all days, with intervals by day. Unusually quiet: on a day below the "
    "actor's own median of 30 days, in bytes and in objects. Precision is averaged over the days with attacks."
)
PROMISED_HEADER = ("ranking", *(f"{budget:g} asked" for budget in BUDGETS))
KIND_HEADER = ("identity kind", "cases a day", "alerts a day", "promised", "realised of promised")
KIND_NOTE = (
    "What is promised of a kind is the share of its cases that the calibration lets within the budget, times its "
    "cases. Where most of its days show nothing unusual it is less than its share of all; the others have the rest."
)


def _found_rows(told: Figures) -> list[tuple[str, ...]]:
    rows = [_recall_row(name, each) for name, each in told.scenarios.items()]
    rows += [_recall_row(f"all of {name}", each) for name, each in told.clouds.items()]
    return [*rows, _recall_row("overall", told.overall)]


def _recall_row(name: str, told: Recall) -> tuple[str, ...]:
    return (
        name,
        str(told.campaigns),
        *(share(told.found[top]) for top in TOPS),
        number(told.best_rank),
        share(told.alone[5]),
        number(told.rank_alone),
        number(told.days_to_detect),
        f"{share(told.bytes_lost)} of {size(told.bytes_total)}",
    )


def _alert_rows(found: Result) -> list[tuple[str, ...]]:
    return [(RANKINGS[name], *_alert_cells(told.alerts)) for name, told in found.figures.items()]


def _alert_cells(told: Alerts) -> tuple[str, ...]:
    return tuple(number(each, 1) for each in (told.mean, told.p90, told.mean_benign, told.p90_benign, told.cases))


def _look_alike_rows(found: Result) -> list[tuple[str, ...]]:
    return [
        (
            RANKINGS[name],
            str(told.look_alikes.campaigns),
            share(told.look_alikes.found[10]),
            str(told.look_alikes_alerted),
            number(told.look_alikes.best_rank),
        )
        for name, told in found.figures.items()
    ]


def _spending_rows(found: Result) -> list[tuple[str, ...]]:
    return [
        (
            RANKINGS[name],
            share(told.look_alikes),
            share(told.quiet),
            number(told.precision, 2),
            str(told.attack_days),
        )
        for name, told in found.spending.items()
    ]


def _promised_rows(found: Result) -> list[tuple[str, ...]]:
    return [
        (RANKINGS[name], *(number(each, 1) for each in told.promised.values())) for name, told in found.spending.items()
    ]


def _kind_rows(found: Result) -> list[tuple[str, ...]]:
    return [
        (
            kind,
            number(each.cases, 1),
            number(each.alerts, 2),
            f"{each.budget:.2f}",
            each.kept,
        )
        for kind, each in found.spending[OURS].kinds.items()
    ]


def _lead_rows(found: Result) -> list[tuple[str, str]]:
    return [(RANKINGS[name], share(each, signed=True)) for name, each in found.leads.items() if name != OURS]


def share(told: Figure, *, signed: bool = False) -> str:
    """A share in percent with its interval: ``83 % [67, 97]``."""
    if told.value is None or told.low is None or told.high is None:
        return "-"
    sign = "+" if signed else ""
    return f"{100 * told.value:{sign}.0f} % [{100 * told.low:{sign}.0f}, {100 * told.high:{sign}.0f}]"


def number(told: Figure, digits: int = 0) -> str:
    """A number with its interval; a rank that there never was reads ``never``."""
    if told == Figure(None, None, None):
        return NEVER if digits == 0 else "-"
    value, low, high = (NEVER if each is None else f"{each:.{digits}f}" for each in (told.value, told.low, told.high))
    return f"{value} [{low}, {high}]"


def size(count: float) -> str:
    """Bytes in words, as disks are sold: 1 GB is 10^9 bytes."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(name): _plain_value(value) for name, value in row.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
