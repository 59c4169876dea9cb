"""What the templates are given: a document with every name that a page asks for, a queue's row, a case's history."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from anomaly.dossier.cells import cell
from anomaly.dossier.filters import age
from anomaly.review.case import Case
from anomaly.review.queue import QueueRow

DEFAULTS: Mapping[str, Any] = {
    "identity_kind": "",
    "identity_account": None,
    "session_name": "",
    "expected_per_day": None,
    "headline": "",
    "family": "",
    "workflow": "",
    "start": "",
    "end": "",
    "bytes_read": None,
    "objects_taken": None,
    "model_version": "",
    "counterfactual": "",
    "reasons": (),
    "actors": (),
    "credentials": (),
    "tools": (),
    "timeline": (),
    "evidence": (),
    "sessions": (),
    "attack": (),
    "history": (),
}
"""What a document of an older or other making may lack: it is shown as not on record."""
KINDS = ("sources", "buckets", "destinations")
BUCKET = {"bucket": "", "sensitivity": "", "owner": "", "bytes_read": None, "objects": None}
STEP = {
    "first": "",
    "last": "",
    "operation": "",
    "api": "",
    "outcome": "ok",
    "acts": None,
    "buckets": 1,
    "bucket": "",
    "bytes_read": None,
}
SESSION = {"session_id": "", "identity": "", "rank": None, "headline": ""}
CSV_COLUMNS = (
    *("day", "rank", "score", "expected_per_day", "alert", "covered", "case_id", "identity", "identity_kind"),
    *("session_name", "headline", "reasons", "buckets", "destinations", "sources", "tools", "start", "end"),
    *("bytes_read", "objects_taken", "workflow", "confidence", "state", "assigned_to", "model_version"),
)


def evidence_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with every name that a page asks for."""
    found = {**DEFAULTS, **document}
    sure = document.get("confidence") or {}
    objects = document.get("objects") or {}
    return found | {
        "confidence": {"value": sure.get("value"), "gaps": sure.get("gaps") or ()},
        "objects": {"taken": objects.get("taken"), "largest": objects.get("largest") or ()},
        "buckets": [{**BUCKET, **each} for each in found["buckets"]],
        "timeline": [{**STEP, **each} for each in found["timeline"]],
        "sessions": [{**SESSION, **each} for each in found["sessions"]],
    }


def row_values(row: QueueRow) -> dict[str, Any]:
    """Return what the queue's template shows of a row."""
    # the template shows the first of each
    more = {f"more_{kind}": row.more.get(kind, 0) + max(0, len(getattr(row, kind)) - 1) for kind in KINDS}
    buckets = [{**BUCKET, **each} for each in row.buckets]
    return vars(row) | more | {"age": age(row.day), "buckets": buckets}


def history_of(found: Case) -> list[dict[str, Any]]:
    """Return verdicts and comments, newest first."""
    verdicts = [
        {
            "at": each.at,
            "who": each.analyst,
            "verdict": each.verdict,
            "text": each.reason,
            "workflow_id": each.workflow_id,
        }
        for each in found.history
    ]
    comments = [
        {"at": each.at, "who": each.author, "verdict": "", "text": each.text, "workflow_id": None}
        for each in found.comments
    ]
    return sorted(verdicts + comments, key=lambda each: str(each["at"]), reverse=True)


def related_of(found: Case) -> list[dict[str, Any]]:
    """Return the related cases, each once, with what ties them."""
    ties: dict[str, list[str]] = {}
    rows = {}
    for tie, cases in found.related.items():
        for row in cases:
            ties.setdefault(row.case_id, []).append(tie)
            rows[row.case_id] = row
    newest = sorted(rows.values(), key=lambda row: (row.day, -(row.rank or 10**9)), reverse=True)
    return [vars(row) | {"why": f"same {' and '.join(ties[row.case_id])}"} for row in newest]


def moved_words(found: Case) -> str:
    """Say what became of a case since its verdict, where something did."""
    if found.row.mark is None:
        return ""
    if "was" not in found.mark_detail:
        return "A later run of this day no longer found this case; the verdict and the evidence it was given on stay."
    was, now = found.mark_detail["was"], found.mark_detail["now"]
    moved = f"Since the verdict a later run moved it from {_place(was)} to {_place(now)}"
    return f"{moved}: look again whether the verdict still holds."


def _place(at: Mapping[str, Any]) -> str:
    return f"rank {at['rank']}" if at.get("rank") else "covered by a workflow"


def said(value: Any) -> str:
    """Return a part of a document that is text, or has its text under ``says``."""
    return str(value.get("says", "")) if isinstance(value, Mapping) else str(value or "")


def as_csv(values: Mapping[str, Any]) -> str:
    """Return a header and one row; a column that is not given is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerow([cell(values.get(name)) for name in CSV_COLUMNS])
    return out.getvalue()
