"""The ledger of some days, from the day tables up to them; and, of one day, the buckets that could not be watched."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from fnmatch import fnmatchcase

import pandas as pd

from anomaly.context import Context
from anomaly.coverage.evidence import BLIND
from anomaly.coverage.facts import WINDOW_DAYS, day_facts
from anomaly.coverage.findings import (
    blind_findings,
    detail_findings,
    hole_findings,
    inventory_findings,
    ranked,
    stale_findings,
)
from anomaly.coverage.freshness import sources_of
from anomaly.coverage.ledger import Finding, Ledger, Listed, cells_of
from anomaly.errors import DataQualityError
from anomaly.lock import locked
from anomaly.pipeline import Pipeline
from anomaly.store import MEMORY, Lake

TABLES = ("deliveries", "bucket_cover", "delivery_holes")
SENSITIVE = ("confidential", "restricted")
DETAIL = 0.9
"""Share of calls that must tell a size or a destination: our choice."""


def prepare_days(
    lake: Lake,
    context: Context,
    days: Sequence[date],
    *,
    threads: int | None = None,
    memory_limit: str = MEMORY,
    progress: Callable[[date], None] | None = None,
) -> None:
    """Build the day tables that the ledger of these days reads; the lake's lock is held meanwhile."""
    first = min(days) - timedelta(days=WINDOW_DAYS - 1)
    wanted = [day for day in lake.days("events") if first <= day <= max(days)]
    if not wanted:
        raise DataQualityError(f"the lake {lake.root} holds no events of the {WINDOW_DAYS} days up to {max(days)}")
    with locked(lake.root):
        Pipeline(lake, context, threads=threads, memory_limit=memory_limit).build(wanted, TABLES, progress)


def calendar(lake: Lake, first: date | None = None, last: date | None = None) -> list[date]:
    """Every day from first to last, those without any event too; by default the last day that has events.

    Raises
    ------
    DataQualityError
        The lake is empty, or the days lie outside what it holds: of those it can say nothing.
    """
    known = lake.days("events")
    if not known:
        raise DataQualityError(f"the lake {lake.root} holds no events: run `anomaly ingest PATH` first")
    first = first or (known[0] if last else known[-1])
    last = last or known[-1]
    if first < known[0] or last > known[-1] or first > last:
        raise DataQualityError(f"no ledger of {first} to {last}: the lake holds {known[0]} to {known[-1]}")
    return [first + timedelta(days=place) for place in range((last - first).days + 1)]


def listed_buckets(context: Context, sensitivities: Sequence[str] = SENSITIVE, glob: str = "*") -> list[Listed]:
    """The buckets of the inventory that are asked about, in the order of their names."""
    columns = ["bucket", "cloud", "account", "sensitivity", "owner"]
    rows = context.inventory[columns].astype(object).where(context.inventory[columns].notna(), "")
    found = [Listed(*map(str, row)) for row in rows.itertuples(index=False, name=None)]
    chosen = [each for each in found if each.sensitivity in sensitivities and fnmatchcase(each.bucket, glob)]
    return sorted(chosen, key=lambda each: (each.cloud, each.bucket))


def coverage(
    lake: Lake,
    context: Context,
    days: Sequence[date],
    *,
    sensitivities: Sequence[str] = SENSITIVE,
    glob: str = "*",
    detail: float = DETAIL,
) -> Ledger:
    """Judge every bucket asked about, on every day, against every scenario; the day tables must be there."""
    listed = listed_buckets(context, sensitivities, glob)
    ledger = Ledger(list(days), tuple(sensitivities), listed)
    findings: list[Finding] = []
    for day in days:
        facts = day_facts(lake, day, _wanted(listed))
        ledger.cells += cells_of(facts, listed, detail)
        findings += hole_findings(facts)
    ledger.sources = sources_of(lake, days[-1], facts.feeds)
    findings += blind_findings(ledger.cells, listed)
    findings += detail_findings(ledger.sources, detail)
    findings += stale_findings(ledger.sources)
    findings += inventory_findings(lake, context.inventory, context.accounts, listed, days[-1], WINDOW_DAYS)
    ledger.findings = ranked(findings)
    return ledger


def blind_buckets(lake: Lake, context: Context, day: date) -> list[Listed] | None:
    """The sensitive buckets of which no object-level log could show anything that day; None where nobody looked."""
    if not lake.files("bucket_cover", day) or not lake.files("deliveries", day):
        return None
    listed = listed_buckets(context)
    facts = day_facts(lake, day, _wanted(listed))
    blind = {
        (cell.cloud, cell.bucket)
        for cell in cells_of(facts, listed, DETAIL)
        if cell.state == BLIND and "objects" in cell.lacking
    }
    return [each for each in listed if (each.cloud, each.bucket) in blind]


def _wanted(listed: Sequence[Listed]) -> pd.DataFrame:
    columns = {"bucket": [each.bucket for each in listed], "provider": [each.cloud for each in listed]}
    return pd.DataFrame(columns, dtype="str")
