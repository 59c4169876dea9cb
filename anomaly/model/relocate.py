"""A lake that was moved or copied: MLflow stores absolute artifact paths, so they are rewritten before it writes again.

Reading needs none of this: a version's file is found by its path relative to the root. Writing does: an experiment
that still names its old folder would put the next model there, perhaps into the lake this one was copied from.
"""

import contextlib
import sqlite3
from pathlib import Path

EXPERIMENTS = "select artifact_location from experiments where name = ?"
COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
    ("model_versions", "source"),
)
"""Where mlflow 3.17 keeps absolute locations; held to its schema by a test."""


def rehome(database: Path, experiment: str, artifacts: str) -> bool:
    """Point an experiment and all below it to ``artifacts`` (a URI), in one transaction; True when it had moved."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        row = connection.execute(EXPERIMENTS, (experiment,)).fetchone()
        if row is None or row[0] == artifacts:
            return False
        for table, column in COLUMNS:
            connection.execute(
                f"update {table} set {column} = ? || substr({column}, ?) where substr({column}, 1, ?) = ?",
                (artifacts, len(row[0]) + 1, len(row[0]), row[0]),
            )
    return True
