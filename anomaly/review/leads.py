"""The ways to narrow the queue: each can lead, giving its cases in the queue's order, or check those of another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import sqlalchemy as sa

from anomaly.review.schema import case_terms, cases

AT_ONCE, LATER = 400, 4_000
"""Keys that a lead reads first, and each time after. One that has fewer is read whole, so the fewest are found."""
CHECKED = (0, 100, AT_ONCE, LATER)
"""Where the keys are cut for checking: most often the first hundred fill a page."""
TEXT = sa.table("case_text", sa.column("sort_key", sa.BigInteger), sa.column("rowid", sa.BigInteger))
MATCHES = {
    "sqlite": (TEXT.c.rowid, sa.text("case_text match :asked")),
    "postgresql": (TEXT.c.sort_key, sa.text("words @@ cast(:asked as tsquery)")),
}
"""Of each database the column of ``case_text`` that holds the sort key, and what a search asks."""


@dataclass(frozen=True)
class Lead:
    """One way to narrow the queue.

    ``column`` holds sort keys, those that fit are where the conditions hold; ``check`` says the same of ``cases``.
    ``is_many``: a key may come more than once.
    """

    column: sa.ColumnElement[int]
    conditions: tuple[sa.ColumnElement[bool] | sa.TextClause, ...]
    check: sa.ColumnElement[bool]
    is_many: bool = False

    def first(self, connection: sa.Connection, after: int, last: int, most: int) -> list[int]:
        """Return the first keys that fit, above one key and up to another."""
        in_reach = self.column > after, self.column <= last
        query = sa.select(self.column).where(*self.conditions, *in_reach).order_by(self.column).limit(most)
        return list(connection.scalars(query.distinct() if self.is_many else query).all())


def named(term_ids: Sequence[int]) -> Lead:
    """Cases that have any of these names."""
    is_named = case_terms.c.term_id.in_(term_ids) if len(term_ids) > 1 else case_terms.c.term_id == term_ids[0]
    same = sa.select(1).where(is_named, case_terms.c.sort_key == cases.c.sort_key)
    return Lead(case_terms.c.sort_key, (is_named,), sa.exists(same), is_many=len(term_ids) > 1)


def fitting(*conditions: sa.ColumnElement[bool]) -> Lead:
    """Cases whose columns fit; an index is to begin with these columns."""
    return Lead(cases.c.sort_key, conditions, sa.and_(*conditions))


def searched(asked: str, dialect: str) -> Lead:
    """Cases that hold these words; ``asked`` is as the database at hand reads a search."""
    column, matches = MATCHES[dialect]
    bound = matches.bindparams(asked=asked)
    same = sa.select(1).select_from(TEXT).where(bound, column == cases.c.sort_key)
    return Lead(column, (bound,), sa.exists(same))


def first_rows(
    connection: sa.Connection,
    leads: Sequence[Lead],
    columns: Sequence[sa.Column[object]],
    reach: tuple[int, int],
    most: int,
    also: Sequence[sa.ColumnElement[bool]] = (),
) -> list[sa.RowMapping]:
    """Return the first rows of ``cases`` that fit every lead, above the first key of the reach and up to the second.

    ``also`` are conditions on ``cases`` that never lead.
    """
    leader, keys = _fewest(connection, leads, *reach)
    fits = [*also, *(lead.check for lead in leads if lead is not leader)]
    found: list[sa.RowMapping] = []
    for group in _groups(connection, leader, keys, reach[1]):
        query = sa.select(*columns).where(cases.c.sort_key.in_(group), *fits).order_by(cases.c.sort_key)
        found += connection.execute(query.limit(most - len(found))).mappings()
        if len(found) == most:
            break
    return found


def _fewest(connection: sa.Connection, leads: Sequence[Lead], after: int, last: int) -> tuple[Lead, list[int]]:
    """Return the lead whose first keys reach furthest, and these keys."""
    read = [(lead, lead.first(connection, after, last, AT_ONCE)) for lead in leads]
    return max(read, key=lambda each: (last + 1 if len(each[1]) < AT_ONCE else each[1][-1], -len(each[1])))


def _groups(connection: sa.Connection, leader: Lead, keys: list[int], last: int) -> Iterator[list[int]]:
    """The leader's keys, those read already first, in groups to be checked."""
    asked = AT_ONCE
    while keys:
        yield from (group for start, end in pairwise(CHECKED) if (group := keys[start:end]))
        is_whole, asked = len(keys) < asked, LATER
        keys = [] if is_whole else leader.first(connection, keys[-1], last, asked)
