"""From a frame of features to a calibrated detector, with the figures that say how far to trust it.

The window [since, until) is split by active days: the last ``calibration_days`` are held out to calibrate on, the
forest is fitted on the days before them. It is not refitted on all days afterwards: its scores would no longer be
the ones that were calibrated. Excluded sessions (confirmed thefts, approved workflows) teach neither.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from anomaly.errors import CatalogError, DataQualityError
from anomaly.model.calibration import Calibration
from anomaly.model.columns import select
from anomaly.model.detector import ExfilDetector
from anomaly.model.forest import MIN_SESSIONS, Forest, anchored
from anomaly.model.spec import ModelSpec
from anomaly.model.trees import Floats

KEYS = ("day", "session_id", "identity", "actor", "identity_kind", "excluded")
BUDGETS = (1.0, 3.0, 10.0)
"""Alerts a day at which the promise is held against what held-out days show."""

Days = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Training:
    """A trained detector, what it was trained on, and its figures (all floats, ready to log)."""

    detector: ExfilDetector
    since: date
    until: date
    input_digest: str
    metrics: dict[str, float]
    anchors: dict[str, int]


def train(features: pd.DataFrame, spec: ModelSpec, until: date, since: date | None = None) -> Training:
    """Train strictly before ``until``, on at most ``spec.training_days`` unless ``since`` says from when.

    Parameters
    ----------
    features
        One row a session: day, session_id, identity, actor, identity_kind, excluded, and the spec's columns; other
        columns and rows outside the window are ignored, row order does not matter.

    Raises
    ------
    CatalogError
        A column is missing.
    DataQualityError
        Too few days or sessions, a session twice, or a value that is not finite.
    """
    since = since or until - timedelta(days=spec.training_days)
    rows = _window(features, since, until)
    usual = rows[~rows["excluded"].astype(bool)]
    held_out = _held_out(usual["day"].to_numpy(), spec, since, until)
    fit, later = usual[~held_out], usual[held_out]
    forest = _fit(fit, spec)
    units = most_unusual(later, forest.score(select(later, spec.columns)))
    scores = units["score"].to_numpy()
    calibration = Calibration.fit(scores, units["day"].nunique(), units["identity_kind"])
    facts = {"model": spec.name, "since": since.isoformat(), "until": until.isoformat()}
    detector = ExfilDetector(forest, calibration, spec.families, facts)
    anchors = anchored(select(fit, spec.columns), spec.anchor_fraction)
    metrics = _counts(rows, fit, later) | {"anchor_rows": float(sum(anchors.values()))}
    metrics |= {"saturated_share": _saturated(later, fit, spec)} | realised(units)
    return Training(detector, since, until, digest(rows, spec), metrics, anchors)


def most_unusual(sessions: pd.DataFrame, scores: Floats) -> pd.DataFrame:
    """Of each actor and day the session that scores highest: day, actor, identity_kind, score."""
    rows = sessions[["day", "actor", "identity_kind"]].assign(score=scores)
    return rows.sort_values("score", kind="stable").groupby(["day", "actor"], as_index=False).last()


def realised(units: pd.DataFrame) -> dict[str, float]:
    """Alerts a day that held-out days show at each promised budget: calibrate on half of the days, count on the rest.

    ``units`` as ``most_unusual`` returns them. Days alternate between the halves and both ways round are taken; a mean
    and a 90th percentile over the days.
    """
    active, place = np.unique(units["day"].to_numpy(), return_inverse=True)
    result = {}
    for budget in BUDGETS:
        counts = [_alerts(units, place, len(active), half, budget) for half in (0, 1)]
        seen = np.concatenate(counts)
        result[f"realised_at_{budget:g}"] = float(np.mean(seen))
        result[f"realised_p90_at_{budget:g}"] = float(np.percentile(seen, 90))
    return result


def digest(rows: pd.DataFrame, spec: ModelSpec) -> str:
    """SHA-256 of what was trained on: the columns' names, and per session all that training reads of it.

    Rows come ordered by session.
    """
    hashed = hashlib.sha256("\n".join(spec.columns).encode())
    for name in ("session_id", "day", "actor", "identity_kind", "excluded"):
        hashed.update("\n".join(rows[name].astype(str)).encode())
    hashed.update(np.ascontiguousarray(select(rows, spec.columns).to_numpy(dtype="<f8")).tobytes())
    return hashed.hexdigest()


def as_days(day: pd.Series) -> Days:
    """Return days as datetime64[D]; they come as dates, timestamps, or (in the lake) whole days since 1970-01-01."""
    if pd.api.types.is_integer_dtype(day):
        return day.to_numpy(dtype=np.int64).astype("datetime64[D]")
    return pd.to_datetime(day).to_numpy().astype("datetime64[D]")


def _window(features: pd.DataFrame, since: date, until: date) -> pd.DataFrame:
    missing = [name for name in KEYS if name not in features.columns]
    if missing:
        raise CatalogError(f"the features lack {', '.join(missing)}; training needs {', '.join(KEYS)} and the signals")
    day = as_days(features["day"])
    inside = (day >= np.datetime64(since)) & (day < np.datetime64(until))
    rows = features[inside].assign(day=day[inside].astype("datetime64[s]"))
    rows = rows.set_index("session_id", drop=False).rename_axis(None).sort_index(kind="stable")
    twice = rows.index[rows.index.duplicated()]
    if len(twice):
        raise DataQualityError(f"{len(twice)} session(s) come twice in the features, first {twice[0]!r}")
    return rows


def _held_out(days: Days, spec: ModelSpec, since: date, until: date) -> npt.NDArray[np.bool_]:
    active = np.unique(days)
    if len(active) <= spec.calibration_days:
        raise DataQualityError(
            f"{len(active)} active day(s) from {since} to before {until}; {spec.calibration_days} are held out "
            f"for calibration and at least one is needed to fit on: ingest more days or train until a later day"
        )
    return np.asarray(days >= active[-spec.calibration_days], dtype=np.bool_)


def _fit(fit: pd.DataFrame, spec: ModelSpec) -> Forest:
    if len(fit) < MIN_SESSIONS:
        raise DataQualityError(
            f"{len(fit)} session(s) before the {spec.calibration_days} held-out days; a forest needs {MIN_SESSIONS}"
        )
    return Forest.fit(
        select(fit, spec.columns),
        spec.families,
        trees=spec.trees,
        max_samples=spec.max_samples,
        cap=spec.cap,
        anchors=spec.anchor_fraction,
        seed=spec.seed,
    )


def _counts(rows: pd.DataFrame, fit: pd.DataFrame, later: pd.DataFrame) -> dict[str, float]:
    return {
        "sessions": float(len(rows)),
        "sessions_excluded": float(rows["excluded"].astype(bool).sum()),
        "sessions_fit": float(len(fit)),
        "sessions_calibration": float(len(later)),
        "days": float(rows["day"].nunique()),
        "days_fit": float(fit["day"].nunique()),
        "days_calibration": float(later["day"].nunique()),
        "identities": float(rows["identity"].nunique()),
    }


def _saturated(later: pd.DataFrame, fit: pd.DataFrame, spec: ModelSpec) -> float:
    """Share of held-out sessions with a value past the largest fitted one: there the tie-break ranks."""
    largest = select(fit, spec.columns).max().clip(upper=spec.cap)
    return float((select(later, spec.columns) > largest).any(axis=1).mean())


def _alerts(units: pd.DataFrame, place: npt.NDArray[np.intp], days: int, half: int, budget: float) -> Floats:
    """Alerts on each day of the other half, calibrated on this half, however few its days are."""
    known = place % 2 == half
    mine = units[known]
    calibration = Calibration.of(mine["score"], len(np.unique(place[known])), mine["identity_kind"])
    alert = ~known & (calibration.expected_per_day(units["score"], units["identity_kind"]) <= budget)
    counts = np.bincount(place[alert], minlength=days).astype(np.float64)
    return np.asarray(counts[np.arange(days) % 2 != half])
