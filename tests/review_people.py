"""People of the review page's tests: one password, hashed once, for scrypt takes its time on purpose."""

from functools import cache

from anomaly.review import accounts
from anomaly.review.database import Database
from anomaly.review.schema import accounts as table

PASSWORD = "correct horse battery staple"


@cache
def kept() -> str:
    """The password as the database keeps it."""
    return accounts.hashed(PASSWORD)


def add(database: Database, name: str, role: str, owns: tuple[str, ...] = ()) -> None:
    """Make an account with the password of all."""
    accounts.add(database, name, role, owns)
    with database.writing("test", "password_set", name) as change:
        change.connection.execute(table.update().where(table.c.name == name).values(password=kept()))
