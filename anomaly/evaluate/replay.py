"""One organisation as production would meet it: train on the past, then score day after day, never looking ahead."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from anomaly.catalog import table
from anomaly.config import Settings
from anomaly.context import Context
from anomaly.evaluate.baselines import daily_bytes_scores, plain_forest
from anomaly.evaluate.queue import QUEUE_COLUMNS, arrange_queue
from anomaly.evaluate.truth import EPOCH, in_scored_days, match, read_truth
from anomaly.evaluate.world import World
from anomaly.pipeline import FEATURES
from anomaly.score import Trained, score_days, spec_for, train_model
from anomaly.store import Lake, Store

OURS, DAILY_BYTES, PLAIN_FOREST = "anomaly", "daily_bytes", "plain_forest"
WINDOWS = ("fit", "calibration", "scored")
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
        The signal columns of all days from the first that trained, indexed by session_id.
    windows : Series
        What each of those sessions was for, by session_id: fit, calibration or scored; covered ones are left out.
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
    windows: pd.Series
    queues: dict[str, pd.DataFrame]


def replay(world: World, settings: Settings, say: Callable[[str], None] = lambda _: None) -> Replay:
    """Train on the days before the attacks, score the later ones in order, and let the baselines rank the same days."""
    lake, until = world.lake, world.plan.until
    settings = replace(settings, lake=replace(settings.lake, root=lake.root))
    context = Context.load(world.organisation / "context")
    say("training")
    trained = train_model(lake, context, settings, until, promote=True)  # a model of an earlier run must not score
    scored = [day for day in lake.days("events") if until <= day < world.plan.end]
    for day in scored:
        say(f"scoring {day}")
        score_days(lake, context, settings, [day])
    say("ranking")
    return _judged(world, settings, trained, scored)


def _judged(world: World, settings: Settings, trained: Trained, scored: list[date]) -> Replay:
    lake, first = world.lake, _number(scored[0])
    past = [day for day in lake.days("events") if trained.since <= day < trained.until]
    features = _read(lake, FEATURES, [*past, *scored])
    scores = _read(lake, "scores", scored)
    sessions = _read(lake, "sessions", [*past, *scored]).merge(features[["session_id", "covered"]], on="session_id")
    sessions = sessions.merge(scores[["session_id", "case_id"]], on="session_id", how="left")
    windows = _windows(sessions, settings, first)
    rivals = _rivals(sessions, windows, _actor_days(lake, trained.until, scored), spec_for(settings).seed)
    judged = sessions[sessions["day"] >= first]
    budget = settings.score.budget_per_day
    queues = {OURS: scores[QUEUE_COLUMNS]}
    queues |= {name: arrange_queue(judged, rows, budget) for name, rows in rivals.items()}
    truth = in_scored_days(read_truth(world.organisation / "truth.csv"), first)
    return Replay(
        seed=world.plan.seed,
        days=[_number(day) for day in scored],
        trained=trained,
        truth=truth,
        matches=match(truth, judged),
        scores=scores,
        signals=features.set_index("session_id")[list(table(FEATURES).signals)],
        windows=windows.set_axis(sessions["session_id"])[~sessions["covered"].to_numpy(dtype=bool)],
        queues=queues,
    )


def _windows(sessions: pd.DataFrame, settings: Settings, first_scored: int) -> pd.Series:
    """Say of each session whether its day was fitted on, calibrated on or scored, as training splits the days."""
    usual = sessions[~sessions["covered"].astype(bool) & (sessions["day"] < first_scored)]
    active = sorted(set(usual["day"]))
    first_held_out = active[-settings.train.calibration_days]
    return pd.cut(sessions["day"], [-np.inf, first_held_out - 1, first_scored - 1, np.inf], labels=list(WINDOWS))


def _rivals(sessions: pd.DataFrame, windows: pd.Series, actor_days: pd.DataFrame, seed: int) -> dict[str, pd.DataFrame]:
    """Score all sessions with both baselines, fitted and calibrated on the very days that ours was."""
    taught = ~sessions["covered"].astype(bool)
    fit, held_out = windows.eq("fit"), windows.eq("calibration")
    return {
        DAILY_BYTES: daily_bytes_scores(sessions, actor_days, held_out, taught),
        PLAIN_FOREST: plain_forest(sessions, fit, held_out, taught, seed),
    }


def _number(day: date) -> int:
    return (day - EPOCH).days


def _actor_days(lake: Lake, until: date, scored: Sequence[date]) -> pd.DataFrame:
    return _read(lake, "actor_day", [*(day for day in lake.days("actor_day") if day < until), *scored])


def _read(lake: Lake, name: str, days: Sequence[date]) -> pd.DataFrame:
    with Store() as store:
        store.view(name, [path for day in days for path in lake.files(name, day)])
        return store.df(f"select * from {name} order by all")
