"""What cases are found by, written: names (``terms``, ``case_terms``) and words (``case_text``)."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from anomaly.review.record import Record, Term, term_key
from anomaly.review.schema import case_terms, terms
from anomaly.review.text import tsvector

AT_ONCE = 500
"""Values in one list of a query; SQLite takes 32,766, but a longer list is no faster."""
WORDS_OF_SQLITE = sa.text("insert into case_text (rowid, words) values (:sort_key, :words)")
WORDS_OF_POSTGRES = sa.text("insert into case_text (sort_key, words) values (:sort_key, cast(:words as tsvector))")


@dataclass(frozen=True)
class Indexed:
    """A case to be found: its record, its place in the queue, the ids of its terms."""

    record: Record
    sort_key: int
    term_ids: tuple[int, ...]


def known_ids(connection: sa.Connection, kind: str, values: Sequence[str]) -> list[int]:
    """Return the ids of names of one kind; a name that no case ever had has none."""
    keys = [term_key(kind, value) for value in values]
    return list(connection.scalars(sa.select(terms.c.id).where(terms.c.key.in_(keys)).order_by(terms.c.id)))


def term_ids(connection: sa.Connection, records: Sequence[Record]) -> dict[str, int]:
    """Return the id of every term of these records by key; terms that are new are put in."""
    wanted = {term.key: term for record in records for term in record.terms()}
    found = _known_terms(connection, wanted)
    # in one order everywhere, or two that publish could each wait for the other
    missing = [wanted[key] for key in sorted(wanted.keys() - found.keys())]
    if missing:
        connection.execute(_insert_terms(connection), [_row(term) for term in missing])
        found |= _known_terms(connection, [term.key for term in missing])
    return found


def add(connection: sa.Connection, cases: Sequence[Indexed]) -> None:
    """Make cases findable that were not."""
    if not cases:
        return
    pairs = [{"term_id": term, "sort_key": case.sort_key} for case in cases for term in case.term_ids]
    if pairs:
        connection.execute(case_terms.insert(), pairs)
    is_postgres = connection.dialect.name == "postgresql"
    connection.execute(
        WORDS_OF_POSTGRES if is_postgres else WORDS_OF_SQLITE,
        [{"sort_key": case.sort_key, "words": _words(case.record, is_postgres)} for case in cases],
    )


def remove(connection: sa.Connection, sort_key: int, held_term_ids: str) -> None:
    """Make a case unfindable; ``held_term_ids`` is the JSON list that its row holds."""
    held = json.loads(held_term_ids)
    connection.execute(case_terms.delete().where(case_terms.c.sort_key == sort_key, case_terms.c.term_id.in_(held)))
    name = "sort_key" if connection.dialect.name == "postgresql" else "rowid"
    connection.execute(sa.text(f"delete from case_text where {name} = :sort_key"), {"sort_key": sort_key})


def _known_terms(connection: sa.Connection, keys: Collection[str]) -> dict[str, int]:
    listed = list(keys)
    found: dict[str, int] = {}
    for start in range(0, len(listed), AT_ONCE):
        query = sa.select(terms.c.key, terms.c.id).where(terms.c.key.in_(listed[start : start + AT_ONCE]))
        found |= {row.key: row.id for row in connection.execute(query)}
    return found


def _insert_terms(connection: sa.Connection) -> Any:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(terms).on_conflict_do_nothing(index_elements=["key"])


def _row(term: Term) -> dict[str, str]:
    return {"kind": term.kind, "key": term.key, "value": term.value}


def _words(record: Record, is_postgres: bool) -> str:
    return tsvector(record.words()) if is_postgres else " ".join(record.words())
