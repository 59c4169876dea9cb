"""What each signal earns: the model fitted again without it on the same sessions, its scores queued in the same cases.

A forest fitted on other columns draws other splits, so even a signal that never speaks moves a few ranks. How far luck
alone moves them is told beside: the whole model fitted with other seeds.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from anomaly.evaluate.bootstrap import NOTHING, Figure, Floats, figure
from anomaly.evaluate.outcome import campaign_days, campaigns
from anomaly.evaluate.queue import arrange_queue
from anomaly.evaluate.replay import Replay
from anomaly.evaluate.spending import cases, days_spent
from anomaly.model.columns import select
from anomaly.model.forest import Forest
from anomaly.model.spec import ModelSpec

FOUND_AT = (5, 10)
OTHER_SEEDS = 3
"""Forests that differ from the whole one by their seed alone."""
LUCK = "nothing, other seeds"
NO_BUDGET = 0.0
Say = Callable[[str], None]
Families = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Effect:
    """What is lost by leaving something out: the whole model's figure less the one without; below 0 it does harm.

    Attributes
    ----------
    found
        By top N: share of the attacks found, in pairs by campaign.
    precision
        Average precision of a day's queue, in pairs by day with attacks.
    places
        By how many places an attack falls without it, had no other attack happened that day: mean over the attacks that
        have a rank, in pairs. It sees what recall does not: attacks within the top 10, and those that share a day.
    later, sooner
        Attacks that stand further back without it, and further in front.
    scenarios
        The same places by scenario, mean over its attacks: a signal that few attacks need may be all that they have.
    """

    found: dict[int, Figure]
    precision: Figure
    places: Figure
    later: int
    sooner: int
    scenarios: dict[str, float]


@dataclass(frozen=True)
class Ablation:
    """Effects by what was left out: families, signals (``family`` says of which), and nothing but the seed."""

    families: dict[str, Effect]
    signals: dict[str, Effect]
    family: dict[str, str]
    luck: Effect


@dataclass(frozen=True)
class Judged:
    """A ranking: ``attacks`` (seed, campaign, scenario, best_rank, best_alone) and ``days`` (seed, day, precision)."""

    attacks: pd.DataFrame
    days: pd.DataFrame


def ablation(replays: Sequence[Replay], spec: ModelSpec, say: Say = lambda _: None) -> Ablation:
    """Leave out each family and each signal of the model in turn, on all organisations.

    Parameters
    ----------
    replays
        At least one, trained with this spec.
    """

    def judged(families: Families, seed: int) -> Judged:
        return _together([judge(each, rescored(each, spec, families, seed)) for each in replays])

    def effects(cut: Iterator[tuple[str, Families]]) -> dict[str, Effect]:
        found = {}
        for name, families in cut:
            say(f"without {name}")
            found[name] = effect([whole], [judged(families, spec.seed)])
        return found

    whole = judged(spec.families, spec.seed)
    others = [judged(spec.families, spec.seed + 1 + place) for place in range(OTHER_SEEDS)]
    return Ablation(
        families=effects(_without_families(spec)) if len(spec.families) > 1 else {},
        signals=effects(_without_signals(spec)) if len(spec.columns) > 1 else {},
        family={column: name for name, columns in spec.families.items() for column in columns},
        luck=effect([whole] * len(others), others),
    )


def rescored(replay: Replay, spec: ModelSpec, families: Families, seed: int) -> pd.Series:
    """Fit on the very sessions that the product's model was, with these columns, and score what was scored."""
    columns = [column for members in families.values() for column in members]
    signals = replay.signals.sort_index()  # as training orders them: rows are sampled by place
    window = replay.windows.reindex(signals.index)
    forest = Forest.fit(
        select(signals[window == "fit"], columns),
        families,
        trees=spec.trees,
        max_samples=spec.max_samples,
        cap=spec.cap,
        anchors=spec.anchor_fraction,
        seed=seed,
    )
    score = forest.score(select(signals.loc[replay.scores["session_id"]], columns))
    return pd.Series(score, index=pd.Index(replay.scores["session_id"]))


def judge(replay: Replay, scored: pd.Series) -> Judged:
    """Queue these scores, by session_id, in the product's cases and see where the attacks stand."""
    sessions = replay.scores[["session_id", "day", "actor", "covered", "case_id"]]
    rows = sessions.set_index("session_id", drop=False).rename_axis(None)
    # places alone are compared, so nothing is calibrated and nothing is an alert
    queue = arrange_queue(rows, pd.DataFrame({"score": scored, "expected_per_day": np.inf}), NO_BUDGET)
    of_days = campaign_days(replay.truth, replay.matches, queue)
    attacks = campaigns(of_days[of_days["kind"] == "attack"])[["campaign", "scenario", "best_rank", "best_alone"]]
    precision = days_spent(cases(queue, replay.marks), of_days, replay.days)[["day", "precision"]]
    return Judged(attacks.assign(seed=replay.seed), precision.dropna().assign(seed=replay.seed))


def effect(whole: Sequence[Judged], without: Sequence[Judged]) -> Effect:
    """What the one ranking has over the other; of several pairs of them the mean of each attack and day."""
    pairs = list(zip(whole, without, strict=True))
    found = {top: _mean([_within(one, top) - _within(other, top) for one, other in pairs]) for top in FOUND_AT}
    fallen = np.mean([_alone(other) - _alone(one) for one, other in pairs], axis=0)
    ranked = whole[0].attacks.loc[_has_rank(whole[0]), "scenario"]
    return Effect(
        found=found,
        precision=_mean([_precision(one) - _precision(other) for one, other in pairs]),
        places=figure(fallen),
        later=int((fallen > 0).sum()),
        sooner=int((fallen < 0).sum()),
        scenarios={name: float(fallen[ranked == name].mean()) for name in sorted(set(ranked))},
    )


def _mean(gained: Sequence[Floats]) -> Figure:
    return figure(np.mean(gained, axis=0)) if len(gained[0]) else NOTHING


def _within(judged: Judged, top: int) -> Floats:
    return np.asarray(judged.attacks["best_rank"] <= top, dtype=np.float64)


def _has_rank(judged: Judged) -> npt.NDArray[np.bool_]:
    """Which attacks have a rank: those that a workflow covers have none, whatever the ranking."""
    return np.asarray(np.isfinite(judged.attacks["best_alone"].to_numpy(dtype=np.float64)))


def _alone(judged: Judged) -> Floats:
    return judged.attacks["best_alone"].to_numpy(dtype=np.float64)[_has_rank(judged)]


def _precision(judged: Judged) -> Floats:
    return judged.days["precision"].to_numpy(dtype=np.float64)


def _together(parts: Sequence[Judged]) -> Judged:
    """All organisations, attack by attack and day by day in an order that no ranking changes."""
    return Judged(
        pd.concat([each.attacks for each in parts]).sort_values(["seed", "campaign"], ignore_index=True),
        pd.concat([each.days for each in parts]).sort_values(["seed", "day"], ignore_index=True),
    )


def _without_families(spec: ModelSpec) -> Iterator[tuple[str, Families]]:
    for name in spec.families:
        yield name, {other: columns for other, columns in spec.families.items() if other != name}


def _without_signals(spec: ModelSpec) -> Iterator[tuple[str, Families]]:
    for column in spec.columns:
        kept = {name: tuple(each for each in columns if each != column) for name, columns in spec.families.items()}
        yield column, {name: columns for name, columns in kept.items() if columns}
