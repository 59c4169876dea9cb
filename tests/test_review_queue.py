"""The queue against the plainest way to ask the same: every filter, alone and together, page by page."""

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from anomaly.errors import UsageError
from anomaly.review import leads
from anomaly.review.case import case
from anomaly.review.database import Database, open_database
from anomaly.review.publish import publish
from anomaly.review.queue import Filters, queue
from anomaly.review.text import words
from anomaly.review.verdicts import decide
from anomaly.review.viewer import Role, Viewer
from fixtures_review import Kind
from review_documents import DAY, case_id, document

ANA = Viewer("ana", Role.ANALYST)
BUCKETS = (("exports", "restricted", "sales"), ("logs", "internal", "ops"), ("press", "public", "ops"))
DAYS = 3
A_DAY = 20
CHOICES: dict[str, tuple[Any, ...]] = {
    "day": (None, DAY),
    "bucket": (None, "exports"),
    "owner": (None, "ops"),
    "identity": (None, "arn:aws:iam::1:user/zoë"),
    "state": (None, "open", "true_positive", "withdrawn"),
    "covered": (None, False),
    "assigned": (None, "nobody"),
    "text": (None, "rclone", "user/ana EXPORTS", "nowhere"),
}


@dataclass(frozen=True)
class Drawn:
    """Sixty drawn cases of three days, newest day first and by rank, some judged, each with its ``state``."""

    review: Database
    cases: list[dict[str, Any]]


@pytest.fixture(scope="module")
def drawn(review_kind: Kind) -> Iterator[Drawn]:
    """A database of each kind that the tests only read."""
    review = open_database(review_kind.migrated())
    yield Drawn(review, published(review))
    review.close()


def published(review: Database) -> list[dict[str, Any]]:
    draw = random.Random(7)
    found = []
    for back in range(DAYS):
        day = DAY - timedelta(days=back)
        drawn = [_case(draw, back * A_DAY + rank, rank, day) for rank in range(1, A_DAY + 1)]
        publish(review, drawn, day=day)
        found += [said | {"state": "open"} for said in drawn]
    gone = found[1::7]
    for back in range(DAYS):
        day = DAY - timedelta(days=back)
        kept = [said for said in found if said["day"] == day.isoformat() and said not in gone]
        publish(review, [{name: said[name] for name in said if name != "state"} for said in kept], day=day)
    for said in gone:
        said["state"] = "withdrawn"
    for said in found[::3]:
        if said in gone:
            continue
        said["state"] = draw.choice(("benign", "true_positive"))
        decide(review, said["case_id"], said["state"], "drawn", ANA, 1)
    return found


def _case(draw: random.Random, number: int, rank: int, day: date) -> dict[str, Any]:
    named = [
        {"bucket": name, "sensitivity": level, "owner": owner, "bytes_read": 1}
        for name, level, owner in draw.sample(BUCKETS, draw.randint(1, 2))
    ]
    who = f"arn:aws:iam::1:user/{draw.choice(('ana', 'ben', 'zoë'))}"
    covered = rank > A_DAY - 5
    changes: dict[str, Any] = {
        "identity": who,
        "buckets": named,
        "day": day,
        "covered": covered,
        "rank": None if covered else rank,
    }
    # nothing else that a search could find
    changes |= {"actors": [], "headline": "", "objects": {}, "reasons": [], "destinations": [], "sessions": []}
    return document(number, tools=[draw.choice(("rclone", "aws-cli"))], **changes)


def fits(said: dict[str, Any], filters: Filters) -> bool:
    text = " ".join(map(str, (said["identity"], said["tools"], [each["bucket"] for each in said["buckets"]])))
    named = {name: {each[name] for each in said["buckets"]} for name in ("bucket", "owner", "sensitivity")}
    return (
        (filters.day is None or said["day"] == filters.day.isoformat())
        and all(not asked or asked in named[kind] for kind, asked in filters.names().items() if kind in named)
        and filters.identity in (None, said["identity"])
        and (said["state"] == filters.state if filters.state else said["state"] != "withdrawn")
        and filters.covered in (None, said["covered"])
        and set(words(filters.text or "")) <= set(words(text))
    )


