"""The ledger shown: on the command line, as JSON, as a page, and as one line of ``anomaly top``."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import coverage_world as world
from anomaly.context import Context
from anomaly.coverage import Ledger, coverage
from anomaly.coverage.page import page
from anomaly.coverage.scenarios import CLOUDS, read_catalogue, scenario_catalogue
from anomaly.errors import CatalogError
from anomaly.store import Lake
from fixtures_org import ScoredOrg, run
from html_page import parsed

HOSTILE = "<script>alert(1)</script>\u202e"
# the whole of scenarios.md: there is no S28
IDS = [f"S{number:02}" for number in range(1, 31) if number != 28]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A lake of a few days without data events of pay, and its context."""
    folder = tmp_path_factory.mktemp("shown")
    world.context(folder / "context")
    world.lake(folder / "lake", "bucket is distinct from 'pay'", until=3)
    return folder / "lake", folder / "context"


@pytest.fixture(scope="module")
def ledger(made: tuple[Path, Path]) -> Ledger:
    result = run("coverage", "--root", str(made[0]), "--context", str(made[1]))
    assert result.exit_code == 0, result.output
    lake = Lake(made[0])
    return coverage(lake, Context.load(made[1]), lake.days("events")[-1:])


def test_the_page_loads_nothing_runs_nothing_and_says_what_to_switch_on(ledger: Ledger) -> None:
    found = parsed(page(ledger))
    assert "script" not in found.tags
    assert found.loads == []
    assert "resources.ARN StartsWith arn:aws:s3:::pay/" in found.text
    assert "no object-level event of it in any log, while its account is active" in found.text
    assert all(name in found.text for name in IDS)
    assert found.tags.count("td") > len(ledger.buckets) * len(IDS)


def test_hostile_names_are_text(ledger: Ledger) -> None:
    bucket = replace(ledger.buckets[0], bucket=HOSTILE)
    cells = [
        replace(cell, bucket=HOSTILE)
        for cell in ledger.cells
        if (cell.cloud, cell.bucket) == (ledger.buckets[0].cloud, ledger.buckets[0].bucket)
    ]
    found = parsed(page(replace(ledger, buckets=[bucket], cells=cells)))
    assert "script" not in found.tags
    assert "<script>alert(1)</script>\\u202e" in found.text


def test_the_command_prints_json_with_every_cell(made: tuple[Path, Path], ledger: Ledger, tmp_path: Path) -> None:
    where = ("--root", str(made[0]), "--context", str(made[1]))
    result = run("coverage", "--json", "--html", str(tmp_path / "page.html"), *where)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert set(found) == {"days", "sensitivities", "counts", "buckets", "findings", "sources", "cells"}
    assert sum(found["counts"].values()) == len(found["cells"]) == 5 * len(IDS)
    assert found["findings"][0]["kind"] == "blind_objects"
    assert parsed((tmp_path / "page.html").read_text(encoding="utf-8")).text.count("pay") > 1


def test_the_command_prints_tables(made: tuple[Path, Path]) -> None:
    result = run("coverage", "--bucket", "p*", "--root", str(made[0]), "--context", str(made[1]))
    assert result.exit_code == 0, result.output
    first = result.stdout.splitlines()[2]
    assert first.split()[:2] == ["blind", "pay"]
    assert ["high", "blind", "objects", "pay"] in [line.split()[:4] for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--day", "2031-01-01"), 3, "the lake holds"),
        (("--day", "2026-03-02", "--to", "2026-03-03"), 2, "say which days"),
        (("--bucket", "a["), 2, "opens no set"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    words: tuple[str, ...], code: int, said: str, made: tuple[Path, Path]
) -> None:
    result = run("coverage", *words, "--root", str(made[0]), "--context", str(made[1]))
    assert result.exit_code == code
    assert said in result.output


def test_top_names_what_could_not_be_watched(own_copy: ScoredOrg) -> None:
    # scoring looked already
    assert "every sensitive bucket could be watched" in own_copy.run("top").stdout
    assert own_copy.run("coverage", "--from", "2026-03-23").exit_code == 0
    told = own_copy.run("top", "--day", "2026-03-23").stdout
    assert "1 sensitive bucket could not be watched on 2026-03-23: customers; anomaly coverage" in told


def test_the_whole_catalogue_is_there_and_whole() -> None:
    catalogue = scenario_catalogue()
    assert list(catalogue.scenarios) == IDS
    for scenario in catalogue.scenarios.values():
        assert scenario.needs, scenario.id
        assert all(needs.required for needs in scenario.needs.values()), scenario.id
        assert scenario.title
        assert scenario.techniques
        assert scenario.owner
        assert scenario.blind_spot.endswith(".")
    control = {each.id for each in catalogue.scenarios.values() if each.plane == "CP"}
    assert control >= {"S05", "S06", "S07", "S08", "S09", "S21", "S23"}
    for cloud in CLOUDS:
        named = {
            kind
            for each in catalogue.scenarios.values()
            if cloud in each.needs
            for need in (*each.needs[cloud].required, *each.needs[cloud].wanted)
            for kind in need.split("|")
        }
        assert [kind for kind in named if not catalogue.advice[kind].get(cloud)] == []


def test_mistakes_in_the_catalogue_are_all_told() -> None:
    good: dict[str, Any] = {
        "title": "t",
        "techniques": [],
        "plane": "DP",
        "owner": "o",
        "review_by": None,
        "blind_spot": "b.",
        "needs": {"aws": {"required": ["objects"], "wanted": []}},
    }
    wrong = good | {"plane": "XX", "needs": {"awz": {"required": ["object"], "wanted": []}}, "titel": 1}
    with pytest.raises(CatalogError) as caught:
        read_catalogue({"evidence": {"objects": {"meaning": "m"}}, "scenario": {"S1": wrong, "S2": {"title": "t"}}})
    for said in ("'titel'", "plane is DP or CP", "no cloud 'awz'", "no evidence 'object'", "S2: lacks"):
        assert said in str(caught.value)
