"""The ways to narrow the queue: each can lead, giving its cases in the queue's order, or check those of another."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from anomaly.review.schema import case_terms, cases
from anomaly.review.text import Search

AT_ONCE = 400
"""Keys that each lead reads to find which reaches furthest: one that has fewer is read whole."""
GROUP = 100
"""Of these keys, how many are checked first: most often they fill a page."""
SPARE = 3
"""Keys asked for a row wanted, where nearly all of them fit."""
TEXT = sa.table(
    "case_text", sa.column("sort_key", sa.BigInteger), sa.column("rowid", sa.BigInteger), sa.column("words")
)
HELD_CASES, HELD_TERMS = cases.alias("held_cases"), case_terms.alias("held_terms")
"""What a check looks at, beside what its query reads."""
NEXT_WORD = sa.text("select term from case_text_places where term >= :least and term <= :last limit 1")
MOST_SPELLED = 32
"""Words that a beginning is spelled out to; a tenth of a millisecond each."""
Column = sa.ColumnElement[int]
Condition = sa.ColumnElement[bool] | sa.TextClause


@dataclass(frozen=True)
class Lead:
    """One way to narrow the queue.

    ``column`` holds sort keys, those that fit are where the conditions hold; ``check`` says the same of any column of
    sort keys. ``is_many``: a key may come more than once.
    """

    column: Column
    conditions: tuple[Condition, ...]
    check: Callable[[Column], sa.ColumnElement[bool]]
    is_many: bool = False

    def first(
        self, connection: sa.Connection, reach: tuple[int, int], most: int, also: Sequence[Condition] = ()
    ) -> list[int]:
        """Return the first keys that fit, above the first key of the reach and up to the second."""
        in_reach = self.column > reach[0], self.column <= reach[1]
        query = sa.select(self.column).where(*self.conditions, *in_reach, *also).order_by(self.column).limit(most)
        return list(connection.scalars(query.distinct() if self.is_many else query).all())


def named(term_ids: Sequence[int]) -> Lead:
    """Cases that have any of these names."""

    def is_named(table: sa.FromClause) -> sa.ColumnElement[bool]:
        return table.c.term_id.in_(term_ids) if len(term_ids) > 1 else table.c.term_id == term_ids[0]

    def check(key: Column) -> sa.ColumnElement[bool]:
        return _is_there(HELD_TERMS, is_named(HELD_TERMS), HELD_TERMS.c.sort_key == key)

    return Lead(case_terms.c.sort_key, (is_named(case_terms),), check, is_many=len(term_ids) > 1)


def fitting(conditions: Callable[[sa.FromClause], Sequence[sa.ColumnElement[bool]]]) -> Lead:
    """Cases whose columns fit what is asked of a table of cases; an index is to begin with these columns."""

    def check(key: Column) -> sa.ColumnElement[bool]:
        return _is_there(HELD_CASES, HELD_CASES.c.sort_key == key, *conditions(HELD_CASES))

    return Lead(cases.c.sort_key, tuple(conditions(cases)), check)


def searched(connection: sa.Connection, asked: Search) -> Lead:
    """Cases that hold these words."""
    if connection.dialect.name == "postgresql":
        matches = sa.text("case_text.words @@ cast(:asked as tsquery)").bindparams(asked=asked.tsquery())
        return Lead(TEXT.c.sort_key, (matches,), lambda key: _is_there(TEXT, TEXT.c.sort_key == key, matches))
    spaced = sa.literal(" ") + TEXT.c.words + " "
    # by its row number a case's own words are read: the index would be asked anew for each case, a beginning at length
    holds = [sa.func.instr(spaced, part) > 0 for part in asked.spaced()]
    query = asked.fts_query(lambda beginning: _spelled(connection, beginning))
    matches = sa.text("case_text match :asked").bindparams(asked=query)
    return Lead(TEXT.c.rowid, (matches,), lambda key: _is_there(TEXT, TEXT.c.rowid == key, *holds))


def _spelled(connection: sa.Connection, beginning: str) -> list[str]:
    """The words of all cases that begin so; none where they are more than ``MOST_SPELLED``.

    FTS5 reads all places of all words that begin so before it gives the first case; of whole words only what it gives.
    """
    found: list[str] = []
    reach = {"least": beginning, "last": beginning + chr(sys.maxunicode)}
    while (word := connection.scalar(NEXT_WORD, reach)) is not None:
        if len(found) == MOST_SPELLED:
            return []
        found.append(word)
        # past the word itself, of which there is an entry for each place where it stands
        reach["least"] = word + "\1"
    return found


def first_rows(
    connection: sa.Connection,
    leads: Sequence[Lead],
    columns: Sequence[sa.Column[object]],
    reach: tuple[int, int],
    most: int,
) -> list[sa.RowMapping]:
    """Return the first rows of ``cases`` that fit every lead, above the first key of the reach and up to the second.

    The lead whose first keys reach furthest leads the others.
    """
    if len(leads) == 1:
        return _rows(connection, leads[0].first(connection, reach, most), columns, most)
    read = []
    for lead in leads:
        keys = lead.first(connection, reach, AT_ONCE)
        if not keys:
            return []
        read.append((lead, keys))
    leader, keys = max(read, key=lambda each: (reach[1] + 1 if len(each[1]) < AT_ONCE else each[1][-1], -len(each[1])))
    others = [lead for lead in leads if lead is not leader]
    return _led(connection, leader, others, columns, (keys, AT_ONCE), reach[1], most)


def rows_led(
    connection: sa.Connection,
    leader: Lead,
    others: Sequence[Lead],
    columns: Sequence[sa.Column[object]],
    reach: tuple[int, int],
    most: int,
) -> list[sa.RowMapping]:
    """Return what :func:`first_rows` does, where it is known that one lead fits few cases and the others nearly all."""
    asked = SPARE * most
    return _led(connection, leader, others, columns, (leader.first(connection, reach, asked), asked), reach[1], most)


def _led(
    connection: sa.Connection,
    leader: Lead,
    others: Sequence[Lead],
    columns: Sequence[sa.Column[object]],
    read: tuple[list[int], int],
    last: int,
    most: int,
) -> list[sa.RowMapping]:
    """The leader's cases that fit the others: among its keys that are read, of so many asked for, then behind these."""
    (keys, asked), found = read, list[sa.RowMapping]()
    fits = [lead.check(cases.c.sort_key) for lead in others]
    for start, end in ((0, GROUP), (GROUP, asked)):
        if len(found) < most and keys[start:end]:
            found += _rows(connection, keys[start:end], columns, most - len(found), fits)
    if len(found) < most and len(keys) == asked:
        fits = [lead.check(leader.column) for lead in others]
        behind = leader.first(connection, (keys[-1], last), most - len(found), fits)
        found += _rows(connection, behind, columns, most)
    return found


def _rows(
    connection: sa.Connection,
    keys: Sequence[int],
    columns: Sequence[sa.Column[object]],
    most: int,
    fits: Sequence[Condition] = (),
) -> list[sa.RowMapping]:
    query = sa.select(*columns).where(cases.c.sort_key.in_(keys), *fits).order_by(cases.c.sort_key).limit(most)
    return list(connection.execute(query).mappings()) if keys else []


def _is_there(table: sa.FromClause, *conditions: Condition) -> sa.ColumnElement[bool]:
    # the offset keeps PostgreSQL from joining all there is to a page's few keys
    return sa.exists(sa.select(sa.literal(1)).select_from(table).where(*conditions).offset(0))
