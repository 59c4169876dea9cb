"""The printed figures, each with its interval: by scenario and overall, for one way of ranking."""

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from anomaly.evaluate.bootstrap import NOTHING, Figure, figure, median, p90, ratio
from anomaly.evaluate.truth import cloud_of

TOPS = (5, 10, 20)
CURVE = tuple(range(1, 31))
"""How many cases a day somebody might look at, for the curve of recall."""


@dataclass(frozen=True)
class Recall:
    """What was found of some campaigns.

    ``found`` by top N cases of at least one of a campaign's days; ``alone`` and ``rank_alone`` the same had no other
    attack happened that day; ``curve`` the same share for each N of ``CURVE``,
    without intervals (empty without campaigns); ``days_to_detect`` is a median over the found ones;
    ``bytes_lost`` the share of all bytes read that was gone when the day's queue first showed the campaign.
    """

    campaigns: int
    found: dict[int, Figure]
    alone: dict[int, Figure]
    best_rank: Figure
    rank_alone: Figure
    days_to_detect: Figure
    bytes_lost: Figure
    bytes_total: int
    curve: tuple[float, ...]


@dataclass(frozen=True)
class Alerts:
    """Cases and alerts a day over the scored days, with the planted attacks and without."""

    days: int
    cases: Figure
    mean: Figure
    p90: Figure
    mean_benign: Figure
    p90_benign: Figure


@dataclass(frozen=True)
class Figures:
    """Everything told of one way of ranking."""

    overall: Recall
    scenarios: dict[str, Recall]
    clouds: dict[str, Recall]
    alerts: Alerts
    look_alikes: Recall
    look_alikes_alerted: int


def figures(campaigns: pd.DataFrame, alerts: pd.DataFrame) -> Figures:
    """Sum up campaigns (``outcome.campaigns``, of all seeds) and alert counts (``outcome.alerts_a_day``)."""
    attacks = campaigns[campaigns["kind"] == "attack"]
    benign = campaigns[campaigns["kind"] == "benign"]
    return Figures(
        overall=recall(attacks),
        scenarios={str(name): recall(rows) for name, rows in attacks.groupby("scenario")},
        clouds={str(name): recall(rows) for name, rows in attacks.groupby(attacks["campaign"].map(cloud_of))},
        alerts=_alerts(alerts),
        look_alikes=recall(benign),
        look_alikes_alerted=int(benign["alerted"].sum()),
    )


def recall(rows: pd.DataFrame) -> Recall:
    """What was found of these campaigns; resampled by campaign."""
    rank = rows["best_rank"].to_numpy(dtype=np.float64)
    alone = rows["best_alone"].to_numpy(dtype=np.float64)
    waited = rows["days_to_detect"].dropna().to_numpy(dtype=np.float64)
    return Recall(
        campaigns=len(rows),
        found={top: figure(rank <= top) for top in TOPS},
        alone={top: figure(alone <= top) for top in TOPS},
        best_rank=figure(rank, median),
        rank_alone=figure(alone, median),
        days_to_detect=figure(waited, median),
        bytes_lost=ratio(rows["bytes_lost"], rows["bytes_total"]),
        bytes_total=int(rows["bytes_total"].sum()),
        curve=tuple(float(np.mean(rank <= top)) for top in CURVE) if len(rank) else (),
    )


def lead(ours: pd.DataFrame, theirs: pd.DataFrame, top: int = 10) -> Figure:
    """How many more of the same attacks ours finds in the top cases, as a share; resampled by campaign, in pairs."""
    both = ours[ours["kind"] == "attack"].merge(
        theirs[["campaign", "best_rank"]], on="campaign", suffixes=("", "_other")
    )
    if not len(both):
        return NOTHING
    gained = (both["best_rank"] <= top).astype(float) - (both["best_rank_other"] <= top).astype(float)
    return figure(gained)


def as_dict(found: Figures) -> dict[str, object]:
    """The figures as plain values for JSON."""
    return asdict(found)


def _alerts(counts: pd.DataFrame) -> Alerts:
    seen, benign = counts["alerts"].to_numpy(), counts["alerts_benign"].to_numpy()
    return Alerts(
        days=len(counts),
        cases=figure(counts["cases"]),
        mean=figure(seen),
        p90=figure(seen, p90),
        mean_benign=figure(benign),
        p90_benign=figure(benign, p90),
    )
