"""Where each planted campaign ranked in a queue of cases, day by day, and how many alerts a day the queue raised.

A queue is one scored session a row: session_id, day, case_id, case_rank (missing where a workflow covers it), alert,
score. The product's own and the baselines' queues have the same shape and are judged by the same code.
"""

import numpy as np
import pandas as pd

FOUND_RANK = 10
"""A campaign counts as found on a day when one of its cases is among that day's first 10."""

CAMPAIGN_COLUMNS = (
    "campaign",
    "scenario",
    "kind",
    "first_day",
    "days",
    "best_rank",
    "best_alone",
    "best_day",
    "session_id",
    "alerted",
    "days_to_detect",
    "bytes_total",
    "bytes_lost",
)


def campaign_days(truth: pd.DataFrame, matches: pd.DataFrame, queue: pd.DataFrame) -> pd.DataFrame:
    """Say for each campaign and day where its best case ranked.

    Returns
    -------
    DataFrame
        campaign, day, scenario, kind, bytes_read, objects, rank (infinity: no case), alone (its rank had no other
        attack happened: the cases before it that hold only other attacks' sessions are not counted), alert, session_id
        (its most unusual session that day, missing where none was matched).
    """
    days = truth.groupby(["campaign", "day"], as_index=False).agg(
        scenario=("scenario", "first"),
        kind=("kind", "first"),
        bytes_read=("bytes_read", "sum"),
        objects=("objects", "sum"),
    )
    cases = matches.merge(queue, on=["day", "session_id"]).sort_values(["case_rank", "score"], ascending=[True, False])
    best = cases.groupby(["campaign", "day"], as_index=False).agg(
        rank=("case_rank", "min"), alert=("alert", "max"), session_id=("session_id", "first")
    )
    found = days.merge(best, on=["campaign", "day"], how="left").sort_values(["campaign", "day"], ignore_index=True)
    rank = found["rank"].astype("float64").fillna(np.inf)
    attacks = days.loc[days["kind"] == "attack", "campaign"]
    before = found.assign(rank=rank).apply(_attacks_before, axis=1, args=(cases[cases["campaign"].isin(attacks)],))
    return found.assign(rank=rank, alone=rank - before, alert=found["alert"].eq(True))


def _attacks_before(row: pd.Series, attacked: pd.DataFrame) -> int:
    """How many cases of other attacks stand before the best case of a campaign's day."""
    same_day = attacked[(attacked["day"] == row["day"]) & (attacked["case_rank"] < row["rank"])]
    return int(same_day["case_rank"].nunique())


def campaigns(days: pd.DataFrame) -> pd.DataFrame:
    """One row a campaign, columns ``CAMPAIGN_COLUMNS``, from the rows of ``campaign_days``.

    ``best_rank`` is infinite for one that never had a case, as is ``best_alone``, the best of its ranks had no other
    attack happened. ``days_to_detect`` counts from its first day to the first
    found day (missing: never found). ``bytes_lost`` is what it read up to and including that day, since a day is
    scored when it is over; all of it where it was never found.
    """
    rows = [_campaign(str(name), of_one) for name, of_one in days.groupby("campaign")]
    return pd.DataFrame(rows, columns=list(CAMPAIGN_COLUMNS))


def _campaign(name: str, days: pd.DataFrame) -> tuple[object, ...]:
    best = days.sort_values(["rank", "day"]).iloc[0] if np.isfinite(days["rank"]).any() else _unranked(days)
    found = days.loc[days["rank"] <= FOUND_RANK, "day"]
    first, found_day = int(days["day"].min()), found.min() if len(found) else None
    lost = days if found_day is None else days[days["day"] <= found_day]
    return (
        name,
        days["scenario"].iloc[0],
        days["kind"].iloc[0],
        first,
        len(days),
        float(best["rank"]),
        float(days["alone"].min()),
        int(best["day"]),
        best["session_id"],
        bool(days["alert"].any()),
        np.nan if found_day is None else float(found_day - first),
        int(days["bytes_read"].sum()),
        int(lost["bytes_read"].sum()),
    )


def _unranked(days: pd.DataFrame) -> pd.Series:
    seen = days[days["session_id"].notna()]
    return (seen if len(seen) else days).iloc[0]


def alerts_a_day(queue: pd.DataFrame, attacked: pd.DataFrame, days: list[int]) -> pd.DataFrame:
    """Count the cases and alerts of each scored day.

    Parameters
    ----------
    attacked
        day and session_id of every session that belongs to a planted attack; a case that holds one is an attack's.
    days
        The scored days; one without alerts counts as 0.

    Returns
    -------
    DataFrame
        day, cases (those that have a rank), alerts, alerts_benign (cases that hold no session of an attack).
    """
    pairs = pd.MultiIndex.from_frame(attacked[["day", "session_id"]])
    is_attack = pd.MultiIndex.from_frame(queue[["day", "session_id"]]).isin(pairs)
    by_case = queue.assign(is_attack=is_attack).groupby(["day", "case_id"], as_index=False)
    cases = by_case[["case_rank", "alert", "is_attack"]].max()
    alerted = cases[cases["alert"].astype(bool)]
    kinds = {
        "cases": cases[cases["case_rank"].notna()],
        "alerts": alerted,
        "alerts_benign": alerted[~alerted["is_attack"].astype(bool)],
    }
    sizes = {name: rows.groupby("day").size().reindex(days, fill_value=0).tolist() for name, rows in kinds.items()}
    return pd.DataFrame({"day": days, **sizes})
