"""The forest's recipe: one-sided, deterministic, refusing what it cannot judge, and agreeing with scikit-learn."""

import re

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import IsolationForest

from anomaly.errors import CatalogError, DataQualityError
from anomaly.model.forest import MIN_SESSIONS, TIE_BREAK, Forest, anchor_rows, anchored
from model_frames import COLUMNS, FAMILIES, ordinary

CAP = 12.0


def fit(signals: pd.DataFrame, trees: int = 40, max_samples: int = 256, anchors: float = 0.003) -> Forest:
    return Forest.fit(signals, FAMILIES, trees=trees, max_samples=max_samples, cap=CAP, anchors=anchors, seed=3)


@pytest.fixture(scope="module")
def signals() -> pd.DataFrame:
    return ordinary(np.random.default_rng(0), 2_000)


@pytest.fixture(scope="module")
def forest(signals: pd.DataFrame) -> Forest:
    return fit(signals)


def test_agrees_with_scikit_learn(signals: pd.DataFrame) -> None:
    rows = np.sqrt(np.clip(signals.to_numpy(), 0, CAP)).astype(np.float32)
    reference = IsolationForest(n_estimators=40, max_samples=256, random_state=3).fit(rows)
    forest = fit(signals, anchors=0.0)
    isolation = 2.0 ** (-forest.mean_path(forest.prepare(signals)) / forest.unit)
    np.testing.assert_allclose(isolation, -reference.score_samples(rows), rtol=0, atol=1e-12)


def test_the_loudest_of_each_family_lifts(forest: Forest) -> None:
    """Two columns of volume and one of timing: 0.8 x (3 + 2) splits; past the cap it lifts no further."""
    quiet = pd.DataFrame(np.zeros((2, len(COLUMNS))), columns=COLUMNS)
    frame = quiet.assign(volume_0=[1.0, 1.0], volume_1=[3.0, 3.0], timing_0=[2.0, 1e6])
    lifted = pd.DataFrame(forest.lift(frame), columns=COLUMNS)
    assert lifted["volume_1"].tolist() == pytest.approx([2.4, 2.4])
    assert lifted["timing_0"].tolist() == pytest.approx([1.6, 0.8 * CAP])
    assert lifted.drop(columns=["volume_1", "timing_0"]).to_numpy().sum() == 0
    summed = TIE_BREAK * np.log1p(frame.sum(axis=1).to_numpy())
    left = forest.mean_path(forest.prepare(frame)) - np.array([4.0, 2.4 + 0.8 * CAP])
    np.testing.assert_allclose(forest.score(frame), 1 / (1 + 2.0 ** (left / forest.unit)) + summed, rtol=0, atol=1e-12)


def test_numpy_walk_ends_where_the_compiled_walk_ends(forest: Forest, signals: pd.DataFrame) -> None:
    rows = forest.prepare(signals[:100])
    last = np.tile(forest.trees.starts[:-1], (len(rows), 1))
    for _, following in forest.trees.walk(rows):
        last = following
    walked = forest.trees.path_lengths()[last].mean(axis=1)
    np.testing.assert_allclose(walked, forest.mean_path(rows), atol=1e-12)


def test_same_seed_same_scores_whatever_the_number_of_jobs(forest: Forest, signals: pd.DataFrame) -> None:
    with joblib.parallel_backend("threading", n_jobs=2):
        again = fit(signals)
    np.testing.assert_array_equal(again.score(signals), forest.score(signals))


def test_two_sided_input_is_clipped(forest: Forest) -> None:
    quiet = pd.DataFrame(np.zeros((1, len(COLUMNS))), columns=COLUMNS)
    np.testing.assert_array_equal(forest.score(quiet - 5), forest.score(quiet))


def test_an_ordinary_quiet_session_scores_lowest(forest: Forest, signals: pd.DataFrame) -> None:
    quiet = pd.DataFrame(np.zeros((1, len(COLUMNS))), columns=COLUMNS)
    assert forest.score(quiet)[0] <= forest.score(signals).min()


@settings(max_examples=25, deadline=None)
@given(
    column=st.sampled_from(COLUMNS),
    values=st.lists(st.floats(CAP, 1e6), min_size=2, max_size=20, unique_by=lambda value: round(value, 3)),
)
def test_past_saturation_the_larger_always_scores_higher(forest: Forest, column: str, values: list[float]) -> None:
    frame = pd.DataFrame(np.zeros((len(values), len(COLUMNS))), columns=COLUMNS)
    frame[column] = sorted(values)
    assert (np.diff(forest.score(frame)) > 0).all()


