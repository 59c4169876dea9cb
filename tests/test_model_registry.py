"""The registry: what goes in comes out to the bit, from a moved lake too, and no half-made version is ever in use."""

import os
import shutil
import sqlite3
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from anomaly.errors import AnomalyError, NoModelError, UnsafeModelError
from anomaly.model import tracking
from anomaly.model.registry import MODEL_FILE, NAME, Registry
from anomaly.model.training import Training
from model_frames import ordinary, small_spec, small_training, thefts

SPEC = small_spec()
PROBE = pd.concat([ordinary(np.random.default_rng(0), 200), thefts(np.random.default_rng(1), 20)], ignore_index=True)


@pytest.fixture(scope="module")
def trainings() -> tuple[Training, Training]:
    return small_training(0), small_training(1)


@pytest.fixture(scope="module")
def template(trainings: tuple[Training, Training], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with two versions. MLflow takes seconds to make its tables, so the tests work on copies of this one."""
    root = tmp_path_factory.mktemp("a lake with spaces") / "lake"
    registry = Registry(root)
    assert [registry.register(training, SPEC, {"features_sql": "abc"}) for training in trainings] == [1, 2]
    return root


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "lake"))


def scores(registry: Registry, version: int) -> Any:
    return registry.load(version).score(PROBE)


def aliases(registry: Registry) -> dict[str, int]:
    return {alias: version.number for version in registry.versions() for alias in version.aliases}


def test_the_first_becomes_champion_the_next_challenger(root: Path) -> None:
    assert aliases(Registry(root)) == {"champion": 1, "challenger": 2}
    assert Registry(root).champion()[0] == 1


def test_what_comes_out_is_what_went_in(root: Path, trainings: tuple[Training, Training]) -> None:
    for number, training in enumerate(trainings, start=1):
        ours, theirs = training.detector, Registry(root).load(number)
        np.testing.assert_array_equal(theirs.score(PROBE), ours.score(PROBE))
        np.testing.assert_array_equal(theirs.predict(PROBE), ours.score(PROBE))
        scored = ours.score(PROBE)
        np.testing.assert_array_equal(theirs.expected_per_day(scored, "human"), ours.expected_per_day(scored, "human"))
        pd.testing.assert_frame_equal(theirs.explain(PROBE), ours.explain(PROBE))
        pd.testing.assert_frame_equal(theirs.families(PROBE), ours.families(PROBE))
        assert theirs.facts == {"model": "exfil-detector", "since": "2025-12-31", "until": "2026-03-01"}


def test_a_version_tells_where_it_comes_from(root: Path, trainings: tuple[Training, Training]) -> None:
    version = Registry(root).versions()[0]
    assert version.metrics == trainings[0].metrics
    assert version.tags["features_sql"] == "abc"
    assert version.tags["input_digest"] == trainings[0].input_digest
    assert version.tags["until"] == "2026-03-01"
    assert "code_version" in version.tags


def test_promotion_moves_the_aliases_and_can_be_undone(root: Path) -> None:
    registry = Registry(root)
    registry.promote(2)
    assert aliases(registry) == {"champion": 2, "previous": 1}
    registry.promote(2)
    assert aliases(registry) == {"champion": 2, "previous": 1}
    registry.promote(1)
    assert aliases(registry) == {"champion": 1, "previous": 2}


def test_registering_can_promote_at_once(root: Path, trainings: tuple[Training, Training]) -> None:
    registry = Registry(root)
    assert registry.register(trainings[0], SPEC, promote=True) == 3
    assert aliases(registry) == {"champion": 3, "challenger": 2, "previous": 1}


def test_an_empty_lake_says_what_to_run_and_stays_empty(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "lake")
    with pytest.raises(NoModelError, match=r"no champion model in .*: run `anomaly train --until DAY`"):
        registry.champion()
    assert registry.versions() == []
    assert not (tmp_path / "lake").exists()


def test_an_unknown_version_gets_the_nearest(root: Path) -> None:
    for ask in (Registry(root).load, Registry(root).promote):
        with pytest.raises(NoModelError, match=r"no version 7 .*known: 1, 2"):
            ask(7)


def test_a_moved_lake_reads_and_writes_in_its_new_place(
    template: Path, tmp_path: Path, trainings: tuple[Training, Training]
) -> None:
    copied = Path(shutil.copytree(template, tmp_path / "first"))
    moved = copied.rename(tmp_path / "sécond place#1")
    registry = Registry(moved)
    np.testing.assert_array_equal(scores(registry, 2), trainings[1].detector.score(PROBE))
    before = sorted(template.rglob("*"))
    assert registry.register(trainings[1], SPEC) == 3
    np.testing.assert_array_equal(scores(registry, 3), trainings[1].detector.score(PROBE))
    assert sorted(template.rglob("*")) == before  # the lake it was copied from got nothing
    assert not copied.exists()


def test_no_absolute_path_is_left_behind_by_a_move(template: Path, root: Path) -> None:
    """Guards the list of columns in tracking.py: no cell of MLflow's tables names the old place after a move."""
    tracking.rehome(Registry(root).database, Registry(root).artifacts.as_uri())
    old = Registry(template).artifacts.as_uri()
    with sqlite3.connect(Registry(root).database) as connection:
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        rows = [row for table in tables for row in connection.execute(f'select * from "{table}"')]
    connection.close()
    cells = [str(cell) for row in rows for cell in row]
    assert any(Registry(root).artifacts.as_uri() in cell for cell in cells)
    assert [cell for cell in cells if old in cell] == []


def test_two_registries_in_one_process_do_not_mix(
    template: Path, tmp_path: Path, trainings: tuple[Training, Training]
) -> None:
    one, two = (Registry(Path(shutil.copytree(template, tmp_path / name))) for name in ("one", "two"))
    assert one.register(trainings[0], SPEC) == 3
    assert two.register(trainings[1], SPEC) == 3
    assert one.register(trainings[1], SPEC) == 4
    assert len(two.versions()) == 3
    np.testing.assert_array_equal(scores(one, 3), trainings[0].detector.score(PROBE))
    np.testing.assert_array_equal(scores(two, 3), trainings[1].detector.score(PROBE))


class Killed(BaseException):
    """What stands for a kill: no code of ours or MLflow's catches it as an error."""


class DyingClient:
    """Passes calls on to a client until the call of one name, which kills."""

    def __init__(self, client: Any, last: str) -> None:
        self.client, self.last = client, last

    def __getattr__(self, name: str) -> Any:
        if name == self.last:
            raise Killed
        return getattr(self.client, name)


@pytest.mark.parametrize(
    "step",
    [
        "create_run",
        "log_batch",
        "log_inputs",
        "create_logged_model",
        "log_model_artifacts",
        "finalize_logged_model",
        "set_terminated",
        "create_model_version",
        "set_registered_model_alias",
    ],
)
def test_killed_at_any_step_the_champion_stays_and_a_rerun_works(
    root: Path, trainings: tuple[Training, Training], step: str
) -> None:
    dying = Registry(root)
    dying.__dict__["_client"] = DyingClient(dying._client, step)
    with pytest.raises(Killed):
        dying.register(trainings[1], SPEC, promote=True)
    registry = Registry(root)
    assert registry.champion()[0] == 1
    number = registry.register(trainings[1], SPEC, promote=True)
    assert registry.champion()[0] == number
    np.testing.assert_array_equal(scores(registry, number), trainings[1].detector.score(PROBE))
    runs = registry._client.search_runs(["1"])
    assert {run.info.status for run in runs} <= {"FINISHED", "KILLED"}


def test_a_file_changed_after_registration_is_refused(root: Path) -> None:
    registry = Registry(root)
    path = registry.artifacts / registry.versions()[1].tags["path"]
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(UnsafeModelError, match="is not the file that was registered"):
        registry.promote(2)
    assert registry.champion()[0] == 1
    path.unlink()
    with pytest.raises(NoModelError, match=r"cannot read .*No such file"):
        registry.load(2)


def test_a_version_that_we_did_not_register_is_refused(root: Path) -> None:
    registry = Registry(root)
    registry._client.create_model_version(NAME, "file:///elsewhere")
    with pytest.raises(UnsafeModelError, match="version 3 of exfil-detector was not registered by this product"):
        registry.promote(3)


def test_a_path_that_leads_outside_is_refused(root: Path) -> None:
    registry = Registry(root)
    with sqlite3.connect(registry.database) as connection:
        connection.execute("update model_version_tags set value = '../../../elsewhere.skops' where key = 'path'")
    connection.close()
    with pytest.raises(UnsafeModelError, match="lies outside"):
        registry.champion()


def test_a_registry_that_is_no_database_is_named(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    registry.folder.mkdir()
    registry.database.write_bytes(b"not a database" * 100)
    with pytest.raises(AnomalyError, match=r"cannot read the model registry .*mlflow.db"):
        registry.champion()


def test_reading_agrees_with_mlflows_own_client(root: Path) -> None:
    registry = Registry(root)
    registry.promote(2)
    client = registry._client
    for version in registry.versions():
        theirs = client.get_model_version(NAME, str(version.number))
        assert dict(theirs.tags) == version.tags
        assert client.get_run(theirs.run_id).data.metrics == version.metrics
        assert theirs.creation_timestamp == int(version.created.timestamp() * 1000)
    assert {k: int(v) for k, v in client.get_registered_model(NAME).aliases.items()} == aliases(registry)
    client.delete_model_version(NAME, "1")
    assert [version.number for version in registry.versions()] == [2]


def test_mlflows_own_tools_load_the_same_model(root: Path, trainings: tuple[Training, Training]) -> None:
    registry = Registry(root)
    folder = (registry.artifacts / registry.versions()[0].tags["path"]).parent
    assert {MODEL_FILE, "MLmodel", "requirements.txt", "card.md"} <= {path.name for path in folder.iterdir()}
    assert "anomaly" not in (folder / "requirements.txt").read_text(encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own deprecations
        import mlflow

        scored = mlflow.pyfunc.load_model(str(folder)).predict(PROBE)
    np.testing.assert_array_equal(scored, trainings[0].detector.score(PROBE))


def test_an_evaluation_is_kept_beside_the_models(root: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    report.write_text("recall .8", encoding="utf-8")
    registry = Registry(root)
    run = registry._client.get_run(registry.log_evaluation({"recall": 0.8}, {"seeds": "1,2,3"}, [report]))
    assert run.data.metrics == {"recall": 0.8}
    assert run.data.params == {"seeds": "1,2,3"}
    assert [file.path for file in registry._client.list_artifacts(run.info.run_id)] == ["report.txt"]
    assert run.info.status == "FINISHED"


def test_a_question_mark_in_the_path_is_refused_clearly(tmp_path: Path, trainings: tuple[Training, Training]) -> None:
    with pytest.raises(AnomalyError, match=r"may hold no '\?'"):
        Registry(tmp_path / "why?").register(trainings[0], SPEC)


QUIET = """
import sys
from pathlib import Path
from anomaly.model.registry import Registry
assert not {"mlflow", "skops", "sklearn"} & set(sys.modules), "imported too early"
registry = Registry(Path(sys.argv[1]))
assert len(registry.versions()) == 2
assert "mlflow" not in sys.modules, "reading needs no MLflow"
registry.promote(2)
from mlflow.telemetry.client import get_telemetry_client
assert get_telemetry_client() is None, "telemetry is on"
"""


def test_quiet_lazy_and_without_telemetry(root: Path, tmp_path: Path) -> None:
    """In a process of its own, with nothing in the environment that would silence MLflow by itself."""
    place = tmp_path / "place"
    place.mkdir()
    silencing = {"CI", "PYTEST_CURRENT_TEST", "PYTEST_VERSION", "GITHUB_ACTIONS", "DO_NOT_TRACK"}
    environment = {
        key: value for key, value in os.environ.items() if key not in silencing and not key.startswith("MLFLOW_")
    }
    command = [sys.executable, "-c", QUIET, str(root)]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(place.iterdir()) == []
