"""Cases: what belongs together, how cases rank, and which of them raise an alert within the budget."""

from collections.abc import Hashable
from dataclasses import replace
from datetime import date
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from anomaly.cases import Candidate, arrange

DAY = date(2026, 3, 1)


def candidate(
    name: str, actor: str, rank: int, *, covered: bool = False, to: str = "", links: tuple[Hashable, ...] = ()
) -> Candidate:
    destinations = frozenset([to]) if to else frozenset()
    return Candidate(name, actor, rank, float(rank), covered, destinations, frozenset(links))


def test_sessions_of_one_actor_are_one_case_whatever_their_destinations() -> None:
    found = arrange(
        DAY, [candidate("a", "kim", 1, to="s3://x"), candidate("b", "kim", 3), candidate("c", "lee", 2)], 10
    )
    assert found.places["a"] == found.places["b"]
    assert found.places["a"].case_rank == 1
    assert found.places["c"].case_rank == 2
    assert (found.ranked, found.realised) == (2, 2)


def test_a_case_ranks_as_its_most_unusual_session() -> None:
    found = arrange(DAY, [candidate("low", "kim", 9), candidate("mid", "lee", 5), candidate("high", "kim", 1)], 10)
    assert found.places["low"].case_rank == 1
    assert found.places["mid"].case_rank == 2


def test_actors_who_share_a_foreign_destination_are_one_case() -> None:
    link = ("destination", "s3://drop", "")
    found = arrange(DAY, [candidate("a", "kim", 1, links=(link,)), candidate("b", "lee", 2, links=(link,))], 10)
    assert found.places["a"].case_id == found.places["b"].case_id
    assert found.ranked == 1


def test_links_carry_on_from_one_actor_to_the_next() -> None:
    key, drop = ("credential", "203.0.113.7", "AKIA1"), ("destination", "s3://drop", "")
    sessions = [
        candidate("a", "kim", 3, links=(key,)),
        candidate("b", "lee", 1, links=(key, drop)),
        candidate("c", "mo", 2, links=(drop,)),
        candidate("d", "ned", 4),
    ]
    places = arrange(DAY, sessions, 10).places
    assert places["a"] == places["b"] == places["c"]
    assert places["d"].case_rank == 2


def test_the_same_address_with_another_key_is_no_link() -> None:
    one, other = ("credential", "203.0.113.7", "AKIA1"), ("credential", "203.0.113.7", "AKIA2")
    found = arrange(DAY, [candidate("a", "kim", 1, links=(one,)), candidate("b", "lee", 2, links=(other,))], 10)
    assert found.ranked == 2


def test_covered_sessions_take_no_rank_and_spend_no_budget() -> None:
    sessions = [candidate("a", "kim", 1, covered=True), candidate("b", "kim", 2), candidate("c", "lee", 3)]
    found = arrange(DAY, sessions, 10)
    assert (found.places["a"].case_rank, found.places["a"].alert) == (None, False)
    assert found.places["a"].case_id != found.places["b"].case_id
    assert found.places["b"].case_rank == 1
    assert (found.ranked, found.covered, found.realised) == (2, 1, 2)


def test_a_case_alerts_where_one_session_is_rare_for_its_kind_though_another_ranks_before_it() -> None:
    person, machine = candidate("a", "kim", 1), candidate("b", "job", 2)
    found = arrange(DAY, [replace(person, expected_per_day=12.0), replace(machine, expected_per_day=3.0)], 10)
    assert [(found.places[name].case_rank, found.places[name].alert) for name in "ab"] == [(1, False), (2, True)]
    together = [replace(each, links=frozenset(["drop"])) for each in (person, machine)]
    found = arrange(DAY, [replace(together[0], expected_per_day=12.0), replace(together[1], expected_per_day=3.0)], 10)
    assert found.places["a"].alert
    assert found.realised == 1


def test_only_cases_within_the_budget_are_alerts() -> None:
    sessions = [candidate("a", "kim", 1), candidate("b", "lee", 2), candidate("c", "mo", 3)]
    found = arrange(DAY, sessions, 2)
    assert [found.places[name].alert for name in "abc"] == [True, True, False]
    assert (found.asked, found.realised) == (2, 2)


def test_a_case_is_named_by_day_actors_and_destinations() -> None:
    here = [candidate("a", "kim", 1, to="s3://x")]
    name = arrange(DAY, here, 10).places["a"].case_id
    assert len(name) == 32
    assert arrange(DAY, [replace(here[0], session_id="b", rank=7)], 10).places["b"].case_id == name
    assert arrange(date(2026, 3, 2), here, 10).places["a"].case_id != name
    assert arrange(DAY, [replace(here[0], actor="lee")], 10).places["a"].case_id != name
    assert arrange(DAY, [candidate("a", "kim", 1, to="s3://y")], 10).places["a"].case_id != name


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 8)), max_size=30),
    st.floats(0.5, 40),
    st.randoms(use_true_random=False),
)
def test_every_session_has_one_place_and_order_does_not_matter(
    drawn: list[tuple[int, bool, int]], budget: float, shuffler: Random
) -> None:
    sessions = [
        candidate(f"s{place}", f"actor{actor}", place + 1, covered=covered, links=() if link > 2 else (link,))
        for place, (actor, covered, link) in enumerate(drawn)
    ]
    found = arrange(DAY, sessions, budget)
    mixed = list(sessions)
    shuffler.shuffle(mixed)
    assert arrange(DAY, mixed, budget) == found
    assert found.places.keys() == {each.session_id for each in sessions}
    ranks = {place.case_rank for place in found.places.values()} - {None}
    assert ranks == set(range(1, found.ranked + 1))
    assert found.realised == len({place.case_id for place in found.places.values() if place.alert})
    assert len({place.case_id for place in found.places.values()}) == found.ranked + found.covered
