"""Two models on the same thefts: each is written into a recent day once, and both score what comes of it.

Features are built once for both. What differs is the score alone, so a pair's difference is the models' own.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from anomaly.catalog import table
from anomaly.config import Settings
from anomaly.context import Context
from anomaly.injection.inject import taken
from anomaly.injection.memory import Memory
from anomaly.injection.overlay import overlay
from anomaly.injection.trials import Bench, packed
from anomaly.model.detector import ExfilDetector
from anomaly.pipeline import FEATURES
from anomaly.retrain.campaigns import Drawn, draw, pick_buckets
from anomaly.store import Lake, Store

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Standing:
    """Where one model puts a theft: its place among the day's actors (None when covered), and whether it alerts."""

    rank: int | None
    alert: bool


@dataclass(frozen=True)
class Pair:
    """One theft and what each of two models made of it; ``taken`` in bytes, or objects where no log tells a size."""

    bucket: str
    who: str
    route: str
    day: date
    taken: float
    champion: Standing
    challenger: Standing


@dataclass(frozen=True, eq=False)
class RealDay:
    """The real sessions of a day as one model scores them.

    Attributes
    ----------
    best
        Highest score by actor, of sessions that no workflow covers.
    alerting
        Actors that raise an alert.
    unusual
        How many of them do so with a session that was not left out of training: what the budget promises.
    """

    best: pd.Series
    alerting: frozenset[str]
    unusual: int

    @classmethod
    def of(cls, frame: pd.DataFrame, detector: ExfilDetector, budget: float, left_out: frozenset[str]) -> "RealDay":
        """Score a day's features; covered sessions spend no budget."""
        open_ = frame[~frame["covered"].astype(bool)]
        score = pd.Series(detector.score(open_), index=open_.index) if len(open_) else pd.Series(dtype="float64")
        alert = pd.Series(
            detector.expected_per_day(score, open_["identity_kind"]) <= budget, index=open_.index, dtype=bool
        )
        counted = open_["actor"][alert & ~open_["session_id"].isin(left_out)]
        return cls(score.groupby(open_["actor"]).max(), frozenset(open_["actor"][alert]), counted.nunique())

    def rank(self, score: float, actor: str) -> int:
        """The place of a session of this score among the actors of the day."""
        return 1 + int((self.best.drop(actor, errors="ignore") > score).sum())


@dataclass(frozen=True, eq=False)
class Trial:
    """Every pair, and by model (champion, challenger) how many real actors a day raised an alert."""

    pairs: tuple[Pair, ...]
    unusual: Mapping[str, tuple[int, ...]]


def real_days(
    lake: Lake, days: Sequence[date], detector: ExfilDetector, budget: float, left_out: frozenset[str]
) -> dict[date, RealDay]:
    """Score the real sessions of built days with a model."""
    return {day: RealDay.of(_features(lake, day), detector, budget, left_out) for day in days}


def paired(
    lake: Lake,
    context: Context,
    settings: Settings,
    days: Sequence[date],
    models: tuple[ExfilDetector, ExfilDetector],
    left_out: frozenset[str] = frozenset(),
    progress: Progress = lambda _: None,
) -> Trial:
    """Write ``retrain.campaigns`` thefts into copies of these days and score them with champion and challenger.

    Parameters
    ----------
    days
        Days with features, oldest first; the lake itself is not written.

    Raises
    ------
    DataQualityError
        No log tells of objects read.
    """
    budget = settings.score.budget_per_day
    real = [real_days(lake, days, model, budget, left_out) for model in models]
    alerting = {day: real[0][day].alerting | real[1][day].alerting for day in days}
    with overlay(lake, days[-1]) as made:
        bench = Bench(made, context, settings)
        buckets = pick_buckets(made.lake, context, days[0])
        drawn = draw(buckets, days, alerting, settings.retrain.campaigns, settings.retrain.seed)
        pairs: list[Pair] = []
        for day in days:
            of_day = [each for each in drawn if each.campaign.day == day]
            progress(f"{len(of_day)} thefts tried on {day}")
            with bench.on(day) as tried:
                for together in _builds(of_day):
                    sessions = _inject(bench, tried, day, together)
                    pairs += _pairs(sessions, together, models, (real[0][day], real[1][day]), budget)
    champion, challenger = (tuple(of[day].unusual for day in days) for of in real)
    return Trial(tuple(pairs), {"champion": champion, "challenger": challenger})


def _builds(drawn: Sequence[Drawn]) -> list[list[Drawn]]:
    """Campaigns in as few builds as may be, no two of one identity in one."""
    by_name = {each.campaign.name: each for each in drawn}
    return [[by_name[each.name] for each in group] for group in packed([each.campaign for each in drawn])]


def _inject(bench: Bench, tried: Memory, day: date, together: Sequence[Drawn]) -> dict[str, pd.DataFrame]:
    """Build a day with these campaigns in it; the features of their sessions by campaign."""
    by_bucket: dict[str, list[Drawn]] = defaultdict(list)
    for each in together:
        by_bucket[each.bucket.name].append(each)
    campaigns = [(group[0].bucket, [each.campaign for each in group]) for group in by_bucket.values()]
    return {str(name): of_one for name, of_one in bench.sessions(tried, day, campaigns).groupby("campaign")}


def _pairs(
    sessions: Mapping[str, pd.DataFrame],
    together: Sequence[Drawn],
    models: tuple[ExfilDetector, ExfilDetector],
    real: tuple[RealDay, RealDay],
    budget: float,
) -> list[Pair]:
    return [
        Pair(
            each.bucket.name,
            each.campaign.caller.who,
            each.campaign.route,
            each.campaign.day,
            taken(each.bucket, each.campaign),
            *(_standing(sessions[each.campaign.name], *of, budget) for of in zip(models, real, strict=True)),
        )
        for each in together
    ]


def _standing(sessions: pd.DataFrame, detector: ExfilDetector, real: RealDay, budget: float) -> Standing:
    ranked = sessions[~sessions["covered"].astype(bool)]
    if ranked.empty:
        return Standing(None, False)
    score = float(detector.score(ranked).max())
    alert = bool(detector.expected_per_day([score], str(ranked["identity_kind"].iloc[0]))[0] <= budget)
    return Standing(real.rank(score, str(ranked["actor"].iloc[0])), alert)


def _features(lake: Lake, day: date) -> pd.DataFrame:
    signals = ", ".join(table(FEATURES).signals)
    with Store() as store:
        store.view(FEATURES, lake.files(FEATURES, day))
        return store.df(
            f"select session_id, actor, identity_kind, covered, {signals} from {FEATURES} order by session_id"
        )
