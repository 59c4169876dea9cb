"""What an analyst writes on a case: a verdict, a comment, who looks at it. Each answers by leading back to the case."""

import hmac
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from anomaly.errors import AnomalyError, StaleWriteError, UsageError
from anomaly.review.case import Case, case
from anomaly.review.database import Database
from anomaly.review.foresight import leaves_out, must_be_safe, still_alerts, would_hide
from anomaly.review.verdicts import assign, comment, decide
from anomaly.review.viewer import Viewer
from anomaly.review.web.drafts import Typed, typed, workflow_of
from anomaly.review.web.pages import page
from anomaly.review.web.route_case import CaseId
from anomaly.review.web.signing import Analyst, Review
from anomaly.review.workflows import Draft, Extension, Workflow, export, workflows

router = APIRouter()
Version = Annotated[int, Form(ge=0, le=2**31)]
Words = Annotated[str, Form(max_length=10_000)]


@router.post("/case/{case_id}/verdict")
def give_verdict(
    request: Request,
    case_id: CaseId,
    viewer: Analyst,
    database: Review,
    form: Annotated[Typed, Depends(typed)],
    version: Version,
    verdict: Annotated[str, Form(max_length=20)],
    reason: Words = "",
    seen: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Save a verdict; expected is first answered with what its workflow would hide, and ``seen`` shows that it was."""
    if verdict != "expected":
        decide(database, case_id, verdict, reason, viewer, version)
        return _back(case_id, "verdict")
    found = case(database, case_id, viewer)
    if found.version != version:
        raise StaleWriteError(f"the case changed since you read it (you saw version {version}, it is {found.version})")
    if not reason.strip():
        raise UsageError("a verdict needs a reason in words")
    known = workflows(database)
    workflow = workflow_of(form, reason.strip(), known)
    seal = form.seal(case_id, version)
    effect = _effective(workflow, known)
    if not hmac.compare_digest(seen.encode(), seal.encode()):
        fields = form.fields() | {"version": version, "verdict": verdict, "reason": reason, "seen": seal}
        return _preview(request, database, viewer, found, form, effect, fields)
    must_be_safe(database, effect, viewer)
    decide(database, case_id, verdict, reason, viewer, version, workflow)
    return _back(case_id, "workflow" if written(database, request.app.state.context) else "unwritten")


@router.post("/case/{case_id}/comment")
def write_comment(case_id: CaseId, viewer: Analyst, database: Review, text: Words) -> RedirectResponse:
    """Save a comment."""
    comment(database, case_id, text, viewer)
    return _back(case_id, "comment")


@router.post("/case/{case_id}/assign")
def assign_case(
    case_id: CaseId,
    viewer: Analyst,
    database: Review,
    version: Version,
    assigned_to: Annotated[str, Form(max_length=80)] = "",
) -> RedirectResponse:
    """Save who looks at it."""
    assign(database, case_id, assigned_to or None, viewer, version)
    return _back(case_id, "assigned")


def written(database: Database, context: Path) -> bool:
    """Write the workflows for the next night's run, and say whether it could be done: the verdict stands either way."""
    try:
        export(database, context)
    except AnomalyError:
        return False
    return True


def _effective(workflow: Draft | Extension, known: list[Workflow]) -> Draft:
    """What will be covered: the draft, or the workflow that is extended."""
    if isinstance(workflow, Draft):
        return workflow
    return next(each for each in known if each.id == workflow.id)


def _preview(
    request: Request,
    database: Database,
    viewer: Viewer,
    found: Case,
    form: Typed,
    effect: Draft,
    fields: dict[str, object],
) -> HTMLResponse:
    hidden = would_hide(database, effect, viewer)
    try:
        must_be_safe(database, effect, viewer)
        faults = []
    except UsageError as error:
        faults = [str(error)]
    values = {
        "case": found.row,
        "draft": form,
        "told": form.told(),
        "hides": [row for row in hidden.cases if row.case_id != found.row.case_id],
        "checked": hidden.checked,
        "is_all": hidden.is_all,
        "leaves_out": leaves_out(effect, found.document),
        "planted": still_alerts(effect),
        "faults": faults,
        "fields": fields,
    }
    return page(request, "expected.html.j2", viewer, values, 422 if faults else 200)


def _back(case_id: str, saved: str) -> RedirectResponse:
    return RedirectResponse(f"/case/{case_id}?saved={saved}", 303)
