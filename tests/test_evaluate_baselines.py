"""The rivals and their queues, on frames written by hand."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from anomaly.evaluate import baselines_pyod
from anomaly.evaluate.baselines import (
    RAW,
    daily_amount,
    daily_scores,
    plain_forest,
    pyod_rival,
    raw_aggregates,
    rule_scores,
)
from anomaly.evaluate.queue import arrange_queue
from anomaly.evaluate.rules import static_rules

MIB = 2**20
HOUR_US = 3_600_000_000


def actor_days(**bytes_by_day: Mapping[int, float]) -> pd.DataFrame:
    rows = [(actor, day, int(count)) for actor, days in bytes_by_day.items() for day, count in days.items()]
    return pd.DataFrame(rows, columns=["actor", "day", "bytes_read"])


def scores(days: pd.DataFrame, amount: str = "bytes_read") -> dict[tuple[str, int], float]:
    found = daily_amount(days, amount)
    keys = zip(found["actor"].astype(str), found["day"].astype(int), strict=True)
    return dict(zip(keys, found["score"].astype(float), strict=True))


def test_a_day_is_held_against_its_own_days_before_in_standard_deviations() -> None:
    found = scores(actor_days(a={1: 10 * MIB, 2: 20 * MIB, 3: 30 * MIB, 4: 50 * MIB}))
    assert found["a", 4] == pytest.approx((50 - 20) / 10)  # mean 20, sample deviation 10


def test_neither_the_day_itself_nor_later_nor_older_days_count() -> None:
    past: dict[int, float] = {1: 10 * MIB, 2: 20 * MIB, 3: 30 * MIB}
    alone = scores(actor_days(a=past | {4: 50 * MIB}))["a", 4]
    assert scores(actor_days(a=past | {4: 50 * MIB, 5: 9000 * MIB}))["a", 4] == alone
    assert scores(actor_days(a={-27: 9000 * MIB} | past | {4: 50 * MIB}))["a", 4] == alone  # 31 days back
    assert scores(actor_days(a={-26: 9000 * MIB} | past | {4: 50 * MIB}))["a", 4] < alone  # 30 days back


def test_a_newcomer_is_held_against_everyone_before() -> None:
    found = scores(actor_days(a={1: 10 * MIB, 2: 20 * MIB, 3: 30 * MIB}, b={4: 50 * MIB}))
    assert found["b", 4] == pytest.approx(3)
    assert found["a", 1] == pytest.approx(10)  # nobody before: mean 0, deviation at least 1 MiB


def test_habits_that_never_vary_make_no_infinite_score() -> None:
    assert scores(actor_days(a=dict.fromkeys(range(1, 6), 100 * MIB) | {6: 120 * MIB}))["a", 6] == pytest.approx(2)


def test_objects_a_day_are_held_against_their_own_days_too() -> None:
    days = actor_days(a={1: 10, 2: 20, 3: 30, 4: 50}, b=dict.fromkeys(range(1, 5), 1) | {5: 4})
    found = scores(days.rename(columns={"bytes_read": "objects"}), "objects")
    assert found["a", 4] == pytest.approx(3)
    assert found["b", 5] == pytest.approx(3)  # one object is the least deviation


def many_sessions(count: int = 200, days: int = 20) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    start = rng.integers(0, 23, count) * HOUR_US
    numbers = {name: rng.poisson(20, count) for name in RAW[:7]}
    return pd.DataFrame(
        {
            "session_id": [f"s{n:03}" for n in range(count)],
            "actor": [f"actor-{n % 9}" for n in range(count)],
            "day": np.arange(count) % days,
            "start_us": start,
            "end_us": start + rng.integers(0, HOUR_US, count),
            "buckets": [["b"] * int(n) for n in rng.integers(1, 4, count)],
            **numbers,
        }
    )


def test_raw_aggregates_are_plain_sums() -> None:
    sessions = many_sessions(3).assign(start_us=[0, 25 * HOUR_US, 5], end_us=[1_500_000, 26 * HOUR_US, 5])
    raw = raw_aggregates(sessions)
    assert tuple(raw.columns) == RAW
    assert raw["duration_s"].tolist() == [1.5, 3600, 0]
    assert raw["hour"].tolist() == [0, 1, 0]
    assert raw["buckets_touched"].tolist() == sessions["buckets"].map(len).tolist()


def test_the_plain_forest_ranks_a_leak_above_all_and_learns_from_its_days_alone() -> None:
    sessions = many_sessions()
    sessions.loc[199, ["bytes_read", "objects", "reads", "copies"]] = 10**9
    fit, held_out = sessions["day"] < 8, (sessions["day"] >= 8) & (sessions["day"] < 18)
    taught = pd.Series(True, index=sessions.index)
    found = plain_forest(sessions, fit, held_out, taught, seed=1)
    assert found["score"].idxmax() == 199
    assert found["expected_per_day"].idxmin() == 199
    # what is scored later changes nothing before it
    quiet = plain_forest(many_sessions(), fit, held_out, taught, seed=1)
    assert quiet.drop(index=199).equals(found.drop(index=199))


def test_every_session_of_an_actor_day_has_its_score() -> None:
    sessions = many_sessions()
    days = sessions.groupby(["actor", "day"], as_index=False).agg(bytes_read=("bytes_read", "sum"))
    held_out = (sessions["day"] >= 8) & (sessions["day"] < 18)
    found = daily_scores(sessions, days, "bytes_read", held_out, pd.Series(True, index=sessions.index))
    assert found.groupby([sessions["actor"], sessions["day"]])["score"].nunique().eq(1).all()
    assert found["expected_per_day"].between(0, 9 + 1).all()  # nine actors


def test_a_queue_keeps_the_cases_and_ranks_by_the_best_session() -> None:
    sessions = pd.DataFrame(
        [
            ("s1", 5, "a", False, "ours-1"),
            ("s2", 5, "a", False, "ours-1"),
            ("s3", 5, "b", False, "ours-1"),  # linked to a by the product's rule
            ("s4", 5, "c", False, "ours-2"),
            ("s5", 5, "d", True, "ours-3"),
            ("s6", 6, "a", False, "ours-4"),
        ],
        columns=["session_id", "day", "actor", "covered", "case_id"],
        index=[7, 8, 9, 10, 11, 12],
    )
    scored = pd.DataFrame(
        {"score": [1.0, 2.0, 9.0, 5.0, 99.0, 3.0], "expected_per_day": [30, 20, 0.1, 4, 0.01, 11]}, index=sessions.index
    )
    queue = arrange_queue(sessions, scored, 10.0).set_index("session_id")
    assert dict(queue["case_rank"].dropna()) == {"s1": 1, "s2": 1, "s3": 1, "s4": 2, "s6": 1}
    assert dict(queue["alert"]) == {"s1": True, "s2": True, "s3": True, "s4": True, "s5": False, "s6": False}
    assert queue["case_id"].nunique() == 4


FLOWS = pd.DataFrame(
    [
        # session_id, network_kind, destination_relation, copies, shares, bytes_read
        ("copies abroad", "office", "foreign", 1, 0, 0),
        ("copies home", "office", "own", 9, 0, 0),
        ("opens to a partner", "office", "partner", 0, 1, 0),
        ("opens to anyone", "office", "public", 0, 1, 0),
        ("opens abroad", "office", "unknown", 0, 1, 0),
        ("reads abroad", "internet", None, 0, 0, 6 * 10**8),
        ("reads abroad", "malformed", None, 0, 0, 4 * 10**8),
        ("reads less", "internet", None, 0, 0, 10**9 - 1),
        ("reads at work", "office", None, 0, 0, 10**12),
        ("does two", "internet", "foreign", 1, 0, 10**9),
    ],
    columns=["session_id", "network_kind", "destination_relation", "copies", "shares", "bytes_read"],
)


def ruled(flows: pd.DataFrame = FLOWS) -> pd.DataFrame:
    sums = flows.groupby("session_id", as_index=False).agg(bytes_read=("bytes_read", "sum"))
    quiet = pd.DataFrame({"session_id": ["signs in"], "bytes_read": [0]})
    return static_rules(pd.concat([sums, quiet]), flows).set_index("session_id")


def test_each_rule_hits_what_it_names_and_nothing_else() -> None:
    hits = ruled().drop(columns="score")
    assert set(hits.index[hits["foreign_copy"] == 1]) == {"copies abroad", "does two"}
    assert set(hits.index[hits["foreign_share"] == 1]) == {"opens abroad"}
    assert set(hits.index[hits["made_public"] == 1]) == {"opens to anyone"}
    assert set(hits.index[hits["outside_bytes"] == 1]) == {"reads abroad", "does two"}


def test_a_hit_ranks_before_none_more_before_fewer_and_ties_by_bytes() -> None:
    order = ruled()["score"].sort_values(ascending=False, kind="stable")
    assert order.index[0] == "does two"
    assert order.index[1] == "reads abroad"  # one rule like the next three, and the most bytes
    assert set(order.index[2:5]) == {"copies abroad", "opens abroad", "opens to anyone"}
    assert list(order.index[5:7]) == ["reads at work", "reads less"]
    assert order["signs in"] == 0


def test_no_number_of_bytes_is_worth_a_rule() -> None:
    most = ruled(FLOWS.assign(bytes_read=FLOWS["bytes_read"].where(FLOWS["session_id"] != "reads at work", 2**63 - 1)))
    assert most["score"]["copies abroad"] > most["score"]["reads at work"] > 0.99


def test_rules_are_calibrated_like_every_rival() -> None:
    sessions = many_sessions()
    flows = sessions[["session_id", "bytes_read", "copies", "shares"]].assign(
        network_kind="office", destination_relation="own"
    )
    flows.loc[199, "destination_relation"] = "foreign"
    held_out = (sessions["day"] >= 8) & (sessions["day"] < 18)
    found = rule_scores(sessions, flows, held_out, pd.Series(True, index=sessions.index))
    assert found["score"].idxmax() == 199
    assert found["expected_per_day"].max() == pytest.approx(held_out.sum() / 10)


@pytest.mark.parametrize("name", sorted(baselines_pyod.DETECTORS))
def test_pyod_ranks_a_leak_above_all_and_no_day_sees_another(name: str) -> None:
    pytest.importorskip("pyod", reason="PyOD is for contributors and is not installed")
    sessions = many_sessions()
    rng = np.random.default_rng(8)
    signals = pd.DataFrame(rng.exponential(size=(200, 3)), columns=["a", "b", "c"]).set_index(sessions["session_id"])
    signals.iloc[199] = 12.0
    fit, held_out = sessions["day"] < 8, (sessions["day"] >= 8) & (sessions["day"] < 18)
    taught = pd.Series(True, index=sessions.index)
    found = pyod_rival(name, sessions, signals, fit, held_out, taught)
    assert found["score"].idxmax() == 199
    assert np.isfinite(found.to_numpy()).all()
    other = signals.copy()
    other.iloc[199] = 0.7  # the middle of an exponential: an extreme to neither side
    again = pyod_rival(name, sessions, other, fit, held_out, taught)
    same_day = sessions["day"] == sessions["day"][199]
    assert again[~same_day].equals(found[~same_day])
    assert again["score"][199] < found["score"][199]
