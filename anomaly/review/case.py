"""One case: its frozen evidence, where it stands, what people said of it, and the cases that are near."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from anomaly.errors import UnknownNameError
from anomaly.review.database import Database
from anomaly.review.index import known_ids
from anomaly.review.leads import fitting, named, rows_led
from anomaly.review.queue import SHOWN, QueueRow, queue_row
from anomaly.review.record import Record, unpacked
from anomaly.review.schema import EPOCH, WITHDRAWN, cases, comments, day_range, evidence, verdicts
from anomaly.review.viewer import Viewer, may_see

NEAR_DAYS = 30
MOST_RELATED = 12
"""Cases shown of each tie; the newest come first."""
TIES = ("identity", "destination", "network")


@dataclass(frozen=True)
class Said:
    """A verdict as it was given, on the case as it then stood."""

    verdict: str
    reason: str
    analyst: str
    at: str
    version: int
    rank: int | None
    score: float
    model_version: str
    workflow_id: str | None


@dataclass(frozen=True)
class Comment:
    """What somebody wrote."""

    author: str
    at: str
    text: str


@dataclass(frozen=True)
class Case:
    """All there is of a case.

    Attributes
    ----------
    document
        The evidence as it was published.
    row
        The case as the queue shows it: state, version, mark, assignment.
    mark_detail
        Of a case that moved since its verdict, rank and score ``was`` and ``now``.
    history
        The verdicts, newest first.
    related
        Other cases within 30 days by what ties them: identity, destination, network.
    """

    document: dict[str, Any]
    row: QueueRow
    mark_detail: dict[str, Any]
    history: list[Said]
    comments: list[Comment]
    related: dict[str, list[QueueRow]]

    @property
    def state(self) -> str:
        """Where it stands, one of ``STATES``."""
        return self.row.state

    @property
    def version(self) -> int:
        """What a write has to give back, to show that it knows how the case stands."""
        return self.row.version

    @property
    def assigned_to(self) -> str | None:
        """Who looks at it."""
        return self.row.assigned_to


def case(database: Database, case_id: str, viewer: Viewer) -> Case:
    """Return a case; raises UnknownNameError where there is none that this person may see."""
    with database.reading() as connection:
        row = find(connection, case_id, viewer, *_COLUMNS)
        packed = connection.scalars(sa.select(evidence.c.document).where(evidence.c.number == row["number"])).one()
        document = unpacked(packed)
        return Case(
            document,
            queue_row(row),
            json.loads(row["mark_detail"] or "{}"),
            _history(connection, row["number"]),
            _comments(connection, row["number"]),
            {tie: _related(connection, tie, document, row, viewer) for tie in TIES},
        )


_COLUMNS = (cases.c.number, cases.c.sort_key, cases.c.shown, cases.c.mark_detail, *(cases.c[name] for name in SHOWN))


def find(connection: sa.Connection, case_id: str, viewer: Viewer, *columns: sa.Column[Any]) -> sa.RowMapping:
    """Return these columns of a case; raises UnknownNameError where there is none that this person may see."""
    query = sa.select(*columns).where(cases.c.case_id == case_id, may_see(viewer))
    row = connection.execute(query).mappings().first()
    if row is None:
        raise UnknownNameError(f"there is no case {case_id!r}, or none that {viewer.name} may see")
    return row


def _history(connection: sa.Connection, number: int) -> list[Said]:
    columns = [verdicts.c[name] for name in Said.__dataclass_fields__]
    query = sa.select(*columns).where(verdicts.c.number == number).order_by(verdicts.c.version.desc())
    return [Said(*row) for row in connection.execute(query)]


def _comments(connection: sa.Connection, number: int) -> list[Comment]:
    columns = [comments.c[name] for name in Comment.__dataclass_fields__]
    query = sa.select(*columns).where(comments.c.number == number).order_by(comments.c.id)
    return [Comment(*row) for row in connection.execute(query)]


def _related(
    connection: sa.Connection, tie: str, document: dict[str, Any], row: sa.RowMapping, viewer: Viewer
) -> list[QueueRow]:
    """The newest cases that share a name of this kind, within 30 days before and after."""
    names = [term.value for term in Record(document, 0).terms() if term.kind == tie]
    ids = known_ids(connection, tie, names)
    if not ids:
        return []
    near = timedelta(days=NEAR_DAYS)
    first, last = day_range(max(EPOCH, row["day"] - near), row["day"] + near)
    others = [fitting(lambda table: (table.c.state != WITHDRAWN,))]
    if viewer.owns:
        # a case that they may see has an owner whose name is known
        others.append(named(known_ids(connection, "owner", viewer.owns)))
    found = rows_led(connection, named(ids), others, _COLUMNS, (first - 1, last), MOST_RELATED + 1)
    return [queue_row(other) for other in found if other["number"] != row["number"]][:MOST_RELATED]