def read(review: Database, filters: Filters, limit: int, viewer: Viewer = ANA) -> list[str]:
    found, cursor = [], None
    while True:
        page = queue(review, filters, cursor, limit, viewer)
        found += [row.case_id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            return found
        assert len(page.rows) == limit


@pytest.mark.parametrize("at_once", [3, 2_000])
def test_every_filter_gives_what_reading_all_would(drawn: Drawn, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(leads, "AT_ONCE", at_once)
    monkeypatch.setattr(leads, "GROUP", 2)
    for asked in every_two(CHOICES):
        filters = Filters(**asked)
        expected = [said["case_id"] for said in drawn.cases if fits(said, filters)]
        assert read(drawn.review, filters, 7) == expected, filters


def every_two(choices: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Drawn choices of all names, until each two choices of two names came together."""
    draw = random.Random(11)
    named = [[(name, value) for value in values] for name, values in choices.items()]
    left = {pair for one, other in itertools.combinations(named, 2) for pair in itertools.product(one, other)}
    while left:
        tried = [tuple(draw.choice(each) for each in named) for _ in range(20)]
        best = max(tried, key=lambda asked: len(left.intersection(itertools.combinations(asked, 2))))
        left.difference_update(itertools.combinations(best, 2))
        yield dict(best)


def test_a_data_owner_reads_only_what_is_theirs(drawn: Drawn) -> None:
    for owns in (("sales",), ("sales", "ops"), ("nobody",)):
        mine = [
            said
            for said in drawn.cases
            if said["state"] != "withdrawn" and {each["owner"] for each in said["buckets"]} & set(owns)
        ]
        viewer = Viewer("sam", Role.VIEWER, owns)
        assert read(drawn.review, Filters(), 9, viewer) == [said["case_id"] for said in mine]
        counts = queue(drawn.review, Filters(), None, 1, viewer).counts
        assert mine == [] or counts["open"] > 0
        assert counts["open"] == sum(said["state"] == "open" for said in mine)
        for tie in case(drawn.review, mine[0]["case_id"], viewer).related.values() if mine else ():
            assert {row.case_id for row in tie} <= {said["case_id"] for said in mine}


def test_counts_are_of_each_state(drawn: Drawn) -> None:
    counts = queue(drawn.review, Filters(day=DAY, covered=False), None, 5, ANA).counts
    today = [said for said in drawn.cases[:A_DAY] if not said["covered"]]
    assert counts == {
        state: sum(said["state"] == state for said in today)
        for state in ("open", "true_positive", "benign", "expected", "insufficient_data", "withdrawn")
    }


def test_pages_stay_whole_while_a_day_is_published_again(review: Database) -> None:
    publish(review, [document(number) for number in range(1, 11)], day=DAY)
    first = queue(review, Filters(), None, 4, ANA)
    later = DAY + timedelta(days=1)
    publish(review, [document(99, day=later, rank=1)], day=later)
    rest = queue(review, Filters(), first.next_cursor, 50, ANA)
    assert [row.case_id for row in (*first.rows, *rest.rows)] == [case_id(number) for number in range(1, 11)]


def test_a_search_is_words_and_never_a_language(drawn: Drawn) -> None:
    odd = ('"', "a OR b", "NEAR(a b)", "it's", "*", "-x", "words:a", "\0", "\ud800", "a&b|!c", "'q':*", "(" * 50, "x*")
    for text in (*odd, "🙂"):
        assert queue(drawn.review, Filters(text=text), None, 5, ANA).rows == [], text


@pytest.mark.parametrize("spelled", [1, 32])
def test_beginnings_are_asked_for_with_a_star(review: Database, monkeypatch: pytest.MonkeyPatch, spelled: int) -> None:
    monkeypatch.setattr(leads, "MOST_SPELLED", spelled)
    publish(review, [document(1), document(2, tools=["customize-it"])], day=DAY)
    for text, numbers in (
        ("custom", []),
        ("custom*", [1, 2]),
        ("customiz*", [2]),
        ("customer-exp*", [1, 2]),
        ("customize-it*", [2]),
        ("custom* rclone", [1]),
        ("customary*", []),
    ):
        assert read(review, Filters(text=text), 5) == [case_id(number) for number in numbers], text


def test_what_is_no_place_or_state_is_refused(review: Database) -> None:
    with pytest.raises(UsageError, match="begin again at the top"):
        queue(review, Filters(), "1 or 1=1", 5, ANA)
    with pytest.raises(UsageError, match="'benign'"):
        queue(review, Filters(state="benin"), None, 5, ANA)
