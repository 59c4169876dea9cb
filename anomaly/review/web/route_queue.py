"""The queue, and a data owner's part of it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from anomaly.context.tables import SENSITIVITY_WEIGHTS
from anomaly.dossier.filters import words
from anomaly.errors import UsageError
from anomaly.review.accounts import analysts
from anomaly.review.database import Database
from anomaly.review.queue import COUNTED, NOBODY, Day, Filters, days, queue
from anomaly.review.schema import OPEN, STATES
from anomaly.review.viewer import Viewer
from anomaly.review.web.pages import page
from anomaly.review.web.signing import Review, Signed
from anomaly.review.web.views import row_values

router = APIRouter()
ROWS = 50
DAYS_OFFERED = 100
LONGEST = 1000
"""Characters of a filter; an S3 bucket has 63, an identity of Google under 300."""
Text = Annotated[str, Query(max_length=LONGEST)]


class Asked:
    """The filters as they came, every one a text: what a form sends for "any" is the empty text."""

    def __init__(
        self,
        text: Text = "",
        day: Text = "",
        state: Text = "",
        sensitivity: Text = "",
        bucket: Text = "",
        owner: Text = "",
        identity: Text = "",
        destination: Text = "",
        assigned: Text = "",
        covered: Text = "",
    ) -> None:
        self.said = {name: value.strip() for name, value in locals().items() if name != "self"}

    def filters(self) -> Filters:
        """Return what the queue is asked for; raises UsageError for a day that is none."""
        plain = {name: value or None for name, value in self.said.items() if name not in ("day", "covered")}
        return Filters(**plain, day=_day(self.said["day"]), covered=None if self.said["covered"] else False)

    def link(self, here: str, cursor: str) -> str:
        """Return the address of the page that follows."""
        asked = {name: value for name, value in self.said.items() if value}
        return f"{here}?{urlencode(asked | {'after': cursor}, errors='replace')}"

    @property
    def is_narrowed(self) -> bool:
        """Whether any filter is set."""
        return any(value for name, value in self.said.items() if name != "covered")


@router.get("/")
def show_queue(
    request: Request, viewer: Signed, database: Review, asked: Annotated[Asked, Depends()], after: Text = ""
) -> HTMLResponse:
    """Show the queue."""
    return _queue_page(request, viewer, database, asked, after)


@router.get("/buckets")
def show_buckets(
    request: Request, viewer: Signed, database: Review, asked: Annotated[Asked, Depends()], after: Text = ""
) -> HTMLResponse:
    """Show a data owner the cases on their own buckets; who owns none sees that they do not."""
    return _queue_page(request, viewer, database, asked, after)


def _queue_page(request: Request, viewer: Viewer, database: Database, asked: Asked, after: str) -> HTMLResponse:
    found = queue(database, asked.filters(), after or None, ROWS, viewer)
    published = days(database, DAYS_OFFERED)
    values = {
        "title": "Cases on your buckets" if viewer.owns else "Cases",
        "summary": _summary(published, found.counts),
        "filters": asked.said,
        "days": [(each.day.isoformat(), f"{each.day} · {each.cases:,}") for each in published],
        "states": [(state, words(state)) for state in STATES],
        "sensitivities": [(name, name) for name in reversed(SENSITIVITY_WEIGHTS)],
        "people": [(NOBODY, NOBODY), *((name, name) for name in analysts(database))],
        "rows": [row_values(row) for row in found.rows],
        "next": asked.link(request.url.path, found.next_cursor) if found.next_cursor else None,
        "nothing": _nothing(asked, published),
    }
    return page(request, "queue.html.j2", viewer, values)


def _summary(published: Sequence[Day], counts: Mapping[str, int]) -> str:
    if not published:
        return ""
    last = published[0]
    waiting = f"{counts[OPEN]:,}{' or more' if counts[OPEN] >= COUNTED else ''} wait for a verdict"
    return f"{last.day}: {_counted(last.cases, 'case')}, {_counted(last.alerts, 'alert')}; {waiting}"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _nothing(asked: Asked, published: Sequence[Day]) -> str:
    if not published:
        return "No day was published yet: run anomaly review publish."
    return "No case fits these filters." if asked.is_narrowed else "No case is waiting."


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(f"{text!r} is not a day; write it as YYYY-MM-DD, such as 2026-03-01") from None
