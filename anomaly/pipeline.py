"""Builds feature tables day by day: only what is missing or out of date, from the oldest day on.

Every partition carries the fingerprint of what made it: the SQL, the tables it read and what the context files say of
the values that occur in it. A partition whose fingerprint still holds is left alone, so a day costs the same however
long the history is, and late logs or a corrected context rebuild exactly what they touch.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import pandas as pd

from anomaly.catalog import table
from anomaly.context import Context
from anomaly.engines.duckdb import Sources, prepare, run_stage
from anomaly.errors import DataQualityError
from anomaly.frozen import Frozen
from anomaly.seals import Seals
from anomaly.stage import Stage, macros, stage_named, stages
from anomaly.store import MEMORY, Lake, Store, row_count

FEATURES = "session_features"
MENTIONED = "mentioned"
MENTIONS = f"select kind, value from {MENTIONED} order by kind, value"
EVENTS_A_PART = 1_000_000
"""A day is built in parts of about this many events where nothing else is asked; what that needs stands in
docs/features.md."""
# Context tables that a day sees whole, whatever it mentions.
WHOLE = ("workflows", "role_context", "expected_countries")


@dataclass(frozen=True)
class Built:
    """How much work a build was: partitions written, and those found up to date."""

    written: int
    kept: int


def closure(names: Iterable[str]) -> list[str]:
    """The stages needed on one day to make these tables, each after what it reads of that day."""
    wanted: set[str] = set()
    waiting = [name for name in names if name != "events"]
    while waiting:
        name = waiting.pop()
        if name in wanted:
            continue
        wanted.add(name)
        stage = stage_named(name)
        waiting += [i for i in stage.inputs if i != "events"]
        if stage.context:
            waiting.append(MENTIONED)
    # what labels the context for the others comes first
    return sorted((name for name in stages() if name in wanted), key=lambda name: name != MENTIONED)


def carried(names: Iterable[str]) -> list[str]:
    """The tables that days before must hold so that these can be made."""
    found: set[str] = set()
    waiting = list(closure(names))
    while waiting:
        stage = stage_named(waiting.pop())
        fresh = ({*stage.history, *stage.before}) - found
        found |= fresh
        waiting += closure(fresh)
    return sorted(found)


def no_events(known: Sequence[date], day: date) -> DataQualityError:
    """The error for a day that is none of those with events (at least one, oldest first), naming the nearest."""
    near = min(known, key=lambda each: abs(each - day))
    return DataQualityError(f"no events on {day}; the lake holds {known[0]} to {known[-1]}, the nearest day is {near}")


class Pipeline:
    """The feature tables of one lake under one context.

    ``partitions`` is how many parts a day is built in, one by one; 0 takes as many as its events need. The rows are the
    same for any number.
    """

    def __init__(
        self,
        lake: Lake,
        context: Context,
        *,
        threads: int | None = None,
        memory_limit: str = MEMORY,
        partitions: int = 0,
    ) -> None:
        self.lake = lake
        self.context = context
        self.partitions = partitions
        self.frozen = Frozen(lake)
        self._options = (threads, memory_limit)
        self._fingerprints: dict[tuple[str, date], str] = {}
        self._events: dict[date, int] = {}
        self._frames: dict[tuple[str, date], pd.DataFrame] = {}

    @cached_property
    def days(self) -> list[date]:
        """The days that have events, oldest first."""
        return self.lake.days("events")

    @cached_property
    def history(self) -> list[date]:
        """The days that have events or had them before they were pruned, oldest first."""
        return [*self.frozen.days, *self.days]

    def build(
        self,
        days: Iterable[date],
        tables: Collection[str] = (FEATURES,),
        progress: Callable[[date], None] | None = None,
    ) -> Built:
        """Make the tables of these days, and what earlier days must carry for them.

        Raises
        ------
        DataQualityError
            When a day asked for has no events, naming the nearest that has.
        """
        wanted = set(days)
        self._check(wanted)
        last = max(wanted)
        past = carried(tables)
        full, between = closure([*tables, *past]), closure(past)
        needed = {day: full if day in wanted else between for day in self.days if day < last}
        needed[last] = closure(tables)
        seals = Seals(self.lake, self.context.digest)
        written = 0
        for day in self.frozen.days:
            seals.next(day, self.fingerprint("events", day))
        with Store(*self._options) as store:
            prepare(store)
            for day, names in needed.items():
                written += self._build_day(store, seals, day, names)
                if progress:
                    progress(day)
        return Built(written, sum(map(len, needed.values())) - written)

    def _build_day(self, store: Store, seals: Seals, day: date, names: list[str]) -> int:
        seal = seals.next(day, self.fingerprint("events", day))
        standing = seals.standing(day, seal)
        self._fingerprints |= {(name, day): fingerprint for name, fingerprint in standing.items()}
        if standing.keys() >= set(names):
            return 0
        written = sum(self._ensure(store, stage_named(name), day) for name in names)
        seals.write(day, seal, standing | {name: self._fingerprints[name, day] for name in names})
        return written

    def _check(self, wanted: set[date]) -> None:
        if not wanted:
            raise DataQualityError("no day was asked for")
        self.frozen.refuse(sorted(wanted))
        for day in sorted(wanted - set(self.days)):
            if not self.days:
                raise DataQualityError(f"the lake {self.lake.root} holds no events: run `anomaly ingest PATH` first")
            raise no_events(self.days, day)

    def _ensure(self, store: Store, stage: Stage, day: date) -> bool:
        fingerprint = self._expected(stage, day)
        self._fingerprints[stage.name, day] = fingerprint
        if self.lake.facts(stage.name, day).get("fingerprint") == fingerprint:
            return False
        target = Path(self.lake.partition(stage.name, day))
        parts = self.partitions or self._parts(day)
        run_stage(store, stage, day, self._sources(stage, day), target, {"fingerprint": fingerprint}, parts)
        self._frames = {key: frame for key, frame in self._frames.items() if key[1] == day}
        return True

    def _parts(self, day: date) -> int:
        if day not in self._events:
            self._events[day] = row_count(self.lake.files("events", day))
        return -(-self._events[day] // EVENTS_A_PART) or 1

    def _expected(self, stage: Stage, day: date) -> str:
        digest = hashlib.sha256()
        for text in (stage.sql, macros(), str(table(stage.name).types)):
            digest.update(text.encode())
        for name, of_day in self._reads(stage, day):
            digest.update(f"{name} {of_day} {self.fingerprint(name, of_day)}\n".encode())
        for name in stage.context:
            digest.update(self._frame(name, day).to_csv(index=False).encode())
        return digest.hexdigest()

    def _reads(self, stage: Stage, day: date) -> list[tuple[str, date]]:
        reads = [(name, day) for name in stage.inputs]
        for name, window in stage.history.items():
            reads += [(name, past) for past in self._past(day, window)]
        if earlier := self._day_before(day):
            reads += [(name, earlier) for name in stage.before]
        return reads

    def _sources(self, stage: Stage, day: date) -> Sources:
        files = {name: (name, self.lake.files(name, day)) for name in stage.inputs}
        for name, window in stage.history.items():
            past = [path for of_day in self._past(day, window) for path in self.lake.files(name, of_day)]
            files[f"{name}_history"] = (name, past)
        earlier = self._day_before(day)
        for name in stage.before:
            files[f"{name}_before"] = (name, self.lake.files(name, earlier) if earlier else [])
        return Sources(files, {name: self._frame(name, day) for name in stage.context})

    def _past(self, day: date, window: int) -> list[date]:
        # strictly before the day: no stage can see the day it judges, nor any later
        return [past for past in self.history if day - timedelta(days=window) <= past < day]

    def _day_before(self, day: date) -> date | None:
        return max((past for past in self.history if past < day), default=None)

    def fingerprint(self, name: str, day: date) -> str:
        """What a partition was made of; of events, the names and sizes of the files that hold them."""
        if (name, day) not in self._fingerprints:
            if day in self.frozen:
                self._fingerprints[name, day] = self.frozen.fingerprint(name, day)
            elif name == "events":
                parts = [f"{path.name} {path.stat().st_size}" for path in self.lake.files(name, day)]
                self._fingerprints[name, day] = hashlib.sha256("\n".join(parts).encode()).hexdigest()
            else:
                self._fingerprints[name, day] = self.lake.facts(name, day).get("fingerprint", "")
        return self._fingerprints[name, day]

    def _frame(self, name: str, day: date) -> pd.DataFrame:
        if (name, day) not in self._frames:
            self._frames[name, day] = self._make_frame(name, day)
        return self._frames[name, day]

    def _make_frame(self, name: str, day: date) -> pd.DataFrame:
        # only what the day mentions: a change elsewhere in the files must not rebuild this day
        if name == "addresses":
            return self.context.addresses(self._mentioned(day, "address"))
        if name == "identities":
            return self.context.identity_kinds(self._mentioned(day, "identity"))
        if name == "workflow_addresses":
            return self.context.workflow_addresses(self._mentioned(day, "address"))
        if name in WHOLE:
            whole: pd.DataFrame = getattr(self.context, name)
            return whole
        if name == "accounts":
            owners = self._frame("inventory", day)["account"]
            return _rows(self.context.accounts, "account", {*self._mentioned(day, "account"), *owners})
        listed = self.context.inventory
        # an account of Azure that is opened whole opens its containers, mentioned or not
        account = listed["bucket"].str.split("/").str[0].where(listed["cloud"] == "azure")
        held = account.isin(self._mentioned(day, "account"))
        return listed[held | listed["bucket"].isin(self._mentioned(day, "bucket"))].reset_index(drop=True)

    def _mentioned(self, day: date, kind: str) -> list[str]:
        if ("mentions", day) not in self._frames:
            self._frames["mentions", day] = self._mentions(day)
        mentions = self._frames["mentions", day]
        return list(mentions.loc[mentions["kind"] == kind, "value"])

    def _mentions(self, day: date) -> pd.DataFrame:
        with Store(threads=1) as store:
            store.view(MENTIONED, self.lake.files(MENTIONED, day))
            return store.df(MENTIONS)


def _rows(frame: pd.DataFrame, column: str, values: set[str]) -> pd.DataFrame:
    return frame[frame[column].isin(values)].reset_index(drop=True)
