"""The simple rivals: what a careful afternoon would build. Each scores the same sessions; higher = more unusual."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from anomaly.evaluate.baselines_pyod import pyod_scores
from anomaly.evaluate.rules import static_rules
from anomaly.model.calibration import Calibration
from anomaly.model.forest import plain_forest_scores
from anomaly.store import Store

Floats = npt.NDArray[np.float64]

DAILY_AMOUNT = (Path(__file__).parent / "daily_amount.sql").read_text(encoding="utf-8")
RAW = ("bytes_read", "objects", "reads", "lists", "denied", "copies", "shares", "duration_s", "hour", "buckets_touched")
HOUR_US = 3_600_000_000
LEAST_DEVIATION = {"bytes_read": 2.0**20, "objects": 1.0}
"""By amount: 1 MiB, one object. Habits that hardly vary would otherwise make any change infinite."""
SCORED_COLUMNS = ("score", "tail_probability", "expected_per_day")


def daily_amount(actor_days: pd.DataFrame, amount: str) -> pd.DataFrame:
    """Score an actor's amount of a day against its own trailing 30 days, strictly before.

    Parameters
    ----------
    actor_days
        actor, day (days since 1970-01-01) and the amount; one row an actor and active day.
    amount
        A key of ``LEAST_DEVIATION``: the column to look at.

    Returns
    -------
    DataFrame
        actor, day, score in standard deviations; below 0 for a quiet day.
    """
    with Store(threads=1) as store:
        store.register("actor_days", actor_days[["actor", "day", amount]].rename(columns={amount: "amount"}))
        return store.df(DAILY_AMOUNT, {"least": LEAST_DEVIATION[amount]})


def daily_scores(
    sessions: pd.DataFrame, actor_days: pd.DataFrame, amount: str, held_out: pd.Series, taught: pd.Series
) -> pd.DataFrame:
    """Give every session its actor-day's score, calibrated on the held-out actor-days.

    Parameters
    ----------
    sessions
        session_id, actor, day and more; the frame's index is kept.
    amount
        A key of ``LEAST_DEVIATION``.
    held_out, taught
        Which sessions fall into the calibration window, and which may teach (no workflow covers them), by row.

    Returns
    -------
    DataFrame
        ``SCORED_COLUMNS``, one row a session.
    """
    by_day = daily_amount(actor_days, amount)
    scored = sessions[["actor", "day"]].merge(by_day, on=["actor", "day"], how="left")
    scores = scored["score"].fillna(0.0).set_axis(sessions.index)
    window = pd.DataFrame({"actor": sessions["actor"], "day": sessions["day"], "score": scores})[held_out & taught]
    window = window.drop_duplicates(["actor", "day"])
    return _calibrated(scores, Calibration.fit(window["score"], window["day"].nunique()))


def rule_scores(sessions: pd.DataFrame, flows: pd.DataFrame, held_out: pd.Series, taught: pd.Series) -> pd.DataFrame:
    """Score sessions by the static rules they hit, calibrated on the held-out sessions; as ``plain_forest``."""
    by_session = static_rules(sessions, flows).set_index("session_id")["score"]
    scores = by_session.loc[sessions["session_id"]].set_axis(sessions.index)
    return _on_sessions(scores, sessions["day"], held_out & taught)


def pyod_rival(
    name: str, sessions: pd.DataFrame, signals: pd.DataFrame, fit: pd.Series, held_out: pd.Series, taught: pd.Series
) -> pd.DataFrame:
    """Score sessions with ECOD or HBOS on our signals (indexed by session_id); as ``plain_forest``."""
    rows = signals.loc[sessions["session_id"]].set_axis(sessions.index)
    scores = pd.Series(pyod_scores(name, rows, fit & taught, sessions["day"]), index=sessions.index)
    return _on_sessions(scores, sessions["day"], held_out & taught)


def plain_forest(
    sessions: pd.DataFrame, fit: pd.Series, held_out: pd.Series, taught: pd.Series, seed: int
) -> pd.DataFrame:
    """Score sessions with a plain IsolationForest on raw aggregates, trained and calibrated on the same days as ours.

    Parameters
    ----------
    sessions
        The columns of the table ``sessions``.
    fit, held_out, taught
        Which sessions fall into the days to fit on and to calibrate on, and which may teach, by row.

    Returns
    -------
    DataFrame
        ``SCORED_COLUMNS``, one row a session, index kept.
    """
    raw = raw_aggregates(sessions)
    scores = pd.Series(plain_forest_scores(raw[fit & taught], raw, seed), index=sessions.index)
    return _on_sessions(scores, sessions["day"], held_out & taught)


def raw_aggregates(sessions: pd.DataFrame) -> pd.DataFrame:
    """Return the columns ``RAW`` of sessions as float64: plain sums, the duration in seconds and the UTC hour."""
    return pd.DataFrame(
        {
            **{name: sessions[name] for name in RAW[:7]},
            "duration_s": (sessions["end_us"] - sessions["start_us"]) / 1e6,
            "hour": sessions["start_us"] // HOUR_US % 24,
            "buckets_touched": sessions["buckets"].map(len),
        }
    ).astype(np.float64)


def _on_sessions(scores: pd.Series, days: pd.Series, window: pd.Series) -> pd.DataFrame:
    """Calibrate on the sessions of a window, given by row."""
    return _calibrated(scores, Calibration.fit(scores[window], days[window].nunique()))


def _calibrated(scores: pd.Series, calibration: Calibration) -> pd.DataFrame:
    values = scores.to_numpy(dtype=np.float64)
    return pd.DataFrame(
        {
            "score": values,
            "tail_probability": calibration.tail_probability(values),
            "expected_per_day": calibration.expected_per_day(values),
        },
        index=scores.index,
    )
