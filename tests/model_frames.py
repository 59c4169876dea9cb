"""Synthetic sessions for the model's tests: heavy-tailed ordinary life, and thefts planted over several families.

Shares and scales follow the one public measurement there is of ordinary life: of 475 archives over four years, 17 % of
dataset-days exceed their own trailing median tenfold (2.3 nats) and 3.6 % a thousandfold (6.9 nats). So volume stirs in
40 % of the sessions with a mean of 2.8 nats; what is new or odd is rarer and smaller.
"""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from anomaly.model.spec import ModelSpec
from anomaly.model.training import Training, train

SIZES = {"volume": 5, "destination": 3, "source": 4, "timing": 3, "process": 4, "sensitivity": 3, "workflow": 2}
FAMILIES = {family: tuple(f"{family}_{at}" for at in range(size)) for family, size in SIZES.items()}
COLUMNS = [column for columns in FAMILIES.values() for column in columns]
# family: share of sessions in which it stirs, mean of its magnitude in nats
STIR = {
    "volume": (0.40, 2.8),
    "destination": (0.03, 1.5),
    "source": (0.06, 1.5),
    "timing": (0.15, 1.2),
    "process": (0.08, 1.5),
    "sensitivity": (0.15, 1.5),
    "workflow": (0.05, 1.5),
}
UNTIL = date(2026, 3, 1)
Array = npt.NDArray[np.float64]


def ordinary(rng: np.random.Generator, sessions: int) -> pd.DataFrame:
    """Sessions of ordinary life: a family's columns stir together."""
    parts = []
    for family, columns in FAMILIES.items():
        share, mean = STIR[family]
        latent = np.where(rng.random((sessions, 1)) < share, rng.exponential(mean, (sessions, 1)), 0)
        shown = (latent > 0) & (rng.random((sessions, len(columns))) < 0.6)
        parts.append(np.where(shown, latent + rng.normal(0, 0.5, shown.shape), 0))
    return pd.DataFrame(np.clip(np.hstack(parts), 0, 12), columns=COLUMNS)


def thefts(rng: np.random.Generator, sessions: int) -> pd.DataFrame:
    """Ordinary sessions over which two to four families rise by 2.5 to 8 nats."""
    frame = ordinary(rng, sessions)
    for row in range(sessions):
        for family in rng.choice(list(FAMILIES), size=rng.integers(2, 5), replace=False):
            columns = list(FAMILIES[family])
            risen = rng.choice(columns, size=max(1, int(0.6 * len(columns))), replace=False)
            frame.loc[row, list(risen)] = rng.uniform(2.5, 8) + rng.normal(0, 0.5, len(risen))
    return frame


def features(seed: int = 0, days: int = 30, per_day: int = 40, until: date = UNTIL) -> pd.DataFrame:
    """A feature frame of ordinary days that end before ``until``, as training takes it."""
    rng = np.random.default_rng(seed)
    frame = ordinary(rng, days * per_day)
    frame["day"] = np.repeat([until - timedelta(days=back) for back in range(days, 0, -1)], per_day)
    frame["session_id"] = [f"{at:032x}" for at in rng.permutation(len(frame))]
    frame["identity"] = rng.integers(0, 12, len(frame)).astype(str)
    frame["actor"] = frame["identity"]
    frame["identity_kind"] = np.where(frame["identity"].astype(int) < 6, "human", "workload")
    frame["excluded"] = False
    return frame


def small_spec(trees: int = 40, max_samples: int = 256, **changes: object) -> ModelSpec:
    """The shipped spec with the synthetic columns and a small forest."""
    spec = replace(ModelSpec.load("exfil-detector"), families=FAMILIES, trees=trees, max_samples=max_samples)
    return replace(spec, **changes)  # type: ignore[arg-type]


def small_training(seed: int = 0) -> Training:
    """A training on thirty ordinary days."""
    return train(features(seed), small_spec(), UNTIL)
