"""A fitted forest as flat arrays: small to store, checkable before use, and walkable without scikit-learn.

All trees lie one after the other; node ids run over the whole forest. A leaf names itself as both children.
Scikit-learn numbers children after their parents, which is kept and checked: so no walk can run in circles.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
EULER_GAMMA = float(np.euler_gamma)
MAX_DEPTH = 64
"""Deeper than any tree of at most 2**64 samples; guards the walk, not the model."""


@dataclass(frozen=True)
class Trees:
    """The arrays of a forest.

    Attributes
    ----------
    starts : (n_trees + 1,) first node of each tree, then the number of nodes
    left, right, feature, samples : (n_nodes,) children, column split on (0 in a leaf), training rows seen
    threshold : (n_nodes,) a row goes left when its value is at or below (0 in a leaf)
    """

    starts: Ints
    left: Ints
    right: Ints
    feature: Ints
    samples: Ints
    threshold: Floats

    @property
    def leaf(self) -> npt.NDArray[np.bool_]:
        """Which nodes are leaves, (n_nodes,)."""
        return np.equal(self.left, np.arange(len(self.left)))

    def depths(self) -> Ints:
        """Edges from the root to each node, (n_nodes,)."""
        depth = np.zeros(len(self.left), dtype=np.int64)
        level = self.starts[:-1]
        for distance in range(1, MAX_DEPTH):
            level = level[~self.leaf[level]]
            if not len(level):
                break
            level = np.concatenate([self.left[level], self.right[level]])
            depth[level] = distance
        return depth

    def path_lengths(self) -> Floats:
        """Expected isolation path length of a row that ends in each node: depth + c(samples), (n_nodes,)."""
        return self.depths() + average_path_length(self.samples)

    def walk(self, rows: npt.NDArray[np.float32]) -> Iterator[tuple[Ints, Ints]]:
        """Walk all rows down all trees at once, yielding (node, next node), each (n_rows, n_trees), a level a time."""
        node = np.tile(self.starts[:-1], (len(rows), 1))
        row = np.arange(len(rows))[:, None]
        while not self.leaf[node].all():
            goes_left = rows[row, self.feature[node]] <= self.threshold[node]
            following = np.where(goes_left, self.left[node], self.right[node])
            yield node, following
            node = following

    def mistakes(self, n_columns: int) -> list[str]:
        """What makes these arrays no forest over ``n_columns`` columns; empty when sound."""
        found = self._shape_mistakes()
        return found or self._node_mistakes(n_columns)

    def _shape_mistakes(self) -> list[str]:
        nodes = len(self.left)
        arrays = {"left": self.left, "right": self.right, "feature": self.feature, "samples": self.samples}
        found = [f"{name}: dtype {array.dtype}, not int64" for name, array in arrays.items() if array.dtype != np.int64]
        found += [f"{k}: shape {a.shape}, not ({nodes},)" for k, a in arrays.items() if a.shape != (nodes,)]
        if self.threshold.dtype != np.float64 or self.threshold.shape != (nodes,):
            found.append(f"threshold: {self.threshold.dtype} of shape {self.threshold.shape}, not float64 ({nodes},)")
        starts = self.starts
        if starts.dtype != np.int64 or starts.ndim != 1 or len(starts) < 2:
            return [*found, f"starts: {starts.dtype} of shape {starts.shape}"]
        if starts[0] != 0 or starts[-1] != nodes or (np.diff(starts) < 1).any():
            found.append("starts: not increasing from 0 to the number of nodes")
        return found

    def _node_mistakes(self, n_columns: int) -> list[str]:
        nodes = np.arange(len(self.left))
        end = np.repeat(self.starts[1:], np.diff(self.starts))
        leaf = self.leaf
        inner = ~leaf
        bad = {
            "a leaf with one child": leaf & (self.right != nodes),
            "a child before its parent or outside its tree": inner
            & ((self.left <= nodes) | (self.right <= nodes) | (self.left >= end) | (self.right >= end)),
            "a column out of range": (self.feature < 0) | (self.feature >= n_columns),
            "a threshold that is not finite": ~np.isfinite(self.threshold),
            "fewer than one sample": self.samples < 1,
        }
        found = [f"{what} (node {int(np.argmax(which))})" for what, which in bad.items() if which.any()]
        return found or self._family_mistakes(inner)

    def _family_mistakes(self, inner: npt.NDArray[np.bool_]) -> list[str]:
        children = np.concatenate([self.left[inner], self.right[inner]])
        parents = np.bincount(children, minlength=len(self.left))
        parents[self.starts[:-1]] += 1
        if (parents != 1).any():
            return [f"a node with {parents.max()} parents or none (node {int(np.argmax(parents != 1))})"]
        if (self.samples[self.left[inner]] + self.samples[self.right[inner]] != self.samples[inner]).any():
            return ["samples of children do not add up to their parent's"]
        if len(set(self.samples[self.starts[:-1]].tolist())) != 1:
            return ["trees grown on different numbers of samples"]
        if (inner & (self.depths() >= MAX_DEPTH - 1)).any():
            return [f"a tree deeper than {MAX_DEPTH}"]
        return []


def average_path_length(samples: npt.ArrayLike) -> Floats:
    """Average depth of an unsuccessful search among n samples, c(n) of Liu, Ting and Zhou (2008), equation 1."""
    n = np.asarray(samples, dtype=np.float64)
    many = np.maximum(n, 3)
    value = 2.0 * (np.log(many - 1.0) + EULER_GAMMA) - 2.0 * (many - 1.0) / many
    return np.where(n <= 1, 0.0, np.where(n == 2, 1.0, value))
