"""Tail probabilities: in (0, 1], never rising with the score, and true on data of their own kind."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from anomaly.errors import DataQualityError
from anomaly.model.calibration import LEAST_OF_KIND, Calibration, daily_q_values, q_values

SCORE = st.floats(0.0, 1.0)


@given(held_out=st.lists(SCORE, min_size=1, max_size=50), asked=st.lists(SCORE, min_size=2, max_size=50))
def test_probability_is_in_range_and_never_rises(held_out: list[float], asked: list[float]) -> None:
    p = Calibration.fit(held_out, 10).tail_probability(sorted(asked))
    assert (p > 0).all()
    assert (p <= 1).all()
    assert (np.diff(p) <= 0).all()


def test_past_the_largest_it_falls_strictly() -> None:
    calibration = Calibration.fit(np.linspace(0.3, 0.6, 500), 10)
    past = calibration.tail_probability(np.linspace(0.6, 1.0, 400))
    assert (np.diff(past) < 0).all()
    assert past[1] < 1 / 500


def test_equal_scores_get_equal_probability_and_count_each_other() -> None:
    p = Calibration.fit([0.4, 0.5, 0.5, 0.5, 0.6], 10).tail_probability([0.5, 0.5, 0.6, 0.2])
    assert p.tolist() == pytest.approx([5 / 6, 5 / 6, 2 / 6, 1])


def test_all_scores_tied_still_give_a_probability_above_zero() -> None:
    assert Calibration.fit([0.4] * 100, 10).tail_probability(1.01) > 0


@pytest.mark.parametrize("promised", [0.2, 0.05, 0.01])
def test_calibrated_on_data_of_the_same_kind(promised: float) -> None:
    """Share of fresh scores at p <= promised lies within binomial bounds (one in 10,000 either way)."""
    rng = np.random.default_rng(42)
    held_out, fresh = rng.beta(8, 12, 20_000), rng.beta(8, 12, 5_000)
    hits = int((Calibration.fit(held_out, 10).tail_probability(fresh) <= promised).sum())
    low, high = binom.ppf([1e-4, 1 - 1e-4], len(fresh), promised)
    assert low <= hits <= high


def test_the_extrapolated_tail_errs_towards_more_often() -> None:
    """Of fresh maxima far past a small held-out window, the stated probability is not below the true one by much."""
    rng = np.random.default_rng(7)
    ratios = []
    for _ in range(200):
        calibration = Calibration.fit(rng.beta(8, 12, 500), 10)
        score = calibration.scores[-1] + 0.03
        true = np.mean(rng.beta(8, 12, 20_000) >= score)
        ratios.append(calibration.tail_probability(score) / max(true, 1e-5))
    assert np.median(ratios) > 1


def test_expected_per_day_is_probability_times_sessions_a_day() -> None:
    calibration = Calibration.fit(np.linspace(0, 1, 999), 10)
    assert calibration.per_day == pytest.approx(99.9)
    assert calibration.expected_per_day(0.0) == pytest.approx(99.9)
    assert calibration.expected_per_day([0.9])[0] == pytest.approx(10.0, rel=0.02)


def test_few_days_no_scores_and_no_numbers_are_refused() -> None:
    with pytest.raises(DataQualityError, match=r"9 active day\(s\) to calibrate on; at least 10"):
        Calibration.fit([0.5], 9)
    with pytest.raises(DataQualityError, match=r"0 calibration score\(s\)"):
        Calibration.fit([], 10)
    with pytest.raises(DataQualityError, match="1 not finite"):
        Calibration.fit([0.5, np.nan], 10)


def test_q_values_are_benjamini_and_hochbergs_own_example() -> None:
    """Their table of 15 comparisons (1995, section 4.1): at .05 the first four are rejected."""
    low = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
    p = [*low, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert (q_values(p[::-1]) <= 0.05).sum() == 4


@given(st.lists(st.floats(1e-9, 1), max_size=40))
def test_q_values_never_fall_below_and_keep_the_order(p: list[float]) -> None:
    q = q_values(p)
    assert (q >= np.asarray(p) - 1e-12).all()
    assert (q <= 1).all()
    assert (np.diff(q[np.argsort(p)]) >= 0).all()


def test_daily_q_values_look_at_one_day_only() -> None:
    days = ["a", "b", "a", "b"]
    p = [0.01, 0.5, 0.9, 0.02]
    assert daily_q_values(days, p).tolist() == pytest.approx([0.02, 0.5, 0.9, 0.04])


def test_each_kind_is_held_against_its_own() -> None:
    people, machines = np.linspace(0.1, 0.7, 400), np.linspace(0.1, 0.7, 600) / 4
    kinds = ["human"] * 400 + ["workload"] * 600
    calibration = Calibration.fit(np.concatenate([people, machines]), 10, kinds)
    # as far above its own kind: as rare for a machine as for a person
    person, machine = calibration.tail_probability([0.6, 0.15], ["human", "workload"])
    assert machine == pytest.approx(person, rel=0.02)
    assert calibration.tail_probability(0.15) > 2 * machine
    # the budget falls to each kind by its share of the cases
    shown = calibration.expected_per_day(np.concatenate([people, machines]), kinds) <= 10
    assert shown[:400].sum() / 10 == pytest.approx(4, abs=0.3)
    assert shown[400:].sum() / 10 == pytest.approx(6, abs=0.3)


def test_what_a_kind_of_tied_days_cannot_use_falls_to_the_others() -> None:
    """A fifth of all cases may alert; nine of ten days of a service are the very same, and so never among the fifth."""
    people = np.linspace(0.3, 0.7, 250)
    services = np.concatenate([np.full(225, 0.2), np.linspace(0.3, 0.5, 25)])
    kinds = ["human"] * 250 + ["service"] * 250
    calibration = Calibration.fit(np.concatenate([people, services]), 10, kinds)
    assert calibration.per_day == 50
    shown = calibration.expected_per_day(np.concatenate([people, services]), kinds) <= 10
    assert shown[250:].sum() / 10 == 2.5  # its odd days, all of them
    assert shown[:250].sum() / 10 == pytest.approx(7.4, abs=0.2)
    promised = calibration.promised(10, ["human", "service"])
    assert promised["service"] == pytest.approx(0.1)  # as many as were odd: a tie adds nothing
    assert promised["human"] == pytest.approx(0.3, abs=0.01)
    assert calibration.expected_per_day(0.2, "service") == pytest.approx(50)


KINDS = st.lists(st.tuples(st.integers(0, 20), st.sampled_from("abc")), min_size=1, max_size=150)


@given(held_out=KINDS, asked=KINDS, budget=st.floats(0.01, 20))
def test_expected_per_day_is_never_above_the_probability_times_all_and_never_rises(
    held_out: list[tuple[int, str]], asked: list[tuple[int, str]], budget: float
) -> None:
    scores, kinds = zip(*held_out, strict=True)
    calibration = Calibration.fit(np.asarray(scores) / 20, 10, kinds)
    values, labels = np.asarray([score for score, _ in asked]) / 20, [kind for _, kind in asked]
    expected = calibration.expected_per_day(values, labels)
    probability = calibration.tail_probability(values, labels)
    assert (expected <= probability * calibration.per_day * (1 + 1e-9)).all()
    assert (expected > 0).all()
    order = np.argsort(probability, kind="stable")
    assert (np.diff(expected[order]) >= -1e-12).all()
    # what is promised of all kinds is within the budget
    promised = calibration.promised(budget, "abc")
    counts = {kind: kinds.count(kind) / 10 for kind in "abc"}
    assert sum(promised[kind] * count for kind, count in counts.items()) <= budget * (1 + 1e-6)


def test_a_kind_seen_too_little_is_held_against_the_small_kinds_or_all() -> None:
    many, few = np.linspace(0.1, 0.3, 300), np.linspace(0.4, 0.6, LEAST_OF_KIND - 1)
    one = Calibration.fit(np.concatenate([many, few]), 10, ["human"] * 300 + ["service"] * len(few))
    assert set(one.kinds) == {"human"}
    np.testing.assert_array_equal(
        one.tail_probability([0.5, 0.5], ["service", "unseen"]), one.tail_probability([0.5] * 2)
    )
    kinds = ["human"] * 300 + ["service"] * len(few) + ["external"] * len(few)
    both = Calibration.fit(np.concatenate([many, few, few]), 10, kinds)
    assert set(both.kinds) == {"human", ""}
    assert both.tail_probability(0.5, "service") == both.tail_probability(0.5, "unseen") > 0.4
