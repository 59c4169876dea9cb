"""The tables, and what MLflow keeps, on small results."""

import contextlib
import json
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from anomaly.evaluate.bootstrap import NOTHING, Figure
from anomaly.evaluate.misses import strongest
from anomaly.evaluate.replay import DAILY_BYTES, ECOD, OURS, RANKINGS
from anomaly.evaluate.report import as_dict, left_out, markdown, number, share, size, table
from anomaly.evaluate.result import Result, metrics
from anomaly.model.registry import Registry
from evaluate_result import small_result


@pytest.fixture
def found() -> Result:
    return small_result()


def cells(text: str, start: str) -> list[list[str]]:
    """The cells of all table rows that begin with a word."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "|" in line]
    return [row for row in rows if row[0] == start]


def test_the_tables_tell_the_figures(found: Result) -> None:
    text = markdown(found)
    ours, theirs = cells(text, "overall")
    assert ours[:5] == ["overall", "2", "50 % [0, 100]", "50 % [0, 100]", "100 % [100, 100]"]
    assert ours[5] == "1 [1, 12]"
    assert theirs[:6] == ["overall", "2", *["0 % [0, 0]"] * 3, "30 [30, never]"]
    assert "Alerts a day (asked: 5)" in text
    assert cells(text, "this product")[0][1] == "4.0 [4.0, 4.0]"
    assert "+50 % [+0, +100]" in text
    assert "could find 100 % in the top 5, 100 % in the top 10, 100 % in the top 20." in text
    spending = [row for row in cells(text, RANKINGS[DAILY_BYTES]) if "50 % [0, 100]" in row]
    assert spending[0][1:] == ["12 % [0, 25]", "50 % [0, 100]", "0.88 [0.75, 1.00]", "1"]
    assert cells(text, "human")[0][1:] == ["1.0 [0.5, 2.0]", "1.00 [0.50, 2.00]", "3.50", "0.29"]


def test_rankings_that_could_not_be_made_are_named(found: Result) -> None:
    everything = set(RANKINGS) - {OURS, DAILY_BYTES}
    assert set(as_dict(found)["left_out"]) == everything == set(left_out(found))
    assert RANKINGS[ECOD] in markdown(found).splitlines()[-1]


def test_json_holds_no_infinity(found: Result) -> None:
    told = json.loads(json.dumps(as_dict(found), allow_nan=False))
    assert [row["best_rank"] for row in told["campaigns"]] == [1, 12, 30, None]
    assert told["rankings"][DAILY_BYTES]["overall"]["found"]["10"]["value"] == 0


def test_mlflow_keeps_the_run_as_its_own_experiment(found: Result, tmp_path: Path) -> None:
    note = tmp_path / "note.md"
    note.write_text("figures", encoding="utf-8")
    registry = Registry(tmp_path / "out")
    run = registry.log_evaluation(metrics(found), {"seeds": "1"}, [note])
    again = registry.log_evaluation(metrics(found), {"seeds": "1"})
    with contextlib.closing(sqlite3.connect(registry.database)) as database:
        runs = database.execute(
            "select run_uuid, status from runs join experiments using (experiment_id) where experiments.name = ?",
            ["evaluation"],
        ).fetchall()
        kept = dict(database.execute("select key, value from metrics where run_uuid = ?", [run]).fetchall())
    assert sorted(runs) == sorted([(run, "FINISHED"), (again, "FINISHED")])
    assert kept["anomaly.recall_at_10"] == 0.5
    assert kept["lead_at_10.daily_bytes"] == 0.5
    assert kept["anomaly.queue_share_quiet"] == 0.25
    assert kept["anomaly.alerts_a_day_asked_20"] == 1.0
    assert "daily_bytes.days_to_detect" not in kept  # nothing was found, so there is nothing to tell
    assert [path.read_text(encoding="utf-8") for path in registry.artifacts.rglob("note.md")] == ["figures"]


def test_columns_are_aligned() -> None:
    assert table(("a", "long head"), [("wide cell", "1"), ("x", "22")]).splitlines() == [
        "| a         | long head |",
        "|-----------|-----------|",
        "| wide cell | 1         |",
        "| x         | 22        |",
    ]

    assert table(("a", "b"), []).splitlines()[-1] == "| none |   |"


def test_figures_in_words() -> None:
    assert share(Figure(0.5, 0.25, 1.0)) == "50 % [25, 100]"
    assert share(NOTHING) == "-"
    assert number(Figure(3, 1, None)) == "3 [1, never]"
    assert number(Figure(2.25, 2, 3), 1) == "2.2 [2.0, 3.0]"
    assert [size(count) for count in (0, 999, 1500, 2.5e12, 4e15)] == ["0 B", "999 B", "1.5 kB", "2.5 TB", "4e+03 TB"]


def test_the_strongest_signals_come_first_and_quiet_ones_not_at_all() -> None:
    signals = pd.Series({"volume_bytes_own": 1.26, "source_tool_new": 5.0, "process_probe_own": 0.0})
    assert strongest(signals) == "source_tool_new 5.0, volume_bytes_own 1.3"
    assert strongest(signals, 1) == "source_tool_new 5.0"
    assert strongest(signals * 0) == "none above 0"
