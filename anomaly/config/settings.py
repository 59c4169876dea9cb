"""Every setting in its one home: type, default, one line of meaning, and what else it may not be."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from anomaly.config.checks import above_zero, at_least, countries, globs, memory, not_empty
from anomaly.config.gather import Field, field_of, gather
from anomaly.errors import ConfigError


@dataclass(frozen=True)
class LakeSettings:
    """Where everything the product writes lies."""

    root: Annotated[Path, "folder of the lake: events, features, scores", not_empty] = Path("lake")


@dataclass(frozen=True)
class ContextSettings:
    """What the organisation knows of itself."""

    folder: Annotated[Path, "folder of the context files, see context.md", not_empty] = Path("context")


@dataclass(frozen=True)
class IngestSettings:
    """Reading raw logs."""

    threads: Annotated[int, "files read at once; 0 takes every core", at_least(0)] = 0
    max_inflated_bytes: Annotated[int, "largest file once inflated; a larger one is quarantined", at_least(1)] = 2**30


@dataclass(frozen=True)
class FeatureSettings:
    """Building sessions and signals."""

    threads: Annotated[int, "threads of the database; 0 takes every core", at_least(0)] = 0
    memory_limit: Annotated[str, "memory of the database such as 2GB or 60%; empty leaves it to DuckDB", memory] = ""
    partitions: Annotated[int, "parts a day is built in, one by one; more parts need less memory", at_least(1)] = 1


@dataclass(frozen=True)
class DetectionSettings:
    """What ATT&CK's analytic AN0370 leaves to the organisation: its mutable elements."""

    iam_role_context: Annotated[
        tuple[str, ...], "globs of the roles expected to move data (IAMRoleContext); empty expects any", globs
    ] = ()
    geo_destination_threshold: Annotated[
        tuple[str, ...],
        "countries work may come from and data go to, such as DE (GeoDestinationThreshold); empty: learned",
        countries,
    ] = ()


@dataclass(frozen=True)
class TrainSettings:
    """Training the model."""

    window_days: Annotated[int, "days of sessions a model is trained from; at least 11", at_least(11)] = 60
    calibration_days: Annotated[int, "the last of them, held out for calibration; at least 10", at_least(10)] = 10
    model: Annotated[str, "name of the model spec and of the registered model", not_empty] = "exfil-detector"


@dataclass(frozen=True)
class ScoreSettings:
    """Scoring and alerting."""

    budget_per_day: Annotated[float, "alerts a day that people have time for", above_zero] = 10.0


@dataclass(frozen=True)
class Settings:
    """Every setting, by section."""

    lake: LakeSettings = LakeSettings()
    context: ContextSettings = ContextSettings()
    ingest: IngestSettings = IngestSettings()
    features: FeatureSettings = FeatureSettings()
    detection: DetectionSettings = DetectionSettings()
    train: TrainSettings = TrainSettings()
    score: ScoreSettings = ScoreSettings()

    @classmethod
    def load(cls, config: Path | None = None, overrides: Mapping[str, object] | None = None) -> "Settings":
        """Read the settings that hold for a command.

        Parameters
        ----------
        config
            A file that was asked for, so it has to exist. Without one it is ``$ANOMALY_CONFIG``, which has to exist
            too, else ``./anomaly.toml`` if it is there. Relative paths in the file start at the file's folder.
        overrides
            Flags by dotted name such as ``{"lake.root": "lake"}``; one that is None was not given.

        Raises
        ------
        ConfigError
            With every mistake of file, environment and flags.
        """
        values = gather(fields(), config, overrides or {})
        bodies: dict[str, Any] = {
            section: dataclasses.replace(defaults, **_of_section(values, section))
            for section, defaults in _sections().items()
        }
        settings = cls(**bodies)
        _window_holds_calibration(settings.train)
        return settings


def _window_holds_calibration(train: TrainSettings) -> None:
    if train.calibration_days >= train.window_days:
        raise ConfigError(
            f"train.calibration_days = {train.calibration_days} leaves no day to train on "
            f"of train.window_days = {train.window_days}"
        )


def _sections() -> dict[str, Any]:
    return {section.name: section.default for section in dataclasses.fields(Settings)}


def _of_section(values: Mapping[str, Any], section: str) -> dict[str, Any]:
    start = f"{section}."
    return {name.removeprefix(start): value for name, value in values.items() if name.startswith(start)}


def fields() -> dict[str, Field]:
    """Return every setting by dotted name, in order."""
    return {
        f"{section}.{each.name}": field_of(type(defaults), each.name, each.default)
        for section, defaults in _sections().items()
        for each in dataclasses.fields(defaults)
    }


def reference() -> Iterator[str]:
    """Yield the lines of the table in docs/config.md: one row a setting."""
    yield "| setting | default | meaning |"
    yield "|---|---|---|"
    for name, field in fields().items():
        yield f"| `{name}` | `{_toml(field.default)}` | {field.meaning} |"


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return f'"{value}"' if isinstance(value, str | Path) else str(value)
