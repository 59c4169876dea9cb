"""An empty review database of each kind: SQLite in a file, and PostgreSQL where Debian's package is installed."""

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
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
        options = f"-k {folder} -c listen_addresses= -c fsync=off -c shared_buffers=64MB"
        control: list[str | Path] = [*start, found / "pg_ctl", "-D", data]
        _run([*control, "-w", "-t", str(SERVER_STARTS_SECONDS), "-l", folder / "log", "-o", options, "start"])
        try:
            yield f"postgresql://review@/{{database}}?host={folder}"
        finally:
            _run([*control, "-m", "immediate", "stop"])


@pytest.fixture(params=["sqlite", "postgres"])
def review_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'review.sqlite'}"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"review_{uuid.uuid4().hex}"
    address = server.replace("postgresql://", "postgresql+psycopg://").format(database="postgres")
    engine = sa.create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"create database {name}")
    engine.dispose()
    yield server.format(database=name)


@pytest.fixture
def review(review_url: str) -> Iterator[Database]:
    """An empty review database of each kind, open."""
    found = open_database(review_url)
    yield found
    found.close()


def _run(command: Sequence[str | Path]) -> None:
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr
