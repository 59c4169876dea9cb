"""The one estimator: forest, calibration and column contract in one object that scores, calibrates and explains.

It is stored as plain arrays and names only (``__getstate__``), and every one of them is checked when it comes back
(``__setstate__``), because a crafted node index would crash the process inside scikit-learn's compiled code.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from anomaly.errors import UnsafeModelError
from anomaly.model.calibration import Calibration
from anomaly.model.columns import select
from anomaly.model.explain import contributions, family_drops
from anomaly.model.forest import Forest
from anomaly.model.spec import MIN_CALIBRATION_DAYS, NUMBERS
from anomaly.model.trees import Floats, Trees

INTEGER_ARRAYS = ("starts", "left", "right", "feature", "samples")
ARRAYS = (*INTEGER_ARRAYS, "threshold", "calibration_scores")
STATE = {
    **dict.fromkeys(ARRAYS, np.ndarray),
    "families": dict,
    "facts": dict,
    "calibration_kinds": dict,
    "cap": float,
    "calibration_days": int,
}
HIGHEST_SCORE = 1.01
"""1 plus the largest tie-break there is (1e-6 x log of the largest double)."""


class ExfilDetector:
    """Scores sessions; every method takes a frame that holds at least the model's columns and keeps its row order."""

    def __init__(
        self,
        forest: Forest,
        calibration: Calibration,
        families: Mapping[str, Sequence[str]],
        facts: Mapping[str, str] | None = None,
    ) -> None:
        self._hold(forest, calibration, families, facts or {})

    def _hold(
        self,
        forest: Forest,
        calibration: Calibration,
        families: Mapping[str, Sequence[str]],
        facts: Mapping[str, str],
    ) -> None:
        self.forest = forest
        self.calibration = calibration
        self.family_columns = {name: tuple(columns) for name, columns in families.items()}
        self.facts = dict(facts)

    @property
    def columns(self) -> tuple[str, ...]:
        """The signals it reads, in order."""
        return self.forest.columns

    def score(self, frame: pd.DataFrame) -> Floats:
        """Score each row, (n_rows,), higher = more unusual; raises CatalogError or DataQualityError on bad input."""
        return self.forest.score(select(frame, self.columns))

    def predict(self, frame: pd.DataFrame, params: Mapping[str, Any] | None = None) -> Floats:
        """Return the score; the name and ``params`` (unused) are what MLflow's pyfunc calls."""
        return self.score(frame)

    def tail_probability(self, scores: npt.ArrayLike, kinds: npt.ArrayLike) -> Floats:
        """Chance that an ordinary actor of this identity kind scores at least this high on a day, in (0, 1]."""
        return self.calibration.tail_probability(scores, kinds)

    def expected_per_day(self, scores: npt.ArrayLike, kinds: npt.ArrayLike) -> Floats:
        """How many cases of an ordinary active day are at least this unusual for their identity kind."""
        return self.calibration.expected_per_day(scores, kinds)

    def explain(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Splits that each column is worth, (n_rows, n_columns), positive = more unusual; index as in ``frame``."""
        signals = select(frame, self.columns)
        return pd.DataFrame(contributions(self.forest, signals), index=frame.index, columns=list(self.columns))

    def families(self, frame: pd.DataFrame) -> pd.DataFrame:
        """How far each row's score falls when a family's columns are set to 0, (n_rows, n_families)."""
        return family_drops(self.forest, select(frame, self.columns), self.family_columns)

    def reasons(self, frame: pd.DataFrame, top: int = 3) -> list[list[tuple[str, float]]]:
        """The columns that made each row unusual: (column, splits), most first, at most ``top``.

        Only columns whose signal is above 0 are named: a quiet column is no reason, whatever it contributes.
        """
        gained = self.explain(frame).where(select(frame, self.columns) > 0, 0.0).to_numpy()
        order = np.argsort(-gained, axis=1, kind="stable")[:, :top]
        return [
            [(self.columns[place], float(row[place])) for place in places if row[place] > 0]
            for row, places in zip(gained, order, strict=True)
        ]

    def __getstate__(self) -> dict[str, Any]:
        trees = self.forest.trees
        return {
            **{name: getattr(trees, name) for name in (*INTEGER_ARRAYS, "threshold")},
            "families": {name: list(columns) for name, columns in self.family_columns.items()},
            "facts": dict(self.facts),
            "cap": float(self.forest.cap),
            "calibration_scores": self.calibration.scores,
            "calibration_kinds": dict(self.calibration.kinds),
            "calibration_days": int(self.calibration.days),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        found = state_mistakes(state)
        if found:
            raise UnsafeModelError("the stored model is not one of ours:\n  " + "\n  ".join(found))
        trees = Trees(**{name: state[name] for name in (*INTEGER_ARRAYS, "threshold")})
        calibration = Calibration(
            state["calibration_scores"], state["calibration_days"], dict(state["calibration_kinds"])
        )
        self._hold(Forest(state["families"], state["cap"], trees), calibration, state["families"], state["facts"])


def state_mistakes(state: object) -> list[str]:
    """Everything that makes a stored state unusable or dangerous, one line each; empty when sound."""
    if not isinstance(state, dict) or set(state) != set(STATE):
        return [f"holds {sorted(map(str, state)) if isinstance(state, dict) else type(state)}, not {sorted(STATE)}"]
    wrong = [f"{name}: {type(state[name]).__name__}" for name, kind in STATE.items() if type(state[name]) is not kind]
    return wrong or _name_mistakes(state) or _number_mistakes(state) or _tree_mistakes(state)


def _name_mistakes(state: dict[str, Any]) -> list[str]:
    texts = all(type(key) is str and type(value) is str for key, value in state["facts"].items())
    lists = all(type(key) is str and type(value) is list for key, value in state["families"].items())
    columns = [column for members in state["families"].values() for column in members] if lists else []
    names = bool(columns) and all(type(column) is str for column in columns) and len(set(columns)) == len(columns)
    return [
        *([] if texts else ["facts: not text by name"]),
        *([] if names else ["families: not lists of distinct column names"]),
    ]


def _number_mistakes(state: dict[str, Any]) -> list[str]:
    _, least, most = NUMBERS["cap"]
    found = [] if least <= state["cap"] <= most else [f"cap: {state['cap']}"]
    if state["calibration_days"] < MIN_CALIBRATION_DAYS:
        found.append(f"calibration_days: {state['calibration_days']}")
    held = {"calibration_scores": state["calibration_scores"]}
    for kind, scores in state["calibration_kinds"].items():
        if type(kind) is not str or type(scores) is not np.ndarray:
            return [*found, "calibration_kinds: not scores by the name of a kind"]
        held[f"calibration_kinds {kind!r}"] = scores
    return found + [mistake for name, scores in held.items() for mistake in _score_mistakes(name, scores)]


def _score_mistakes(name: str, scores: npt.NDArray[Any]) -> list[str]:
    if scores.dtype != np.float64 or scores.ndim != 1 or not len(scores):
        return [f"{name}: {scores.dtype} of shape {scores.shape}"]
    if not ((scores >= 0) & (scores <= HIGHEST_SCORE)).all() or (np.diff(scores) < 0).any():
        return [f"{name}: not sorted scores from 0 to 1"]
    return []


def _tree_mistakes(state: dict[str, Any]) -> list[str]:
    trees = Trees(**{name: state[name] for name in (*INTEGER_ARRAYS, "threshold")})
    return trees.mistakes(sum(len(members) for members in state["families"].values()))
