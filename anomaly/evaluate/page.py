"""The evaluation as one HTML page that a person can hand on: no script, charts inline, every value escaped."""

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from anomaly.evaluate import page_charts as charts
from anomaly.evaluate import report_extras as extras
from anomaly.evaluate.ablation import FOUND_AT, Ablation
from anomaly.evaluate.baselines_pyod import DETECTORS
from anomaly.evaluate.bootstrap import LEVEL, Figure
from anomaly.evaluate.figures import TOPS, Figures, Recall
from anomaly.evaluate.outcome import FOUND_RANK
from anomaly.evaluate.poison import Poisoned
from anomaly.evaluate.replay import OURS, RANKINGS
from anomaly.evaluate.report import KIND_NOTE, left_out, number, share, size
from anomaly.evaluate.result import Result
from anomaly.evaluate.spending import BUDGETS, EDGES
from anomaly.evaluate.truth import day_text
from anomaly.pages import rendered

Key = TypeVar("Key", bound=Hashable)

SHORT = {
    "anomaly": "this product",
    "daily_bytes": "bytes a day, z-score",
    "daily_objects": "objects a day, z-score",
    "static_rules": "static rules",
    "plain_forest": "plain forest on raw sums",
    "ecod": "ECOD on our signals",
    "hbos": "HBOS on our signals",
}
"""Names of ``RANKINGS`` for charts and table heads."""


def page(found: Result, ablated: Ablation | None = None, poisoned: Sequence[Poisoned] | None = None) -> str:
    """Return the page's text, with what each signal earns and how far a patient insider gets where that was asked."""
    filters: dict[str, Callable[..., str]] = {
        "share": share,
        "signed": lambda value: share(value, signed=True),
        "number": number,
        "difference": extras.signed,
        "needed_by": extras.needed_by,
        "bytes": size,
        "day": day_text,
        "heat": heat,
    }
    names = list(found.figures)
    on_signals = [name for name in names if name in DETECTORS]
    plain = [name for name in names if name != OURS and name not in DETECTORS]
    values = dict(
        found=found,
        ours=found.figures[OURS],
        spent=found.spending[OURS],
        names=names,
        short=SHORT,
        titles=RANKINGS,
        left_out=left_out(found),
        tops=TOPS,
        kind_note=KIND_NOTE,
        found_rank=FOUND_RANK,
        budgets=BUDGETS,
        level=f"{100 * LEVEL:.0f}",
        key=list(charts.key(SHORT[name] for name in names)),
        missed=missed(found),
        best={top: [best(found.figures, top, group) for group in (plain, on_signals)] for top in TOPS},
        rows=recall_rows(found.figures, names),
        **_charts(found, names),
        **_extras(ablated, poisoned),
    )
    return rendered(Path(__file__).parent, filters, values)


def _extras(ablated: Ablation | None, poisoned: Sequence[Poisoned] | None) -> dict[str, Any]:
    return {
        "ablation": None if ablated is None else extras.ablation_rows(ablated),
        "ablation_note": extras.ABLATION_NOTE,
        "found_at": FOUND_AT,
        "poisoned": None if poisoned is None else [extras.poison_row(each) for each in poisoned],
        "poison_head": extras.POISON_HEADER,
        "poison_note": extras.POISON_NOTE,
        "poison_summary": None if poisoned is None else extras.poison_summary(poisoned),
    }


def recall_rows(figures: dict[str, Figures], names: Sequence[str]) -> list[tuple[str, int, list[Recall]]]:
    """Every scenario, cloud and the whole, with the number of campaigns and what each ranking found of them."""
    ours = figures[names[0]]
    rows = [(kind, of.campaigns, [figures[n].scenarios[kind] for n in names]) for kind, of in ours.scenarios.items()]
    rows += [
        (f"all of {cloud}", of.campaigns, [figures[n].clouds[cloud] for n in names])
        for cloud, of in ours.clouds.items()
    ]
    return [*rows, ("all attacks", ours.overall.campaigns, [figures[n].overall for n in names])]


def best(figures: Mapping[str, Figures], top: int, names: Iterable[str]) -> str:
    """Name the ranking that finds most in the top cases among these, with what it finds."""
    shares = {name: figures[name].overall.found[top] for name in names}
    if not shares:
        return "none"
    first = max(shares, key=lambda name: shares[name].value or 0.0)
    return f"{share(shares[first])}, {SHORT[first]}"


def missed(found: Result) -> list[dict[str, Any]]:
    """The attacks that never stood in the first cases of a day of ours, worst first."""
    campaigns = found.campaigns
    rows = campaigns[(campaigns["ranking"] == OURS) & (campaigns["kind"] == "attack")]
    rows = rows[rows["best_rank"] > FOUND_RANK].sort_values(["best_rank", "campaign"], ascending=[False, True])
    return [
        {str(name): value for name, value in row.items()} | {"rank": _rank(row["best_rank"])}
        for row in rows.to_dict("records")
    ]


def heat(told: Figure) -> str:
    """The class of a cell by its share, in fifths; empty where there is nothing to tell."""
    return "" if told.value is None else f"h{min(int(told.value * 5), 4)}"


def _charts(found: Result, names: Sequence[str]) -> dict[str, Any]:
    told = found.figures
    scenarios = [
        charts.small_recall_chart(f"{kind} ({of.campaigns})", {n: told[n].scenarios[kind].curve for n in names})
        for kind, of in told[OURS].scenarios.items()
    ]
    promised = {n: _known(found.spending[n].promised) for n in names}
    lost = _known({SHORT[n]: told[n].overall.bytes_lost for n in names})
    return {
        "recall_chart": charts.recall_chart({n: told[n].overall.curve for n in names}, list(found.ceiling.values())),
        "scenario_charts": scenarios,
        "expected_chart": charts.expected_chart(EDGES, found.spending[OURS].expected, found.budget_per_day),
        "promise_chart": charts.promise_chart(BUDGETS, promised),
        "lost_chart": charts.lost_chart(lost),
    }


def _rank(value: float) -> str:
    return f"{value:.0f}" if math.isfinite(value) else "none"


def _known(told: Mapping[Key, Figure]) -> dict[Key, tuple[float, float, float]]:
    """The three numbers of each figure that has them."""
    return {
        name: (each.value, each.low, each.high)
        for name, each in told.items()
        if each.value is not None and each.low is not None and each.high is not None
    }
