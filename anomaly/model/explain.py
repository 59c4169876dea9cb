"""Why a session scored: how many splits each column saved on its way to isolation, or is worth by itself.

Definition. L(v) of a leaf is its path length, depth + c(samples); of an inner node the mean of its children's L
weighted by the training rows they hold. A row that steps from node v to child w owes L(v) - L(w) to the column that v
splits on. A column's contribution is the mean over the trees of what is owed to it, in splits, and its lift: positive =
more unusual. It is exact: a row's contributions add up to (mean L of the roots) - (its mean path length) + (its lift),
what its score is made of.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from anomaly.model.forest import Forest
from anomaly.model.trees import Floats, Trees

CHUNK = 256
"""Rows walked at once: 256 x 300 trees keep the walk's arrays under a few MB."""


def expected_lengths(trees: Trees) -> Floats:
    """L(v) of every node, (n_nodes,); children come after their parents, so one pass from the deepest level up."""
    lengths = trees.path_lengths()
    depth = trees.depths()
    inner = ~trees.leaf
    for level in range(int(depth.max()) - 1, -1, -1):
        node = np.flatnonzero(inner & (depth == level))
        left, right = trees.left[node], trees.right[node]
        weighted = trees.samples[left] * lengths[left] + trees.samples[right] * lengths[right]
        lengths[node] = weighted / trees.samples[node]
    return lengths


def contributions(forest: Forest, signals: pd.DataFrame) -> Floats:
    """Splits that each column is worth, (n_rows, n_columns); see the module for the definition."""
    rows = forest.prepare(signals)
    lengths = expected_lengths(forest.trees)
    parts = [_walk_chunk(forest.trees, rows[at : at + CHUNK], lengths) for at in range(0, len(rows), CHUNK)]
    return np.asarray(np.vstack(parts) + forest.lift(signals)) if parts else np.zeros(rows.shape)


def _walk_chunk(trees: Trees, rows: npt.NDArray[np.float32], lengths: Floats) -> Floats:
    total = np.zeros(rows.size)
    offset = np.arange(len(rows))[:, None] * rows.shape[1]
    for node, following in trees.walk(rows):
        place = (offset + trees.feature[node]).ravel()
        total += np.bincount(place, (lengths[node] - lengths[following]).ravel(), minlength=rows.size)
    return total.reshape(rows.shape) / (len(trees.starts) - 1)


def family_drops(forest: Forest, signals: pd.DataFrame, families: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """How far the score falls when a family's columns are set to 0, (n_rows, n_families); the index is kept."""
    score = forest.score(signals)
    drops = {}
    for family, columns in families.items():
        without = signals.copy()
        without[list(columns)] = 0.0
        drops[family] = score - forest.score(without)
    return pd.DataFrame(drops, index=signals.index, columns=list(families))
