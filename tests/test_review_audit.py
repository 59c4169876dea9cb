"""The audit log: whoever alters, removes, moves or puts in an entry is found."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from anomaly.errors import UsageError
from anomaly.review.audit import BEGINNING, Head, entry_digest
from anomaly.review.database import Database
from anomaly.review.schema import audit, counters


def write(review: Database, count: int = 6) -> None:
    for number in range(count):
        with review.writing("ana", "noted", f"thing {number}") as change:
            change.detail["number"] = number


def tamper(review: Database, *statements: sa.Executable) -> list[str]:
    with review.engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)
    return list(review.verify_audit().faults)


def test_a_log_that_was_left_alone_holds(review: Database) -> None:
    assert review.verify_audit().head == Head(0, BEGINNING)
    write(review)
    found = review.verify_audit()
    assert (found.entries, found.head.seq, found.faults) == (6, 6, ())
    assert review.verify_audit(found.head).faults == ()


@pytest.mark.parametrize("column", ["at", "actor", "action", "subject", "detail"])
def test_an_altered_entry_is_found(review: Database, column: str) -> None:
    write(review)
    assert tamper(review, audit.update().where(audit.c.seq == 3).values({column: "x"})) == [
        "entry 3 was altered: it does not say what it said when it was written"
    ]


def test_an_altered_entry_with_its_digest_made_anew_is_found(review: Database) -> None:
    write(review)
    with review.reading() as connection:
        entry = dict(connection.execute(sa.select(audit).where(audit.c.seq == 3)).mappings().one())
    forged = entry | {"actor": "mallory"}
    forged["digest"] = entry_digest(forged)
    faults = tamper(review, audit.update().where(audit.c.seq == 3).values(forged))
    assert faults == ["entry 4 does not follow the one before it: one of the two was replaced, moved or put in"]


def test_a_removed_entry_is_found(review: Database) -> None:
    write(review)
    assert tamper(review, audit.delete().where(audit.c.seq.in_([3, 4]))) == ["entries 3 to 4 are missing"]


def test_entries_that_changed_places_are_found(review: Database) -> None:
    write(review)
    swap = [audit.update().where(audit.c.seq == old).values(seq=new) for old, new in ((2, 99), (3, 2), (99, 3))]
    faults = tamper(review, *swap)
    assert any("entry 2 was altered" in fault for fault in faults)
    assert any("entry 3 was altered" in fault for fault in faults)


def test_an_entry_put_in_is_found(review: Database) -> None:
    write(review)
    head = review.verify_audit().head
    entry = {"seq": 7, "at": "z", "actor": "m", "action": "a", "subject": "s", "detail": "{}", "previous": head.digest}
    faults = tamper(review, audit.insert().values(**entry, digest=entry_digest(entry)))
    assert faults == ["the log ends at entry 7, but 6 entries were written: its end was changed"]


def test_an_end_cut_off_is_found_by_its_count_or_by_a_digest_noted_before(review: Database) -> None:
    write(review)
    noted = review.verify_audit().head
    cut = audit.delete().where(audit.c.seq > 4)
    assert tamper(review, cut) == ["the log ends at entry 4, but 6 entries were written: its end was changed"]
    with review.reading() as connection:
        last = connection.execute(sa.select(audit).where(audit.c.seq == 4)).mappings().one()
    recount = counters.update().where(counters.c.name == "audit").values(value=4, digest=last["digest"])
    assert tamper(review, recount) == []
    assert review.verify_audit(noted).faults == ("entry 6, whose digest was noted, is gone",)


def test_writers_at_once_keep_one_chain(review: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: write(review, 3), range(8)))
    assert (review.verify_audit().entries, review.verify_audit().faults) == (24, ())


def test_a_write_that_fails_leaves_neither_change_nor_entry(review: Database) -> None:
    def fail() -> None:
        with review.writing("ana", "noted", "x") as change:
            change.connection.execute(counters.insert().values(name="lost", value=1))
            raise UsageError("on second thought")

    with pytest.raises(UsageError):
        fail()
    with review.reading() as connection:
        assert connection.scalar(sa.select(counters.c.value).where(counters.c.name == "lost")) is None
    assert review.verify_audit().entries == 0
