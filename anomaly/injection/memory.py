"""Days made in memory, with events that the lake does not hold: nothing is written, the past is read once.

The stages are the pipeline's own. A build of a day that is only tried is mostly opening and writing files and planning
queries; here the past of a day is a few tables that any number of builds read, and a build leaves no files.
"""

from collections.abc import Collection
from datetime import date
from functools import cache
from pathlib import Path
from typing import Self

import pandas as pd
import pyarrow as pa

from anomaly.config import Settings
from anomaly.context import Context
from anomaly.engines.duckdb import parameters_of, prepare, select_of
from anomaly.pipeline import FEATURES, MENTIONS, Pipeline, carried, closure
from anomaly.stage import Stage, stage_named
from anomaly.store import Lake, Store, empty_select, quoted

THIN = Path(__file__).with_name("thin.sql").read_text(encoding="utf-8")
INJECTED = f"""
select distinct split_part(a.evidence_file, '/', 2) as campaign, features.*
from {FEATURES} as features
inner join acts as a on features.session_id = a.session_id
where a.evidence_file like 'injected/%'
order by campaign, session_id
"""


@cache
def remembered() -> tuple[dict[str, int], tuple[str, ...]]:
    """What making a day's features, and what it hands on, reads of days before.

    Returns
    -------
    (dict, tuple)
        Days looked back, by table that is shown as NAME_history; tables whose last state is shown as NAME_before.
    """
    windows: dict[str, int] = {}
    states: set[str] = set()
    for stage in map(stage_named, closure([FEATURES, *carried([FEATURES])])):
        states |= set(stage.before)
        for name, window in stage.history.items():
            windows[name] = max(window, windows.get(name, 0))
    return windows, tuple(sorted(states))


class Memory(Pipeline):
    """The tables of one day, then of the next, and what they read of the days before ``day``: these are the lake's.

    The lake's own tables of the days before must be up to date. Close it, or use it as a context manager.
    """

    def __init__(self, lake: Lake, context: Context, settings: Settings, day: date) -> None:
        sizes = settings.features
        super().__init__(lake, context, threads=sizes.threads or None, memory_limit=sizes.memory_limit)
        self.store = Store(*self._options)
        prepare(self.store)
        windows, states = remembered()
        for name, window in windows.items():
            past = [path for of_day in self._past(day, window) for path in self.lake.files(name, of_day)]
            self.store.run(f'create temp table "{name}_past" as {_rows_of(name, past, dated=True)}')
        before = self._day_before(day)
        for name in states:
            files = self.lake.files(name, before) if before else []
            self.store.run(f'create temp table "{name}_before" as {_rows_of(name, files)}')

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.__exit__()

    def features(
        self, day: date, files: list[Path], added: pa.Table | None, identities: Collection[str] | None = None
    ) -> None:
        """Make the day's features of these files' events, or of what matters to these identities, and of added rows."""
        self._make(day, files, added, identities, closure([FEATURES]))

    def whole_day(self, day: date, files: list[Path], added: pa.Table | None) -> None:
        """Make the day's features and let it be the past of the days that are made after it."""
        past = carried([FEATURES])
        self._make(day, files, added, None, closure(past if added is None else [FEATURES, *past]))
        windows, states = remembered()
        for name in windows:
            self.store.run(
                f'insert into "{name}_past" by name select *, $day::date as of_day from "{name}"', {"day": day}
            )
        for name in states:
            self.store.run(f'create or replace temp table "{name}_before" as select * from "{name}"')

    def injected(self) -> pd.DataFrame:
        """The features of the injected sessions of the day made last, with their campaign, by campaign and session."""
        return self.store.df(INJECTED)

    def _make(
        self,
        day: date,
        files: list[Path],
        added: pa.Table | None,
        identities: Collection[str] | None,
        names: list[str],
    ) -> None:
        self._frames.clear()
        self._take(files, added, identities)
        for name in names:
            self._run(stage_named(name), day)

    def _take(self, files: list[Path], added: pa.Table | None, identities: Collection[str] | None) -> None:
        """Show the day's events: all of them, or only what matters to these identities; and what is added."""
        self.store.run(f"create or replace temp view events as {_rows_of('events', files)}")
        own = "select * from events"
        if identities is not None:
            named = pd.DataFrame({"identity": sorted(identities)}, dtype="string")
            self.store.register("trial_identities", named)
            own = THIN
        self.store.run(f"create or replace temp table made_events as {own}")
        if added is not None:
            self.store.register("added", added)
            self.store.run("insert into made_events by name select * from added")
        self.store.run("create or replace temp view events as select * from made_events")

    def _run(self, stage: Stage, day: date) -> None:
        for name, window in stage.history.items():
            since = f"of_day >= date '{day}' - {window} and of_day < date '{day}'"
            self.store.run(
                f'create or replace temp view "{name}_history" as '
                f'select * exclude (of_day) from "{name}_past" where {since}'
            )
        for name in stage.context:
            self.store.register(name, self._frame(name, day))
        made = f'create or replace temp table "{stage.name}" as {select_of(stage)}'
        self.store.run(made, parameters_of(stage, day))

    def _mentions(self, day: date) -> pd.DataFrame:
        return self.store.df(MENTIONS)


def _rows_of(name: str, files: list[Path], *, dated: bool = False) -> str:
    """Every row of these partitions; with the day of each as ``of_day`` where that is asked for."""
    also = ", null::date as of_day" if dated else ""
    if not files:
        return f"select *{also} from ({empty_select(name)})"
    paths = ", ".join(quoted(str(path)) for path in files)
    columns = "* exclude (date), date as of_day" if dated else "* exclude (date)"
    return f"select {columns} from read_parquet([{paths}], hive_partitioning = true)"
