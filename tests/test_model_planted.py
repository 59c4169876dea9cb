"""Planted thefts are found again: the share in the day's first ten, against floors set below what was measured."""

import numpy as np
import pandas as pd
import pytest

from anomaly.model.forest import Forest
from model_frames import COLUMNS, FAMILIES, ordinary, thefts

SEEDS = (1, 2, 3)
DAYS, PER_DAY, STOLEN_PER_DAY, FIRST = 10, 1_000, 2, 10


def recall(scores: np.ndarray) -> float:
    """Share of the planted sessions among the first ten of their day; rows are days x sessions, thefts last."""
    order = np.argsort(-scores.reshape(DAYS, -1), axis=1, kind="stable")[:, :FIRST]
    return float((order >= PER_DAY).sum() / (DAYS * STOLEN_PER_DAY))


def fitted_and_asked(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    days = [pd.concat([ordinary(rng, PER_DAY), thefts(rng, STOLEN_PER_DAY)]) for _ in range(DAYS)]
    return ordinary(rng, 10_000), pd.concat(days, ignore_index=True)


def recalls(seed: int, max_samples: int = 2048) -> tuple[float, float]:
    """What is found as shipped, and by the forest alone."""
    fitted, asked = fitted_and_asked(seed)
    forest = Forest.fit(fitted, FAMILIES, trees=150, max_samples=max_samples, cap=12.0, anchors=0.003, seed=seed)
    return recall(forest.score(asked)), recall(-forest.mean_path(forest.prepare(asked)))


@pytest.fixture(scope="module")
def found() -> tuple[float, float]:
    shipped, alone = zip(*(recalls(seed) for seed in SEEDS), strict=True)
    return float(np.mean(shipped)), float(np.mean(alone))


@pytest.fixture(scope="module")
def ours(found: tuple[float, float]) -> float:
    return found[0]


def test_planted_thefts_are_in_the_first_ten(ours: float) -> None:
    assert ours >= 0.65  # measured .77 to .87 over four sets of three seeds


def test_the_lift_helps(found: tuple[float, float]) -> None:
    shipped, alone = found
    assert shipped >= alone + 0.05  # measured .10 to .22 above


def test_volume_alone_floods(ours: float) -> None:
    """What the product is not: ordinary volume is so heavy-tailed that thefts drown in it."""
    by_bytes = np.mean([recall(fitted_and_asked(seed)[1][COLUMNS[0]].to_numpy()) for seed in SEEDS])
    by_volume = [recall(fitted_and_asked(seed)[1][list(FAMILIES["volume"])].to_numpy().sum(axis=1)) for seed in SEEDS]
    assert by_bytes <= 0.15
    assert ours >= np.mean(by_volume) + 0.4  # measured .77 to .85 above


def test_better_than_adding_up(ours: float) -> None:
    added = np.mean([recall(fitted_and_asked(seed)[1].to_numpy().sum(axis=1)) for seed in SEEDS])
    assert ours >= added + 0.15  # measured .48 to .67 above


def test_small_samples_blunt_heavy_tails(found: tuple[float, float]) -> None:
    """Why max_samples is 2048 and not the usual 256: for what the forest adds."""
    blunted = np.mean([recalls(seed, max_samples=256)[1] for seed in SEEDS])
    assert found[1] > blunted  # measured .05 to .12 above
