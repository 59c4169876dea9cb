"""The past of what made a case unusual: each of its first reasons day by day, up to its own day and never after."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from string import Formatter
from typing import Any

import pyarrow.parquet as pq

from anomaly.catalog import Column, table
from anomaly.engines.duckdb import EPOCH
from anomaly.pipeline import FEATURES
from anomaly.store import Lake, Store

DAYS = 45
"""The longest look back of any baseline in features/: what lies before judged nothing of the case."""
MOST = 3
SQL = Path(__file__).with_suffix(".sql")

Record = dict[str, Any]
Reports = Mapping[str, Record]


def histories(lake: Lake, day: date, reports: Reports) -> dict[str, list[Record]]:
    """Return the history of each case's first reasons, by case.

    Parameters
    ----------
    reports
        Of ``investigate``, by case, those that have reasons.

    Returns
    -------
    dict
        A list of ``signal``, ``says``, ``unit``, ``value`` (of the session) and ``series`` of ``day`` and ``value``:
        the largest of the actor's sessions on each of its active days, the case's own day last, None where unknown.
        Empty where the actor was never active before.
    """
    if not reports:
        return {}
    asked = {case: [_asked(report, reason) for reason in _first(report)] for case, report in reports.items()}
    names = sorted({each["column"].name for entries in asked.values() for each in entries})
    actors = {(report["who"]["identity"], report["who"]["actor"]) for report in reports.values()}
    days = _days(lake, day, names, actors)
    return {
        case: _of_case(asked[case], days.get((report["who"]["identity"], report["who"]["actor"]), []))
        for case, report in reports.items()
    }


def _first(report: Record) -> list[Record]:
    """The signals that the first reasons were said by, in the order of the reasons."""
    by_words = {signal["says"]: signal for signal in reversed(report["why"]["signals"])}
    return [by_words[words] for words in report["why"]["reasons"][:MOST] if words in by_words]


def _asked(report: Record, signal: Record) -> Record:
    """What to draw for a signal: the number that its words begin with, else the signal itself."""
    column = measure(signal["signal"])
    numbers = {each["name"]: each["value"] for each in report["why"]["baseline"]} | report["volume"]
    value = numbers.get(column.name)
    if not value:
        column, value = table(FEATURES).signals[signal["signal"]], signal["value"]
    return {"signal": signal["signal"], "says": signal["says"], "column": column, "value": value}


def measure(signal: str) -> Column:
    """The column of ``session_features`` or ``sessions`` that a signal's words begin with, where that is an amount.

    >>> measure("volume_bytes_own").name, measure("source_tool_new").name, measure("process_denied_own").name
    ('day_bytes', 'source_tool_new', 'denied')
    """
    own = table(FEATURES).signals[signal]
    first = next(((name, kind) for _, name, kind, _ in Formatter().parse(own.reason) if name), None)
    if first is None or first[1] not in ("bytes", "count"):
        return own
    known = {column.name: column for source in ("sessions", FEATURES) for column in table(source).columns}
    return known[first[0]]


def _of_case(asked: Iterable[Record], days: list[Record]) -> list[Record]:
    if len(days) < 2:
        return []
    return [
        {
            "signal": each["signal"],
            "says": each["says"],
            "unit": each["column"].unit,
            "value": each["value"],
            "series": [_point(row, each["column"]) for row in days],
        }
        for each in asked
    ]


def _point(row: Record, column: Column) -> Record:
    value = row[column.name]
    # a sum of 0 bytes is unknown where no read of that day has a size
    unknown = column.unit == "bytes" and not value and row["is_unsized"]
    return {"day": (EPOCH + timedelta(days=row["day"])).isoformat(), "value": None if unknown else value}


def _days(lake: Lake, day: date, names: list[str], actors: set[tuple[str, str]]) -> dict[tuple[str, str], list[Record]]:
    """The active days of these actors, oldest first."""
    with Store() as store:
        days = _readable(lake, day, names)
        for name in ("sessions", FEATURES):
            store.view(name, [Path(lake.partition(name, each)) for each in days])
        columns = "".join(f', "{name}"' for name in names)
        store.run(
            "create view measured as select identity, actor, day, reads, reads_without_bytes"
            f"{columns} from sessions inner join {FEATURES} using (session_id, day, identity, actor)"
        )
        wanted = [{"identity": identity, "actor": actor} for identity, actor in sorted(actors)]
        found: dict[tuple[str, str], list[Record]] = {}
        for row in store.records(SQL.read_text(encoding="utf-8"), {"actors": wanted}):
            found.setdefault((row["identity"], row["actor"]), []).append(row)
        return found


def _readable(lake: Lake, day: date, names: list[str]) -> list[date]:
    """The days that hold these columns: one built by an older version may lack some and tells nothing of them."""
    first = day - timedelta(days=DAYS)
    days = [each for each in lake.days(FEATURES) if first <= each <= day]
    return [each for each in days if _holds(lake, each, names)]


def _holds(lake: Lake, day: date, names: list[str]) -> bool:
    paths = [Path(lake.partition(name, day)) for name in ("sessions", FEATURES)]
    return all(path.exists() for path in paths) and set(names) <= {
        name for path in paths for name in pq.read_schema(path).names
    }
