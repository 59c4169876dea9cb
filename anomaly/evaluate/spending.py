"""What a queue is spent on: look-alikes, unusually quiet sessions, identity kinds; its precision; promises held."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from anomaly.evaluate.bootstrap import Figure, Floats, figure, ratio
from anomaly.evaluate.outcome import FOUND_RANK
from anomaly.store import Store

QUIET = (Path(__file__).parent / "quiet.sql").read_text(encoding="utf-8")
BUDGETS = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Alerts a day at which the promise of the calibration is held against what came of it."""
FEW = "all below one a day"
"""Kinds promised less than one alert a day are told together as well: alone, a dozen days of one hardly tell."""
LABELS = ("attack", "look-alike", "other")
DECADES = (-4.0, 3.0)
EDGES = tuple(10.0**power for power in np.arange(DECADES[0], DECADES[1] + 0.25, 0.5))
"""Half decades of sessions expected a day; what lies outside counts in the bins at the ends."""


@dataclass(frozen=True)
class KindAlerts:
    """Of one identity kind: ranked cases and alerts a day, those of attacks left out; ``budget``: alerts promised."""

    cases: Figure
    alerts: Figure
    budget: float

    @property
    def kept(self) -> str:
        """Alerts realised of those promised, as a number of two digits; ``-`` where none were promised."""
        return "-" if self.alerts.value is None or not self.budget else f"{self.alerts.value / self.budget:.2f}"


@dataclass(frozen=True)
class Spending:
    """What a queue was spent on.

    ``look_alikes`` and ``quiet`` are shares of the places in the top 10 of all days; ``precision`` the average
    precision of a day, over the days with attacks; ``promised`` the alerts a day that came of each of ``BUDGETS``,
    those of attacks left out; ``expected`` how many cases of each of ``LABELS`` fell between two of ``EDGES``.
    """

    look_alikes: Figure
    quiet: Figure
    precision: Figure
    attack_days: int
    promised: dict[float, Figure]
    kinds: dict[str, KindAlerts]
    expected: dict[str, list[int]]


def quiet_sessions(sessions: pd.DataFrame, actor_days: pd.DataFrame) -> pd.Series:
    """Say which sessions fell on a day below their actor's own median of the 30 days before, in bytes and objects.

    Parameters
    ----------
    sessions
        session_id, actor, day, day_bytes, day_objects.
    actor_days
        actor, day, bytes_read, objects; one row an actor and active day.

    Returns
    -------
    Series
        bool, by session_id; False with fewer than three days of its own.
    """
    with Store(threads=1) as store:
        store.register("sessions", sessions[["session_id", "actor", "day", "day_bytes", "day_objects"]])
        store.register("actor_days", actor_days[["actor", "day", "bytes_read", "objects"]])
        return store.df(QUIET).set_index("session_id")["quiet"]


def cases(queue: pd.DataFrame, marks: pd.DataFrame) -> pd.DataFrame:
    """Turn a queue into its ranked cases, told by their most unusual session, and their kind by the rarest of a kind.

    Parameters
    ----------
    queue
        ``anomaly.evaluate.queue.QUEUE_COLUMNS``.
    marks
        session_id, day, identity_kind, quiet, attack, look_alike of the scored sessions.

    Returns
    -------
    DataFrame
        day, case_id, case_rank, expected_per_day, attack, look_alike (holds a session of one, and none of an attack),
        quiet, identity_kind; in the order of the queue.
    """
    rows = queue[queue["case_rank"].notna()].merge(marks, on=["session_id", "day"])
    rows = rows.sort_values(["score", "session_id"], ascending=[False, True])
    rarest = rows.loc[rows.groupby(["day", "case_id"])["expected_per_day"].idxmin()]
    kinds = rarest.set_index(["day", "case_id"])["identity_kind"]
    found = rows.groupby(["day", "case_id"], as_index=False).agg(
        case_rank=("case_rank", "first"),
        expected_per_day=("expected_per_day", "min"),
        attack=("attack", "max"),
        look_alike=("look_alike", "max"),
        quiet=("quiet", "first"),
    )
    found = found.join(kinds, on=["day", "case_id"])
    found = found.assign(look_alike=found["look_alike"] & ~found["attack"])
    return found.sort_values(["day", "case_rank"], ignore_index=True)


