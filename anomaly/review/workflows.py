"""The workflows that verdicts made: what they cover, who answers for them until when, their way to the night's run.

The organisation's own file ``workflows.csv`` is never written; what is made here goes to
``review_workflows.csv`` beside it.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from anomaly.context.tables import REVIEW_WORKFLOWS, WORKFLOWS
from anomaly.errors import StaleWriteError, UnknownNameError, UsageError, nearest
from anomaly.review.database import Change, Database
from anomaly.review.matching import PART, PREFIX
from anomaly.review.schema import workflows as table
from anomaly.review.text import storable
from anomaly.review.viewer import Role, Viewer
from anomaly.store import replacing

SOON_DAYS = 14
SEVERAL = ("bucket", "destination")
"""Cells that may name several: no bucket and no destination has white space in it."""
LONGEST_YEARS_DAYS = 366
"""A workflow is looked at again within a year: what nobody renews is nobody's."""


@dataclass(frozen=True)
class Draft:
    """A workflow to be made; the cells are those of ``workflows.csv``.

    ``bucket`` and ``destination`` may name several, with white space between: a row of the file holds one of each.
    ``max_bytes_per_day`` is a limit of its own: a day on which an identity reads more of one bucket to one destination
    is not covered. None leaves it to the envelope that holds without one, three times the identity's own busiest day.
    """

    id: str
    identity: str
    bucket: str
    destination: str
    reason: str
    owner: str
    review_by: date
    max_bytes_per_day: int | None = None


@dataclass(frozen=True)
class Extension:
    """A later review date for a workflow that there is; ``version`` is the one that was shown."""

    id: str
    review_by: date
    version: int


@dataclass(frozen=True)
class Workflow(Draft):
    """A workflow of the review.

    ``status`` is active, soon (its review date is within 14 days), expired or ended; ``last_matched`` the last day on
    which it covered a case.
    """

    made_by: str = ""
    made_at: str = ""
    from_case: str | None = None
    ended_at: str | None = None
    last_matched: date | None = None
    version: int = 1
    status: str = "active"


def workflows(database: Database, today: date | None = None) -> list[Workflow]:
    """Return all workflows of the review, those to be looked at first at the top."""
    with database.reading() as connection:
        rows = connection.execute(sa.select(table).order_by(table.c.review_by, table.c.id)).mappings().all()
    now = today or _today()
    return [Workflow(**dict(row), status=_status(row["ended_at"], row["review_by"], now)) for row in rows]


def make(database: Database, draft: Draft, viewer: Viewer) -> str:
    """Make a workflow without a case; returns its id. Raises UsageError with every mistake of the draft."""
    viewer.must_be(Role.ANALYST, "approve a workflow")
    with database.writing(viewer.name, "workflow_made", draft.id) as change:
        return put(change, draft, viewer, None)


def extend(database: Database, extension: Extension, viewer: Viewer) -> None:
    """Give a workflow a later review date; raises StaleWriteError where it changed since it was shown."""
    viewer.must_be(Role.ANALYST, "extend a workflow")
    with database.writing(viewer.name, "workflow_extended", extension.id) as change:
        put(change, extension, viewer, None)


def expire(database: Database, workflow_id: str, viewer: Viewer, version: int) -> None:
    """End a workflow now; the next night's run no longer honours it."""
    viewer.must_be(Role.ANALYST, "end a workflow")
    with database.writing(viewer.name, "workflow_ended", workflow_id) as change:
        _update(change, workflow_id, version, {"ended_at": change.at})
        change.detail["version"] = version + 1


def put(change: Change, workflow: Draft | Extension, viewer: Viewer, case_id: str | None) -> str:
    """Make or extend a workflow within a write that is under way; returns its id."""
    if isinstance(workflow, Extension):
        check_review_date(workflow.review_by)
        _update(change, workflow.id, workflow.version, {"review_by": workflow.review_by, "ended_at": None})
        change.detail["workflow"] = {"extended": workflow.id, "review_by": workflow.review_by.isoformat()}
        return workflow.id
    check(workflow)
    if change.connection.scalar(sa.select(table.c.id).where(table.c.id == workflow.id)):
        raise UsageError(f"there is a workflow {workflow.id!r} already; extend it, or call the new one otherwise")
    cells = {name: _plain(getattr(workflow, name)) for name in Draft.__dataclass_fields__}
    made = {"made_by": viewer.name, "made_at": change.at, "from_case": case_id, "version": 1}
    change.connection.execute(table.insert().values(cells | made))
    change.detail["workflow"] = cells | {"review_by": workflow.review_by.isoformat()}
    return workflow.id


