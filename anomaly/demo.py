"""The demo: a synthetic organisation with hidden thefts, its raw logs read, learnt from, scored, and judged.

The same commands as on real logs, in one run: simulate, ingest, train on the days before the thefts, score the rest.
The answers (truth.csv) are opened only after the ranking stands. All sources of the simulator are drawn: three clouds.
"""

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from anomaly.config import Settings
from anomaly.config.settings import ContextSettings, LakeSettings
from anomaly.context import Context
from anomaly.coverage import Ledger, coverage, prepare_days
from anomaly.engines.duckdb import day_number
from anomaly.errors import UsageError
from anomaly.evaluate.truth import cloud_of, match, read_truth
from anomaly.ingest import IngestReport, ingest
from anomaly.listing import Record, cases, sessions
from anomaly.score import Scored, score_days, train_model
from anomaly.simulate import simulate
from anomaly.simulate.sources import EVERY
from anomaly.store import Lake, Store

MARKER = ".anomaly-demo"
"""Only a folder that holds this is emptied for a new demo."""
START = date(2026, 1, 5)
FOUND_RANK = 10
"""A theft counts as found when a case of it is among the first ten of one of its days (the issue's own measure)."""

THEFT = "THEFT"
NEVER = sys.maxsize
"""Stands for the rank of a covered case, after all ranks."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Campaign:
    """One planted story: a theft or a benign look-alike, its best rank, and the day of it.

    Without a rank it was covered by a workflow, or none of its sessions touched storage or was seen.
    """

    name: str
    scenario: str
    is_theft: bool
    note: str
    best_rank: int | None
    best_day: date | None
    is_covered: bool

    @property
    def cloud(self) -> str:
        """Where it happened: aws, gcp or azure."""
        return cloud_of(self.name)

    @property
    def is_found(self) -> bool:
        """Whether it stood among the first cases of a day."""
        return self.best_rank is not None and self.best_rank <= FOUND_RANK


@dataclass(frozen=True)
class DemoDay:
    """A scored day: its figures, its ranked cases, and what was planted in each, by case_id."""

    scored: Scored
    cases: list[Record]
    marks: dict[str, str]

    @property
    def thefts(self) -> set[str]:
        """The cases, by case_id, that hold a planted theft."""
        return {case for case, mark in self.marks.items() if THEFT in mark}


@dataclass
class Demo:
    """What came of it, for the command line to show.

    ``sources`` counts the lake's events by log; ``ledger`` is of the last day.
    """

    out: Path
    ingested: IngestReport
    sources: dict[str, int]
    days: list[DemoDay]
    campaigns: list[Campaign]
    ledger: Ledger
    seconds: dict[str, float] = field(default_factory=dict)


def run(out: Path, *, seed: int, days: int, scale: float, attack_from: int, say: Say) -> Demo:
    """Draw the organisation into ``out`` and go through every step.

    Parameters
    ----------
    attack_from
        Day index of the first theft; the days before it are trained on, the days from it on are scored.

    Raises
    ------
    UsageError
        ``out`` holds something that is not a demo.
    """
    _empty(out)
    seconds: dict[str, float] = {}
    with _timed("draw the organisation's logs", seconds, say):
        org = out / "org"
        simulate(org, seed=seed, days=days, start=START, scale=scale, attack_from=attack_from, sources=EVERY)
    lake = Lake(out / "lake")
    settings = replace(Settings(), lake=LakeSettings(lake.root), context=ContextSettings(out / "org" / "context"))
    with _timed("read the raw logs", seconds, say):
        ingested = ingest([out / "org" / "logs"], lake)
    context = Context.load(settings.context.folder, settings.detection)
    until = START + timedelta(days=attack_from)
    with _timed("build features and train", seconds, say):
        train_model(lake, context, settings, until)
    with _timed("score", seconds, say):
        scored = score_days(lake, context, settings, [day for day in lake.days("events") if day >= until])
    with _timed("ask what the logs could not show", seconds, say):
        last = lake.days("events")[-1:]
        prepare_days(lake, context, last)
        ledger = coverage(lake, context, last)
    found, campaigns = _judge(lake, scored, out / "org" / "truth.csv")
    return Demo(out, ingested, _sources(lake), found, campaigns, ledger, seconds)


def _empty(out: Path) -> None:
    if out.exists() and not (out / MARKER).exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} holds something that is no demo: name another folder with --out")
    if out.exists():
        shutil.rmtree(out)
    out.mkdir(parents=True)
    (out / MARKER).touch()


@contextmanager
def _timed(step: str, seconds: dict[str, float], say: Say) -> Iterator[None]:
    say(f"{step} …")
    began = time.monotonic()
    yield
    seconds[step] = time.monotonic() - began


def _sources(lake: Lake) -> dict[str, int]:
    """Events in the lake by the log they came from."""
    with Store() as store:
        store.view("events", [path for day in lake.days("events") for path in lake.files("events", day)])
        rows = store.records("select source, count(*) as events from events group by source order by source")
    return {row["source"]: row["events"] for row in rows}


def _judge(lake: Lake, scored: Sequence[Scored], path: Path) -> tuple[list[DemoDay], list[Campaign]]:
    """Open the answers: mark the cases that hold something planted, and say how each campaign ranked."""
    truth = read_truth(path)
    truth = truth[truth["day"].isin([day_number(each.day) for each in scored])]
    ranks: dict[str, list[tuple[int, date]]] = {}
    days = []
    for day in scored:
        planted = _planted(truth, lake, day.day)
        found = cases(lake, day.day)
        marks: dict[str, str] = {}
        for case in found:
            names = sorted({name for session in case["sessions"] for name in planted.get(session, ())})
            if names:
                marks[case["case_id"]] = ", ".join(_mark(truth, name) for name in names)
            for name in names:
                ranks.setdefault(name, []).append((case["case_rank"] or NEVER, day.day))
        days.append(DemoDay(day, [case for case in found if not case["covered"]], marks))
    stories = truth.drop_duplicates("campaign").sort_values(["kind", "scenario", "campaign"]).to_dict("records")
    return days, [_campaign(story, ranks.get(story["campaign"], [])) for story in stories]


def _planted(truth: pd.DataFrame, lake: Lake, day: date) -> dict[str, set[str]]:
    """Campaigns by session_id."""
    columns = ["session_id", "day", "identity", "session_name", "start_us", "end_us"]
    pairs = match(truth, pd.DataFrame(sessions(lake, day), columns=columns))
    found: dict[str, set[str]] = {}
    for campaign, session in zip(pairs["campaign"], pairs["session_id"], strict=True):
        found.setdefault(session, set()).add(campaign)
    return found


def _mark(truth: pd.DataFrame, campaign: str) -> str:
    row = truth[truth["campaign"] == campaign].iloc[0]
    return f"{THEFT} {row['scenario']} {cloud_of(campaign)}" if row["kind"] == "attack" else "look-alike"


def _campaign(story: dict[Any, Any], ranks: Sequence[tuple[int, date]]) -> Campaign:
    rank, day = min(ranks, default=(NEVER, None))
    ranked = rank < NEVER
    return Campaign(
        name=story["campaign"],
        scenario=story["scenario"],
        is_theft=story["kind"] == "attack",
        note=story["note"],
        best_rank=rank if ranked else None,
        best_day=day if ranked else None,
        is_covered=bool(ranks) and not ranked,
    )
