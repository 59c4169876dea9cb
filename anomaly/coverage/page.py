"""The ledger as one HTML page that a person can hand on: no script, styles inline, every value escaped."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from anomaly.coverage.evidence import BLIND, DEGRADED, ORDER
from anomaly.coverage.findings import advice
from anomaly.coverage.ledger import NOT_APPLICABLE, STATES, Cell, Ledger, Listed
from anomaly.coverage.scenarios import scenario_catalogue
from anomaly.pages import rendered


def page(ledger: Ledger) -> str:
    """Return the page's text."""
    values = {
        "ledger": ledger,
        "states": STATES,
        "scenarios": scenario_catalogue().scenarios.values(),
        "rows": sorted(_rows(ledger), key=_urgency),
        "gaps": gaps(ledger),
        "span": span(ledger),
    }
    return rendered(Path(__file__).parent, {}, values)


def span(ledger: Ledger) -> str:
    """The days asked about, in words."""
    first, last = ledger.days[0], ledger.days[-1]
    return f"{first}" if first == last else f"{first} to {last}"


def _rows(ledger: Ledger) -> Iterator[dict[str, Any]]:
    """One row a bucket: of each scenario its worst state over the days, and on how many days it was so."""
    cells = defaultdict(list)
    for cell in ledger.cells:
        cells[cell.cloud, cell.bucket, cell.scenario].append(cell)
    for bucket in ledger.buckets:
        states = {name: _worst(cells[bucket.cloud, bucket.bucket, name]) for name in scenario_catalogue().scenarios}
        yield {"bucket": bucket, "states": states}


def _urgency(row: dict[str, Any]) -> tuple[int, int, str, str]:
    """Most blind scenarios first, then most degraded ones, then by name."""
    states = [cell["state"] for cell in row["states"].values()]
    return -states.count(BLIND), -states.count(DEGRADED), row["bucket"].cloud, row["bucket"].bucket


def _worst(cells: Sequence[Cell]) -> dict[str, Any]:
    if cells[0].state == NOT_APPLICABLE:
        return {"state": NOT_APPLICABLE, "days": 0, "why": "no such thing in this cloud"}
    state = max((cell.state for cell in cells), key=ORDER.__getitem__)
    found = [cell for cell in cells if cell.state == state]
    quiet = "nothing happened, as is usual for it" if all(cell.quiet for cell in found) else ""
    return {"state": state, "days": len(found), "why": "; ".join(found[-1].reasons) or quiet}


def gaps(ledger: Ledger) -> list[dict[str, Any]]:
    """What lacked, worst first: bucket, kind of evidence, the scenarios it touches, why, and what to switch on."""
    found: dict[tuple[Listed, str, str], dict[str, Any]] = {}
    scenarios: dict[tuple[Listed, str, str], set[str]] = defaultdict(set)
    days: dict[tuple[Listed, str, str], set[date]] = defaultdict(set)
    about = {(each.cloud, each.bucket): each for each in ledger.buckets}
    for cell in ledger.cells:
        for kind, reason in zip(cell.lacking, cell.reasons, strict=True):
            bucket = about[cell.cloud, cell.bucket]
            key = (bucket, kind, cell.state)
            found[key] = {"bucket": bucket, "kind": kind, "state": cell.state, "reason": reason, "day": cell.day}
            scenarios[key].add(cell.scenario)
            days[key].add(cell.day)
    rows = [
        facts
        | {
            "scenarios": sorted(scenarios[key]),
            "days": len(days[key]),
            "dates": sorted(days[key]),
            "advice": advice(key[1], key[0]),
        }
        for key, facts in found.items()
    ]
    return sorted(
        rows, key=lambda row: (row["state"] != BLIND, -len(row["scenarios"]), row["bucket"].bucket, row["kind"])
    )
