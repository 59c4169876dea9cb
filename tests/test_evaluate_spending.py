"""What a queue is spent on, on cases written by hand: every number can be counted with a finger."""

import math

import numpy as np
import pandas as pd
import pytest

from anomaly.evaluate.spending import (
    BUDGETS,
    EDGES,
    FEW,
    average_precision,
    cases,
    days_spent,
    kinds_spent,
    quiet_sessions,
    spending,
    within,
)

DAY = 100


def actor_days(**amounts: list[int]) -> pd.DataFrame:
    """One row a day from day 1 on, the same amount of bytes and objects."""
    rows = [(actor, day, each, each) for actor, days in amounts.items() for day, each in enumerate(days, start=1)]
    return pd.DataFrame(rows, columns=["actor", "day", "bytes_read", "objects"])


def session(actor: str, day: int, day_bytes: int, day_objects: int) -> pd.DataFrame:
    row = ("s", actor, day, day_bytes, day_objects)
    return pd.DataFrame([row], columns=["session_id", "actor", "day", "day_bytes", "day_objects"])


@pytest.mark.parametrize(
    ("day_bytes", "day_objects", "is_quiet"),
    [(19, 19, True), (20, 19, False), (19, 20, False), (0, 0, True), (500, 500, False)],
)
def test_quiet_is_below_the_median_in_both(day_bytes: int, day_objects: int, is_quiet: bool) -> None:
    past = actor_days(a=[10, 20, 300])
    assert quiet_sessions(session("a", 4, day_bytes, day_objects), past)["s"] == is_quiet


def test_only_the_actors_own_thirty_days_before_tell_what_is_quiet() -> None:
    past = actor_days(a=[10, 20, 300, 9, 9, 9], b=[0] * 6)
    assert quiet_sessions(session("a", 4, 15, 15), past)["s"]  # the day itself and later ones do not count
    assert not quiet_sessions(session("a", 3, 0, 0), past)["s"]  # two days of its own tell no median
    assert not quiet_sessions(session("a", 34, 9, 9), past)["s"]  # day 4 to 6 are left: median 9
    assert not quiet_sessions(session("nobody", 4, 0, 0), past)["s"]


# session_id, day, case_id, case_rank, alert, score, expected_per_day, identity_kind, quiet, attack, look_alike
ROWS = [
    ("s1", DAY, "theft", 1, True, 0.9, 0.01, "human", False, True, False),
    ("s2", DAY, "theft", 1, True, 0.1, 30.0, "workload", True, False, True),
    ("s3", DAY, "moving", 2, True, 0.8, 0.5, "workload", False, False, True),
    ("s4", DAY, "sleepy", 3, True, 0.7, 1.5, "human", True, False, False),
    ("s5", DAY, "theft 2", 4, True, 0.6, 4.0, "human", False, True, False),
    ("s6", DAY, "backup", None, False, 0.99, 0.001, "service", False, False, False),
    ("s7", DAY + 1, "idle", 1, False, 0.3, 12.0, "human", False, False, False),
]
COLUMNS = ["session_id", "day", "case_id", "case_rank", "alert", "score", "expected_per_day"]
MARKS = ["identity_kind", "quiet", "attack", "look_alike"]
TABLE = pd.DataFrame(ROWS, columns=[*COLUMNS, *MARKS]).astype({"case_rank": "Int64"})
FOUND = cases(TABLE[COLUMNS], TABLE[["session_id", "day", *MARKS]])


def campaign_days(*ranks: float) -> pd.DataFrame:
    names = [f"c{number}" for number in range(len(ranks))]
    return pd.DataFrame({"campaign": names, "day": DAY, "kind": "attack", "rank": ranks})


def test_a_case_is_told_by_its_most_unusual_session_and_an_attack_is_no_look_alike() -> None:
    assert FOUND["case_id"].tolist() == ["theft", "moving", "sleepy", "theft 2", "idle"]  # what is covered has no rank
    assert FOUND["identity_kind"].tolist() == ["human", "workload", "human", "human", "human"]
    assert FOUND["quiet"].tolist() == [False, False, True, False, False]
    assert FOUND["attack"].tolist() == [True, False, False, True, False]
    assert FOUND["look_alike"].tolist() == [False, True, False, False, False]
    assert FOUND["expected_per_day"].tolist() == [0.01, 0.5, 1.5, 4.0, 12.0]


def test_average_precision_of_a_day() -> None:
    of_day = FOUND[FOUND["day"] == DAY]
    assert average_precision(of_day, campaign_days(1, 4)) == pytest.approx((1 / 1 + 2 / 4) / 2)
    # one more was at work and has no case: it is never found
    assert average_precision(of_day, campaign_days(1, 4, math.inf)) == pytest.approx((1 / 1 + 2 / 4) / 3)
    assert math.isnan(average_precision(FOUND[FOUND["day"] == DAY + 1], campaign_days()))
    assert average_precision(FOUND[:0], campaign_days(math.inf)) == 0


