"""What ``anomaly review`` says on the command line: of its audit log."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from anomaly.review.database import Database, open_database
from anomaly.review.schema import audit, counters
from fixtures_org import run


@pytest.fixture
def database(tmp_path: Path) -> Database:
    found = open_database(f"sqlite:///{tmp_path / 'review.sqlite'}")
    write(found, 6)
    found.close()
    return found


def write(database: Database, count: int) -> None:
    for number in range(count):
        with database.writing("ana", "noted", f"thing {number}"):
            pass


def digests(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.scalars(sa.select(audit.c.digest).order_by(audit.c.seq)))


def verified(tmp_path: Path, *digests: str) -> tuple[int, str]:
    answer = run(
        "review", "verify-audit", "--root", str(tmp_path), *(word for each in digests for word in ("--digest", each))
    )
    return answer.exit_code, answer.output


def cut(database: Database, last: int) -> None:
    """Cut the log's end off as somebody would who knows how entries are counted."""
    head = digests(database)[last - 1]
    with database.engine.begin() as connection:
        connection.execute(audit.delete().where(audit.c.seq > last))
        count = counters.update().where(counters.c.name == "audit")
        connection.execute(count.values(value=last, digest=head))


def test_a_noted_digest_that_stands_is_said(database: Database, tmp_path: Path) -> None:
    noted = digests(database)
    write(database, 2)
    code, text = verified(tmp_path, noted[5].upper(), "0" * 64)
    assert code == 0
    assert f"entry 6 still has the digest {noted[5]}" in text
    assert "entry 0 still has" in text
    assert f"8 entries; the last is 8, digest {digests(database)[7]}" in text


def test_an_end_that_was_cut_off_is_seen_and_where(database: Database, tmp_path: Path) -> None:
    noted = digests(database)
    cut(database, 4)
    assert verified(tmp_path)[0] == 0
    code, text = verified(tmp_path, noted[5], noted[2])
    assert code == 3
    assert f"no entry has the digest {noted[5]}" in text
    assert "after entry 3 the audit log was cut off or written anew" in text


def test_a_log_written_anew_from_an_entry_on_is_seen(database: Database, tmp_path: Path) -> None:
    noted = digests(database)
    cut(database, 4)
    write(database, 2)
    assert verified(tmp_path)[0] == 0
    assert verified(tmp_path, noted[5])[0] == 3
    assert verified(tmp_path, noted[3])[0] == 0


def test_a_digest_with_a_slip_in_it_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    code, text = verified(tmp_path, "abc123")
    assert code == 2
    assert "64 hexadecimal digits" in text
