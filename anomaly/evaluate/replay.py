"""One organisation as production would meet it: train on the past, then score day after day, never looking ahead."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from anomaly.catalog import table
from anomaly.config import Settings
from anomaly.context import Context
from anomaly.evaluate.baselines import daily_bytes_scores, plain_forest
from anomaly.evaluate.queue import EPOCH, QUEUE_COLUMNS, arrange_queue
from anomaly.evaluate.truth import match, read_truth
from anomaly.evaluate.world import World
from anomaly.model.registry import Registry
from anomaly.pipeline import FEATURES
from anomaly.score import Trained, score_days, spec_for, train_model
from anomaly.store import Lake, Store

OURS, DAILY_BYTES, PLAIN_FOREST = "anomaly", "daily_bytes", "plain_forest"
RANKINGS = {
    OURS: "this product",
    DAILY_BYTES: "baseline: bytes a day against the actor's own 30 days (z-score)",
    PLAIN_FOREST: "baseline: plain IsolationForest on raw session sums",
}


@dataclass(frozen=True)
class Replay:
    """What came of one organisation.

    Attributes
    ----------
    truth, matches : DataFrame
        The planted campaigns of the scored days, and the sessions that belong to them.
    scores : DataFrame
        The table ``scores`` of the scored days.
    signals : DataFrame
        The signal columns of the scored days, indexed by session_id.
    queues : dict
        By ranking, as ``anomaly.evaluate.outcome`` reads them.
    """

    seed: int
    days: list[int]
    trained: Trained
    truth: pd.DataFrame
    matches: pd.DataFrame
    scores: pd.DataFrame
    signals: pd.DataFrame
    queues: dict[str, pd.DataFrame]


def replay(world: World, settings: Settings, say: Callable[[str], None] = lambda _: None) -> Replay:
    """Train on the days before the attacks, score the later ones in order, and let the baselines rank the same days."""
    lake, until = world.lake, world.plan.until
    settings = replace(settings, lake=replace(settings.lake, root=lake.root))
    context = Context.load(world.organisation / "context")
    shutil.rmtree(Registry(lake.root).folder, ignore_errors=True)  # a model of an earlier run must not score
    say("training")
    trained = train_model(lake, context, settings, until)
    scored = [day for day in lake.days("events") if until <= day < world.plan.end]
    for day in scored:
        say(f"scoring {day}")
        score_days(lake, context, settings, [day])
    say("ranking")
    return _judged(world, settings, trained, scored)


def _judged(world: World, settings: Settings, trained: Trained, scored: list[date]) -> Replay:
    lake = world.lake
    days = [(day - EPOCH).days for day in scored]
    scores = _read(lake, "scores", scored)
    past = [day for day in lake.days("events") if trained.since <= day < trained.until]
    covered = _read(lake, FEATURES, [*past, *scored])
    sessions = _read(lake, "sessions", [*past, *scored]).merge(covered[["session_id", "covered"]], on="session_id")
    judged = sessions[sessions["day"].isin(days)]
    truth = read_truth(world.organisation / "truth.csv")
    truth = truth[truth["day"].isin(days)].reset_index(drop=True)
    cases = sessions.merge(scores[["session_id", "case_id"]], on="session_id", how="left")
    rivals = _rivals(cases, _actor_days(lake, trained.until, scored), settings, days[0])
    queues = {OURS: scores[QUEUE_COLUMNS]} | {
        name: arrange_queue(cases[cases["day"] >= days[0]], rows, settings.score.budget_per_day)
        for name, rows in rivals.items()
    }
    signals = covered.set_index("session_id")[list(table(FEATURES).signals)]
    return Replay(world.plan.seed, days, trained, truth, match(truth, judged), scores, signals, queues)


def _rivals(
    sessions: pd.DataFrame, actor_days: pd.DataFrame, settings: Settings, first_scored: int
) -> dict[str, pd.DataFrame]:
    """Score all sessions with both baselines, fitted and calibrated on the very days that ours was."""
    spec = spec_for(settings)
    taught = ~sessions["covered"].astype(bool)
    past = sessions["day"] < first_scored
    active = sorted(set(sessions.loc[taught & past, "day"]))
    held_out = past & (sessions["day"] >= active[-spec.calibration_days])
    return {
        DAILY_BYTES: daily_bytes_scores(sessions, actor_days, held_out, taught),
        PLAIN_FOREST: plain_forest(sessions, past & ~held_out, held_out, taught, spec.seed),
    }


def _actor_days(lake: Lake, until: date, scored: Sequence[date]) -> pd.DataFrame:
    return _read(lake, "actor_day", [*(day for day in lake.days("actor_day") if day < until), *scored])


def _read(lake: Lake, name: str, days: Sequence[date]) -> pd.DataFrame:
    with Store() as store:
        store.view(name, [path for day in days for path in lake.files(name, day)])
        return store.df(f"select * from {name} order by all")
