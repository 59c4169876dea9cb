"""One case: all that a responder asks, on one page, and taken along as OCSF, JSON, CSV or a page to hand on."""

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi import Path as PathParameter
from fastapi.responses import HTMLResponse, Response

from anomaly.dossier.charts import charts
from anomaly.dossier.filters import address, age, words
from anomaly.dossier.page import page as evidence_page
from anomaly.dossier.page import withdrawn
from anomaly.errors import UsageError
from anomaly.pages import Unfilled
from anomaly.review.accounts import analysts
from anomaly.review.case import Case, case
from anomaly.review.database import Database
from anomaly.review.queue import next_open
from anomaly.review.schema import MARK_GONE, OPEN, VERDICTS, WITHDRAWN
from anomaly.review.viewer import Role, Viewer
from anomaly.review.web.drafts import suggested
from anomaly.review.web.pages import page
from anomaly.review.web.signing import Review, Signed
from anomaly.review.web.views import as_csv, evidence_of, history_of, moved_words, related_of, said
from anomaly.review.workflows import workflows
from anomaly.sinks.ocsf import ARCHIVED, ocsf

router = APIRouter()
SAID = {
    "verdict": "The verdict is saved.",
    "workflow": "The verdict is saved, and the workflow holds from the next night's run on.",
    "unwritten": "The verdict and its workflow are saved, but the file in the context folder could not be written: "
    "anomaly review workflows writes it.",
    "comment": "The comment is saved.",
    "assigned": "The assignment is saved.",
}
"""What a page says after a write, by the word that the write leads to it with: no text of a link's maker is shown."""
REVIEWED: dict[str, dict[str, Any]] = {
    OPEN: {"status_id": 1, "status": "New"},
    "true_positive": {"status_id": 4, "status": "Resolved", "status_detail": "true positive"},
    "benign": {"status_id": 4, "status": "Resolved", "status_detail": "benign"},
    "expected": {"status_id": 3, "status": "Suppressed", "status_detail": "expected: an approved workflow covers it"},
    "insufficient_data": {"status_id": 2, "status": "In Progress", "status_detail": "insufficient data"},
    WITHDRAWN: ARCHIVED,
}
"""Where the review stands, as OCSF has it: status_id of a Detection Finding at schema.ocsf.io."""
CaseId = Annotated[str, PathParameter(pattern="^[0-9A-Za-z_-]{1,64}$")]


@router.get("/case/{case_id}")
def show_case(
    request: Request,
    case_id: CaseId,
    viewer: Signed,
    database: Review,
    verdict: Annotated[str, Query(max_length=20)] = "",
    saved: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """Show a case; ``verdict``, a name or its number on the keyboard, chooses one without giving it."""
    found = case(database, case_id, viewer)
    return page(request, "case.html.j2", viewer, case_values(database, found, viewer, _chosen(verdict), saved))


@router.get("/case/{case_id}/evidence.{form}")
def take_case(
    case_id: CaseId, form: Literal["ocsf", "json", "csv", "html"], viewer: Signed, database: Review
) -> Response:
    """Return a case to take along: an event of OCSF, all of it as JSON, a row of CSV, or the page of its evidence."""
    found = case(database, case_id, viewer)
    text, media = FORMS[form](found)
    kind = "ocsf.json" if form == "ocsf" else form
    name = f'attachment; filename="case-{case_id[:12]}.{kind}"'
    return Response(text, media_type=media, headers={"content-disposition": name})


def case_values(database: Database, found: Case, viewer: Viewer, chosen: str = "", saved: str = "") -> dict[str, Any]:
    """Return what the template of a case is filled in with."""
    document = evidence_of(found.document)
    detail = found.document.get("workflow_detail")
    own = detail if isinstance(detail, dict) else {"difference": detail}
    may_judge = viewer.role >= Role.ANALYST
    return {
        "case": found.row,
        "doc": document,
        "age": age(found.row.day),
        "moved": moved_words(found),
        "next": next_open(database, found.row, viewer),
        "message": SAID.get(saved, ""),
        "message_kind": "good",
        "charts": charts(document["history"]),
        "may_judge": may_judge,
        "verdicts": [(name, words(name)) for name in VERDICTS],
        "chosen": chosen,
        "reason": "",
        "draft": suggested(document),
        "known_workflows": [each for each in workflows(database) if each.status != "ended"] if may_judge else [],
        "counterfactual": said(document["counterfactual"]),
        "difference": own.get("difference") or "",
        "approved": own.get("approved"),
        "related": related_of(found),
        "history": history_of(found),
        "people": analysts(database),
    }


def _chosen(asked: str) -> str:
    """A verdict by its name or by its number on the keyboard; anything else chooses none."""
    if asked.isdecimal() and 1 <= int(asked) <= len(VERDICTS):
        return VERDICTS[int(asked) - 1]
    return asked if asked in VERDICTS else ""


def _json(found: Case) -> tuple[str, str]:
    return json.dumps(_all(found), indent=2, default=str), "application/json"


def _ocsf(found: Case) -> tuple[str, str]:
    try:
        event = ocsf(found.document)
    except (KeyError, TypeError, ValueError) as error:
        raise _lacking("OCSF asks for", error) from None
    reviewed = REVIEWED[found.state]
    return json.dumps(event | reviewed, indent=2, default=str), "application/json"


def _html(found: Case) -> tuple[str, str]:
    """The page that ``anomaly explain --html`` makes, of the evidence as it was published."""
    try:
        text = evidence_page(found.document)
    except (KeyError, TypeError, ValueError, Unfilled) as error:
        raise _lacking("its page asks for", error) from None
    is_gone = found.state == WITHDRAWN or found.row.mark == MARK_GONE
    return withdrawn(text) if is_gone else text, "text/html; charset=utf-8"


def _lacking(what: str, error: Exception) -> UsageError:
    return UsageError(f"this case was published without what {what} ({error}); publish its day again")


def _csv(found: Case) -> tuple[str, str]:
    names = {"state": found.state, "assigned_to": found.assigned_to, "confidence": found.row.confidence}
    plain = {"buckets": [each["bucket"] for each in found.document["buckets"]]}
    plain["sources"] = [address(each) for each in found.document["sources"]]
    return as_csv(found.document | plain | names), "text/csv; charset=utf-8"


def _all(found: Case) -> dict[str, Any]:
    return {"case": found.document, "state": found.state, "version": found.version, "history": history_of(found)}


FORMS: dict[str, Callable[[Case], tuple[str, str]]] = {
    "ocsf": _ocsf,
    "json": _json,
    "csv": _csv,
    "html": _html,
}
