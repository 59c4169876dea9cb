"""Two simple rivals: what a careful afternoon would build. Each scores the same sessions; higher = more unusual."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from anomaly.model.calibration import Calibration
from anomaly.model.forest import plain_forest_scores
from anomaly.store import Store

Floats = npt.NDArray[np.float64]

DAILY_BYTES = (Path(__file__).parent / "daily_bytes.sql").read_text(encoding="utf-8")
RAW = ("bytes_read", "objects", "reads", "lists", "denied", "copies", "shares", "duration_s", "hour", "buckets_touched")
HOUR_US = 3_600_000_000
SCORED_COLUMNS = ("score", "tail_probability", "expected_per_day")


def daily_bytes(actor_days: pd.DataFrame) -> pd.DataFrame:
    """Score an actor's bytes of a day against its own trailing 30 days, strictly before.

    Parameters
    ----------
    actor_days
        actor, day (days since 1970-01-01), bytes_read; one row an actor and active day.

    Returns
    -------
    DataFrame
        actor, day, score in standard deviations; below 0 for a quiet day.
    """
    with Store(threads=1) as store:
        store.register("actor_days", actor_days[["actor", "day", "bytes_read"]])
        return store.df(DAILY_BYTES)


def daily_bytes_scores(
    sessions: pd.DataFrame, actor_days: pd.DataFrame, held_out: pd.Series, taught: pd.Series
) -> pd.DataFrame:
    """Give every session its actor-day's score, calibrated on the held-out actor-days.

    Parameters
    ----------
    sessions
        session_id, actor, day and more; the frame's index is kept.
    held_out, taught
        Which sessions fall into the calibration window, and which may teach (no workflow covers them), by row.

    Returns
    -------
    DataFrame
        ``SCORED_COLUMNS``, one row a session.
    """
    scored = sessions[["actor", "day"]].merge(daily_bytes(actor_days), on=["actor", "day"], how="left")
    scores = scored["score"].fillna(0.0).set_axis(sessions.index)
    window = pd.DataFrame({"actor": sessions["actor"], "day": sessions["day"], "score": scores})[held_out & taught]
    window = window.drop_duplicates(["actor", "day"])
    return _calibrated(scores, Calibration.fit(window["score"], window["day"].nunique()))


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
    window = sessions["day"][held_out & taught]
    return _calibrated(scores, Calibration.fit(scores[window.index], window.nunique()))


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
