"""MLflow's SQLite file, read without MLflow and moved with its lake.

Reading: importing MLflow costs about six CPU seconds, which every score and every listing would pay for three small
queries. The tests hold what is read here to what MLflow's own client answers.

Moving: MLflow stores absolute artifact paths. Reading needs none of them (a version's file is found by its path
relative to the root), but an experiment that names its old folder would put the next model there, perhaps into the lake
that this one was copied from. So they are rewritten before anything is written.
"""

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from anomaly.errors import AnomalyError

VERSIONS = """
select version, creation_time, run_id from model_versions
where name = ? and current_stage <> 'Deleted_Internal' order by version
"""
ALIASES = "select alias, version from registered_model_aliases where name = ? order by alias"
TAGS = "select key, value from model_version_tags where name = ? and version = ?"
METRICS = "select key, value from latest_metrics where run_uuid = ?"
MOVED = "select distinct artifact_location from experiments where experiment_id <> 0 and artifact_location <> ?"
"""Experiment 0 is MLflow's own Default, which holds nothing."""
PATHS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
    ("model_versions", "source"),
)
"""Where mlflow 3.17 keeps absolute locations; a test looks for others."""


@dataclass(frozen=True)
class Version:
    """One registered model: its number, when it was made, the aliases on it, its tags and its run's metrics."""

    number: int
    created: datetime
    aliases: tuple[str, ...]
    tags: Mapping[str, str]
    metrics: Mapping[str, float]


def versions(database: Path, name: str) -> list[Version]:
    """All versions of a registered model, oldest first; empty where there is no database."""
    with _reading(database) as connection:
        if connection is None:
            return []
        at = connection.execute(ALIASES, (name,)).fetchall()
        return [
            Version(
                number=number,
                created=datetime.fromtimestamp(created / 1000, UTC),
                aliases=tuple(alias for alias, version in at if version == number),
                tags=dict(connection.execute(TAGS, (name, number)).fetchall()),
                metrics=dict(connection.execute(METRICS, (run,)).fetchall()),
            )
            for number, created, run in connection.execute(VERSIONS, (name,)).fetchall()
        ]


def aliases(database: Path, name: str) -> dict[str, int]:
    """Which version each alias of a registered model points to; empty where there is no database."""
    with _reading(database) as connection:
        return {} if connection is None else dict(connection.execute(ALIASES, (name,)).fetchall())


def rehome(database: Path, artifacts: str) -> bool:
    """Point every experiment and all below it to ``artifacts`` (a URI), in one transaction; True when it had moved."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        moved = [location for (location,) in connection.execute(MOVED, (artifacts,)).fetchall()]
        for old, (table, column) in itertools.product(moved, PATHS):
            connection.execute(
                f"update {table} set {column} = ? || substr({column}, ?) where substr({column}, 1, ?) = ?",
                (artifacts, len(old) + 1, len(old), old),
            )
    return bool(moved)


@contextlib.contextmanager
def _reading(database: Path) -> Iterator[sqlite3.Connection | None]:
    """Open the database read-only; None where there is none or MLflow has not finished making it."""
    if not database.exists():
        yield None
        return
    try:
        with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            made = connection.execute("select 1 from sqlite_master where name = 'registered_model_aliases'").fetchone()
            yield connection if made else None
    except sqlite3.DatabaseError as error:
        raise AnomalyError(f"cannot read the model registry {database}: {error}") from error
