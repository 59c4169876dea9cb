"""How much could leave unseen: the search, its levels and intervals, the command, the tables and the page."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.errors import DataQualityError
from anomaly.injection.depth import FEWEST_DAYS, Plan, rotated, trial_days
from anomaly.injection.leak import LeakProbe
from anomaly.injection.page import charts, page
from anomaly.injection.result import Cell, Depth, LeakCell, level, wilson
from anomaly.injection.routes import COPY, ROUTES, TINY, USUAL
from anomaly.injection.search import Search, ladder
from anomaly.injection.trials import LINES, Outcome, Queue
from anomaly.injection.words import day_table, interval, leak_table, others, verdict
from fixtures_org import QUIET, ScoredOrg

HOSTILE = "<script>alert(1)</script>\u202e"
MONDAY = date(2026, 3, 2)
NEVER = float("inf")
WORDS = ("--bucket", "reports", "--day", str(QUIET), "--days", "1", "--trials", "1")


@dataclass(frozen=True)
class Probed:
    taken: float
    caught: Mapping[str, bool]


@given(threshold=st.integers(0, 40), size=st.integers(1, 40))
def test_the_smallest_amount_caught_is_found_in_few_probes(threshold: int, size: int) -> None:
    search: Search[Probed] = Search([float(each) for each in range(size)], ["line"])
    while (place := search.next_place()) is not None:
        assert place not in search.probes
        search.probes[place] = Probed(float(place), {"line": place >= threshold})
    found = search.smallest("line")
    assert (found.taken if found else None) == (threshold if threshold < size else None)
    assert len(search.probes) <= math.ceil(math.log2(size + 1))
    assert search.contradictions("line") == 0


def test_a_larger_amount_that_was_not_caught_is_counted() -> None:
    search: Search[Probed] = Search([1.0, 2.0, 3.0], ["line"])
    search.probes = {1: Probed(2.0, {"line": True}), 2: Probed(3.0, {"line": False})}
    assert search.contradictions("line") == 1


def test_each_line_is_searched_for_itself() -> None:
    search: Search[Probed] = Search([float(each) for each in range(16)], ["low", "high"])
    while (place := search.next_place()) is not None:
        search.probes[place] = Probed(float(place), {"low": place >= 3, "high": place >= 11})
    assert [search.smallest(line) and search.smallest(line).taken for line in ("low", "high")] == [3.0, 11.0]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("largest", "in_bytes"), [(5e4, True), (1e5, True), (3.3e9, True), (1.0, False), (700.0, False)]
)
def test_the_ladder_ends_with_all_there_is(largest: float, in_bytes: bool) -> None:
    steps = ladder(largest, in_bytes=in_bytes)
    assert steps[-1] == largest
    assert list(steps) == sorted(set(steps))


@given(st.lists(st.one_of(st.integers(1, 1000).map(float), st.just(NEVER)), min_size=1, max_size=40))
def test_a_level_lies_in_its_interval_and_reaches_its_share(amounts: list[float]) -> None:
    for share in (0.5, 0.9):
        found = level(amounts, share)
        value, low, high = (NEVER if each is None else each for each in (found.amount, found.low, found.high))
        assert low <= value <= high
        if found.amount is not None:
            assert sum(each <= found.amount for each in amounts) >= share * len(amounts)


def test_the_interval_of_a_median_is_that_of_order_statistics() -> None:
    # of 20 trials the 6th and the 15th hold the median with 95 % (binomial tables)
    found = level([float(each) for each in range(1, 21)], 0.5)
    assert (found.low, found.high) == (6.0, 15.0)


def test_wilson_holds_the_share_and_stays_within_its_bounds() -> None:
    assert [round(each, 3) for each in wilson(5, 10)] == [0.237, 0.763]
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == pytest.approx(1.0)


def test_days_tried_are_of_one_sort_and_have_a_history() -> None:
    known = [MONDAY + timedelta(days=nth) for nth in range(28)]
    assert trial_days(known, Plan("b")) == [known[23], known[24], known[25]]
    assert trial_days(known, Plan("b", day=known[27])) == [known[20], known[26], known[27]]
    with pytest.raises(DataQualityError, match=f"10 days before it, {FEWEST_DAYS} are needed"):
        trial_days(known, Plan("b", day=known[10]))
    with pytest.raises(DataQualityError, match="the nearest day is 2026-03-29"):
        trial_days(known, Plan("b", day=known[27] + timedelta(days=3)))
    with pytest.raises(DataQualityError, match="holds no events"):
        trial_days([], Plan("b"))


def test_callers_are_dealt_from_another_place_for_another_route() -> None:
    assert rotated([], 3) == []
    assert rotated(["a", "b", "c"], 4) == ["b", "c", "a"]  # type: ignore[list-item, comparison-overlap]


def test_a_campaign_takes_its_place_among_the_cases_of_others() -> None:
    queue = Queue([0.9, 0.8, 0.7], [frozenset({"x"}), frozenset({"me", "y"}), frozenset({"z"})], frozenset())
    assert [queue.rank(score, "me") for score in (0.95, 0.75, 0.1)] == [1, 2, 3]
    assert queue.rank(0.75, "other") == 3


def test_a_leak_is_caught_on_the_first_day_that_is() -> None:
    days = [MONDAY + timedelta(days=nth) for nth in range(4)]
    outcomes = {
        day: Outcome(float(nth + 1), 0.5, 7, False, {"alert": nth >= 2, "top 10": True, "top 5": False})
        for nth, day in enumerate(days)
    }
    probe = LeakProbe.of(outcomes)
    assert (probe.day, probe.lost, probe.taken) == (3, 6.0, 2.0)
    assert probe.caught == {"alert": True}
    unseen = LeakProbe.of({day: outcomes[day] for day in days[:2]})
    assert (unseen.day, unseen.lost, unseen.caught) == (None, 3.0, {"alert": False})
    assert LeakProbe.of({}).caught == {"alert": False}


def cell(who: str, route: str, amounts: list[float], smallest: float = 1e5) -> Cell:
    return Cell(who, route, smallest, 1e9, dict.fromkeys(LINES, amounts))


@pytest.fixture
def made() -> Depth:
    return Depth(
        bucket=HOSTILE,
        in_bytes=True,
        days=(MONDAY,),
        budget=10.0,
        model_version=1,
        objects=100,
        builds=3,
        cells=(
            cell("human, reads it", USUAL, [4e7, 8e7, NEVER]),
            cell("human, new", USUAL, [1e5, 1e5, 1e5]),
            cell("human, reads it", COPY, [1e6, NEVER, NEVER]),
        ),
        leak_days=(MONDAY, MONDAY + timedelta(days=1)),
        leaks=(
            LeakCell("human, new", USUAL, 1e5, 1e9, {"alert": [2e6]}, days=(3,), lost=(6e6,)),
            LeakCell("human, reads it", USUAL, 1e5, 1e9, {"alert": [NEVER]}),
        ),
        not_tried=(f"{TINY}: no log tells which objects are small",),
    )


def test_the_table_puts_the_least_noticed_first(made: Depth) -> None:
    table = day_table(made)
    assert [row[:2] for row in table.rows] == [
        ("person, already reads it", COPY),
        ("person, already reads it", USUAL),
        ("person, unknown to every log", USUAL),
    ]
    assert [row[3] for row in table.rows] == ["over 1.0 GB", "80.0 MB", "at most 100 kB"]
    assert f"not tried: {TINY}: no log tells which objects are small" in table.notes
    assert [row[4] for row in table.rows] == ["too few trials to say"] * 3
    assert [row[-2:] for row in leak_table(made).rows] == [("3", "6.0 MB"), ("never", "-")]


def test_amounts_are_in_objects_where_no_log_tells_a_size(made: Depth) -> None:
    counted = replace(made, in_bytes=False, cells=(cell("human, new", USUAL, [1.0, 20.0, 300.0], 1.0),), leaks=())
    assert verdict(counted) == (
        "A person unknown to every log could take up to 20 objects in one day, from the usual network, "
        "before the queue shows it more often than not"
    )


@pytest.mark.parametrize(
    ("one_day", "a_day", "day", "says"),
    [
        (
            1e8,
            2.15e7,
            10,
            "could take up to 100 MB in one day, from the usual network, or 21.5 MB a day for 9 days, from ",
        ),
        (
            1e8,
            1e8,
            1,
            "could take up to 100 MB in one day, from the usual network, or less than 100 MB on each of 2 days",
        ),
        (1e8, 1e5, 1, "could take up to 100 MB in one day, from the usual network, before the queue shows it"),
        (
            NEVER,
            NEVER,
            0,
            "could take all that was tried (1.0 GB) in one day, from the usual network, or 1.0 GB on each of",
        ),
        (1e5, 1e5, 1, "Whoever takes 100 kB in one day, the least that was tried, is noticed as often as not"),
    ],
)
def test_the_answer_is_one_sentence(made: Depth, one_day: float, a_day: float, day: int, says: str) -> None:
    days = (day,) if day else ()
    asked = replace(
        made,
        cells=(cell("human, reads it", USUAL, [one_day]), cell("human, new", USUAL, [1e5])),
        leaks=(LeakCell("human, reads it", USUAL, 1e5, 1e9, {"alert": [a_day]}, days=days, lost=days),),
    )
    assert says in verdict(asked)
    assert others(asked) == "Whoever did not read it before: noticed from at most 100 kB a day"


def test_an_interval_is_told_in_words(made: Depth) -> None:
    known = [cell("human, new", USUAL, [1e6 * each for each in range(1, count + 1)]) for count in (1, 9, 20)]
    told = [interval(made, each) for each in [*known, cell("human, new", USUAL, [NEVER] * 9)]]
    assert told == ["too few trials to say", "2.0 MB to 8.0 MB", "6.0 MB to 15.0 MB", "over 1.0 GB"]
    assert interval(made, cell("human, new", USUAL, [1e5] * 12)) == "at most 100 kB"


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [name for name, _ in attrs if name in {"src", "href"}]


def test_the_page_loads_nothing_and_escapes_what_comes_from_a_log(made: Depth) -> None:
    text = page(made)
    read = Page()
    read.feed(text)
    assert "script" not in read.tags
    assert read.loads == []
    assert "\u202e" not in text
    assert "&lt;script&gt;" in text
    assert read.tags.count("svg") == 2  # a chart a route that was tried
    assert read.tags.count("polyline") == 3


def test_a_curve_rises_to_what_was_caught(made: Depth) -> None:
    (usual, _) = charts(made)
    heights = [float(point.split(",")[1]) for point in usual.curves[0].line.split()]
    assert heights == sorted(heights, reverse=True)  # the page's y grows downwards
    assert len({curve.colour for curve in usual.curves}) == 2
    assert usual.ticks[0][1] == "100 kB"


@pytest.fixture(scope="module")
def told(scored_org: ScoredOrg, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    html = tmp_path_factory.mktemp("page") / "depth.html"
    result = scored_org.run("depth", *WORDS, "--leak-days", "3", "--html", str(html), "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found, html


def test_the_command_tells_every_cell(told: tuple[dict[str, Any], Path]) -> None:
    found, html = told
    cells = {(each["who"], each["route"]): each for each in found["one_day"]}
    assert {route for _, route in cells} == set(ROUTES)
    assert "human, new" in {who for who, _ in cells}
    # whoever is left out, because it stands in the queue by itself, is named
    left_out = {each.partition(":")[0] for each in found["not_tried"]}
    assert "human, reads it" in {who for who, _ in cells} | left_out
    for each in cells.values():
        assert each["trials"] == 1
        # whatever is in the first 5 is in the first 10, and so takes no less to reach
        assert smallest(each, "top 5") >= smallest(each, "top 10")
    assert found["days"] == [str(QUIET)]
    assert {each["who"] for each in found["leak"]} >= {"human, reads it", "human, new"}
    assert html.read_text(encoding="utf-8").count("<svg") == len(ROUTES)


def smallest(each: dict[str, Any], line: str) -> float:
    amount = each["smallest_caught"][line]["50%"]["amount"]
    return NEVER if amount is None else float(amount)


def test_the_same_seed_tells_the_same(told: tuple[dict[str, Any], Path], scored_org: ScoredOrg) -> None:
    again = scored_org.run("depth", *WORDS, "--leak-days", "0", "--json")
    assert json.loads(again.stdout)["one_day"] == told[0]["one_day"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--bucket", "report"), 2, "did you mean 'reports'?"),
        (("--bucket", "reports", "--day", "2026-03-10"), 3, "too little history"),
        (("--bucket", "reports", "--day", "2027-01-01"), 3, "the nearest day is"),
    ],
)
def test_what_cannot_be_tried_is_said(scored_org: ScoredOrg, words: tuple[str, ...], code: int, says: str) -> None:
    result = scored_org.run("depth", *words)
    assert result.exit_code == code
    assert says in result.stderr
