"""The tables brought up to date: alembic's migrations, packaged with the code, run when the database is behind."""

from pathlib import Path

import sqlalchemy as sa

from anomaly.errors import UsageError

FOLDER = Path(__file__).with_name("migrations")
HEAD = "0002"
"""The newest migration; a test holds it to the files."""
LOCK = 0x616E6F6D
"""Of PostgreSQL's advisory locks the one that migrating takes: the letters "anom"."""


def upgrade(engine: sa.Engine) -> None:
    """Run the migrations that a database lacks; of two processes that try at once, one waits for the other.

    Raises
    ------
    UsageError
        The database was made by a newer version.
    """
    with engine.connect() as connection, connection.begin():
        if _version(connection) == HEAD:
            return
    with engine.connect() as plain:
        connection = plain.execution_options(anomaly_writes=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
            if _version(connection) != HEAD:
                _migrate(connection)


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("select version_num from alembic_version")).scalar()


def _migrate(connection: sa.Connection) -> None:
    # imported here: it takes longer than opening a database that is up to date
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    found, known = (
        _version(connection),
        {each.revision for each in ScriptDirectory.from_config(config).walk_revisions()},
    )
    if found and found not in known:
        raise UsageError(
            f"the review database was made by a newer version (its tables are {found}, known are up to {HEAD}): "
            "use that version"
        )
    command.upgrade(config, "head")
