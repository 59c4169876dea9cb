"""All organisations together: campaigns, alert counts and figures by ranking, and what MLflow is told of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from anomaly.evaluate.bootstrap import Figure
from anomaly.evaluate.ceiling import attack_days, ceiling
from anomaly.evaluate.figures import CURVE, Figures, figures, lead
from anomaly.evaluate.outcome import alerts_a_day, campaign_days, campaigns
from anomaly.evaluate.replay import OURS, Replay
from anomaly.evaluate.spending import Spending, cases, days_spent, kinds_spent, spending


@dataclass(frozen=True)
class Result:
    """What an evaluation found.

    ``campaigns`` and ``alerts`` have one row a (ranking, seed, campaign) and a (ranking, seed, day); ``leads`` says by
    how much more of the same attacks ours finds in the top 10 than each baseline; ``ceiling`` what the best ranking
    could find in the first N cases, by N (empty without attacks).
    """

    seeds: tuple[int, ...]
    budget_per_day: float
    campaigns: pd.DataFrame
    alerts: pd.DataFrame
    figures: dict[str, Figures]
    leads: dict[str, Figure]
    spending: dict[str, Spending]
    ceiling: dict[int, float]


def result(replays: Sequence[Replay], budget_per_day: float) -> Result:
    """Judge every queue of every replay by the same code."""
    stood = [
        {name: campaign_days(each.truth, each.matches, each.queues[name]) for name in each.queues} for each in replays
    ]
    parts = [_campaigns(replay, name, of[name]) for replay, of in zip(replays, stood, strict=True) for name in of]
    found = pd.concat(parts, ignore_index=True)
    alerts = pd.concat([_alerts(replay, name) for replay in replays for name in replay.queues], ignore_index=True)
    names = list(replays[0].queues)
    of = {name: found[found["ranking"] == name] for name in names}
    return Result(
        seeds=tuple(replay.seed for replay in replays),
        budget_per_day=budget_per_day,
        campaigns=found,
        alerts=alerts,
        figures={name: figures(of[name], alerts[alerts["ranking"] == name]) for name in names},
        leads={name: lead(of[OURS], of[name]) for name in names if name != OURS},
        spending={name: _spending(replays, name, [of[name] for of in stood], budget_per_day) for name in names},
        ceiling=_ceiling(replays),
    )


def metrics(found: Result) -> dict[str, float]:
    """The figures as MLflow metrics, by name; those that could not be told are left out."""
    values: dict[str, float | None] = {}
    for name, told in found.figures.items():
        values |= {f"{name}.recall_at_{top}": share.value for top, share in told.overall.found.items()}
        values |= {f"{name}.recall_at_10.{kind}": each.found[10].value for kind, each in told.scenarios.items()}
        values |= {f"{name}.recall_at_10.{cloud}": each.found[10].value for cloud, each in told.clouds.items()}
        values |= {
            **{f"{name}.recall_alone_at_{top}": share.value for top, share in told.overall.alone.items()},
            f"{name}.median_rank_alone": told.overall.rank_alone.value,
            f"{name}.median_best_rank": told.overall.best_rank.value,
            f"{name}.days_to_detect": told.overall.days_to_detect.value,
            f"{name}.bytes_lost_share": told.overall.bytes_lost.value,
            f"{name}.alerts_a_day": told.alerts.mean.value,
            f"{name}.alerts_a_day_p90": told.alerts.p90.value,
            f"{name}.alerts_a_day_without_attacks": told.alerts.mean_benign.value,
            f"{name}.look_alikes_alerted": float(told.look_alikes_alerted),
        }
        values |= _spending_metrics(name, found.spending[name])
    values |= {f"lead_at_10.{name}": each.value for name, each in found.leads.items()}
    return {name: value for name, value in values.items() if value is not None}


def _spending_metrics(name: str, told: Spending) -> dict[str, float | None]:
    return {
        f"{name}.queue_share_look_alikes": told.look_alikes.value,
        f"{name}.queue_share_quiet": told.quiet.value,
        f"{name}.average_precision_a_day": told.precision.value,
        **{f"{name}.alerts_a_day_asked_{budget:g}": each.value for budget, each in told.promised.items()},
        **{f"{name}.alerts_a_day_of.{kind}": each.alerts.value for kind, each in told.kinds.items()},
        **{f"{name}.alerts_a_day_budget_of.{kind}": each.budget for kind, each in told.kinds.items()},
    }


def _campaigns(replay: Replay, ranking: str, stood: pd.DataFrame) -> pd.DataFrame:
    found = campaigns(stood)
    # the same campaign name in two organisations is two campaigns
    names = f"{replay.seed}/" + found["campaign"].astype(str)
    return found.assign(ranking=ranking, seed=replay.seed, campaign=names)


def _ceiling(replays: Sequence[Replay]) -> dict[int, float]:
    """An organisation's day is its own: days of two seeds do not compete."""
    shares: list[tuple[int, dict[int, float]]] = []
    for replay in replays:
        days = attack_days(replay.truth)
        if days:
            shares.append((len(days), {top: ceiling(days, top) for top in CURVE}))
    total = sum(count for count, _ in shares)
    return {top: sum(count * of[top] for count, of in shares) / total for top in CURVE} if total else {}


def _spending(
    replays: Sequence[Replay], ranking: str, stood: Sequence[pd.DataFrame], budget_per_day: float
) -> Spending:
    parts = [_spent(replay, ranking, of, budget_per_day) for replay, of in zip(replays, stood, strict=True)]
    spent, kinds, found = (pd.concat(list(rows), ignore_index=True) for rows in zip(*parts, strict=True))
    return spending(spent, kinds, found)


def _spent(
    replay: Replay, ranking: str, stood: pd.DataFrame, budget_per_day: float
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    found = cases(replay.queues[ranking], replay.marks)
    spent = days_spent(found, stood, replay.days)
    promised = replay.promised if ranking == OURS else None
    kinds = kinds_spent(found, replay.days, budget_per_day, promised)
    return spent, kinds.assign(organisation=replay.seed), found


def _alerts(replay: Replay, ranking: str) -> pd.DataFrame:
    attacks = replay.truth.loc[replay.truth["kind"] == "attack", "campaign"]
    attacked = replay.matches[replay.matches["campaign"].isin(attacks)]
    counts = alerts_a_day(replay.queues[ranking], attacked, replay.days)
    return counts.assign(ranking=ranking, seed=replay.seed)
