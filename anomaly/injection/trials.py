"""Campaigns put into the lake's own days and scored with the model: would each stand in the queue of its day?

Many callers share one build, each with one campaign: whatever a session is held against is of days before, or its own.
A campaign's place is the one its session would take among the real cases of the day.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa

from anomaly.config import Settings
from anomaly.context import Context
from anomaly.injection.bucket import Bucket
from anomaly.injection.inject import rows, taken
from anomaly.injection.overlay import Overlay
from anomaly.injection.routes import NEW, Campaign
from anomaly.model.registry import Registry
from anomaly.pipeline import FEATURES
from anomaly.score import pipeline_for, score_days
from anomaly.store import Store

LINES = ("alert", "top 10", "top 5")
THIN = Path(__file__).with_name("thin.sql").read_text(encoding="utf-8")
CASES = """
select max(score) as score, list(distinct actor) as actors, bool_or(alert) as alert
from scores
where not covered
group by case_id
"""
INJECTED = f"""
select distinct split_part(a.evidence_file, '/', 2) as campaign, features.*
from {FEATURES} as features
inner join acts as a on features.session_id = a.session_id
where a.evidence_file like 'injected/%'
order by campaign, session_id
"""


@dataclass(frozen=True)
class Outcome:
    """What became of a campaign on one day.

    ``taken`` is what it really took. Without a session that takes a rank (a workflow covers it) it is ``covered``, with
    score and rank None. ``caught`` says of each of ``LINES`` whether it is reached.
    """

    taken: float
    score: float | None
    rank: int | None
    covered: bool
    caught: Mapping[str, bool]


@dataclass(frozen=True, eq=False)
class Queue:
    """The real cases of a day: their scores and actors, and who is in an alert without our doing."""

    scores: Sequence[float]
    actors: Sequence[frozenset[str]]
    alerting: frozenset[str]

    def rank(self, score: float, actor: str) -> int:
        """The place of a case of this score among those of others."""
        return 1 + sum(
            other > score and actor not in actors for other, actors in zip(self.scores, self.actors, strict=True)
        )


class Bench:
    """Runs campaigns on an overlay with the lake's champion; raises NoModelError where there is none."""

    def __init__(self, overlay: Overlay, context: Context, settings: Settings) -> None:
        self.overlay = overlay
        self.context = context
        self.settings = settings
        self.registry = Registry(overlay.real.root)
        self.version, self.detector = self.registry.champion()
        self.builds = 0
        self._queues: dict[date, Queue] = {}

    def queue(self, day: date) -> Queue:
        """The day's real cases, scored here where the lake's own scores are missing or out of date."""
        if day not in self._queues:
            score_days(self.overlay.lake, self.context, self.settings, [day], self.registry)
            with Store() as store:
                store.view("scores", self.overlay.lake.files("scores", day))
                found = store.rows(CASES)
            actors = [frozenset(row[1]) for row in found]
            alerting = frozenset(actor for row in found if row[2] for actor in row[1])
            self._queues[day] = Queue([row[0] for row in found], actors, alerting)
        return self._queues[day]

    def run_day(self, bucket: Bucket, day: date, campaigns: Sequence[Campaign]) -> dict[str, Outcome]:
        """Run campaigns of one day, each of another identity, in as many builds as that takes; outcomes by name."""
        queue = self.queue(day)
        found: dict[str, Outcome] = {}
        with self.overlay.replacing({day}):
            for together in packed(campaigns):
                events = rows(bucket, self.context, together)
                self.write(day, events, {each.caller.identity for each in together} - {""})
                self.build([day])
                found |= self.outcomes(bucket, day, queue, together)
        return found

    def run_days(self, bucket: Bucket, plan: Mapping[date, Sequence[Campaign]]) -> dict[str, dict[date, Outcome]]:
        """Run leaks of many days in one build: every day knows of the days before it.

        Parameters
        ----------
        plan
            Every day from the first on, oldest first, also those without a campaign. The campaigns of a leak have one
            name; no two of a day may be of one identity.

        Returns
        -------
        dict
            By name, what became of each of its days.
        """
        queues = {day: self.queue(day) for day, campaigns in plan.items() if campaigns}
        found: dict[str, dict[date, Outcome]] = {}
        with self.overlay.replacing(set(plan)):
            for day, campaigns in plan.items():
                self.write(day, rows(bucket, self.context, campaigns) if campaigns else None, None)
            self.build(sorted(queues))
            for day, queue in queues.items():
                for name, outcome in self.outcomes(bucket, day, queue, plan[day]).items():
                    found.setdefault(name, {})[day] = outcome
        return found

    def outcomes(self, bucket: Bucket, day: date, queue: Queue, campaigns: Sequence[Campaign]) -> dict[str, Outcome]:
        """Score the injected sessions of a built day."""
        sessions = self.injected(day)
        return {each.name: self._outcome(bucket, queue, each, sessions[each.name]) for each in campaigns}

    def injected(self, day: date) -> dict[str, pd.DataFrame]:
        """The features of a built day's injected sessions, by campaign."""
        with Store() as store:
            for name in (FEATURES, "acts"):
                store.view(name, self.overlay.lake.files(name, day))
            sessions = store.df(INJECTED)
        return {str(name): rows for name, rows in sessions.groupby("campaign")}

    def _outcome(self, bucket: Bucket, queue: Queue, campaign: Campaign, sessions: pd.DataFrame) -> Outcome:
        amount = taken(bucket, campaign)
        ranked = sessions[~sessions["covered"].astype(bool)]
        if ranked.empty:
            return Outcome(amount, None, None, True, dict.fromkeys(LINES, False))
        score = float(self.detector.score(ranked).max())
        rank = queue.rank(score, str(ranked["actor"].iloc[0]))
        kind = str(ranked["identity_kind"].iloc[0])
        alert = bool(self.detector.expected_per_day([score], kind)[0] <= self.settings.score.budget_per_day)
        return Outcome(amount, score, rank, False, {"alert": alert, "top 10": rank <= 10, "top 5": rank <= 5})

    def write(self, day: date, events: pa.Table | None, identities: set[str] | None) -> None:
        """Give a day its events: all of them, or only what matters to these identities; and what is added."""
        with Store() as store:
            store.view("events", self.overlay.own_files(day))
            own = "select * exclude (date) from events"
            if identities is not None:
                store.register("trial_identities", pd.DataFrame({"identity": sorted(identities)}, dtype="string"))
                own = THIN
            if events is not None:
                store.register("added", events)
            self.overlay.write_day(day, store, own, None if events is None else "select * from added")

    def build(self, days: Sequence[date]) -> None:
        """Make the features of these days from the events they hold now."""
        self.builds += 1
        pipeline_for(self.overlay.lake, self.context, self.settings).build(days)


def packed(campaigns: Sequence[Campaign]) -> Iterator[list[Campaign]]:
    """Campaigns in as few groups as may be, no two of one identity in one; whoever is new stands in no one's way."""
    waiting = list(campaigns)
    while waiting:
        taken_identities: set[str] = set()
        group, rest = [], []
        for campaign in waiting:
            identity = campaign.caller.identity
            if campaign.caller.relation != NEW and identity in taken_identities:
                rest.append(campaign)
                continue
            taken_identities.add(identity)
            group.append(campaign)
        yield group
        waiting = rest