def test_places_promises_and_precision_of_each_day() -> None:
    spent = days_spent(FOUND, campaign_days(1, 4), [DAY, DAY + 1, DAY + 2]).set_index("day")
    assert spent["places"].tolist() == [4, 1, 0]
    assert spent["look_alikes"].tolist() == [1, 0, 0]
    assert spent["quiet"].tolist() == [1, 0, 0]
    assert [spent[within(budget)].tolist() for budget in BUDGETS] == [
        [1, 0, 0],
        [2, 0, 0],
        [2, 0, 0],
        [2, 0, 0],
        [2, 1, 0],
    ]
    assert spent["precision"].tolist()[0] == pytest.approx(0.75)
    assert spent["precision"].isna().tolist() == [False, True, True]


def test_only_the_first_ten_places_of_a_day_are_counted() -> None:
    many = pd.concat([FOUND[1:2]] * 12, ignore_index=True).assign(case_rank=range(1, 13))
    spent = days_spent(many, campaign_days(), [DAY])
    assert (spent["places"][0], spent["look_alikes"][0], spent[within(1)][0]) == (10, 10, 12)


def alike(found: pd.DataFrame, days: list[int], organisation: int = 1) -> pd.DataFrame:
    """What each kind had of 10 alerts a day that fall to the kinds by their cases."""
    return kinds_spent(found, days, 10.0).assign(organisation=organisation)


def test_what_was_promised_of_a_kind_is_its_share_of_its_cases_and_small_kinds_are_told_together_too() -> None:
    days = [DAY, DAY + 1]
    spent = days_spent(FOUND, campaign_days(), days)
    kinds = kinds_spent(FOUND, days, 10.0, {"human": 0.5, "workload": 0.2}).assign(organisation=1)
    told = spending(spent, kinds, FOUND).kinds
    # two cases of people and one of a machine in two days
    assert told["human"].budget == pytest.approx(0.5)
    assert told["workload"].budget == pytest.approx(0.1)
    assert (told["human"].kept, told["workload"].kept) == ("1.00", "5.00")
    assert told[FEW].budget == pytest.approx(0.6)
    assert told[FEW].cases.value == 1.5
    assert told[FEW].alerts.value == 1
    assert FEW not in spending(spent, alike(FOUND, days), FOUND).kinds


def test_the_sums_with_their_intervals() -> None:
    days = [DAY, DAY + 1]
    spent, kinds = days_spent(FOUND, campaign_days(1, 4), days), alike(FOUND, days)
    told = spending(spent, kinds, FOUND)
    assert told.look_alikes.value == pytest.approx(1 / 5)
    assert told.quiet.value == pytest.approx(1 / 5)
    assert (told.look_alikes.low, told.look_alikes.high) == (0, 0.25)  # the one day or the other, twice
    assert told.precision.value == pytest.approx(0.75)
    assert told.attack_days == 1
    assert {budget: each.value for budget, each in told.promised.items()} == {1: 0.5, 2: 1, 5: 1, 10: 1, 20: 1.5}
    human, machine = told.kinds["human"], told.kinds["workload"]
    assert (human.cases.value, human.alerts.value) == (1, 0.5)
    assert (machine.cases.value, machine.alerts.value) == (0.5, 0.5)
    assert human.budget == pytest.approx(20 / 3)
    assert machine.budget == pytest.approx(10 / 3)


def test_a_kind_that_only_one_organisation_has_is_none_a_day_in_the_other() -> None:
    days = [DAY, DAY + 1]
    one, other = alike(FOUND, days), alike(FOUND[4:], days, organisation=2)
    spent = pd.concat([days_spent(FOUND, campaign_days(), days), days_spent(FOUND[4:], campaign_days(), days)])
    told = spending(spent, pd.concat([one, other]), FOUND)
    assert told.kinds["workload"].cases.value == 0.25
    assert told.kinds["human"].cases.value == 0.75


def test_every_case_falls_into_one_bin_by_its_label() -> None:
    told = spending(days_spent(FOUND, campaign_days(), [DAY]), alike(FOUND, [DAY]), FOUND)
    assert {label: sum(counts) for label, counts in told.expected.items()} == {"attack": 2, "look-alike": 1, "other": 2}
    place = told.expected["look-alike"].index(1)
    assert EDGES[place] <= 0.5 < EDGES[place + 1]
    far = FOUND.assign(expected_per_day=np.where(FOUND["attack"], 1e-90, 1e90))
    told = spending(days_spent(far, campaign_days(), [DAY]), alike(far, [DAY]), far)
    assert (told.expected["attack"][0], told.expected["other"][-1]) == (2, 2)
