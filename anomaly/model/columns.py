"""The door of the model: a frame of signals becomes a matrix, or is refused with the difference spelt out."""

import difflib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from anomaly.errors import CatalogError, DataQualityError, nearest

Matrix = npt.NDArray[np.float64]
SHOWN = 5


def select(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Take a model's columns out of a feature frame that may hold more, in the model's order.

    Raises
    ------
    CatalogError
        A column is missing; the nearest names the frame does hold are given.
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        held = [str(name) for name in frame.columns]
        lines = [f"  - {name}: {nearest(name, held)}" for name in missing]
        raise CatalogError(f"{len(missing)} of the model's {len(columns)} columns are missing:\n" + "\n".join(lines))
    return frame[list(columns)]


def matrix(frame: pd.DataFrame, columns: Sequence[str]) -> Matrix:
    """Return the frame as float64, rows x columns, after checking that it is exactly what the model was trained on.

    Raises
    ------
    CatalogError
        Columns are missing, extra or in another order; the message is a diff (- expected, + found).
    DataQualityError
        A value is no number, NaN or infinite: the forest takes NaN for normal and infinity in silence.
    """
    found = [str(name) for name in frame.columns]
    if found != list(columns):
        diff = [line for line in difflib.ndiff(list(columns), found) if line[0] in "+-"]
        raise CatalogError("the columns are not the model's (- expected, + found):\n" + "\n".join(diff))
    try:
        values = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise DataQualityError(f"the signals must be numbers: {error}") from error
    _refuse_non_finite(values, frame)
    return values


def _refuse_non_finite(values: Matrix, frame: pd.DataFrame) -> None:
    bad = ~np.isfinite(values)
    if not bad.any():
        return
    rows, places = np.nonzero(bad)
    lines = [
        f"  row {frame.index[row]}, {frame.columns[place]}: {values[row, place]}"
        for row, place in zip(rows[:SHOWN], places[:SHOWN], strict=True)
    ]
    more = f"\n  and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    raise DataQualityError(f"{len(rows)} signal value(s) are not finite:\n" + "\n".join(lines) + more)
