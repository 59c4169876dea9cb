"""The demo: every step runs, what was planted is found, and what it says to run next works."""

import re
import shlex
from pathlib import Path

import pytest

from anomaly.demo import MARKER, Campaign, _empty
from anomaly.errors import UsageError
from fixtures_org import run

PLANTED = {"aws": 24, "azure": 9, "gcp": 6}
FOUND_FLOOR = {"aws": 16, "azure": 6, "gcp": 4}
"""Two thirds of the thefts planted in each cloud."""
SOURCES = (
    "azure_activity",
    "azure_flow",
    "azure_storage",
    "cloudtrail",
    "cloudtrail_vpce",
    "gcp_flow",
    "gcs_audit",
    "s3_access",
    "vpc_flow",
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a small demo prints on standard output."""
    out = tmp_path_factory.mktemp("demo") / "here"
    result = run("demo", "--days", "28", "--scale", "0.05", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert re.search(r"score \d+\.\d s", result.stderr)
    return result.stdout


def test_the_counts_of_ingest_are_shown(demo: str) -> None:
    records = re.search(
        r"records  ([\d,]+) seen = ([\d,]+) loaded \+ ([\d,]+) duplicate \+ ([\d,]+) not relevant", demo
    )
    assert records is not None
    seen, *parts = (int(text.replace(",", "")) for text in records.groups())
    assert seen == sum(parts) > 5000


def test_every_source_is_read(demo: str) -> None:
    told = re.search(r"^events   (.*)$", demo, flags=re.MULTILINE)
    assert told is not None
    counts = {name: int(count.replace(",", "")) for count, name in re.findall(r"(\d[\d,]*) (\w+)", told[1])}
    assert tuple(counts) == SOURCES
    assert min(counts.values()) > 0


def test_eight_days_are_ranked(demo: str) -> None:
    days = re.findall(r"^(2026-\d\d-\d\d), [\d,]+ sessions$", demo, flags=re.MULTILINE)
    assert days == [*(f"2026-01-{day}" for day in range(25, 32)), "2026-02-01"]
    assert demo.count("asked for 10 alerts, realised") == 8


def test_most_thefts_are_found_and_all_are_listed(demo: str) -> None:
    told = re.search(r"Thefts among the first ten cases of a day: (\d+) of (\d+) \((.*)\)", demo)
    assert told is not None
    clouds = {cloud: (int(found), int(of)) for cloud, found, of in re.findall(r"(\w+) (\d+) of (\d+)", told[3])}
    assert {cloud: of for cloud, (_, of) in clouds.items()} == PLANTED
    assert all(found >= FOUND_FLOOR[cloud] for cloud, (found, _) in clouds.items()), clouds
    listed = re.findall(r"^  (found |MISSED)  S\d\d +(\w+) ", demo, flags=re.MULTILINE)
    assert len(listed) == sum(PLANTED.values()) == int(told[2])
    assert listed.count(("found ", "azure")) == clouds["azure"][0]
    assert [state for state, _ in listed].count("found ") == int(told[1])


def test_what_the_logs_could_not_show_is_said(demo: str) -> None:
    told = re.search(r"([\d,]+) sensitive buckets x scenarios: ([\d,]+) blind, ([\d,]+) degraded, ([\d,]+) seen", demo)
    assert told is not None
    assert all(int(count.replace(",", "")) > 0 for count in told.groups())


def test_the_planted_ones_are_marked_in_the_ranking(demo: str) -> None:
    assert re.search(r"^\d+!? .*THEFT S\d\d", demo, flags=re.MULTILINE)
    assert "Harmless look-alikes among the first ten cases:" in demo


def test_what_it_says_to_run_next_works(demo: str) -> None:
    calls = [shlex.split(line) for line in demo.splitlines() if line.startswith("  anomaly ")]
    assert [call[1] for call in calls] == ["top", "explain", "coverage", "review", "review", "export"]
    for call in calls[:3]:
        result = run(*call[1:])
        assert result.exit_code == 0, result.output
        assert result.stdout
    assert calls[3][2] == "publish"
    assert run(*calls[3][1:]).exit_code == 0  # serving, the call after it, goes on until it is stopped


def test_only_a_demo_is_replaced(tmp_path: Path) -> None:
    mine, old, new = tmp_path / "mine", tmp_path / "old", tmp_path / "new" / "deep"
    mine.mkdir()
    (mine / "thesis.txt").write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match="no demo"):
        _empty(mine)
    assert (mine / "thesis.txt").exists()
    old.mkdir()
    (old / MARKER).touch()
    (old / "scores").mkdir()
    _empty(old)
    _empty(new)
    assert [path.name for path in old.iterdir()] == [path.name for path in new.iterdir()] == [MARKER]


def test_found_means_among_the_first_ten() -> None:
    def campaign(rank: int | None) -> Campaign:
        return Campaign("S01-7", "S01", True, "", rank, None, False)

    assert [campaign(rank).is_found for rank in (1, 10, 11, None)] == [True, True, False, False]
