"""Cases: the sessions of a day that one person would look at together, ranked, and which of them raise an alert.

Sessions are one case when, on the same day,

- one actor made them (a campaign must not fill the queue), or
- they send to the same destination outside the organisation, whoever made them, or
- they come from the same internet address and sign with the same long-lived access key.

Sessions that an approved workflow covers are grouped among themselves, apart from the others: they are shown, but take
no rank and spend no budget. A case ranks as its most unusual session does, and is an alert where one of its sessions
is rare enough for its identity kind: an alert may stand after a case that is none, such as a machine's odd day after a
person's.
"""

import hashlib
import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Candidate:
    """A scored session as the cases see it.

    ``rank`` is its place in the day, 1 = most unusual; ``destinations`` those it named, ``links`` what ties it to the
    sessions of other actors.
    """

    session_id: str
    actor: str
    rank: int
    expected_per_day: float
    covered: bool
    destinations: frozenset[str] = frozenset()
    links: frozenset[Hashable] = frozenset()


@dataclass(frozen=True)
class Place:
    """Where a session stands: its case, the case's rank (None when covered), and whether the case is an alert."""

    case_id: str
    case_rank: int | None
    alert: bool


@dataclass(frozen=True)
class Cases:
    """The day's cases by session; ``asked`` alerts were the budget, ``realised`` came of it."""

    places: Mapping[str, Place]
    asked: float
    realised: int
    ranked: int
    covered: int


def arrange(day: date, candidates: Sequence[Candidate], budget_per_day: float) -> Cases:
    """Group a day's sessions into cases, rank the cases and raise those within the budget."""
    groups = sorted(_groups(candidates), key=lambda group: group[0].rank)
    open_groups = [group for group in groups if not group[0].covered]
    covered_groups = [group for group in groups if group[0].covered]
    places = {session.session_id: Place(_id(day, group), None, False) for group in covered_groups for session in group}
    alerts = 0
    for case_rank, group in enumerate(open_groups, start=1):
        place = Place(_id(day, group), case_rank, _expected(group) <= budget_per_day)
        alerts += place.alert
        places |= dict.fromkeys((session.session_id for session in group), place)
    return Cases(places, budget_per_day, alerts, len(open_groups), len(covered_groups))


def _groups(candidates: Iterable[Candidate]) -> list[list[Candidate]]:
    """Sessions that share anything, directly or through others, most unusual first in each group."""
    ordered = sorted(candidates, key=lambda each: each.rank)
    parents = list(range(len(ordered)))
    first_with: dict[Hashable, int] = {}
    for place, session in enumerate(ordered):
        for shared in (("actor", session.actor), *session.links):
            first = first_with.setdefault((session.covered, shared), place)
            parents[_root(parents, place)] = _root(parents, first)
    groups: dict[int, list[Candidate]] = {}
    for place, session in enumerate(ordered):
        groups.setdefault(_root(parents, place), []).append(session)
    return list(groups.values())


def _expected(group: Sequence[Candidate]) -> float:
    """How often a day sees such a case: as seldom as its rarest session, each among its own identity kind."""
    return min(session.expected_per_day for session in group)


def _root(parents: list[int], place: int) -> int:
    while parents[place] != place:
        parents[place] = parents[parents[place]]
        place = parents[place]
    return place


def _id(day: date, group: Sequence[Candidate]) -> str:
    actors = sorted({session.actor for session in group})
    destinations = sorted({name for session in group for name in session.destinations})
    key = json.dumps([day.isoformat(), group[0].covered, actors, destinations])
    return hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