def check(draft: Draft) -> None:
    """Raise UsageError with every mistake of a draft, said as the context files say it."""
    mistakes = []
    for field in WORKFLOWS.fields:
        text = str(getattr(draft, field.name)).strip()
        for value in (text.split() or [""]) if field.name in SEVERAL else [text]:
            try:
                if not value:
                    raise ValueError(f"is empty; wanted: {field.meaning}")
                field.check(value)
            except ValueError as error:
                mistakes.append(f"{field.name} {value!r} {error}" if value else f"{field.name} {error}")
    if PART in draft.id:
        mistakes.append(f"id {draft.id!r} holds a {PART}, which numbers the rows of one workflow")
    if "none" in draft.destination.split():
        mistakes.append("destination 'none' approves nothing: name where the data goes, or where it is read")
    if draft.max_bytes_per_day is not None and draft.max_bytes_per_day <= 0:
        mistakes.append("max_bytes_per_day is to be above 0, or left out")
    if mistakes:
        raise UsageError("the workflow cannot be saved: " + "; ".join(mistakes))
    check_review_date(draft.review_by)


def check_review_date(review_by: date) -> None:
    """Raise UsageError unless the date lies ahead, within a year."""
    today = _today()
    if not today < review_by <= today + timedelta(days=LONGEST_YEARS_DAYS):
        raise UsageError(f"review_by {review_by} is to lie after today, {today}, and within a year")


def export(database: Database, folder: Path) -> Path:
    """Write the workflows that hold to ``review_workflows.csv`` of the context folder, whole, and return its path.

    The audit's lock is held meanwhile, so of two that write at once the later one has what the earlier one had.
    """
    path = folder / REVIEW_WORKFLOWS.file
    with database.writing("export", "workflows_exported", REVIEW_WORKFLOWS.file) as change:
        _lock(change.connection)
        rows = _holding(change.connection)
        with replacing(path) as temporary:
            temporary.write_text(_as_csv(rows), encoding="utf-8", newline="")
        change.detail["workflows"] = [row["id"] for row in rows]
    return path


def is_exported(database: Database, folder: Path) -> bool:
    """Whether the file in a context folder says what holds now; where nothing holds there need be none."""
    with database.reading() as connection:
        rows = _holding(connection)
    try:
        return (folder / REVIEW_WORKFLOWS.file).read_bytes() == _as_csv(rows).encode()
    except FileNotFoundError:
        return not rows


def _holding(connection: sa.Connection) -> Sequence[sa.RowMapping]:
    query = sa.select(table).where(table.c.ended_at.is_(None)).order_by(table.c.id)
    return connection.execute(query).mappings().all()


def _as_csv(rows: Sequence[sa.RowMapping]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    names = [*REVIEW_WORKFLOWS.header, *(field.name for field in REVIEW_WORKFLOWS.more)]
    writer.writerow(names)
    writer.writerows([cells[name] for name in names] for row in rows for cells in _rows(row))
    return out.getvalue()


def _rows(row: sa.RowMapping) -> Iterator[dict[str, Any]]:
    """The rows of the file that one workflow is: one for each bucket and each destination."""
    for nth, (bucket, destination) in enumerate(product(row["bucket"].split(), row["destination"].split()), start=1):
        name = f"{PREFIX}{row['id']}" + (f"{PART}{nth}" if nth > 1 else "")
        yield dict(row) | {"id": name, "bucket": bucket, "destination": destination}


def _lock(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("lock table workflows in share row exclusive mode"))


def _update(change: Change, workflow_id: str, version: int, values: dict[str, Any]) -> None:
    is_same = table.c.id == workflow_id, table.c.version == version
    if change.connection.execute(table.update().where(*is_same).values(version=version + 1, **values)).rowcount == 1:
        return
    known = list(change.connection.scalars(sa.select(table.c.id)))
    if workflow_id in known:
        raise StaleWriteError(f"the workflow {workflow_id} changed since you read it; read it again: nothing was saved")
    raise UnknownNameError(f"there is no workflow {workflow_id!r}; {nearest(workflow_id, known)}")


def _status(ended_at: str | None, review_by: date, today: date) -> str:
    if ended_at:
        return "ended"
    if review_by < today:
        return "expired"
    return "soon" if review_by <= today + timedelta(days=SOON_DAYS) else "active"


def _plain(value: Any) -> Any:
    return storable(value.strip()) if isinstance(value, str) else value


def _today() -> date:
    return datetime.now(UTC).date()
