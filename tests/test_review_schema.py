"""The tables: as the code has them, made by the migrations, on both databases, by several at once."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from anomaly.errors import AnomalyError, UsageError
from anomaly.review import migrate
from anomaly.review.database import Database, open_database
from anomaly.review.schema import LAST_NUMBER, LAST_PLACE, day_range, metadata, sort_key
from fixtures_review import Kind

REVIEW = Path(migrate.__file__).parent


def is_ours(_: object, name: str | None, kind: str, *__: object) -> bool:
    return not (name or "").startswith("case_text")


def test_the_migrations_make_the_tables_that_the_code_has(review: Database) -> None:
    with review.engine.connect() as connection:
        options = {"compare_type": True, "include_object": is_ours}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_the_newest_migration_is_the_one_named() -> None:
    names = sorted(path.name[:4] for path in (migrate.FOLDER / "versions").glob("0*.py"))
    assert names[-1] == migrate.HEAD


def test_several_open_a_new_database_at_once(review_kind: Kind) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(open_database, [review_kind.empty()] * 4))
    for database in found:
        assert database.verify_audit().faults == ()
        database.close()


def test_a_database_of_a_newer_version_is_left_alone(review: Database, review_url: str) -> None:
    with review.engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(UsageError, match="newer version"):
        open_database(review_url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("review.sqlite", "no address of a database"),
        ("mysql://h/d", "'mysql', which the review cannot use"),
        ("sqlite://", "names no file"),
        ("postgresql://me:hunter2@h/d", "PGPASSWORD"),
    ],
)
def test_what_is_no_address_is_refused_without_its_password(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        open_database(url)
    assert "hunter2" not in str(caught.value)


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(AnomalyError, match="cannot be opened"):
        open_database(f"postgresql://review@/x?host={tmp_path}")
    (tmp_path / "no.sqlite").write_bytes(b"this is no database" * 100)
    with pytest.raises(AnomalyError, match="not a database"):
        open_database(f"sqlite:///{tmp_path / 'no.sqlite'}")


def test_the_newest_day_and_its_first_rank_come_first() -> None:
    days = [date(2026, 3, 2), date(2026, 3, 1)]
    keys = [sort_key(day, place, number) for day in days for place in (1, 2, LAST_PLACE) for number in (1, LAST_NUMBER)]
    assert keys == sorted(set(keys))
    assert keys[-1] < 2**63
    first, last = day_range(days[1], days[1])
    assert [key for key in keys if first <= key <= last] == keys[6:]
    with pytest.raises(AnomalyError, match="1970 to 2328"):
        sort_key(date(2026, 3, 1), LAST_PLACE + 1, 1)


def test_every_write_goes_through_the_one_door() -> None:
    found = {
        (path.name, line)
        for path in REVIEW.rglob("*.py")
        for line in re.findall(r"\.begin\(|\.commit\(", path.read_text(encoding="utf-8"))
        if path.name not in ("database.py", "migrate.py")
    }
    # when a session was last seen is no act of a person's
    assert found == {("accounts.py", ".begin(")}
