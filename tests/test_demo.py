"""The demo: every step runs, what was planted is found, and what it says to run next works."""

import re
import shlex
from pathlib import Path

import pytest

from anomaly.demo import MARKER, Campaign, _empty
from anomaly.errors import UsageError
from fixtures_org import run

FOUND_FLOOR = 9
"""Of the twelve thefts planted; twelve were found when this was written, with this seed and size."""


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


def test_eight_days_are_ranked(demo: str) -> None:
    days = re.findall(r"^(2026-\d\d-\d\d), [\d,]+ sessions$", demo, flags=re.MULTILINE)
    assert days == [*(f"2026-01-{day}" for day in range(25, 32)), "2026-02-01"]
    assert demo.count("asked for 10 alerts, realised") == 8


def test_most_thefts_are_found_and_all_are_listed(demo: str) -> None:
    told = re.search(r"Thefts among the first ten cases of a day: (\d+) of (\d+)", demo)
    assert told is not None
    assert int(told[2]) == 12
    assert int(told[1]) >= FOUND_FLOOR
    listed = re.findall(r"^  (found |MISSED)  S\d\d ", demo, flags=re.MULTILINE)
    assert len(listed) == 12
    assert listed.count("found ") == int(told[1])


def test_the_planted_ones_are_marked_in_the_ranking(demo: str) -> None:
    assert re.search(r"^\d+!? .*THEFT S\d\d", demo, flags=re.MULTILINE)
    assert "Harmless look-alikes among the first ten cases:" in demo


def test_what_it_says_to_run_next_works(demo: str) -> None:
    calls = [shlex.split(line) for line in demo.splitlines() if line.startswith("  anomaly ")]
    assert [call[1] for call in calls] == ["top", "explain", "export"]
    for call in calls[:2]:
        result = run(*call[1:])
        assert result.exit_code == 0, result.output
        assert result.stdout


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
