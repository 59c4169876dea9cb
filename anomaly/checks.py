"""Data promises: queries under features/checks/ that return offenders; none is the promise kept."""

from datetime import date
from pathlib import Path

import pandas as pd

from anomaly.catalog import Table, catalog
from anomaly.data import data_folder
from anomaly.stage import declared_inputs, stages
from anomaly.store import Lake, Store


def offenders(lake: Lake, day: date) -> dict[str, pd.DataFrame]:
    """Run every promise on one built day; returns the broken ones: the promise's name to its offending rows."""
    broken: dict[str, pd.DataFrame] = {}
    with Store() as store:
        for path in sorted((data_folder("features") / "checks").glob("*.sql")):
            found = _run_check(store, lake, day, path)
            if found is not None and len(found):
                broken[path.stem] = found
        for name in stages():
            if lake.files(name, day):
                broken |= _check_table(store, lake, day, catalog()[name])
    return broken


def _run_check(store: Store, lake: Lake, day: date, path: Path) -> pd.DataFrame | None:
    sql = path.read_text(encoding="utf-8")
    # a table that no day asked for yet breaks no promise: the newest day has no history tables until another follows
    if not all(lake.files(name, day) for name in declared_inputs(sql)):
        return None
    for name in declared_inputs(sql):
        store.view(name, lake.files(name, day))
    return store.df(sql)


def _check_table(store: Store, lake: Lake, day: date, table: Table) -> dict[str, pd.DataFrame]:
    """Hold one table to its catalogue: no empty value where "never" is promised, one row a grain, signals in range."""
    store.view(table.name, lake.files(table.name, day))
    grain = ", ".join(stages()[table.name].grain)
    twice = store.df(f"select {grain} from {table.name} group by {grain} having count(*) > 1")
    broken = {f"{table.name} one row a {grain}": twice} if len(twice) else {}
    wrong = _wrong_cells(table)
    # all columns in one look: rows are fetched only of what is broken
    counts = store.rows(f"select {', '.join(f'count_if({what})' for what in wrong.values())} from {table.name}")[0]
    for (promise, what), count in zip(wrong.items(), counts, strict=True):
        if count:
            broken[promise] = store.df(f"select * from {table.name} where {what}")
    return broken


def _wrong_cells(table: Table) -> dict[str, str]:
    """What the catalogue promises of each column, and what a row is like that breaks it."""
    never = [column for column in table.columns if column.null == "never"]
    empty = {f"{table.name}.{column.name} never empty": f'"{column.name}" is null' for column in never}
    signals = {f"{table.name}.{name} from 0 to 12": f'not "{name}" between 0 and 12' for name in table.signals}
    return empty | signals
