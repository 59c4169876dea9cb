"""The DAG file, read by Airflow itself where it is installed; its tasks run on a program that ends in each way."""

import json
import os
import subprocess
from typing import Any

import pytest

import house
import pages

PYTHON = house.REPOSITORY / ".tools" / "airflow" / "bin" / "python"
ASKED = house.REPOSITORY / ".ci" / "airflow_asked.py"
FOLDER = house.REPOSITORY / "deploy" / "airflow"
BY_CODE = {0: "success", 1: "RuntimeError", 75: "AirflowSkipException"} | dict.fromkeys(
    (2, 3, 4), "AirflowFailException"
)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    if not PYTHON.exists():
        pytest.skip("Airflow is not installed: make validators")
    home = tmp_path_factory.mktemp("airflow")
    environment = os.environ | {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    done = subprocess.run(
        [PYTHON, ASKED, FOLDER, home / "program"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_airflow_reads_the_file(said: dict[str, Any]) -> None:
    assert said["errors"] == {}
    assert said["dags"].keys() == {"anomaly_daily", "anomaly_retrain"}
    for dag in said["dags"].values():
        assert (dag["catchup"], dag["max_active_runs"], dag["timezone"], dag["retries"]) == (False, 1, "UTC", 2)


def test_each_exit_code_ends_a_task_as_it_should(said: dict[str, Any]) -> None:
    for dag in said["dags"].values():
        for call, (outcome, _) in dag["calls"].items():
            assert outcome == BY_CODE[int(call.split()[0])], call


def test_the_night_is_that_of_the_day_before(said: dict[str, Any]) -> None:
    calls = said["dags"]["anomaly_daily"]["calls"]
    assert calls["0 02"][1] == ["daily", "--date", "2026-03-01", "--log-format", "json"]
    assert calls["0"][1] == ["daily", "--log-format", "json"]


def test_the_options_exist(said: dict[str, Any]) -> None:
    known = dict(pages.commands(pages.command_line()))
    for dag in said["dags"].values():
        for _, (command, *rest) in dag["calls"].values():
            assert {word for word in rest if word.startswith("--")} <= pages.options(known[command])
