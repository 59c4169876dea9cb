"""One organisation as production would meet it: train on the past, then score day after day, never looking ahead."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from anomaly.catalog import table
from anomaly.config import Settings
from anomaly.context import Context
from anomaly.evaluate.baselines import daily_scores, plain_forest, pyod_rival, rule_scores
from anomaly.evaluate.baselines_pyod import DETECTORS, installed
from anomaly.evaluate.queue import QUEUE_COLUMNS, arrange_queue
from anomaly.evaluate.rules import FLOW_COLUMNS
from anomaly.evaluate.spending import quiet_sessions
from anomaly.evaluate.truth import EPOCH, in_scored_days, match, read_truth
from anomaly.evaluate.world import World
from anomaly.model.registry import Registry
from anomaly.pipeline import FEATURES
from anomaly.score import Trained, score_days, spec_for, train_model
from anomaly.store import Lake, Store

OURS, DAILY_BYTES, DAILY_OBJECTS, STATIC_RULES, PLAIN_FOREST, ECOD, HBOS = (
    "anomaly",
    "daily_bytes",
    "daily_objects",
    "static_rules",
    "plain_forest",
    "ecod",
    "hbos",
)
WINDOWS = ("fit", "calibration", "scored")
RANKINGS = {
    OURS: "this product",
    DAILY_BYTES: "baseline: bytes a day against the actor's own 30 days (z-score)",
    DAILY_OBJECTS: "baseline: objects a day against the actor's own 30 days (z-score)",
    STATIC_RULES: "baseline: static rules (foreign copy or share, made public, 1 GB from an unlisted address)",
    PLAIN_FOREST: "baseline: plain IsolationForest on raw session sums",
    ECOD: "baseline: ECOD of PyOD on our signals",
    HBOS: "baseline: HBOS of PyOD on our signals",
}


@dataclass(frozen=True)
class Evidence:
    """What baselines look at beside the sessions: actor-days, flows, and our signals by session_id."""

    actor_days: pd.DataFrame
    flows: pd.DataFrame
    signals: pd.DataFrame


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
    marks : DataFrame
        session_id, day, identity_kind, quiet, attack, look_alike of the scored sessions.
    promised : dict
        Share of the cases of each identity kind that the calibration promised to alert.
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
    marks: pd.DataFrame
    promised: dict[str, float]
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
    spec = spec_for(settings)
    evidence = Evidence(
        actor_days=_actor_days(lake, trained.until, scored),
        flows=_read(lake, "flows", [*past, *scored], FLOW_COLUMNS),
        signals=features.set_index("session_id")[list(spec.columns)],
    )
    rivals = _rivals(sessions, windows, evidence, spec.seed)
    judged = sessions[sessions["day"] >= first]
    budget = settings.score.budget_per_day
    queues = {OURS: scores[QUEUE_COLUMNS]}
    queues |= {name: arrange_queue(judged, rows, budget) for name, rows in rivals.items()}
    truth = in_scored_days(read_truth(world.organisation / "truth.csv"), first)
    matches = match(truth, judged)
    quiet = quiet_sessions(features[features["day"] >= first], evidence.actor_days)
    return Replay(
        seed=world.plan.seed,
        days=[_number(day) for day in scored],
        trained=trained,
        truth=truth,
        matches=matches,
        scores=scores,
        signals=features.set_index("session_id")[list(table(FEATURES).signals)],
        windows=windows.set_axis(sessions["session_id"])[~sessions["covered"].to_numpy(dtype=bool)],
        marks=_marks(judged, truth, matches, quiet),
        promised=Registry(lake.root).champion()[1].calibration.promised(budget, sorted(set(judged["identity_kind"]))),
        queues=queues,
    )


def _marks(judged: pd.DataFrame, truth: pd.DataFrame, matches: pd.DataFrame, quiet: pd.Series) -> pd.DataFrame:
    """Say of each scored session whether it belongs to a planted attack or look-alike, and whether it was quiet."""
    kinds = matches["campaign"].map(truth.drop_duplicates("campaign").set_index("campaign")["kind"])
    return judged[["session_id", "day", "identity_kind"]].assign(
        quiet=quiet.loc[judged["session_id"]].to_numpy(dtype=bool),
        attack=judged["session_id"].isin(matches.loc[kinds == "attack", "session_id"]),
        look_alike=judged["session_id"].isin(matches.loc[kinds == "benign", "session_id"]),
    )


def _windows(sessions: pd.DataFrame, settings: Settings, first_scored: int) -> pd.Series:
    """Say of each session whether its day was fitted on, calibrated on or scored, as training splits the days."""
    usual = sessions[~sessions["covered"].astype(bool) & (sessions["day"] < first_scored)]
    active = sorted(set(usual["day"]))
    first_held_out = active[-settings.train.calibration_days]
    return pd.cut(sessions["day"], [-np.inf, first_held_out - 1, first_scored - 1, np.inf], labels=list(WINDOWS))


def _rivals(sessions: pd.DataFrame, windows: pd.Series, evidence: Evidence, seed: int) -> dict[str, pd.DataFrame]:
    """Score all sessions with every baseline, fitted and calibrated on the very days that ours was."""
    taught = ~sessions["covered"].astype(bool)
    fit, held_out = windows.eq("fit"), windows.eq("calibration")
    scored = {
        DAILY_BYTES: daily_scores(sessions, evidence.actor_days, "bytes_read", held_out, taught),
        DAILY_OBJECTS: daily_scores(sessions, evidence.actor_days, "objects", held_out, taught),
        STATIC_RULES: rule_scores(sessions, evidence.flows, held_out, taught),
        PLAIN_FOREST: plain_forest(sessions, fit, held_out, taught, seed),
    }
    if installed():
        scored |= {name: pyod_rival(name, sessions, evidence.signals, fit, held_out, taught) for name in DETECTORS}
    return scored


def _number(day: date) -> int:
    return (day - EPOCH).days


def _actor_days(lake: Lake, until: date, scored: Sequence[date]) -> pd.DataFrame:
    return _read(lake, "actor_day", [*(day for day in lake.days("actor_day") if day < until), *scored])


def _read(lake: Lake, name: str, days: Sequence[date], columns: Sequence[str] = ("*",)) -> pd.DataFrame:
    with Store() as store:
        store.view(name, [path for day in days for path in lake.files(name, day)])
        return store.df(f"select {', '.join(columns)} from {name} order by all")
