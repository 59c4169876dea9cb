"""The queue: the published cases newest day first, by rank, filtered, searched, and read a page at a time.

Every way to narrow it reads an index in the order of the queue, so that a page costs the same at a thousand cases and
at a million. Where several apply, the one that fewest cases fit leads and the others are checked case by case.
"""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from anomaly.errors import UsageError, nearest
from anomaly.review.database import Database
from anomaly.review.index import known_ids
from anomaly.review.leads import Lead, first_rows, fitting, named, searched
from anomaly.review.schema import OPEN, STATES, WITHDRAWN, cases, day_range
from anomaly.review.schema import days as published
from anomaly.review.text import search
from anomaly.review.viewer import Viewer, may_see

MOST_ROWS = 200
COUNTED = 1_000
"""Counts stop here: "1,000 or more" is all that a queue needs to say, and counting a million takes its time."""
GREATEST = 2**63 - 1
NOBODY = "nobody"
"""The value of ``assigned`` that asks for the cases nobody was given."""
SHOWN = (
    *("case_id", "day", "rank", "cases_of_day", "alert", "covered", "score", "expected_per_day", "confidence"),
    *("identity", "identity_kind", "headline", "workflow", "sensitivity", "bytes_read", "objects_taken", "start"),
    *("state", "mark", "assigned_to", "version"),
)


@dataclass(frozen=True)
class Filters:
    """What the queue is narrowed to; None or empty leaves it open.

    ``bucket``, ``owner``, ``identity``, ``sensitivity`` are whole names; ``text`` is searched, see
    :func:`anomaly.review.text.search`. ``state`` is one of ``STATES``; without it withdrawn cases are left out.
    """

    day: date | None = None
    bucket: str | None = None
    owner: str | None = None
    identity: str | None = None
    destination: str | None = None
    network: str | None = None
    sensitivity: str | None = None
    state: str | None = None
    text: str | None = None
    covered: bool | None = None
    assigned: str | None = None

    def names(self) -> dict[str, str]:
        """The names asked for, by kind."""
        kinds = ("bucket", "owner", "identity", "destination", "network", "sensitivity")
        return {kind: value for kind in kinds if (value := getattr(self, kind))}


@dataclass(frozen=True)
class QueueRow:
    """A case as the queue shows it; ``bytes_read`` None is unknown, ``rank`` None covered by a workflow.

    ``sources``, ``buckets`` and ``destinations`` are the first few, ``more`` says how many there are beside them.
    """

    case_id: str
    day: date
    rank: int | None
    cases_of_day: int
    alert: bool
    covered: bool
    score: float
    expected_per_day: float | None
    confidence: float | None
    identity: str
    identity_kind: str
    headline: str
    workflow: str
    sensitivity: str
    bytes_read: int | None
    objects_taken: int | None
    start: str
    state: str
    mark: str | None
    assigned_to: str | None
    version: int
    sources: list[dict[str, Any]]
    buckets: list[dict[str, Any]]
    destinations: list[str]
    tools: list[str]
    more: dict[str, int]


@dataclass(frozen=True)
class Page:
    """A page of the queue; ``next_cursor`` is None on the last one.

    ``counts`` are of each state, narrowed by day, covered and the viewer's own only, and stop at ``COUNTED``.
    """

    rows: list[QueueRow]
    next_cursor: str | None
    counts: dict[str, int]


@dataclass(frozen=True)
class Day:
    """A published day."""

    day: date
    cases: int
    alerts: int
    covered: int
    published_at: str


def queue(database: Database, filters: Filters, cursor: str | None, limit: int, viewer: Viewer) -> Page:
    """Return a page of the queue as this person may see it.

    Parameters
    ----------
    cursor
        ``next_cursor`` of the page before; None begins at the top.

    Raises
    ------
    UsageError
        The cursor is none of ours, or the state does not exist.
    """
    after, limit = _after(cursor), max(1, min(limit, MOST_ROWS))
    _check(filters)
    with database.reading() as connection:
        found = _page(connection, filters, after, limit + 1, viewer)
        counts = _counts(connection, filters, viewer)
    following = str(found[limit - 1]["sort_key"]) if len(found) > limit else None
    return Page([queue_row(row) for row in found[:limit]], following, counts)


def next_open(database: Database, after: QueueRow, viewer: Viewer) -> str | None:
    """Return the next case of a case's day that waits for a verdict: behind it, else from the top; None for none."""
    is_own = cases.c.case_id == after.case_id
    place = sa.select(cases.c.sort_key).where(is_own).scalar_subquery()
    waits = cases.c.state == OPEN, cases.c.covered.is_(False), may_see(viewer)
    in_day = cases.c.sort_key.between(*day_range(after.day, after.day))
    query = sa.select(cases.c.case_id).where(in_day, *waits).order_by(cases.c.sort_key).limit(1)
    with database.reading() as connection:
        behind = connection.scalar(query.where(cases.c.sort_key > place))
        return behind or connection.scalar(query.where(~is_own))


