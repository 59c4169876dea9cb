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
            if len(found):
                broken[path.stem] = found
        for name in stages():
            if lake.files(name, day):
                broken |= _check_table(store, lake, day, catalog()[name])
    return broken


def _run_check(store: Store, lake: Lake, day: date, path: Path) -> pd.DataFrame:
    sql = path.read_text(encoding="utf-8")
    for name in declared_inputs(sql):
        store.view(name, lake.files(name, day))
    return store.df(sql)


def _check_table(store: Store, lake: Lake, day: date, table: Table) -> dict[str, pd.DataFrame]:
    """Hold one table to its catalogue: no empty value where "never" is promised, one row a grain, signals in range."""
    store.view(table.name, lake.files(table.name, day))
    grain = ", ".join(stages()[table.name].grain)
    promises = {
        f"{table.name} one row a {grain}": f"select {grain} from {table.name} group by {grain} having count(*) > 1"
    }
    for column in table.columns:
        if column.null == "never":
            promises[f"{table.name}.{column.name} never empty"] = (
                f'select * from {table.name} where "{column.name}" is null'
            )
        if column.family:
            promises[f"{table.name}.{column.name} from 0 to 12"] = (
                f'select * from {table.name} where not "{column.name}" between 0 and 12'
            )
    found = {name: store.df(sql) for name, sql in promises.items()}
    return {name: rows for name, rows in found.items() if len(rows)}
