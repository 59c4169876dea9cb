"""One document a case: the listing's row, the report on its most unusual session, and its past, as plain JSON."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from anomaly.context import Context
from anomaly.findings.history import histories
from anomaly.investigate.report import judged, loaded, of_acts
from anomaly.listing import SCORES, cases, known_bytes, workflow
from anomaly.store import Lake, Store
from anomaly.words import in_time

SCHEMA = 1
"""Raised when a field of a finding changes its meaning or goes; new fields do not raise it."""
BATCH = 200
"""Cases whose acts are held in memory at once."""
FOLDER = Path(__file__).parent

Finding = dict[str, Any]
Record = dict[str, Any]


def documents(
    lake: Lake, day: date, context: Context | None, *, top: int | None = None, case_id: str | None = None
) -> list[Finding]:
    """Return one plain-JSON document a case of a scored day, ranked first, covered ones last.

    Parameters
    ----------
    context
        Where given, owners and approved workflows are quoted from it.
    top
        Only the alerts, the first ``top`` ranks and the covered cases; without it every case.
    case_id
        Only this case.

    Raises
    ------
    UnknownNameError
        The day was not scored.
    DataQualityError
        The day's tables were rebuilt after it was scored.
    """
    listed = cases(lake, day)
    asked = [case for case in listed if _is_asked(case, top, case_id)]
    versions = {case["model_version"] for case in asked}
    scorers = {version: loaded(lake, version) for version in versions}
    reports = {
        case["case_id"]: judged(lake, case["session_id"], day, context, scorers[case["model_version"]])
        for case in asked
    }
    members = _members(lake, day)
    past = histories(lake, day, {key: report for key, report in reports.items() if report["why"]["reasons"]})
    return [
        _document(case, len(listed), reports[case["case_id"]], acts, members[case["case_id"]])
        | {"history": past.get(case["case_id"], [])}
        for case, acts in _with_acts(lake, day, asked, context)
    ]


def _is_asked(case: Record, top: int | None, case_id: str | None) -> bool:
    if case_id is not None:
        return bool(case["case_id"] == case_id)
    return bool(top is None or case["covered"] or case["alert"] or case["case_rank"] <= top)


def _members(lake: Lake, day: date) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = defaultdict(list)
    with Store() as store:
        store.view(SCORES, lake.files(SCORES, day))
        for row in store.records((FOLDER / "members.sql").read_text(encoding="utf-8")):
            found[row.pop("case_id")].append(row)
    return found


def _with_acts(
    lake: Lake, day: date, asked: Sequence[Record], context: Context | None
) -> Iterator[tuple[Record, Record]]:
    """Yield each case with what the acts of all its sessions tell."""
    with Store() as store:
        store.view(SCORES, lake.files(SCORES, day))
        store.view("acts", lake.files("acts", day))
        store.run("alter view acts rename to acts_of_the_day")
        sql = (FOLDER / "case_acts.sql").read_text(encoding="utf-8")
        for start in range(0, len(asked), BATCH):
            batch = asked[start : start + BATCH]
            store.run(sql, {"cases": [case["case_id"] for case in batch]})
            for case in batch:
                yield case, of_acts(store, case["case_id"], context)


def _document(case: Record, count: int, report: Record, acts: Record, members: Sequence[Record]) -> Finding:
    return {
        "schema": SCHEMA,
        "case_id": case["case_id"],
        "day": report["day"],
        "rank": case["case_rank"],
        "cases": count,
        **{name: case[name] for name in ("alert", "covered", "score", "expected_per_day")},
        "tail_probability": report["score"]["tail_probability"],
        "confidence": report["confidence"],
        **{name: report["why"][name] for name in ("headline", "family", "reasons")},
        **{name: report["who"][name] for name in ("identity", "identity_kind", "identity_account", "session_name")},
        "actors": case["actors"],
        "credentials": acts["credentials"],
        "sources": [_source(row) for row in acts["sources"]],
        "tools": case["tools"],
        "buckets": [{"owner": None} | row | {"bytes_read": known_bytes(row)} for row in acts["buckets"]],
        "objects": {"taken": case["objects"], "largest": acts["largest"]},
        "destinations": acts["destinations"],
        "bytes_read": known_bytes(case),
        # where it is above 0, bytes_read is the least that it can have been
        "reads_without_bytes": case["reads_without_bytes"],
        "objects_taken": case["objects"],
        "start": in_time(case["start_us"]),
        "end": in_time(case["end_us"]),
        "workflow": workflow(case),
        "workflow_detail": report["workflow"]["difference"],
        "attack": report["attack"],
        "counterfactual": report["counterfactual"],
        "timeline": acts["timeline"],
        "evidence": acts["evidence"],
        "sessions": list(members),
        "model_version": case["model_version"],
    }


def _source(row: Mapping[str, Any]) -> Record:
    rest = {name: value for name, value in row.items() if name != "source_ip"}
    return {"address": row["source_ip"], **rest, "bytes_read": known_bytes(row)}
