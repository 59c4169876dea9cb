"""The review database: SQLite in a file, or PostgreSQL by URL; every write is one transaction with its audit entry."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from anomaly.errors import AnomalyError, UsageError
from anomaly.review import audit

BUSY_SECONDS = 30
"""How long a writer waits for another: publishing holds the lock for a batch at a time, well under a second."""
MAPPED_BYTES = 1 << 31
"""Of a SQLite file this much is read without a copy; its own cache is emptied whenever another process writes."""
PRAGMAS = (
    *("journal_mode = wal", "synchronous = full", "foreign_keys = on"),
    *(f"busy_timeout = {BUSY_SECONDS * 1000}", f"mmap_size = {MAPPED_BYTES}"),
)
DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
EXAMPLES = "sqlite:///review.sqlite or postgresql://USER@HOST/DATABASE"
WRITES = "anomaly_writes"
POOL: dict[str, Any] = {"pool_size": 16, "max_overflow": 16, "pool_use_lifo": True}
"""The connection given back last is taken first: what it read is still at hand."""
POSTGRESQL = {"prepare_threshold": None, "connect_timeout": 10}
"""A statement prepared once is planned once, for any value; a search needs the plan of its own word. A server that does
not answer holds nobody longer than these seconds."""


@dataclass
class Change:
    """A write in progress: its connection, its moment, and what its audit entry will say."""

    connection: sa.Connection
    at: str
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Database:
    """An open review database; threads may share it, each call takes a connection of its own."""

    engine: sa.Engine

    @property
    def is_postgres(self) -> bool:
        """Whether it is PostgreSQL; else it is SQLite."""
        return self.engine.dialect.name == "postgresql"

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection that sees one state of the database and writes nothing."""
        with self._connection() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def writing(self, actor: str, action: str, subject: str) -> Iterator[Change]:
        """The one way to write: a transaction that ends with its audit entry, or leaves nothing behind."""
        with self._connection() as connection:
            connection = connection.execution_options(**{WRITES: True})
            with connection.begin():
                change = Change(connection, moment())
                yield change
                audit.append(connection, change.at, actor, action, subject, change.detail)

    def verify_audit(self, noted: audit.Head | None = None) -> audit.Verified:
        """Check the whole audit log; see :func:`anomaly.review.audit.verify`."""
        with self.reading() as connection:
            return audit.verify(connection, noted)

    def noted_entry(self, digest: str) -> int | None:
        """Where a digest of the audit log that was noted stands; see :func:`anomaly.review.audit.entry_of`."""
        with self.reading() as connection:
            return audit.entry_of(connection, digest)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        try:
            with self.engine.connect() as connection:
                yield connection
        except sa.exc.OperationalError as error:
            raise AnomalyError(f"the review database {shown(self.engine.url)} failed: {_first_line(error)}") from error


def open_database(url: str) -> Database:
    """Open the review database and bring its tables up to date; a SQLite file that is not there is made.

    Parameters
    ----------
    url
        Such as ``sqlite:///review.sqlite`` (three slashes: relative, four: absolute) or ``postgresql://USER@HOST/DATABASE``.
        The password of PostgreSQL comes from ``PGPASSWORD`` or ``~/.pgpass``.

    Raises
    ------
    UsageError
        The URL is none of these or holds a password, the driver of PostgreSQL is not installed, or the tables are those
        of a newer version.
    AnomalyError
        The database cannot be reached.
    """
    from anomaly.review.migrate import upgrade

    engine = _engine(_known(url))
    try:
        upgrade(engine)
    except sa.exc.DBAPIError as error:
        engine.dispose()
        raise AnomalyError(f"the review database {shown(engine.url)} cannot be opened: {_first_line(error)}") from error
    except UsageError:
        engine.dispose()
        raise
    return Database(engine)


def moment() -> str:
    """Return the present moment as ISO 8601 in UTC to the microsecond, which sorts as text."""
    return as_moment(datetime.now(UTC))


def as_moment(when: datetime) -> str:
    """Return a moment as the database keeps it."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def shown(url: sa.URL) -> str:
    """Return a URL without its password."""
    return url.render_as_string(hide_password=True)


def _known(url: str) -> sa.URL:
    try:
        asked = make_url(url)
    except sa.exc.ArgumentError:
        # the text is not repeated: it may hold a password
        raise UsageError(f"review.url is no address of a database; write {EXAMPLES}") from None
    kind = asked.drivername.partition("+")[0]
    if kind not in DRIVERS:
        raise UsageError(f"review.url names {kind!r}, which the review cannot use; write {EXAMPLES}")
    if asked.password:
        raise UsageError("review.url holds a password; leave it out and set PGPASSWORD or write it in ~/.pgpass")
    if kind == "sqlite" and asked.database in (None, "", ":memory:"):
        raise UsageError("review.url names no file: what is reviewed must outlive the command; write sqlite:///FILE")
    return asked.set(drivername=DRIVERS[kind])


def _engine(url: sa.URL) -> sa.Engine:
    if url.drivername.startswith("postgresql"):
        return _postgres(url)
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS}, **POOL)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgres(url: sa.URL) -> sa.Engine:
    try:
        return sa.create_engine(url, pool_pre_ping=True, connect_args=POSTGRESQL, **POOL)
    except ImportError:
        raise UsageError("PostgreSQL needs its driver: pip install 'anomaly[postgres]'") from None


def _prepare_sqlite(connection: Any, _: object) -> None:
    # the driver would begin transactions itself, and too late: only before the first write
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"pragma {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # a transaction that reads first and then writes fails where another wrote between: a writer takes its lock at once
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("begin immediate" if writes else "begin")


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", error)).partition("\n")[0]
