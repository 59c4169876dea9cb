"""Where models are kept: MLflow on SQLite under the lake, every version traceable, loading safe.

This is the one home of mlflow and of skops.

A version is made in steps, and only the last makes it champion: files, then the version with the files' digest, then a
test load, then the alias. A process killed between two steps leaves at most a run or a version that nothing points to.
"""

import hashlib
import importlib.metadata
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from anomaly import __version__
from anomaly.errors import AnomalyError, NoModelError, UnsafeModelError, nearest
from anomaly.model import modelfile, tracking
from anomaly.model.detector import ExfilDetector
from anomaly.model.spec import ModelSpec
from anomaly.model.tracking import Version
from anomaly.model.training import Training

NAME = "exfil-detector"
EVALUATION = "evaluation"
DAILY = "daily"
CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
MODEL_FILE = "model.skops"
REQUIREMENTS = ("numpy", "pandas", "scikit-learn", "skops")
"""Pinned to what is installed. This product itself is left out: its name is not ours on a public index."""
TRAIN_FIRST = "run `anomaly train --until DAY`"


class Registry:
    """The models of one lake. Nothing is created until something is registered."""

    def __init__(self, root: Path) -> None:
        self.folder = root.resolve() / "mlflow"
        self.artifacts = self.folder / "artifacts"
        self.database = self.folder / "mlflow.db"

    def register(
        self, training: Training, spec: ModelSpec, tags: Mapping[str, str] | None = None, *, promote: bool = False
    ) -> int:
        """Keep a trained model and return its version.

        It becomes champion when there is none or when asked to, else challenger.

        Parameters
        ----------
        tags
            Where it comes from, such as the code's version and the digest of the feature SQL.
        """
        client = self._writer()
        with _quiet():
            run = client.create_run(_experiment(client, self.artifacts), run_name=f"{NAME} until {training.until}")
            number = self._log(client, run.info, training, spec, dict(tags or {}))
        self.load(number)
        if promote or self._aliased(CHAMPION) is None:
            self.promote(number)
        else:
            client.set_registered_model_alias(NAME, CHALLENGER, str(number))
        return number

    def promote(self, version: int) -> None:
        """Make a version champion; the champion before it becomes previous. It must load first.

        Raises
        ------
        NoModelError
            There is no such version.
        UnsafeModelError
            Its file is not what was registered.
        """
        self.load(version)
        client, before, challenger = self._writer(), self._aliased(CHAMPION), self._aliased(CHALLENGER)
        if before == version:
            return
        if before is not None:
            client.set_registered_model_alias(NAME, PREVIOUS, str(before))
        client.set_registered_model_alias(NAME, CHAMPION, str(version))
        if challenger == version:
            client.delete_registered_model_alias(NAME, CHALLENGER)

    def champion(self) -> tuple[int, ExfilDetector]:
        """The version in use and its detector; raises NoModelError when there is none."""
        number = self._aliased(CHAMPION)
        if number is None:
            raise NoModelError(f"no champion model in {self.folder}: {TRAIN_FIRST}")
        return number, self.load(number)

    def versions(self) -> list[Version]:
        """All registered versions, oldest first; empty when nothing was registered."""
        return tracking.versions(self.database, NAME)

    def load(self, version: int) -> ExfilDetector:
        """Load a version safely: digest, our own list of types, and every value checked before it is used."""
        found = {each.number: each for each in self.versions()}
        if version not in found:
            known = [str(number) for number in found]
            raise NoModelError(f"no version {version} of {NAME} in {self.folder}: {nearest(str(version), known)}")
        tags = found[version].tags
        if not {"path", "sha256"} <= tags.keys():
            raise UnsafeModelError(f"version {version} of {NAME} was not registered by this product")
        path = (self.artifacts / tags["path"]).resolve()
        if not path.is_relative_to(self.artifacts):
            raise UnsafeModelError(f"version {version} of {NAME} lies outside {self.artifacts}: {path}")
        try:
            data = path.read_bytes()
        except OSError as error:
            raise NoModelError(f"version {version} of {NAME}: cannot read {path}: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != tags["sha256"]:
            raise UnsafeModelError(f"version {version} of {NAME}: {path} is not the file that was registered")
        return read_model(data)

    def log_evaluation(
        self, metrics: Mapping[str, float], params: Mapping[str, str], artifacts: Sequence[Path] = ()
    ) -> str:
        """Keep an evaluation's figures and files as a run of an experiment of its own; returns the run's id."""
        client = self._writer()
        with _quiet():
            from mlflow.entities import Metric, Param, RunTag

            run = client.create_run(_experiment_id(client, EVALUATION, self.artifacts)).info.run_id
            now = int(datetime.now(UTC).timestamp() * 1000)
            client.log_batch(
                run,
                metrics=[Metric(name, value, now, 0) for name, value in metrics.items()],
                params=[Param(name, value) for name, value in params.items()],
                tags=[RunTag("code_version", __version__)],
            )
            for path in artifacts:
                client.log_artifact(run, str(path))
            client.set_terminated(run)
        return str(run)

    def log_night(self, day: date, model_version: str, figures: Mapping[str, float]) -> None:
        """Keep a scored day's figures as the day's run of the experiment ``daily``; a run again replaces them."""
        client = self._writer()
        with _quiet():
            from mlflow.entities import Metric, RunTag
            from mlflow.exceptions import MlflowException

            now = int(datetime.now(UTC).timestamp() * 1000)
            metrics = [Metric(name, value, now, 0) for name, value in figures.items()]
            try:
                experiment = _experiment_id(client, DAILY, self.artifacts)
                known = client.search_runs([experiment], f"tags.day = '{day}'", max_results=1)
                run = known[0] if known else client.create_run(experiment, run_name=str(day), tags={"day": str(day)})
                client.log_batch(run.info.run_id, metrics=metrics, tags=[RunTag("model_version", model_version)])
                client.set_terminated(run.info.run_id)
            except MlflowException as error:
                raise AnomalyError(f"cannot keep the figures of {day} in {self.database}: {error.message}") from error

    @cached_property
    def _client(self) -> Any:
        uri = f"sqlite:///{self.database}"
        if "?" in uri:
            raise AnomalyError(f"a lake's path may hold no '?' (SQLite takes what follows for options): {self.folder}")
        with _quiet():
            from mlflow import MlflowClient

            return MlflowClient(tracking_uri=uri, registry_uri=uri)

    def _writer(self) -> Any:
        self.artifacts.mkdir(parents=True, exist_ok=True)
        if self.database.exists():
            tracking.rehome(self.database, self.artifacts.as_uri())
        return self._client

    def _aliased(self, alias: str) -> int | None:
        return tracking.aliases(self.database, NAME).get(alias)

    def _log(self, client: Any, run: Any, training: Training, spec: ModelSpec, tags: dict[str, str]) -> int:
        """Log a run with everything about a training, its model and its card, and make a version of it."""
        from mlflow.entities import LoggedModelOutput, Metric, Param, RunTag

        now = int(datetime.now(UTC).timestamp() * 1000)
        tags = {"code_version": __version__, "input_digest": training.input_digest} | tags
        client.log_batch(
            run.run_id,
            metrics=[Metric(name, value, now, 0) for name, value in training.metrics.items()],
            params=[Param(name, value) for name, value in _params(training, spec).items()],
            tags=[RunTag(name, value) for name, value in tags.items()],
        )
        client.log_inputs(run.run_id, [_dataset(training)])
        client.log_dict(run.run_id, training.anchors, "anchors.json")
        client.log_artifact(run.run_id, str(spec.card))
        model = client.create_logged_model(run.experiment_id, name=NAME, source_run_id=run.run_id)
        digest = _save(client, model.model_id, run.run_id, training.detector, spec)
        client.log_outputs(run.run_id, [LoggedModelOutput(model.model_id, 0)])
        client.set_terminated(run.run_id)
        location = f"models/{model.model_id}/artifacts/{MODEL_FILE}"
        tags |= {"path": location, "sha256": digest, "until": training.until.isoformat()}
        source = model.artifact_location  # a models:/ address would be looked up through MLflow's global settings
        made = client.create_model_version(NAME, source, run.run_id, tags=tags, model_id=model.model_id)
        return int(made.version)


def read_model(data: bytes) -> ExfilDetector:
    """Build a detector from a model file's bytes; raises UnsafeModelError for anything but a sound model of ours."""
    import skops.io

    modelfile.check(data)
    try:
        detector = skops.io.loads(data, trusted=modelfile.TRUSTED)
    except UnsafeModelError:
        raise
    except Exception as error:  # a crafted file can make the reader fail in any way; each means the same to us
        raise UnsafeModelError(f"the model file cannot be read: {type(error).__name__}: {error}") from error
    if type(detector) is not ExfilDetector:
        raise UnsafeModelError(f"the model file holds a {type(detector).__name__}, not a detector")
    return detector


def _experiment(client: Any, artifacts: Path) -> str:
    """The experiment's id, made on first use with the registered model. Runs that a kill left open are closed."""
    experiment = _experiment_id(client, NAME, artifacts)
    if not client.search_registered_models(f"name = '{NAME}'"):
        client.create_registered_model(NAME)
    for run in client.search_runs([experiment], "attributes.status = 'RUNNING'"):
        client.set_terminated(run.info.run_id, "KILLED")
    return experiment


def _experiment_id(client: Any, name: str, artifacts: Path) -> str:
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id if found else client.create_experiment(name, artifacts.as_uri()))


