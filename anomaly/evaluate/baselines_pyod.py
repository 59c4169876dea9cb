"""Two detectors of PyOD on the product's own signals. PyOD is for contributors: where it is missing, these are too."""

import importlib
import importlib.util
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from anomaly.model.columns import matrix

Floats = npt.NDArray[np.float64]

DETECTORS = {"ecod": ("pyod.models.ecod", "ECOD"), "hbos": ("pyod.models.hbos", "HBOS")}
"""Both with their defaults; neither draws at random."""


def installed() -> bool:
    """Whether PyOD can be imported here."""
    return importlib.util.find_spec("pyod") is not None


def pyod_scores(name: str, signals: pd.DataFrame, taught: pd.Series, days: pd.Series) -> Floats:
    """Score all sessions with a PyOD detector fitted on some of them.

    ECOD places what it scores among the rows of training and the rows scored with it, so each day is scored by
    itself, as it would be in life: no day sees another.

    Parameters
    ----------
    name
        A key of ``DETECTORS``.
    signals
        The model's signal columns as they are, one row a session.
    taught, days
        Which rows to fit on, and each row's day; on the index of ``signals``.

    Returns
    -------
    ndarray
        (n_rows,), higher = more unusual.
    """
    module, kind = DETECTORS[name]
    values = matrix(signals, list(signals.columns))
    detector: Any = getattr(importlib.import_module(module), kind)()
    detector.fit(values[taught.to_numpy(dtype=bool)])
    scores = np.empty(len(values))
    for day in np.unique(days.to_numpy()):
        rows = days.to_numpy() == day
        scores[rows] = detector.decision_function(values[rows])
    return scores