def days_spent(found: pd.DataFrame, campaign_days: pd.DataFrame, days: list[int]) -> pd.DataFrame:
    """Count what each scored day's queue was spent on.

    Parameters
    ----------
    found
        As ``cases`` returns them.
    campaign_days
        As ``outcome.campaign_days`` returns them, for the same queue.
    days
        The scored days; one without cases counts as 0.

    Returns
    -------
    DataFrame
        day, places (cases in the top 10), look_alikes and quiet (of them), precision (missing on a day without
        attacks), and ``within_B`` for each of ``BUDGETS``: cases without attack that it would have raised.
    """
    top = found[found["case_rank"] <= FOUND_RANK].groupby("day")
    benign = found[~found["attack"]]
    counts = {
        "places": top.size(),
        "look_alikes": top["look_alike"].sum(),
        "quiet": top["quiet"].sum(),
        **{within(b): benign[benign["expected_per_day"] <= b].groupby("day").size() for b in BUDGETS},
    }
    precision = pd.Series(
        {day: average_precision(found[found["day"] == day], campaign_days[campaign_days["day"] == day]) for day in days}
    )
    sizes = {name: rows.reindex(days, fill_value=0).astype(int).tolist() for name, rows in counts.items()}
    return pd.DataFrame({"day": days, **sizes, "precision": precision.loc[days].tolist()})


def within(budget: float) -> str:
    """Name the column of ``days_spent`` that counts the alerts of a budget."""
    return f"within_{budget:g}"


def average_precision(found: pd.DataFrame, campaign_days: pd.DataFrame) -> float:
    """Average precision of one day's queue: mean over what should be found of the share of attacks up to it.

    A campaign at work that day without a ranked case counts as one that is never found. NaN without attacks.
    """
    attacks = campaign_days[campaign_days["kind"] == "attack"]
    missed = int(np.isinf(attacks["rank"]).sum())
    ranks = np.sort(found.loc[found["attack"], "case_rank"].to_numpy(dtype=np.float64))
    if not len(ranks) + missed:
        return float("nan")
    return float(np.sum(np.arange(1, len(ranks) + 1) / ranks) / (len(ranks) + missed))


def kinds_spent(
    found: pd.DataFrame, days: list[int], budget_per_day: float, promised: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Count each day's cases without attack and those within the budget by identity kind.

    Parameters
    ----------
    promised
        Share of a kind's cases that the calibration promised to alert, by kind; without it the budget falls to the
        kinds by their cases.

    Returns
    -------
    DataFrame
        day, identity_kind, cases, alerts, promised (alerts); one row a scored day and a kind that occurs at all.
    """
    benign = found[~found["attack"]]
    benign = benign.assign(alert=benign["expected_per_day"] <= budget_per_day)
    grid = pd.MultiIndex.from_product([days, sorted(set(benign["identity_kind"]))], names=["day", "identity_kind"])
    counts = benign.groupby(["day", "identity_kind"]).agg(cases=("alert", "size"), alerts=("alert", "sum"))
    rows = counts.reindex(grid, fill_value=0).astype(int).reset_index()
    alike = budget_per_day * len(days) / max(len(benign), 1)
    shares = rows["identity_kind"].map(lambda kind: alike if promised is None else promised[kind])
    return rows.assign(promised=rows["cases"] * shares.astype(float))


def spending(spent: pd.DataFrame, kinds: pd.DataFrame, found: pd.DataFrame) -> Spending:
    """Sum up the rows of ``days_spent``, ``kinds_spent`` and ``cases`` of all organisations; resampled by day."""
    precision = spent["precision"].dropna()
    return Spending(
        look_alikes=ratio(spent["look_alikes"], spent["places"]),
        quiet=ratio(spent["quiet"], spent["places"]),
        precision=figure(precision),
        attack_days=len(precision),
        promised={budget: figure(spent[within(budget)]) for budget in BUDGETS},
        kinds=_kinds(kinds, len(spent)),
        expected={label: _histogram(found[_labels(found) == label]) for label in LABELS},
    )


def _kinds(kinds: pd.DataFrame, days: int) -> dict[str, KindAlerts]:
    told = {str(kind): _kind(rows, days) for kind, rows in kinds.groupby("identity_kind")}
    few = [kind for kind, each in told.items() if each.budget < 1]
    if len(few) < 2:
        return told
    columns = ["cases", "alerts", "promised"]
    rows = kinds[kinds["identity_kind"].isin(few)]
    # one row a day and organisation, as the kinds have
    together = rows.groupby(["organisation", "day"])[columns].sum()
    return told | {FEW: _kind(together, days)}


def _kind(rows: pd.DataFrame, days: int) -> KindAlerts:
    return KindAlerts(
        cases=figure(_padded(rows["cases"], days)),
        alerts=figure(_padded(rows["alerts"], days)),
        budget=float(rows["promised"].sum() / days),
    )


def _padded(counts: pd.Series, days: int) -> Floats:
    """Add the zeros of the organisations that have nobody of a kind."""
    values = counts.to_numpy(dtype=np.float64)
    return np.concatenate([values, np.zeros(days - len(values))])


def _labels(found: pd.DataFrame) -> pd.Series:
    labels = np.select([found["attack"], found["look_alike"]], LABELS[:2], LABELS[2])
    return pd.Series(labels, index=found.index)


def _histogram(found: pd.DataFrame) -> list[int]:
    values = np.clip(found["expected_per_day"].to_numpy(dtype=np.float64), EDGES[0], EDGES[-1])
    return [int(count) for count in np.histogram(values, EDGES)[0]]