def _params(training: Training, spec: ModelSpec) -> dict[str, str]:
    plain = {field.name: str(getattr(spec, field.name)) for field in fields(spec) if field.name != "families"}
    families = {f"columns.{family}": ", ".join(columns) for family, columns in spec.families.items()}
    return plain | families | {"since": training.since.isoformat(), "until": training.until.isoformat()}


def _dataset(training: Training) -> Any:
    """The input as MLflow knows inputs: a name and a digest (36 characters at most; the whole one is a tag)."""
    from mlflow.entities import Dataset, DatasetInput

    source = f'{{"table": "session_features", "since": "{training.since}", "until": "{training.until}"}}'
    return DatasetInput(Dataset("session_features", training.input_digest[:36], "local", source))


def _save(client: Any, model_id: str, run_id: str, detector: ExfilDetector, spec: ModelSpec) -> str:
    """Write the model and its card in MLflow's own layout, which its tools read too; returns the file's SHA-256."""
    import mlflow.sklearn
    from mlflow.models import Model, ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    inputs = Schema([ColSpec(DataType.double, column) for column in detector.columns])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        mlflow.sklearn.save_model(
            detector,
            path,
            mlflow_model=Model(run_id=run_id, model_id=model_id),
            serialization_format="skops",
            skops_trusted_types=modelfile.TRUSTED,
            signature=ModelSignature(inputs, Schema([ColSpec(DataType.double)])),
            pip_requirements=[f"{name}=={importlib.metadata.version(name)}" for name in REQUIREMENTS],
        )
        (path / "card.md").write_bytes(spec.card.read_bytes())
        client.log_model_artifacts(model_id, str(path))
        client.finalize_logged_model(model_id, "READY")
        return hashlib.sha256((path / MODEL_FILE).read_bytes()).hexdigest()


@contextmanager
def _quiet() -> Iterator[None]:
    """No telemetry, no chatter of migrations and git, no deprecation warnings of MLflow's own making."""
    for name in ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        os.environ.setdefault(name, "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")
    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
