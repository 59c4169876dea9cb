"""A day's cases into the review database: again and again with the same result, and never over what people said."""

import hashlib
import json
import time
from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from anomaly.review import index, matching
from anomaly.review.database import Change, Database
from anomaly.review.record import Document, Record, records
from anomaly.review.schema import (
    MARK_GONE,
    MARK_MOVED,
    OPEN,
    WITHDRAWN,
    cases,
    counters,
    day_range,
    days,
    evidence,
    sort_key,
)

BATCH = 250
"""Cases in a transaction, so that an analyst who writes waits for a quarter of a second at most."""
LONGEST_PAUSE_SECONDS = 0.5
"""Between transactions publishing pauses for as long as one took, so that people get the lock and the processor too."""
ACTOR = "publish"


@dataclass(frozen=True)
class Published:
    """What publishing a day came to, in cases.

    ``moved`` and ``flagged`` are those with a verdict: their rank or score is another now, or they are no longer there.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    moved: int = 0
    withdrawn: int = 0
    flagged: int = 0

    def __add__(self, other: "Published") -> "Published":
        return Published(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True)
class Held:
    """What the database holds of a case that is published again."""

    number: int
    digest: str
    sort_key: int
    term_ids: str
    state: str
    mark: str | None
    mark_detail: str | None
    rank: int | None
    score: float

    @property
    def is_judged(self) -> bool:
        """Whether somebody gave a verdict."""
        return self.state not in (OPEN, WITHDRAWN)

    @property
    def is_gone(self) -> bool:
        """Whether the run before did not find it."""
        return self.state == WITHDRAWN or self.mark == MARK_GONE


HELD = sa.select(*(cases.c[name] for name in ("case_id", *Held.__dataclass_fields__)))


def publish(database: Database, documents: Sequence[Document], *, day: date) -> Published:
    """Bring the cases of a day up to date with what its scoring found.

    A case that is new is put in; one whose document changed is replaced, and its version goes up, so that no verdict is
    given on evidence that was not seen. Nobody's verdict, comment or assignment is touched. A transaction holds at most
    ``BATCH`` cases; a run that was killed is run again.

    Parameters
    ----------
    documents
        All of the day, as ``anomaly.findings.documents`` makes them; what is missing counts as withdrawn.

    Raises
    ------
    DataQualityError
        A document is not one of that day; nothing was published.
    """
    found = records(documents, day)
    done = Published()
    for start in range(0, len(found), BATCH):
        begun = time.monotonic()
        done += _publish_batch(database, found[start : start + BATCH], day)
        if start + BATCH < len(found):
            time.sleep(min(time.monotonic() - begun, LONGEST_PAUSE_SECONDS))
    done += _withdraw(database, {record.case_id for record in found}, day)
    with database.writing(ACTOR, "publish_day", day.isoformat()) as change:
        change.detail |= {"cases": len(found)}
        _note_day(change, found, day)
        matching.note(change.connection, found, day)
    return done


def _publish_batch(database: Database, batch: Sequence[Record], day: date) -> Published:
    with database.writing(ACTOR, "publish", day.isoformat()) as change:
        held = _held(change.connection, [record.case_id for record in batch])
        new = [record for record in batch if record.case_id not in held]
        changed = [record for record in batch if _is_changed(record, held.get(record.case_id))]
        terms = index.term_ids(change.connection, [*new, *changed])
        _insert(change, new, terms)
        moved = sum(_replace(change, record, held[record.case_id], terms) for record in changed)
        done = Published(len(new), len(changed), len(batch) - len(new) - len(changed), moved)
        change.detail |= {"new": done.new, "changed": done.changed, "unchanged": done.unchanged, "moved": done.moved}
        change.detail["sha256"] = hashlib.sha256("".join(each.digest for each in batch).encode()).hexdigest()
    return done


def _held(connection: sa.Connection, case_ids: Sequence[str]) -> dict[str, Held]:
    rows = connection.execute(HELD.where(cases.c.case_id.in_(case_ids)).with_for_update()).all()
    return {row.case_id: Held(*row[1:]) for row in rows}


def _is_changed(record: Record, held: Held | None) -> bool:
    return held is not None and (held.digest != record.digest or held.is_gone)


def _insert(change: Change, new: Sequence[Record], terms: dict[str, int]) -> None:
    if not new:
        return
    last = _take_numbers(change.connection, len(new))
    made = [(number, _indexed(record, number, terms)) for number, record in enumerate(new, start=last - len(new) + 1)]
    fresh = {"state": OPEN, "version": 1, "published_at": change.at}
    rows = [fresh | {"number": number, "case_id": each.record.case_id} | _columns(each) for number, each in made]
    change.connection.execute(cases.insert(), rows)
    packed = [{"number": number, "document": each.record.packed()} for number, each in made]
    change.connection.execute(evidence.insert(), packed)
    index.add(change.connection, [each for _, each in made])


def _replace(change: Change, record: Record, held: Held, terms: dict[str, int]) -> bool:
    """Replace what is held of a case; returns whether it has a verdict and stands elsewhere now."""
    new = _indexed(record, held.number, terms)
    columns = _columns(new)
    stands = {"rank": columns["rank"], "score": columns["score"]}
    is_moved = held.is_judged and stands != {"rank": held.rank, "score": held.score}
    values = columns | _mark(held, stands, is_moved) | {"published_at": change.at, "version": cases.c.version + 1}
    if held.state == WITHDRAWN:
        values["state"] = OPEN
    change.connection.execute(cases.update().where(cases.c.number == held.number).values(values))
    change.connection.execute(
        evidence.update().where(evidence.c.number == held.number).values(document=record.packed())
    )
    index.remove(change.connection, held.sort_key, held.term_ids)
    index.add(change.connection, [new])
    return is_moved


def _mark(held: Held, stands: dict[str, Any], is_moved: bool) -> dict[str, Any]:
    if not is_moved:
        return {"mark": None, "mark_detail": None} if held.mark == MARK_GONE else {}
    earlier = json.loads(held.mark_detail or "{}").get("was") if held.mark == MARK_MOVED else None
    was = earlier or {"rank": held.rank, "score": held.score}
    return {"mark": MARK_MOVED, "mark_detail": json.dumps({"was": was, "now": stands})}


def _take_numbers(connection: sa.Connection, count: int) -> int:
    taken = counters.update().where(counters.c.name == "cases").values(value=counters.c.value + count)
    return int(connection.execute(taken.returning(counters.c.value)).scalar_one())


def _indexed(record: Record, number: int, terms: dict[str, int]) -> index.Indexed:
    ids = tuple(terms[term.key] for term in record.terms())
    return index.Indexed(record, sort_key(record.day, record.place, number), ids)


def _columns(case: index.Indexed) -> dict[str, Any]:
    return case.record.columns() | {"sort_key": case.sort_key, "term_ids": json.dumps(case.term_ids)}


def _withdraw(database: Database, present: Collection[str], day: date) -> Published:
    """Mark the cases of a day that are no longer there: withdrawn, or flagged where somebody judged them."""
    with database.reading() as connection:
        missing = [number for number, case_id in _of_day(connection, day) if case_id not in present]
    done = Published()
    for start in range(0, len(missing), BATCH):
        batch = missing[start : start + BATCH]
        with database.writing(ACTOR, "withdraw", day.isoformat()) as change:
            withdrawn = _mark_gone(change, batch, cases.c.state == OPEN, state=WITHDRAWN)
            flagged = _mark_gone(change, batch, cases.c.state.not_in((OPEN, WITHDRAWN)))
            change.detail |= {"withdrawn": withdrawn, "flagged": flagged}
        done += Published(withdrawn=withdrawn, flagged=flagged)
    return done


def _of_day(connection: sa.Connection, day: date) -> Sequence[sa.Row[int, str]]:
    in_day = cases.c.sort_key.between(*day_range(day, day))
    is_there = sa.and_(cases.c.state != WITHDRAWN, sa.func.coalesce(cases.c.mark, "") != MARK_GONE)
    return connection.execute(sa.select(cases.c.number, cases.c.case_id).where(in_day, is_there)).all()


def _mark_gone(change: Change, numbers: Sequence[int], those: sa.ColumnElement[bool], **also: str) -> int:
    values = {"mark": MARK_GONE, "mark_detail": None, "version": cases.c.version + 1, **also}
    update = cases.update().where(cases.c.number.in_(numbers), those).values(values)
    return change.connection.execute(update).rowcount


def _note_day(change: Change, found: Sequence[Record], day: date) -> None:
    covered = sum(bool(record.document["covered"]) for record in found)
    alerts = sum(bool(record.document["alert"]) for record in found)
    change.connection.execute(days.delete().where(days.c.day == day))
    change.connection.execute(
        days.insert().values(day=day, cases=len(found), alerts=alerts, covered=covered, published_at=change.at)
    )
