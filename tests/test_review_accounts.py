"""Accounts: who gets in, who does not, and when a session ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from anomaly.errors import UnknownNameError, UsageError
from anomaly.review import accounts
from anomaly.review.database import Database, open_database
from anomaly.review.schema import accounts as table
from anomaly.review.schema import sessions
from anomaly.review.viewer import Role, Viewer
from review_people import PASSWORD, add


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_database(f"sqlite:///{tmp_path / 'review.sqlite'}")
    add(found, "ana", "analyst")
    yield found
    found.close()


def test_a_password_is_kept_so_that_nobody_reads_it() -> None:
    kept = accounts.hashed(PASSWORD)
    assert PASSWORD not in kept
    assert accounts.matches(PASSWORD, kept)
    assert not accounts.matches(PASSWORD + "x", kept)
    assert kept != accounts.hashed(PASSWORD)


def test_a_session_is_kept_as_a_digest_and_ends_at_sign_out(database: Database) -> None:
    token = accounts.sign_in(database, "ana", PASSWORD)
    assert token is not None
    assert accounts.viewer_of(database, token) == Viewer("ana", Role.ANALYST)
    with database.reading() as connection:
        assert token not in str(connection.execute(sa.select(sessions)).all())
    accounts.sign_out(database, token)
    assert accounts.viewer_of(database, token) is None


@pytest.mark.parametrize(
    ("column", "moment"), [("ends_at", "2020-01-01T00:00:00.000000Z"), ("seen_at", "2020-01-01T00:00:00.000000Z")]
)
def test_a_session_ends_by_the_clock_and_by_idling(database: Database, column: str, moment: str) -> None:
    token = accounts.sign_in(database, "ana", PASSWORD) or ""
    with database.writing("test", "aged", "ana") as change:
        change.connection.execute(sessions.update().values(**{column: moment}))
    assert accounts.viewer_of(database, token) is None


def test_wrong_passwords_lock_for_a_while(database: Database) -> None:
    for _ in range(accounts.MOST_FAILURES):
        assert accounts.sign_in(database, "ana", "wrong") is None
    assert accounts.sign_in(database, "ana", PASSWORD) is None
    with database.writing("test", "waited", "ana") as change:
        change.connection.execute(table.update().values(locked_until="2020-01-01T00:00:00.000000Z"))
    assert accounts.sign_in(database, "ana", PASSWORD) is not None


def test_a_lock_and_a_new_password_end_the_sessions(database: Database) -> None:
    token = accounts.sign_in(database, "ana", PASSWORD) or ""
    accounts.lock(database, "ana")
    assert accounts.viewer_of(database, token) is None
    assert accounts.known(database, "ana") is None
    assert accounts.every(database)[0].is_locked
    accounts.set_password(database, "ana", "another long password")
    assert accounts.viewer_of(database, token) is None
    assert accounts.sign_in(database, "ana", "another long password") is not None
    assert database.verify_audit().faults == ()


def test_whoever_another_system_signs_in_has_no_password(database: Database) -> None:
    accounts.add(database, "sso", "viewer", owns=("sales@corp.example",))
    assert accounts.sign_in(database, "sso", "") is None
    assert accounts.known(database, "sso") == Viewer("sso", Role.VIEWER, ("sales@corp.example",))
    assert accounts.known(database, "nobody") is None
    assert accounts.analysts(database) == ["ana"]


def test_what_is_no_account_is_refused(database: Database) -> None:
    with pytest.raises(UsageError, match="already"):
        accounts.add(database, "ana", "viewer")
    with pytest.raises(UsageError, match="did you mean 'analyst'"):
        accounts.add(database, "bo", "analist")
    with pytest.raises(UsageError, match="12"):
        accounts.add(database, "bo", "viewer", password="short")
    with pytest.raises(UsageError, match="visible"):
        accounts.add(database, "b\u202eo", "viewer")
    with pytest.raises(UnknownNameError, match="'ana'"):
        accounts.lock(database, "anna")
