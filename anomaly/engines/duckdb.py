"""Runs one stage's SQL in this process, whole or in hash partitions of its key."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd

from anomaly.catalog import table
from anomaly.stage import Stage, macros
from anomaly.store import Store, empty_select, must_fit, quoted, write_parquet

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Sources:
    """What a stage may see: view name to Parquet files of a catalogue table, and the organisation's frames."""

    files: Mapping[str, tuple[str, list[Path]]] = field(default_factory=dict)
    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def day_number(day: date) -> int:
    """Days since 1970-01-01: what ``day`` columns hold."""
    return (day - EPOCH).days


def prepare(store: Store) -> None:
    """Give a fresh connection the macros that every stage may use."""
    store.run(macros())


def run_stage(
    store: Store,
    stage: Stage,
    day: date,
    sources: Sources,
    target: Path,
    facts: Mapping[str, str],
    partitions: int = 1,
) -> None:
    """Run a stage for one day and write its rows to ``target`` at once, with ``facts`` in the file's own metadata.

    The rows are the same whatever the number of partitions: each holds whole keys, and broadcast views are whole.
    """
    for name, files in sources.files.values():
        must_fit(name, files)
    for name, frame in sources.frames.items():
        store.register(name, frame)
    parameters = parameters_of(stage, day)
    if partitions == 1 or stage.key is None:
        _show(store, stage, sources, "")
        write_parquet(store, select_of(stage), target, facts, parameters)
        return
    for part in range(partitions):
        _show(store, stage, sources, f"where coalesce(hash({stage.key}), 0) % {partitions} = {part}")
        store.run(f"create or replace temp table part_{part} as {stage.sql}", parameters)
    union = " union all by name ".join(f"select * from part_{part}" for part in range(partitions))
    write_parquet(store, _output(stage, f"({union})"), target, facts)
    for part in range(partitions):
        store.run(f"drop table part_{part}")


def _show(store: Store, stage: Stage, sources: Sources, partition: str) -> None:
    for view, (name, files) in sources.files.items():
        where = "" if view in stage.broadcast else partition
        if files:
            paths = ", ".join(quoted(str(path)) for path in files)
            store.run(
                f'create or replace temp view "{view}" as '
                f"select * from read_parquet([{paths}], hive_partitioning = false) {where}"
            )
        else:
            store.run(f'create or replace temp view "{view}" as {empty_select(name)}')


def parameters_of(stage: Stage, day: date) -> dict[str, int] | None:
    """What a stage's query is given; None where it asks for nothing, for then DuckDB takes nothing."""
    return {"day": day_number(day)} if re.search(r"\$day\b", stage.sql) else None


def select_of(stage: Stage) -> str:
    """The query of a stage's rows: the catalogue's columns, in the order in which they are written."""
    return _output(stage, f"({stage.sql})")


def _output(stage: Stage, rows: str) -> str:
    columns = ", ".join(f'"{name}"' for name in table(stage.name).types)
    order = f" order by {', '.join(stage.grain)}" if stage.is_sorted else ""
    return f"select {columns} from {rows} as made{order}"
