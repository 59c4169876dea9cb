"""A queue from any scores: the product's own case rule, whoever did the scoring."""

from datetime import timedelta

import pandas as pd

from anomaly.cases import Candidate, arrange
from anomaly.evaluate.truth import EPOCH

QUEUE_COLUMNS = ["session_id", "day", "case_id", "case_rank", "alert", "score", "expected_per_day"]


def arrange_queue(sessions: pd.DataFrame, scored: pd.DataFrame, budget_per_day: float) -> pd.DataFrame:
    """Rank a baseline's scores as cases.

    The product's cases are kept: what belongs together does not depend on the score, nor does what a workflow covers.

    Parameters
    ----------
    sessions
        session_id, day, actor, covered, case_id (of the product's own queue).
    scored
        score and expected_per_day, on the index of ``sessions``.

    Returns
    -------
    DataFrame
        ``QUEUE_COLUMNS``; case_rank is missing for covered cases.
    """
    rows = sessions.join(scored[["score", "expected_per_day"]])
    parts = [_of_day(int(str(day)), of_day, budget_per_day) for day, of_day in rows.groupby("day")]
    return pd.concat(parts, ignore_index=True)[QUEUE_COLUMNS]


def _of_day(day: int, rows: pd.DataFrame, budget_per_day: float) -> pd.DataFrame:
    ordered = rows.sort_values(["score", "session_id"], ascending=[False, True])
    candidates = [
        Candidate(str(session), str(actor), rank, float(expected), bool(covered), links=frozenset([str(case)]))
        for rank, (session, actor, expected, covered, case) in enumerate(
            ordered[["session_id", "actor", "expected_per_day", "covered", "case_id"]].itertuples(index=False), start=1
        )
    ]
    places = arrange(EPOCH + timedelta(days=day), candidates, budget_per_day).places
    found = [places[str(session)] for session in ordered["session_id"]]
    return ordered.assign(
        case_id=[place.case_id for place in found],
        case_rank=pd.array([place.case_rank for place in found], dtype="Int64"),
        alert=[place.alert for place in found],
    )
