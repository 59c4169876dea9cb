"""The flat forest: every way to damage it is noticed before it can crash the process."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from anomaly.model.forest import Forest
from anomaly.model.trees import Trees, average_path_length
from model_frames import COLUMNS, FAMILIES, ordinary


@pytest.fixture(scope="module")
def trees() -> Trees:
    signals = ordinary(np.random.default_rng(1), 400)
    return Forest.fit(signals, FAMILIES, trees=5, max_samples=128, cap=12.0, anchors=0.003, seed=1).trees


def put(trees: Trees, name: str, at: int, value: float) -> Trees:
    array = getattr(trees, name).copy()
    array[at] = value
    return replace(trees, **{name: array})


def inner(trees: Trees) -> int:
    return int(np.flatnonzero(~trees.leaf)[3])


def leaf(trees: Trees) -> int:
    return int(np.flatnonzero(trees.leaf)[3])


DAMAGE: dict[str, Callable[[Trees], Trees]] = {
    "child far outside": lambda t: put(t, "left", inner(t), 10**9),
    "child negative": lambda t: put(t, "right", inner(t), -5),
    "child in the next tree": lambda t: put(t, "right", inner(t), int(t.starts[1])),
    "child is its parent": lambda t: put(t, "left", inner(t), 0),
    "one child shared": lambda t: put(t, "left", inner(t), int(t.right[inner(t)])),
    "leaf with one child": lambda t: put(t, "right", leaf(t), leaf(t) + 1),
    "column too large": lambda t: put(t, "feature", inner(t), len(COLUMNS)),
    "column negative": lambda t: put(t, "feature", inner(t), -2),
    "threshold nan": lambda t: put(t, "threshold", inner(t), np.nan),
    "threshold infinite": lambda t: put(t, "threshold", inner(t), np.inf),
    "no samples": lambda t: put(t, "samples", leaf(t), 0),
    "samples that do not add up": lambda t: put(t, "samples", leaf(t), 10**6),
    "start missing": lambda t: replace(t, starts=t.starts[1:]),
    "starts unordered": lambda t: put(t, "starts", 1, int(t.starts[2]) + 1),
    "starts of another forest": lambda t: put(t, "starts", -1, int(t.starts[-1]) + 7),
    "no starts": lambda t: replace(t, starts=t.starts[:0]),
    "lengths differ": lambda t: replace(t, feature=t.feature[:-1]),
    "wrong dtype": lambda t: replace(t, left=t.left.astype(np.float64)),
    "threshold of text": lambda t: replace(t, threshold=t.threshold.astype(str)),
    "two-dimensional": lambda t: replace(t, samples=t.samples[:, None]),
}


def test_a_fitted_forest_is_sound(trees: Trees) -> None:
    assert trees.mistakes(len(COLUMNS)) == []


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_is_noticed(trees: Trees, damage: Callable[[Trees], Trees]) -> None:
    assert damage(trees).mistakes(len(COLUMNS))


def test_a_chain_too_deep_is_noticed() -> None:
    inner_nodes = 100
    nodes = 2 * inner_nodes + 1
    ids = np.arange(nodes)
    splits = ids % 2 == 0
    splits[-1] = False
    chain = Trees(
        starts=np.array([0, nodes]),
        left=np.where(splits, ids + 1, ids),
        right=np.where(splits, ids + 2, ids),
        feature=np.zeros(nodes, dtype=np.int64),
        samples=np.where(splits, inner_nodes + 1 - ids // 2, 1),
        threshold=np.zeros(nodes),
    )
    assert chain.mistakes(1) == ["a tree deeper than 64"]


def test_average_path_length_is_that_of_an_unsuccessful_search() -> None:
    # c(n) = 2 H(n-1) - 2 (n-1)/n with the exact harmonic number; the forest uses ln + gamma, as its authors do
    n = 2048
    exact = 2 * sum(1 / k for k in range(1, n)) - 2 * (n - 1) / n
    assert float(average_path_length(n)) == pytest.approx(exact, rel=1e-4)
    assert average_path_length([0, 1, 2]).tolist() == [0, 0, 1]
