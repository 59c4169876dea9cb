"""The page: it shows the numbers of the JSON, draws them where they belong, and loads and runs nothing."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from anomaly.evaluate.bootstrap import NOTHING, Figure
from anomaly.evaluate.page import SHORT, best, heat, missed, page
from anomaly.evaluate.page_charts import WIDE, expected_chart, lost_chart, promise_chart, recall_chart
from anomaly.evaluate.replay import DAILY_BYTES, OURS, RANKINGS
from anomaly.evaluate.report import as_dict, number, share
from anomaly.evaluate.result import Result
from evaluate_result import small_result
from html_page import parsed

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def found() -> Result:
    return small_result()


@pytest.fixture(scope="module")
def told(found: Result) -> dict[str, Any]:
    """Return the JSON, as a reader of the file has it."""
    read: dict[str, Any] = json.loads(json.dumps(as_dict(found), allow_nan=False))
    return read


def test_the_page_loads_nothing_and_runs_nothing(found: Result) -> None:
    text = page(found)
    assert parsed(text).loads == []
    assert "script" not in parsed(text).tags
    assert "://" not in text
    assert "url(" not in text
    assert "@import" not in text


def test_the_page_is_the_same_twice(found: Result) -> None:
    assert page(found) == page(small_result())


def of(figure: dict[str, Any]) -> Figure:
    return Figure(figure["value"], figure["low"], figure["high"])


def test_every_ranking_stands_with_the_numbers_of_the_json(found: Result, told: dict[str, Any]) -> None:
    rows = parsed(page(found)).rows
    for name in (OURS, DAILY_BYTES):
        ranking = told["rankings"][name]
        overall, spending, alerts = ranking["overall"], ranking["spending"], ranking["alerts"]
        found_rows = [row[1:] for row in rows if row[0] == SHORT[name]]
        assert found_rows == [
            [
                *(share(of(overall["found"][top])) for top in ("5", "10", "20")),
                number(of(overall["best_rank"])),
                share(of(overall["alone"]["5"])),
                number(of(overall["rank_alone"])),
                number(of(overall["days_to_detect"])),
                share(of(overall["bytes_lost"])),
                number(of(spending["precision"]), 2),
                share(of(spending["look_alikes"])),
                share(of(spending["quiet"])),
            ],
            [
                *(number(of(each), 1) for each in spending["promised"].values()),
                *(number(of(alerts[each]), 1) for each in ("mean", "p90", "cases")),
            ],
            [
                str(ranking["look_alikes"]["campaigns"]),
                share(of(ranking["look_alikes"]["found"]["10"])),
                str(ranking["look_alikes_alerted"]),
                number(of(ranking["look_alikes"]["best_rank"])),
                share(of(told["lead_in_top_10"][name]), signed=True) if name != OURS else "",
            ],
        ]


def test_every_scenario_cloud_and_kind_stands_with_the_numbers_of_the_json(found: Result, told: dict[str, Any]) -> None:
    rows = {row[0]: row[1:] for row in parsed(page(found)).rows}
    groups = {"S01": ("scenarios", "S01"), "all of aws": ("clouds", "aws")}
    for label, (group, name) in groups.items():
        each = [told["rankings"][ranking][group][name] for ranking in (OURS, DAILY_BYTES)]
        top_10 = [share(of(one["found"]["10"])) for one in each]
        assert rows[label] == ["2", *top_10, share(of(each[0]["found"]["5"])), number(of(each[0]["best_rank"]))]
    human = told["rankings"][OURS]["spending"]["kinds"]["human"]
    kept = f"{human['alerts']['value'] / human['budget']:.2f}"
    said = [number(of(human["cases"]), 1), number(of(human["alerts"]), 2), f"{human['budget']:.2f}", kept]
    assert rows["human"] == said
    assert rows["1/b"] == ["S01", "12", "1970-04-11", "1", "1 kB"]
    assert "1/a" not in rows  # it was found


def test_what_is_missing_or_hostile_is_said_and_escaped(found: Result) -> None:
    text = parsed(page(found)).text
    assert "the best ranking could find\n100 % in the top 5, 100 % in the top 10, 100 % in the top 20." in text
    assert "Left out, since PyOD is not installed" in text
    assert RANKINGS["ecod"] in text
    named = found.campaigns.assign(campaign=HOSTILE)
    shown = parsed(page(replace(found, campaigns=named)))
    assert "script" not in shown.tags
    assert HOSTILE in shown.text


def test_every_ranking_has_a_short_name() -> None:
    assert set(SHORT) == set(RANKINGS)


def points(chart: str) -> list[list[tuple[float, float]]]:
    """Return the corners of every line of a chart."""
    lines = re.findall(r'<polyline[^>]* points="([^"]*)"', chart)
    return [[(float(x), float(y)) for x, y in (pair.split(",") for pair in line.split())] for line in lines]


def test_the_curve_stands_where_its_shares_say() -> None:
    ours, other = [0.0, 0.5, 1.0], [0.25, 0.25, 0.25]
    drawn = points(recall_chart({OURS: ours, DAILY_BYTES: other}))
    middle = (WIDE.left + WIDE.right) / 2
    half, quarter = (WIDE.top + WIDE.bottom) / 2, WIDE.bottom - (WIDE.bottom - WIDE.top) / 4
    assert drawn[-1] == [(WIDE.left, WIDE.bottom), (middle, half), (WIDE.right, WIDE.top)]  # ours lies on top
    assert drawn[0] == [(WIDE.left, quarter), (middle, quarter), (WIDE.right, quarter)]
    assert recall_chart({OURS: []}) == ""


def test_what_no_ranking_could_find_is_greyed() -> None:
    chart = recall_chart({OURS: [0.0, 0.5, 1.0]}, [0.5, 1.0, 1.0])
    beyond = re.findall(r'<polygon class="beyond" points="([^"]*)"', chart)[0].split()
    half = (WIDE.top + WIDE.bottom) / 2
    assert beyond[:2] == [f"{WIDE.left:.1f},{WIDE.top:.1f}", f"{WIDE.left:.1f},{half:.1f}"]
    assert "beyond" not in recall_chart({OURS: [0.0, 0.5, 1.0]})


def test_a_promise_kept_lies_in_the_band_and_what_is_off_the_chart_at_its_edge() -> None:
    budgets = [1.0, 10.0]
    chart = promise_chart(budgets, {OURS: {1.0: (1.0, 0.0, 2.0), 10.0: (10.0, 5.0, 9999.0)}})
    whiskers, line = points(chart)[:2], points(chart)[-1]
    assert line[0][1] > line[1][1]
    band = re.findall(r'<polygon class="band" points="([^"]*)"', chart)[0].split()
    heights = [float(pair.split(",")[1]) for pair in band]
    assert heights[0] > line[0][1] > heights[3]  # at 1 asked, 0.7 and 1.5 lie around what came
    assert {y for whisker in whiskers for _, y in whisker} >= {WIDE.bottom, WIDE.top}


def test_bars_count_what_they_stand_for() -> None:
    chart = expected_chart([0.1, 1.0, 10.0], {"attack": [3, 0], "other": [1200, 600]}, 1.0)
    heights = [float(height) for height in re.findall(r'<rect[^>]* height="([\d.]+)"', chart)]
    assert len(heights) == 3  # nothing is drawn where there is nothing
    assert heights[0] == heights[1] == 2 * heights[2]
    assert "attack: 3 cases" in chart
    assert "1,200" in chart
    lost = lost_chart({"ours": (0.5, 0.25, 1.0), "other": (1.0, 1.0, 1.0)})
    widths = [float(width) for width in re.findall(r'<rect[^>]* width="([\d.]+)"', lost)]
    assert widths[1] == 2 * widths[0]


def test_heat_and_the_best_baseline(found: Result) -> None:
    assert [heat(Figure(value, 0, 1)) for value in (0, 0.19, 0.2, 0.6, 1)] == ["h0", "h0", "h1", "h3", "h4"]
    assert heat(NOTHING) == ""
    assert best(found.figures, 10, [DAILY_BYTES]) == "0 % [0, 0], bytes a day, z-score"
    assert best(found.figures, 10, []) == "none"
    assert [row["campaign"] for row in missed(found)] == ["1/b"]
