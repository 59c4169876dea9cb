"""Training: strictly before the day, deterministic, honest about its promises, refusing what is too little."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from anomaly.errors import CatalogError, DataQualityError
from anomaly.model.training import Training, train
from model_frames import COLUMNS, UNTIL, features, ordinary, small_spec, thefts

PROBE = ordinary(np.random.default_rng(99), 50)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return features(seed=2)


@pytest.fixture(scope="module")
def training(frame: pd.DataFrame) -> Training:
    return train(frame, small_spec(), UNTIL)


def foreign(sessions: pd.DataFrame, name: str, day: date, excluded: bool = False) -> pd.DataFrame:
    """Sessions of one foreign identity on one day, ready to be put beside a feature frame."""
    ids = [f"{name}-{at}" for at in range(len(sessions))]
    return sessions.assign(day=day, session_id=ids, identity="x", actor="x", identity_kind="human", excluded=excluded)


def same(one: Training, other: Training) -> bool:
    return bool(
        (one.detector.score(PROBE) == other.detector.score(PROBE)).all()
        and (one.detector.calibration.scores == other.detector.calibration.scores).all()
        and one.metrics == other.metrics
        and one.input_digest == other.input_digest
    )


def test_same_frame_in_any_row_order_gives_the_same_model(frame: pd.DataFrame, training: Training) -> None:
    shuffled = frame.sample(frac=1, random_state=1).reset_index(drop=True)
    assert same(train(shuffled, small_spec(), UNTIL), training)


def test_nothing_at_or_after_the_day_is_seen(frame: pd.DataFrame, training: Training) -> None:
    later = foreign(thefts(np.random.default_rng(3), 200), "later", UNTIL)
    assert same(train(pd.concat([frame, later], ignore_index=True), small_spec(), UNTIL), training)


def test_nothing_before_the_window_is_seen(frame: pd.DataFrame, training: Training) -> None:
    since = UNTIL - timedelta(days=20)
    cut = frame[frame["day"] >= since]
    assert same(train(frame, small_spec(), UNTIL, since), train(cut, small_spec(), UNTIL, since))
    assert not same(train(frame, small_spec(), UNTIL, since), training)


@pytest.mark.parametrize("kind", ["timestamp", "whole days", "text"])
def test_days_may_come_in_any_form(frame: pd.DataFrame, training: Training, kind: str) -> None:
    other = frame.copy()
    if kind == "text":
        other["day"] = frame["day"].astype(str)
    else:
        other["day"] = pd.to_datetime(frame["day"])
    if kind == "whole days":
        other["day"] = (other["day"] - pd.Timestamp(1970, 1, 1)).dt.days
    assert same(train(other, small_spec(), UNTIL), training)


def test_calibration_days_are_held_out(frame: pd.DataFrame, training: Training) -> None:
    """The forest is the one that the days before the held-out ones make, and the calibration is the held-out days."""
    held_out = sorted(frame["day"].unique())[-10:]
    last = frame[frame["day"].isin(held_out)]
    scores = training.detector.score(last)
    worst = [scores[rows].max() for rows in last.reset_index().groupby(["day", "actor"]).indices.values()]
    np.testing.assert_array_equal(np.sort(worst), training.detector.calibration.scores)
    kinds = last.drop_duplicates(["day", "actor"]).groupby("identity_kind").size()
    assert {name: len(held) for name, held in training.detector.calibration.kinds.items()} == kinds.to_dict()
    moved = frame.copy()
    moved.loc[moved["day"].isin(held_out), COLUMNS] = 5.0
    np.testing.assert_array_equal(
        train(moved, small_spec(), UNTIL).detector.score(PROBE), training.detector.score(PROBE)
    )


def test_excluded_sessions_teach_nothing_but_are_scored(frame: pd.DataFrame, training: Training) -> None:
    stolen = foreign(thefts(np.random.default_rng(4), 30), "x", UNTIL - timedelta(days=15), excluded=True)
    both = train(pd.concat([stolen, frame], ignore_index=True), small_spec(), UNTIL)
    np.testing.assert_array_equal(both.detector.score(PROBE), training.detector.score(PROBE))
    assert both.metrics["sessions_excluded"] == 30
    assert both.input_digest != training.input_digest
    assert np.median(training.detector.score(stolen)) > np.percentile(training.detector.score(frame), 95)


def test_quiet_days_are_no_days() -> None:
    """Weekends without a session are not counted towards the ten held-out days."""
    frame = features(seed=5, days=35)
    weekday = frame[pd.to_datetime(frame["day"]).dt.day_of_week < 5]
    training = train(weekday, small_spec(), UNTIL)
    assert training.metrics["days"] == weekday["day"].nunique() == 25
    assert training.metrics["days_calibration"] == 10


def test_promised_alerts_come_about(frame: pd.DataFrame) -> None:
    """On days all of one kind, held-out alerts a day are near the promise: a mean over ten days, within four sigma."""
    training = train(features(seed=6, days=30, per_day=200), small_spec(), UNTIL)
    for promised in (1.0, 3.0, 10.0):
        realised = training.metrics[f"realised_at_{promised:g}"]
        assert abs(realised - promised) < 4 * np.sqrt(2 * promised / 10)
        assert training.metrics[f"realised_p90_at_{promised:g}"] >= realised


def test_anchors_and_saturation_are_told(frame: pd.DataFrame) -> None:
    never = frame.assign(workflow_1=0.0)
    training = train(never, small_spec(), UNTIL)
    assert training.anchors["workflow_1"] == 3  # ceil(.003 x 800 fitted sessions)
    assert training.metrics["anchor_rows"] == sum(training.anchors.values())
    last = sorted(frame["day"].unique())[-1]
    never.loc[(never["day"] == last).to_numpy().nonzero()[0][:4], "workflow_1"] = 2.0
    assert train(never, small_spec(), UNTIL).metrics["saturated_share"] >= 4 / 400


def test_too_few_days_are_refused_with_their_number() -> None:
    with pytest.raises(DataQualityError, match=r"10 active day\(s\) from 2026-02-19 to before 2026-03-01; 10 are held"):
        train(features(days=10), small_spec(), UNTIL, date(2026, 2, 19))
    assert train(features(days=11), small_spec(), UNTIL).metrics["days_fit"] == 1


def test_too_few_sessions_are_refused_with_their_number() -> None:
    with pytest.raises(DataQualityError, match=r"10 session\(s\) before the 10 held-out days; a forest needs 30"):
        train(features(days=20, per_day=1), small_spec(), UNTIL)
    assert train(features(days=13, per_day=10), small_spec(), UNTIL).metrics["sessions_fit"] == 30


def test_a_frame_that_lacks_columns_or_repeats_a_session_is_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(CatalogError, match="the features lack identity, excluded"):
        train(frame.drop(columns=["identity", "excluded"]), small_spec(), UNTIL)
    with pytest.raises(CatalogError, match=r"1 of the model's 24 columns are missing:\n  - source_2: did you mean"):
        train(frame.drop(columns=["source_2"]), small_spec(), UNTIL)
    with pytest.raises(DataQualityError, match=r"1 session\(s\) come twice"):
        train(pd.concat([frame, frame[:1]]), small_spec(), UNTIL)


def test_a_value_that_is_not_finite_is_refused(frame: pd.DataFrame) -> None:
    broken = frame.copy()
    broken.loc[5, "timing_0"] = np.nan
    with pytest.raises(DataQualityError, match=rf"row {broken['session_id'][5]}, timing_0: nan"):
        train(broken, small_spec(), UNTIL)
