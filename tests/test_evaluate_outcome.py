"""Ranks, waits, losses and alert counts, held to numbers worked out by hand."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.evaluate.bootstrap import figure, median, ratio
from anomaly.evaluate.figures import figures, lead
from anomaly.evaluate.outcome import alerts_a_day, campaign_days, campaigns

TRUTH = pd.DataFrame(
    [
        # slow: three days, found on the second at rank 8
        ("slow", "S25", "attack", 100, 10, 1),
        ("slow", "S25", "attack", 102, 20, 2),
        ("slow", "S25", "attack", 104, 40, 4),
        # fast: one day, two identities
        ("fast", "S26", "attack", 101, 300, 3),
        ("fast", "S26", "attack", 101, 500, 5),
        # hidden: its only session is covered by a workflow; silent: no session matches it at all
        ("hidden", "S01", "attack", 101, 1000, 9),
        ("silent", "S01", "attack", 103, 7, 1),
        ("audit", "scan", "benign", 102, 0, 0),
    ],
    columns=["campaign", "scenario", "kind", "day", "bytes_read", "objects"],
)
MATCHES = pd.DataFrame(
    [
        ("slow", 100, "s1"),
        ("slow", 102, "s2"),
        ("slow", 104, "s3"),
        ("fast", 101, "f1"),
        ("fast", 101, "f2"),
        ("hidden", 101, "h1"),
        ("audit", 102, "b1"),
    ],
    columns=["campaign", "day", "session_id"],
)
QUEUE = pd.DataFrame(
    [
        ("s1", 100, "c-s1", 15, False, 0.4),
        ("s2", 102, "c-s2", 8, False, 0.5),
        ("s3", 104, "c-s3", 2, True, 0.7),
        ("f1", 101, "c-f", 1, True, 0.6),
        ("f2", 101, "c-f", 1, True, 0.8),
        ("h1", 101, "c-h", None, False, 0.9),
        ("b1", 102, "c-b", 3, True, 0.6),
        ("x1", 102, "c-x", 1, True, 0.9),
        ("x2", 102, "c-x", 1, True, 0.8),
        ("x3", 104, "c-y", 30, False, 0.1),
    ],
    columns=["session_id", "day", "case_id", "case_rank", "alert", "score"],
).astype({"case_rank": "Int64"})


@pytest.fixture
def found() -> pd.DataFrame:
    return campaigns(campaign_days(TRUTH, MATCHES, QUEUE)).set_index("campaign")


def test_the_best_rank_is_that_of_the_best_day(found: pd.DataFrame) -> None:
    assert dict(found["best_rank"]) == {"slow": 2, "fast": 1, "hidden": math.inf, "silent": math.inf, "audit": 3}
    assert (found["best_day"]["slow"], found["session_id"]["slow"], found["days"]["slow"]) == (104, "s3", 3)


def test_the_session_shown_is_the_most_unusual_of_its_case(found: pd.DataFrame) -> None:
    assert found["session_id"].dropna().to_dict() == {"slow": "s3", "fast": "f2", "hidden": "h1", "audit": "b1"}


def test_days_to_detect_count_from_the_first_day_to_the_first_top_ten(found: pd.DataFrame) -> None:
    waits = found["days_to_detect"]
    assert waits["slow"] == 2
    assert waits["fast"] == 0
    assert waits[["hidden", "silent"]].isna().all()


def test_bytes_are_lost_up_to_the_day_of_detection_and_all_of_them_without(found: pd.DataFrame) -> None:
    assert dict(found["bytes_lost"]) == {"slow": 30, "fast": 800, "hidden": 1000, "silent": 7, "audit": 0}
    assert found.loc["slow", "bytes_total"] == 70


def test_alerts_are_cases_and_an_attack_takes_its_whole_case_away() -> None:
    attacked = MATCHES[MATCHES["campaign"] != "audit"][["day", "session_id"]]
    counts = alerts_a_day(QUEUE, attacked, [100, 101, 102, 103, 104])
    assert counts["cases"].tolist() == [1, 1, 3, 0, 2]  # the covered one of day 101 has no rank
    assert counts["alerts"].tolist() == [0, 1, 2, 0, 1]
    assert counts["alerts_benign"].tolist() == [0, 0, 2, 0, 0]


def test_the_figures_by_hand(found: pd.DataFrame) -> None:
    attacked = MATCHES[MATCHES["campaign"] != "audit"][["day", "session_id"]]
    told = figures(found.reset_index(), alerts_a_day(QUEUE, attacked, [100, 101, 102, 103, 104]))
    assert told.overall.campaigns == 4
    assert told.overall.found[10].value == 0.5
    assert told.overall.best_rank.value == 2  # of 1, 2, never, never the lower middle
    assert told.overall.days_to_detect.value == 0  # of 0 and 2
    assert told.overall.bytes_lost.value == pytest.approx((30 + 800 + 1000 + 7) / (70 + 800 + 1000 + 7))
    assert told.scenarios["S01"].found[20].value == 0
    assert told.scenarios["S01"].best_rank.value is None
    assert {cloud: each.campaigns for cloud, each in told.clouds.items()} == {"aws": 4}
    assert told.alerts.mean.value == pytest.approx(0.8)
    assert told.alerts.p90.value == pytest.approx(1.6)
    assert told.alerts.mean_benign.value == pytest.approx(0.4)
    assert (told.look_alikes.campaigns, told.look_alikes_alerted) == (1, 1)
    assert told.look_alikes.found[5].value == 1


def test_each_cloud_is_told_by_itself(found: pd.DataFrame) -> None:
    names = {"slow": "21/S25-21", "fast": "21/S26-gcp-21", "hidden": "21/S01-azure-21", "silent": "22/S01-azure-22"}
    renamed = found.rename(index=names).reset_index()
    clouds = figures(renamed, alerts_a_day(QUEUE, MATCHES[["day", "session_id"]], [100, 101])).clouds
    assert {cloud: each.campaigns for cloud, each in clouds.items()} == {"aws": 1, "azure": 2, "gcp": 1}
    assert {cloud: each.found[10].value for cloud, each in clouds.items()} == {"aws": 1, "azure": 0, "gcp": 1}


def test_the_lead_pairs_the_same_attacks(found: pd.DataFrame) -> None:
    ours = found.reset_index()
    theirs = ours.assign(best_rank=ours["campaign"].map({"slow": 30, "fast": 1, "hidden": 9, "silent": math.inf}))
    assert lead(ours, theirs).value == 0  # slow gained, hidden lost
    assert lead(ours, theirs.assign(best_rank=math.inf)).value == 0.5


def test_figures_of_no_campaign_say_nothing(found: pd.DataFrame) -> None:
    alerts = alerts_a_day(QUEUE, MATCHES[["day", "session_id"]], [100])
    told = figures(found.reset_index().iloc[:0], alerts)
    assert told.overall.found[10].value is None
    assert told.overall.bytes_lost.value is None


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_an_interval_holds_its_figure_and_does_not_change(values: list[int]) -> None:
    for statistic in (None, median):
        told = figure(values, statistic) if statistic else figure(values)
        assert told == (figure(values, statistic) if statistic else figure(values))
        assert told.low is not None
        assert told.high is not None
        assert min(values) <= told.low <= told.high <= max(values)


def test_an_interval_narrows_with_more_campaigns() -> None:
    few, many = figure([0, 1] * 5), figure([0, 1] * 500)
    assert few.value == many.value == 0.5
    assert (few.high or 0) - (few.low or 0) > 0.5  # exact binomial: 0.2 to 0.8
    assert (many.high or 0) - (many.low or 0) == pytest.approx(0.062, abs=0.01)  # 2 x 1.96 x sqrt(.25 / 1000)


def test_a_ratio_draws_parts_and_wholes_together() -> None:
    told = ratio([1, 0, 300], [10, 0, 300])
    assert told.value == pytest.approx(301 / 310)
    assert told.low == pytest.approx(0.1)
    assert told.high == pytest.approx(1)