def days(database: Database, most: int | None = None) -> list[Day]:
    """Return the published days, newest first; ``most`` of them."""
    newest = sa.select(published).order_by(published.c.day.desc()).limit(most)
    with database.reading() as connection:
        return [Day(*row) for row in connection.execute(newest)]


def queue_row(row: Mapping[str, Any] | sa.RowMapping) -> QueueRow:
    """Return a row of the table of cases as the queue shows it."""
    return QueueRow(**{name: row[name] for name in SHOWN}, **json.loads(row["shown"]))


def _after(cursor: str | None) -> int:
    if cursor is None:
        return -1
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20):
        raise UsageError(f"{cursor!r} is no place in the queue; begin again at the top")
    return int(cursor)


def _check(filters: Filters) -> None:
    if filters.state and filters.state not in STATES:
        raise UsageError(f"no case has the state {filters.state!r}; {nearest(filters.state, STATES)}")


def _page(connection: sa.Connection, filters: Filters, after: int, limit: int, viewer: Viewer) -> list[sa.RowMapping]:
    leads = _leads(connection, filters, viewer)
    if leads is None:
        return []
    first, last = day_range(filters.day, filters.day) if filters.day else (0, GREATEST)
    columns = [cases.c.sort_key, cases.c.shown, *(cases.c[name] for name in SHOWN)]
    return first_rows(connection, leads, columns, (max(after, first - 1), last), limit)


def _leads(connection: sa.Connection, filters: Filters, viewer: Viewer) -> list[Lead] | None:
    """What narrows the queue; None where something was asked for that no case can have."""
    asked = [known_ids(connection, kind, [value]) for kind, value in filters.names().items()]
    if viewer.owns:
        asked.append(known_ids(connection, "owner", viewer.owns))
    text = search(filters.text or "")
    if not all(asked) or ((filters.text or "").strip() and text is None):
        return None
    words = [searched(connection, text)] if text else []
    # what is checked soonest comes first: a name takes a look at an index, columns a row of the table
    return [*map(named, asked), *words, fitting(lambda table: _conditions(filters, table))]


def _conditions(filters: Filters, table: sa.FromClause) -> list[sa.ColumnElement[bool]]:
    asked = [table.c.state == filters.state if filters.state else table.c.state != WITHDRAWN]
    if filters.covered is not None:
        asked.append(table.c.covered.is_(filters.covered))
    if filters.assigned:
        is_free = filters.assigned == NOBODY
        asked.append(table.c.assigned_to.is_(None) if is_free else table.c.assigned_to == filters.assigned)
    return asked


def _counts(connection: sa.Connection, filters: Filters, viewer: Viewer) -> dict[str, int]:
    first, last = day_range(filters.day, filters.day) if filters.day else (0, GREATEST)
    if viewer.owns:
        return _counts_of_owner(connection, _counted(filters.day is not None, filters.covered), (first, last), viewer)
    query = _counting(filters.day is not None, filters.covered)
    found = connection.execute(query, {"first": first, "last": last}).mappings().one()
    return {str(state): int(count) for state, count in found.items()}


@functools.cache
def _counting(is_of_day: bool, covered: bool | None) -> sa.Select[*tuple[int, ...]]:
    """The counts of all states in one query, kept: putting it together takes longer than its answer."""
    return sa.select(
        *(_at_most([cases.c.state == state, *_counted(is_of_day, covered)]).label(state) for state in STATES)
    )


def _counted(is_of_day: bool, covered: bool | None) -> list[sa.ColumnElement[bool]]:
    reach = cases.c.sort_key.between(
        sa.bindparam("first", type_=sa.BigInteger), sa.bindparam("last", type_=sa.BigInteger)
    )
    return [*([reach] if is_of_day else []), *([] if covered is None else [cases.c.covered.is_(covered)])]


def _at_most(conditions: Sequence[sa.ColumnElement[bool]]) -> sa.ScalarSelect[int]:
    found = sa.select(cases.c.sort_key).where(*conditions).limit(COUNTED).subquery()
    return sa.select(sa.func.count()).select_from(found).scalar_subquery()


def _counts_of_owner(
    connection: sa.Connection, conditions: Sequence[sa.ColumnElement[bool]], reach: tuple[int, int], viewer: Viewer
) -> dict[str, int]:
    """Of a data owner only the newest cases are counted: no index holds their states."""
    ids = known_ids(connection, "owner", viewer.owns)
    newest = named(ids).first(connection, (-1, GREATEST), COUNTED) if ids else []
    query = sa.select(cases.c.state, sa.func.count()).where(cases.c.sort_key.in_(newest), *conditions)
    first, last = reach
    found = connection.execute(query.group_by(cases.c.state), {"first": first, "last": last}).all()
    return dict.fromkeys(STATES, 0) | {row[0]: row[1] for row in found}
