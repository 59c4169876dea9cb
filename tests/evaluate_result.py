"""A small result of an evaluation, for the tests that print it."""

import math

import pandas as pd

from anomaly.evaluate.bootstrap import Figure
from anomaly.evaluate.figures import CURVE, figures, lead
from anomaly.evaluate.outcome import CAMPAIGN_COLUMNS
from anomaly.evaluate.replay import DAILY_BYTES, OURS
from anomaly.evaluate.result import Result
from anomaly.evaluate.spending import BUDGETS, EDGES, LABELS, KindAlerts, Spending


def campaign(ranking: str, name: str, rank: float, waited: float, alerted: bool) -> dict[str, object]:
    """Make one row of ``Result.campaigns``: an attack of one day."""
    row = (name, "S01", "attack", 100, 1, rank, rank, 100, f"session of {name}", alerted, waited, 1000, 1000)
    return dict(zip(CAMPAIGN_COLUMNS, row, strict=True)) | {"ranking": ranking, "seed": 1}


def spent(quiet: float) -> Spending:
    """Make what a queue was spent on, of round numbers."""
    one = Figure(1.0, 0.5, 2.0)
    return Spending(
        look_alikes=Figure(0.125, 0.0, 0.25),
        quiet=Figure(quiet, 0.0, 1.0),
        precision=Figure(0.875, 0.75, 1.0),
        attack_days=1,
        promised=dict.fromkeys(BUDGETS, one),
        kinds={"human": KindAlerts(cases=one, alerts=one, budget=3.5)},
        expected={label: [1] * (len(EDGES) - 1) for label in LABELS},
    )


def small_result() -> Result:
    """Return two attacks of one scenario: ours finds one in the top 10, the baseline none."""
    campaigns = pd.DataFrame(
        [
            campaign(OURS, "1/a", 1, 0, True),
            campaign(OURS, "1/b", 12, math.nan, False),
            campaign(DAILY_BYTES, "1/a", 30, math.nan, False),
            campaign(DAILY_BYTES, "1/b", math.inf, math.nan, False),
        ]
    )
    names = (OURS, DAILY_BYTES)
    alerts = pd.DataFrame(
        {"day": 100, "cases": 9, "alerts": [4, 6], "alerts_benign": [3, 6], "ranking": names, "seed": 1}
    )
    of = {name: campaigns[campaigns["ranking"] == name] for name in names}
    return Result(
        seeds=(1,),
        budget_per_day=5.0,
        campaigns=campaigns,
        alerts=alerts,
        figures={name: figures(of[name], alerts[alerts["ranking"] == name]) for name in names},
        leads={DAILY_BYTES: lead(of[OURS], of[DAILY_BYTES])},
        ceiling={top: 0.5 if top == 1 else 1.0 for top in CURVE},
        spending={OURS: spent(0.25), DAILY_BYTES: spent(0.5)},
    )
