"""A day's findings as CSV (RFC 4180): one row a case, columns that do not change, no cell that a spreadsheet runs."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from anomaly.dossier.cells import cell
from anomaly.dossier.filters import address, credential, destination

COLUMNS = (
    *("schema", "day", "rank", "cases", "alert", "covered", "case_id", "score", "expected_per_day", "confidence"),
    *("identity", "identity_kind", "identity_account", "session_name", "headline", "reasons", "buckets", "sensitivity"),
    *("owners", "destinations", "sources", "tools", "credentials", "bytes_read", "objects_taken", "start", "end"),
    *("workflow", "techniques", "confidence_gaps", "sessions", "model_version"),
)
"""Documented in docs/sinks.md; a new one is put last."""
RANK, CASE = COLUMNS.index("rank"), COLUMNS.index("case_id")

Row = list[str | float | int]


def row(finding: Mapping[str, Any]) -> Row:
    """Return a finding's cells; what is not known is empty, lists are joined by ``;``."""
    buckets = finding["buckets"]
    lists = {
        "confidence": finding["confidence"]["value"],
        "confidence_gaps": finding["confidence"]["gaps"],
        "buckets": [each["bucket"] for each in buckets],
        "sensitivity": [each["sensitivity"] or "" for each in buckets],
        "owners": [each["owner"] or "" for each in buckets],
        "destinations": [destination(each) for each in finding["destinations"]],
        "sources": [address(each) for each in finding["sources"]],
        "credentials": [credential(each) for each in finding["credentials"]],
        "techniques": [each["technique"] for each in finding["attack"]],
        "sessions": [each["session_id"] for each in finding["sessions"]],
    }
    values = {**finding, **lists}
    return [cell(values[name]) for name in COLUMNS]


def files(day: str, rows: Sequence[Row]) -> dict[str, str]:
    """Return the day's file: a header and the rows, ranked first, then what a workflow covers."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    ranked: list[Row] = sorted(rows, key=_place)
    writer.writerows(ranked)
    return {first(day): out.getvalue()}


def first(day: str) -> str:
    """Return the name of a day's file."""
    return f"{day}.csv"


def _place(cells: Row) -> tuple[bool, float, str]:
    rank = cells[RANK]
    return (rank == "", float(rank or 0), str(cells[CASE]))
