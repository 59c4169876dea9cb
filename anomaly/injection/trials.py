"""Campaigns put into the lake's own days and scored with the model: would each stand in the queue of its day?

Many callers share one build, each with one campaign: whatever a session is held against is of days before, or its own.
A campaign's place is the one its session would take among the real cases of the day.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from anomaly.config import Settings
from anomaly.context import Context
from anomaly.injection.bucket import Bucket
from anomaly.injection.inject import rows, taken
from anomaly.injection.memory import Memory
from anomaly.injection.overlay import Overlay
from anomaly.injection.routes import NEW, Campaign
from anomaly.model.registry import Registry
from anomaly.score import pipeline_for, score_days
from anomaly.store import Store

ALERT = "alert"
LINES = (ALERT, "top 10", "top 5")
CASES = """
select max(score) as score, list(distinct actor) as actors, bool_or(alert) as alert
from scores
where not covered
group by case_id
"""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """What became of a campaign on one day.

    ``taken`` is what it really took. Without a session that takes a rank (a workflow covers it) it is ``covered``, with
    score and rank None; where no queue was asked for rank is None. ``caught`` says of each of ``LINES`` whether it is
    reached.
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

    def on(self, day: date) -> Memory:
        """Where this day, and those after it, are made with other events; days before are as the lake has them."""
        pipeline_for(self.overlay.lake, self.context, self.settings).build([day])
        return Memory(self.overlay.lake, self.context, self.settings, day)

    def run_day(self, bucket: Bucket, day: date, campaigns: Sequence[Campaign]) -> dict[str, Outcome]:
        """Run campaigns of one day, each of another identity, in as many builds as that takes; outcomes by name."""
        queue = self.queue(day)
        found: dict[str, Outcome] = {}
        with self.on(day) as made:
            for together in packed(campaigns):
                found |= self.outcomes(bucket, queue, together, self.sessions(made, day, [(bucket, together)]))
        return found

    def sessions(self, made: Memory, day: date, campaigns: Sequence[tuple[Bucket, Sequence[Campaign]]]) -> pd.DataFrame:
        """Make a day with campaigns, by bucket, no two of one identity: the features of their sessions, by campaign.

        Of the day only the events are kept that can matter to these identities.
        """
        self.builds += 1
        events = pa.concat_tables([rows(bucket, self.context, group) for bucket, group in campaigns])
        identities = {each.caller.identity for _, group in campaigns for each in group} - {""}
        made.features(day, self.overlay.lake.files("events", day), events, identities)
        return made.injected()

    def run_leaks(self, bucket: Bucket, plan: Mapping[date, Sequence[Campaign]]) -> dict[str, dict[date, Outcome]]:
        """Run leaks of many days: every day knows of the days before it, and one that is an alert ends its leak.

        Parameters
        ----------
        plan
            Every day from the first on, oldest first, also those without a campaign. The campaigns of a leak have one
            name; no two of a day may be of one identity.

        Returns
        -------
        dict
            By name, what became of each of its days; on one on which the caller is in an alert without the leak,
            nothing can be said to be caught. There is no rank.
        """
        found: dict[str, dict[date, Outcome]] = {each.name: {} for campaigns in plan.values() for each in campaigns}
        running = set(found)
        self.builds += 1
        with self.on(next(iter(plan))) as made:
            for day, campaigns in plan.items():
                going = [each for each in campaigns if each.name in running]
                events = rows(bucket, self.context, going) if going else None
                made.whole_day(day, self.overlay.lake.files("events", day), events)
                if not going:
                    continue
                for name, outcome in self.outcomes(bucket, None, going, made.injected()).items():
                    found[name][day] = outcome
                running -= self._noticed(day, going, found)
                if not running:
                    break
        return found

    def _noticed(self, day: date, campaigns: Sequence[Campaign], found: dict[str, dict[date, Outcome]]) -> set[str]:
        """Whose leak is an alert of this day, and would be none without it."""
        alerts = [each for each in campaigns if found[each.name][day].caught[ALERT]]
        by_itself = {each.name for each in alerts if each.caller.actor in self.queue(day).alerting}
        for name in by_itself:
            found[name][day] = replace(found[name][day], caught=dict.fromkeys(LINES, False))
        return {each.name for each in alerts} - by_itself

    def outcomes(
        self, bucket: Bucket, queue: Queue | None, campaigns: Sequence[Campaign], sessions: pd.DataFrame
    ) -> dict[str, Outcome]:
        """Score the injected sessions of a day, and rank them in its queue where that is asked for."""
        ranked = sessions[~sessions["covered"].astype(bool)].reset_index(drop=True)
        scores = self.detector.score(ranked) if len(ranked) else np.empty(0)
        best = {str(name): group.index for name, group in ranked.groupby("campaign", sort=False)}
        return {
            each.name: self._outcome(bucket, queue, each, ranked.loc[best[each.name]], scores[best[each.name]])
            if each.name in best
            else Outcome(taken(bucket, each), None, None, True, dict.fromkeys(LINES, False))
            for each in campaigns
        }

    def _outcome(
        self, bucket: Bucket, queue: Queue | None, campaign: Campaign, sessions: pd.DataFrame, scores: Floats
    ) -> Outcome:
        score = float(scores.max())
        kind = str(sessions["identity_kind"].iloc[0])
        alert = bool(self.detector.expected_per_day([score], kind)[0] <= self.settings.score.budget_per_day)
        rank = queue.rank(score, str(sessions["actor"].iloc[0])) if queue else None
        first = {f"top {place}": rank is not None and rank <= place for place in (10, 5)}
        return Outcome(taken(bucket, campaign), score, rank, False, {ALERT: alert, **first})


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
