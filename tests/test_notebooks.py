"""The notebooks run whole, on a lake as a reader would have it, and show what they promise."""

import runpy
from pathlib import Path

import pytest

from fixtures_org import ScoredOrg
from house import REPOSITORY

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.py"))


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_changes_nothing(
    notebook: Path, scored_org: ScoredOrg, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANOMALY_ROOT", str(scored_org.root))
    before = {path: path.stat().st_mtime_ns for path in scored_org.root.rglob("*")}
    runpy.run_path(str(notebook))
    shown = capsys.readouterr().out
    assert "user/mallory" in shown
    assert "destination_outside" in shown
    assert {path: path.stat().st_mtime_ns for path in scored_org.root.rglob("*")} == before


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_in_percent_format(notebook: Path) -> None:
    text = notebook.read_text(encoding="utf-8")
    assert text.startswith("# %% [markdown]\n# # ")
    assert text.count("\n# %%\n") >= 3
