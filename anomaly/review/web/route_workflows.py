"""The workflows that verdicts made: who answers for them, until when, whether they are used; and how to end one."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from anomaly.context.tables import REVIEW_WORKFLOWS
from anomaly.review.viewer import Role
from anomaly.review.web.drafts import REVIEW_DAYS, as_day
from anomaly.review.web.pages import page
from anomaly.review.web.route_write import Version, written
from anomaly.review.web.signing import Analyst, Review, Signed, database_of
from anomaly.review.workflows import Extension, Workflow, expire, extend, workflows

router = APIRouter()
Name = Annotated[str, Form(max_length=120)]
SAID = {"active": "holds", "soon": "review soon", "expired": "past its review", "ended": "ended"}
SAVED = {
    "yes": "Saved; it holds from the next night's run on.",
    "unwritten": "Saved, but the file in the context folder could not be written: anomaly review workflows writes it.",
}


@router.get("/workflows")
def show_workflows(
    request: Request, viewer: Signed, database: Review, saved: Annotated[str, Query(max_length=20)] = ""
) -> HTMLResponse:
    """Show the workflows, those to be looked at first at the top."""
    found = workflows(database)
    counts = {name: sum(each.status == name for each in found) for name in SAID}
    values = {
        "workflows": [_values(each) for each in found],
        "summary": ", ".join(f"{count} {SAID[name]}" for name, count in counts.items() if count),
        "file": REVIEW_WORKFLOWS.file,
        "may_judge": viewer.role >= Role.ANALYST,
        "message": SAVED.get(saved, ""),
    }
    return page(request, "workflows.html.j2", viewer, values)


@router.post("/workflows/extend")
def extend_workflow(
    request: Request, viewer: Analyst, database: Review, id: Name, version: Version, review_by: Name
) -> RedirectResponse:
    """Give a workflow a later day of review."""
    extend(database, Extension(id, as_day(review_by), version), viewer)
    return _back(request)


@router.post("/workflows/end")
def end_workflow(request: Request, viewer: Analyst, database: Review, id: Name, version: Version) -> RedirectResponse:
    """End a workflow now."""
    expire(database, id, viewer, version)
    return _back(request)


def _back(request: Request) -> RedirectResponse:
    saved = "yes" if written(database_of(request), request.app.state.context) else "unwritten"
    return RedirectResponse(f"/workflows?saved={saved}", 303)


def _values(each: Workflow) -> dict[str, Any]:
    ahead = datetime.now(UTC).date() + timedelta(days=REVIEW_DAYS)
    return vars(each) | {"says": SAID[each.status], "next_review": ahead.isoformat()}
