"""The notebooks run whole, on a lake as a reader would have it, and show what they promise."""

import runpy
from pathlib import Path

import pytest

from fixtures_org import ScoredOrg
from house import REPOSITORY

SHOWN = {
    "explore_day": ("user/mallory", "destination_outside"),
    "investigate_case": ("user/mallory", "destination_outside", "203.0.113.0/24", "s3://drop-zone", "record "),
    "retrain_and_compare": ("version 2 learnt until", "of 200 injected thefts", "new callers:", "in use: version"),
}
"""What each promises to show of the company in which Mallory steals."""
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.py"))


def test_there_are_notebooks() -> None:
    assert {path.stem for path in NOTEBOOKS} == SHOWN.keys()


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_changes_nothing(
    notebook: Path, scored_org: ScoredOrg, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANOMALY_ROOT", str(scored_org.root))
    monkeypatch.setenv("ANOMALY_CONTEXT", str(scored_org.org.context))
    before = {path: path.stat().st_mtime_ns for path in scored_org.root.rglob("*")}
    runpy.run_path(str(notebook))
    shown = capsys.readouterr().out
    assert [each for each in SHOWN[notebook.stem] if each not in shown] == []
    assert {path: path.stat().st_mtime_ns for path in scored_org.root.rglob("*")} == before


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_in_percent_format(notebook: Path) -> None:
    text = notebook.read_text(encoding="utf-8")
    assert text.startswith("# %% [markdown]\n# # ")
    assert text.count("\n# %%\n") >= 3
