"""A new review database of each kind: SQLite in a file, and PostgreSQL where Debian's package is installed."""

import functools
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from anomaly.review.database import Database, open_database

SERVER_STARTS_SECONDS = 60


def programs() -> Path | None:
    """The folder of the newest PostgreSQL that Debian installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def as_plain_user(folder: Path) -> list[str]:
    """What a command begins with so that it is not run by root, which PostgreSQL refuses."""
    if os.getuid():
        return []
    name = "postgres" if any(user.pw_name == "postgres" for user in pwd.getpwall()) else "nobody"
    shutil.chown(folder, name)
    return ["runuser", "-u", name, "--"]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a server of the tests' own, without its database; it listens on a socket in a folder alone."""
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed: make postgres")
    # under /tmp itself: the folders of pytest are root's alone, and a socket's path is at most 107 characters
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        start = as_plain_user(folder)
        data = folder / "data"
        made: list[str | Path] = [found / "initdb", "-D", data, "-U", "review", "--auth=trust", "--no-sync"]
        _run([*start, *made, "--encoding=UTF8", "--locale=C.UTF-8"])
        options = f"-k {folder} -c listen_addresses= -c fsync=off -c full_page_writes=off -c shared_buffers=64MB"
        control: list[str | Path] = [*start, found / "pg_ctl", "-D", data]
        _run([*control, "-w", "-t", str(SERVER_STARTS_SECONDS), "-l", folder / "log", "-o", options, "start"])
        try:
            yield f"postgresql://review@/{{database}}?host={folder}"
        finally:
            _run([*control, "-m", "immediate", "stop"])


@dataclass(frozen=True)
class Kind:
    """Where databases of one kind are made: empty ones, and copies of one that the migrations were run on."""

    name: str
    place: str
    """Of SQLite a folder, of PostgreSQL the server's address."""

    def empty(self) -> str:
        """Make a database without tables; returns its address."""
        return self._made("")

    def migrated(self) -> str:
        """Make a database with the tables that the review begins with; returns its address."""
        return self._made(_template(self))

    def _made(self, template: str) -> str:
        name = f"review_{uuid.uuid4().hex}"
        if self.name == "sqlite":
            path = Path(self.place) / f"{name}.sqlite"
            if template:
                shutil.copyfile(template, path)
            return f"sqlite:///{path}"
        address = self.place.replace("postgresql://", "postgresql+psycopg://").format(database="postgres")
        engine = sa.create_engine(address, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"create database {name}" + (f" template {template}" if template else ""))
        engine.dispose()
        return self.place.format(database=name)


@functools.cache
def _template(kind: Kind) -> str:
    """A database as the migrations leave it: of SQLite its path, of PostgreSQL its name. Copying takes a moment."""
    url = sa.make_url(kind.empty())
    open_database(url.render_as_string()).close()
    return str(url.database)


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def review_kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Kind:
    """Each kind of database."""
    if request.param == "sqlite":
        return Kind("sqlite", str(tmp_path_factory.mktemp("review")))
    return Kind("postgres", request.getfixturevalue("postgres_server"))


@pytest.fixture
def review_url(review_kind: Kind) -> str:
    """The address of a new review database of each kind."""
    return review_kind.migrated()


@pytest.fixture
def review(review_url: str) -> Iterator[Database]:
    """A new review database of each kind, open."""
    found = open_database(review_url)
    yield found
    found.close()


def _run(command: Sequence[str | Path]) -> None:
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr
