"""Every setting in its one home: type, default, one line of meaning, and what else it may not be."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from anomaly.config.checks import (
    above_zero,
    at_least,
    aws_account,
    aws_region,
    countries,
    gates,
    globs,
    memory,
    not_empty,
    nothing,
    share,
    web_address,
    webhook,
)
from anomaly.config.gather import Field, field_of, gather, secret_variable
from anomaly.config.kinds import NO_SECRET, Place, Secret
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
    memory_limit: Annotated[
        str, "memory of the database such as 4GB or 60%, the rest goes to disk; empty leaves it to DuckDB", memory
    ] = "2GB"
    partitions: Annotated[
        int, "parts a day is built in, one by one; more need less memory; 0: one a million events", at_least(0)
    ] = 0


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
class DailySettings:
    """The scheduled job: what it reads, when it refuses, where it tells."""

    logs: Annotated[tuple[Place, ...], "folders, files or addresses of the logs that a night brings in", nothing] = ()
    lookback_days: Annotated[int, "days before the one asked for that late logs may still change", at_least(0)] = 3
    destination_detail: Annotated[
        float, "gate: share of copies and shares, over 28 days, that must name their destination", share
    ] = 0.5
    max_silent_hours: Annotated[
        int, "gate: hours of a day that one source may be silent in one account", at_least(0)
    ] = 5
    max_exceedance: Annotated[
        float,
        "gate: alerts over like days, as a multiple of score.budget_per_day, beyond which none is sent",
        above_zero,
    ] = 5.0
    allow: Annotated[
        tuple[str, ...], "gates that only warn: fresh, holes, destination, exceedance; said in every report", gates
    ] = ()
    metrics_file: Annotated[
        Path, "file for Prometheus' textfile collector; empty: ROOT/metrics/anomaly.prom", nothing
    ] = Path()
    mlflow: Annotated[bool, "keep each night's figures in MLflow too", nothing] = True
    ping_success: Annotated[Secret, "address fetched after a night that went well", nothing] = NO_SECRET
    ping_failure: Annotated[Secret, "address fetched after a night that did not", nothing] = NO_SECRET
    ping_seconds: Annotated[float, "seconds that a fetch may take; it never fails a night", above_zero] = 10.0


@dataclass(frozen=True)
class RetrainSettings:
    """When a newly trained model may take the place of the one in use."""

    gate_days: Annotated[int, "recent days on which both are compared; the new one learns from none", at_least(3)] = 7
    campaigns: Annotated[int, "thefts injected into those days and scored by both; at least 200", at_least(200)] = 280
    margin: Annotated[float, "share of them that the new one may lose at the interval's worst end", above_zero] = 0.05
    exceedance_low: Annotated[float, "least alerts on those days, as a multiple of the budget", above_zero] = 0.5
    exceedance_high: Annotated[float, "most alerts on those days, as a multiple of the budget", above_zero] = 2.0
    seed: Annotated[int, "draws the thefts", at_least(0)] = 20260101


@dataclass(frozen=True)
class SinkSettings:
    """Where findings are sent and written; see sinks.md."""

    webhook_url: Annotated[str, "address that gets each finding as signed JSON", web_address] = ""
    webhook_format: Annotated[str, "finding (our own document) or ocsf (Detection Finding, class 2004)", webhook] = (
        "finding"
    )
    webhook_secret: Annotated[Secret, "key of the webhook's signature", nothing] = NO_SECRET
    slack_url: Annotated[Secret, "address of a Slack incoming webhook", nothing] = NO_SECRET
    hec_url: Annotated[str, "address of Splunk's event collector, ending in /services/collector/event", web_address] = (
        ""
    )
    hec_token: Annotated[Secret, "token of Splunk's event collector", nothing] = NO_SECRET
    csv_folder: Annotated[Path, "folder that gets a CSV file a day; empty: none", nothing] = Path()
    evidence_folder: Annotated[Path, "folder that gets a page a case to hand on; empty: none", nothing] = Path()
    asff_folder: Annotated[Path, "folder that gets a file a day for AWS Security Hub; empty: none", nothing] = Path()
    asff_account: Annotated[str, "AWS account whose Security Hub takes them", aws_account] = ""
    asff_region: Annotated[str, "its region, such as eu-west-1", aws_region] = ""
    top: Annotated[int, "cases of a day that are sent besides its alerts", at_least(0)] = 10
    timeout_seconds: Annotated[float, "seconds that one sending may take", above_zero] = 10.0
    seconds: Annotated[float, "seconds after which a round of sending begins nothing more", above_zero] = 120.0
    attempts: Annotated[int, "tries after which a finding is given up, kept and shown", at_least(1)] = 12


@dataclass(frozen=True)
class ReviewSettings:
    """The page on which people review cases."""

    url: Annotated[
        str, "review database: sqlite:///FILE or postgresql://USER@HOST/DATABASE; empty: ROOT/review.sqlite", nothing
    ] = ""
    host: Annotated[str, "address to listen at; one that others reach takes TLS and names", not_empty] = "127.0.0.1"
    port: Annotated[int, "port to listen at", at_least(1)] = 8750
    hosts: Annotated[tuple[str, ...], "names the page goes by, such as review.corp.example", nothing] = ()
    tls_certificate: Annotated[
        Path, "PEM file of the page's own certificate, then those between; empty: none", nothing
    ] = Path()
    tls_key: Annotated[Path, "PEM file of its key, without a password", nothing] = Path()
    behind_tls: Annotated[bool, "a proxy in front of the page has TLS", nothing] = False
    proxy_header: Annotated[str, "header in which a proxy names the person it signed in; empty: none", nothing] = ""
    proxies: Annotated[tuple[str, ...], "addresses or ranges from which that header is believed", nothing] = ()
    oidc_issuer: Annotated[
        str, "OpenID Connect provider that signs people in, as it calls itself; empty: none", nothing
    ] = ""
    oidc_client_id: Annotated[str, "the name that the provider gave this page", nothing] = ""
    oidc_client_secret: Annotated[Secret, "and its secret; without, PKCE stands alone", nothing] = NO_SECRET
    oidc_claim: Annotated[
        str, "what of a person is their account's name: preferred_username, email or sub", not_empty
    ] = "preferred_username"


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
    retrain: RetrainSettings = RetrainSettings()
    review: ReviewSettings = ReviewSettings()
    daily: DailySettings = DailySettings()
    sinks: SinkSettings = SinkSettings()

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
        _bounds_hold_something(settings.retrain)
        _security_hub_is_named(settings.sinks)
        return settings


def _window_holds_calibration(train: TrainSettings) -> None:
    if train.calibration_days >= train.window_days:
        raise ConfigError(
            f"train.calibration_days = {train.calibration_days} leaves no day to train on "
            f"of train.window_days = {train.window_days}"
        )


def _bounds_hold_something(retrain: RetrainSettings) -> None:
    if retrain.exceedance_low >= retrain.exceedance_high:
        raise ConfigError(
            f"retrain.exceedance_low = {retrain.exceedance_low:g} is not below "
            f"retrain.exceedance_high = {retrain.exceedance_high:g}"
        )


def _security_hub_is_named(sinks: SinkSettings) -> None:
    if sinks.asff_folder != Path() and not (sinks.asff_account and sinks.asff_region):
        raise ConfigError("sinks.asff_folder needs sinks.asff_account and sinks.asff_region: whose Security Hub it is")


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
        default = f"${secret_variable(name)}" if field.kind is Secret else _toml(field.default)
        yield f"| `{name}` | `{default}` | {field.meaning} |"


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(each) for each in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{"" if value == Path() else value}"' if isinstance(value, str | Path) else str(value)
