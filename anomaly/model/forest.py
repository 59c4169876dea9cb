"""The isolation forest: recipe, anchors, lift, tie-break, and the one place where scikit-learn's sign is flipped.

Signals are one-sided magnitudes. They are clipped at 0, capped and square-rooted: raw or two-sided inputs spend a
third of the alerts on unusually quiet sessions (design §5). This is the one home of scikit-learn.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from anomaly.errors import DataQualityError
from anomaly.model.columns import Matrix, matrix
from anomaly.model.trees import Floats, Trees, average_path_length

MIN_SESSIONS = 30
"""Below this a forest isolates every session in about five splits and ranks by luck."""
ANCHOR_LOW = 0.25
"""Anchors are spread over U(.25, 1) of the cap, so that a faint signal in a rare column stays faint."""
HIGHEST_VALUE = 1e300
"""Keeps a sum over columns finite."""
SPLITS_PER_NAT = 0.8
"""What a nat of a family's loudest signal is worth beside the forest's splits; measured in docs/model.md."""
TIE_BREAK = 1e-6
"""Weight of log(1 + summed magnitudes): far below the step of one split in one of 300 trees (about 4e-5)."""


class Forest:
    """A fitted forest over the columns of its families; ``score`` is higher for the more unusual."""

    def __init__(self, families: Mapping[str, Sequence[str]], cap: float, trees: Trees) -> None:
        self.columns = tuple(column for members in families.values() for column in members)
        self.families = [[self.columns.index(column) for column in members] for members in families.values()]
        self.cap = cap
        self.trees = trees

    @classmethod
    def fit(
        cls,
        signals: pd.DataFrame,
        families: Mapping[str, Sequence[str]],
        *,
        trees: int,
        max_samples: int,
        cap: float,
        anchors: float,
        seed: int,
    ) -> "Forest":
        """Fit one global forest.

        Parameters
        ----------
        signals
            One row a session, in an order that the caller fixes (rows are sampled by place); the columns are those of
            the families, in their order.
        anchors
            Columns positive in a smaller share of the rows get anchor rows up to that share.

        Raises
        ------
        DataQualityError
            Fewer than ``MIN_SESSIONS`` rows, or a value that is not finite.
        CatalogError
            The columns are not those of the families.
        """
        from sklearn.ensemble import IsolationForest

        columns = [column for members in families.values() for column in members]
        values = np.clip(matrix(signals, columns), 0, cap)
        if len(values) < MIN_SESSIONS:
            raise DataQualityError(f"{len(values)} session(s) to fit on; a forest needs at least {MIN_SESSIONS}")
        rows = np.vstack([values, anchor_rows(values, cap, anchors, np.random.default_rng(seed))])
        size = min(max_samples, len(rows))
        model = IsolationForest(n_estimators=trees, max_samples=size, random_state=seed)
        model.fit(_transform(rows, cap))
        return cls(families, cap, _pack(model))

    def prepare(self, signals: pd.DataFrame) -> npt.NDArray[np.float32]:
        """Return what the trees read: checked, clipped, capped, square-rooted, float32, rows x columns."""
        return _transform(matrix(signals, self.columns), self.cap)

    def score(self, signals: pd.DataFrame) -> Floats:
        """Score sessions, (n_rows,): 1 / (1 + 2 ** ((mean path length - lift) / c)), plus the tie-break.

        Higher = more unusual. Past the cap neither forest nor lift tells values apart; there the summed magnitudes
        decide, so a larger theft always outranks a smaller one of the same kind.
        """
        values = np.clip(matrix(signals, self.columns), 0, HIGHEST_VALUE)
        left = self.mean_path(_transform(values, self.cap)) - self.lift(signals).sum(axis=1)
        return np.asarray(1 / (1 + 2.0 ** (left / self.unit)) + TIE_BREAK * np.log1p(values.sum(axis=1)))

    def lift(self, signals: pd.DataFrame) -> Floats:
        """Splits that each column is worth by itself, (n_rows, n_columns): of each family the loudest counts alone.

        An isolation forest sees that a value is rare, hardly how large it is, and pays little for one column among
        many. Columns of a family stand in for one another, so adding them all would count one surprise several times.
        """
        values = np.clip(matrix(signals, self.columns), 0, self.cap)
        lifted = np.zeros(values.shape)
        rows = np.arange(len(values))
        for members in self.families:
            loudest = np.array(members)[values[:, members].argmax(axis=1)]
            lifted[rows, loudest] = SPLITS_PER_NAT * values[rows, loudest]
        return lifted

    def mean_path(self, rows: npt.NDArray[np.float32]) -> Floats:
        """Mean path length over the trees, (n_rows,), of rows that ``prepare`` returned."""
        total = np.zeros(len(rows))
        for walker, lengths in zip(self._walkers, self._tree_lengths, strict=True):
            total += lengths[walker.apply(rows)]
        return total / len(self._walkers)

    @cached_property
    def unit(self) -> float:
        """Path length of an unsuccessful search among the rows of a tree, c(rows): the scale of the score."""
        return float(average_path_length(self.trees.samples[0]))

    @cached_property
    def _tree_lengths(self) -> list[Floats]:
        return np.split(self.trees.path_lengths(), self.trees.starts[1:-1])

    @cached_property
    def _walkers(self) -> list[Any]:
        bounds = zip(self.trees.starts[:-1], self.trees.starts[1:], strict=True)
        return [_walker(self.trees, int(start), int(end), len(self.columns)) for start, end in bounds]


def anchor_rows(values: Matrix, cap: float, fraction: float, rng: np.random.Generator) -> Matrix:
    """Make rows that let the forest see columns which training hardly shows.

    A column that is constant in training is never split on, so the first session to move it would score as normal.
    Each column positive in fewer than ``fraction`` of the rows is topped up to it with copies of random training
    rows that hold U(.25, 1) x cap there. At 0.3 % a tree of 2048 rows sees about six.

    Returns
    -------
    ndarray
        (n_anchors, n_columns), in the units of ``values``; empty where nothing is rare or ``fraction`` is 0.
    """
    wanted = int(np.ceil(fraction * len(values)))
    missing = np.maximum(wanted - np.count_nonzero(values > 0, axis=0), 0)
    column = np.repeat(np.arange(values.shape[1]), missing)
    rows = values[rng.integers(len(values), size=len(column))]
    rows[np.arange(len(column)), column] = rng.uniform(ANCHOR_LOW, 1, size=len(column)) * cap
    return rows


def anchored(signals: pd.DataFrame, fraction: float) -> dict[str, int]:
    """How many anchor rows each column got that got any."""
    missing = int(np.ceil(fraction * len(signals))) - (signals > 0).sum()
    return {str(name): int(count) for name, count in missing.items() if count > 0}


def plain_forest_scores(train: pd.DataFrame, test: pd.DataFrame, seed: int) -> Floats:
    """Score rows with scikit-learn's IsolationForest at its defaults, (n_rows of test,): the evaluation's baseline.

    No clipping, no cap, no anchors, no tie-break; higher = more unusual here too.
    """
    from sklearn.ensemble import IsolationForest

    model = IsolationForest(random_state=seed).fit(matrix(train, list(train.columns)))
    return np.asarray(-model.score_samples(matrix(test, list(train.columns))), dtype=np.float64)


def _transform(values: Matrix, cap: float) -> npt.NDArray[np.float32]:
    return np.sqrt(np.clip(values, 0, cap)).astype(np.float32)


def _pack(model: Any) -> Trees:
    """Take the arrays out of a fitted IsolationForest (which reads all columns: max_features is 1.0)."""
    parts = [estimator.tree_ for estimator in model.estimators_]
    starts = np.concatenate([[0], np.cumsum([part.node_count for part in parts])]).astype(np.int64)
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("children_left", "children_right", "feature", "threshold", "n_node_samples")
    }
    first = np.repeat(starts[:-1], np.diff(starts))
    leaf = joined["children_left"] < 0
    itself = np.arange(len(leaf))
    return Trees(
        starts=starts,
        left=np.where(leaf, itself, joined["children_left"] + first).astype(np.int64),
        right=np.where(leaf, itself, joined["children_right"] + first).astype(np.int64),
        feature=np.where(leaf, 0, joined["feature"]).astype(np.int64),
        samples=joined["n_node_samples"].astype(np.int64),
        threshold=np.where(leaf, 0.0, joined["threshold"]).astype(np.float64),
    )


def _walker(trees: Trees, start: int, end: int, n_columns: int) -> Any:
    """Rebuild scikit-learn's compiled tree, five times faster than numpy, from arrays that were checked."""
    from sklearn.tree import _tree

    compiled: Any = _tree  # its stubs lack what pickling uses
    leaf = trees.leaf[start:end]
    nodes = np.zeros(end - start, dtype=compiled.NODE_DTYPE)
    nodes["left_child"] = np.where(leaf, -1, trees.left[start:end] - start)
    nodes["right_child"] = np.where(leaf, -1, trees.right[start:end] - start)
    nodes["feature"] = np.where(leaf, -2, trees.feature[start:end])
    nodes["threshold"] = trees.threshold[start:end]
    nodes["n_node_samples"] = nodes["weighted_n_node_samples"] = trees.samples[start:end]
    tree = compiled.Tree(n_columns, np.array([1], dtype=np.intp), 1)
    state = {"max_depth": 0, "node_count": len(nodes), "nodes": nodes, "values": np.zeros((len(nodes), 1, 1))}
    tree.__setstate__(state)
    return tree
