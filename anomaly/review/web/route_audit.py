"""The audit log for administrators, and what this page is for everybody."""

from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from anomaly import __version__
from anomaly.review.queue import days
from anomaly.review.schema import audit
from anomaly.review.web.pages import page
from anomaly.review.web.signing import Admin, Review, Signed

router = APIRouter()
ENTRIES = 100
LAST = 2**62


@router.get("/audit")
def show_audit(
    request: Request, viewer: Admin, database: Review, before: Annotated[int, Query(ge=0, le=LAST)] = LAST
) -> HTMLResponse:
    """Show entries of the audit log, newest first."""
    query = sa.select(audit).where(audit.c.seq < before).order_by(audit.c.seq.desc()).limit(ENTRIES)
    with database.reading() as connection:
        entries = connection.execute(query).mappings().all()
    older = f"/audit?before={entries[-1]['seq']}" if len(entries) == ENTRIES else None
    return page(request, "audit.html.j2", viewer, {"entries": entries, "next": older})


@router.get("/about")
def show_about(request: Request, viewer: Signed, database: Review) -> HTMLResponse:
    """Say what a case and a verdict are, and what was published."""
    return page(request, "about.html.j2", viewer, {"version": __version__, "days": days(database)})