def test_past_the_training_maximum_the_larger_scores_higher() -> None:
    """The forest itself says the same there; the lift goes on."""
    rng = np.random.default_rng(5)
    signals = ordinary(rng, 500).clip(upper=3.0)
    frame = pd.DataFrame(np.zeros((20, len(COLUMNS))), columns=COLUMNS)
    frame[COLUMNS[0]] = np.linspace(3.1, 11.9, 20)
    forest = fit(signals)
    assert np.ptp(forest.mean_path(forest.prepare(frame))) == 0
    assert (np.diff(forest.score(frame)) > 0).all()


def test_huge_finite_values_stay_finite(forest: Forest) -> None:
    frame = pd.DataFrame(np.full((1, len(COLUMNS)), np.finfo(np.float64).max), columns=COLUMNS)
    assert np.isfinite(forest.score(frame)).all()
    assert forest.score(frame)[0] <= 1.01


def test_no_rows_no_scores(forest: Forest, signals: pd.DataFrame) -> None:
    assert forest.score(signals[:0]).shape == (0,)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_refused_with_its_place(forest: Forest, value: float) -> None:
    frame = pd.DataFrame(np.zeros((3, len(COLUMNS))), columns=COLUMNS, index=["a", "b", "c"])
    frame.loc["b", "source_1"] = value
    with pytest.raises(DataQualityError, match=rf"1 signal value\(s\) are not finite:\n  row b, source_1: {value}"):
        forest.score(frame)


def test_text_is_refused(forest: Forest) -> None:
    frame = pd.DataFrame(np.zeros((1, len(COLUMNS))), columns=COLUMNS).astype(object)
    frame.iloc[0, 0] = "much"
    with pytest.raises(DataQualityError, match="must be numbers"):
        forest.score(frame)


@pytest.mark.parametrize(
    ("columns", "diff"),
    [
        (COLUMNS[1:], f"- {COLUMNS[0]}"),
        ([*COLUMNS, "bytes"], "+ bytes"),
        ([COLUMNS[1], COLUMNS[0], *COLUMNS[2:]], f"+ {COLUMNS[1]}"),
    ],
    ids=["missing", "extra", "reordered"],
)
def test_other_columns_are_refused_with_a_diff(forest: Forest, columns: list[str], diff: str) -> None:
    frame = pd.DataFrame(np.zeros((1, len(columns))), columns=columns)
    with pytest.raises(CatalogError, match=re.escape("(- expected, + found):")) as caught:
        forest.score(frame)
    assert diff in str(caught.value).splitlines()


def test_few_sessions_are_refused_and_the_least_works(signals: pd.DataFrame) -> None:
    with pytest.raises(DataQualityError, match=f"29 session.*at least {MIN_SESSIONS}"):
        fit(signals[: MIN_SESSIONS - 1])
    scores = fit(signals[:MIN_SESSIONS]).score(signals)
    assert np.isfinite(scores).all()


def test_a_column_that_training_never_shows_is_seen_through_its_anchors(signals: pd.DataFrame) -> None:
    never = "workflow_1"
    signals = signals.assign(**{never: 0.0})
    moved = pd.DataFrame(np.zeros((2, len(COLUMNS))), columns=COLUMNS)
    moved.loc[1, never] = 6.0
    blind, seen = (
        -np.diff(forest.mean_path(forest.prepare(moved)))[0]
        for forest in (fit(signals, anchors=anchors, trees=100) for anchors in (0.0, 0.003))
    )
    assert blind == 0
    assert seen > 0.01  # measured .036


def test_anchor_rows_top_up_rare_columns_and_touch_one_column_each() -> None:
    rng = np.random.default_rng(0)
    values = np.zeros((1_000, 3))
    values[:, 0] = 1.0
    values[:2, 1] = 2.0
    rows = anchor_rows(values, CAP, 0.005, rng)
    assert rows.shape == (3 + 5, 3)
    assert ((rows[:, 1:] >= 0.25 * CAP) & (rows[:, 1:] <= CAP)).sum() == 8
    assert (rows[:, 0] == 1.0).all()
    assert anchored(pd.DataFrame(values, columns=["a", "b", "c"]), 0.005) == {"b": 3, "c": 5}
    assert anchor_rows(values, CAP, 0.0, rng).shape == (0, 3)
