"""From a lake to ranked sessions: train a model on days past, score the days asked for, write the table ``scores``.

A day's scores carry the fingerprint of what made them (features, model, budget, wording). A day whose fingerprint still
holds is not scored again; one whose features or model changed is.
"""

import difflib
import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa

from anomaly import __version__
from anomaly.cases import Candidate, Cases, arrange
from anomaly.catalog import table
from anomaly.confidence import gaps
from anomaly.config import Settings
from anomaly.context import Context
from anomaly.errors import DataQualityError, NoModelError
from anomaly.lock import locked
from anomaly.model.calibration import q_values
from anomaly.model.detector import ExfilDetector
from anomaly.model.forest import SPLITS_PER_NAT
from anomaly.model.registry import Registry
from anomaly.model.spec import ModelSpec
from anomaly.model.training import train
from anomaly.pipeline import FEATURES, Pipeline
from anomaly.reasons import reasons
from anomaly.stage import macros, stages
from anomaly.store import Lake, Store

WARM_UP_DAYS = 10
"""The first days of a history are measured against baselines that are still empty, so everything is new in them."""
FIT_DAYS = 7
"""The warm-up gives way rather than leave the forest less than a week, working days and weekend."""

Progress = Callable[[date], None]


@dataclass(frozen=True)
class Trained:
    """A registered model: whether it is in use, the active days it saw, and what was left out as warm-up."""

    version: int
    champion: bool
    since: date
    until: date
    days: int
    warm_up_days: int
    metrics: Mapping[str, float]

    @property
    def note(self) -> str:
        """What to know of the warm-up, in words."""
        if self.warm_up_days >= WARM_UP_DAYS:
            return f"the first {WARM_UP_DAYS} days of the history are left out: their baselines are still empty"
        return (
            f"only {self.warm_up_days} of the first {WARM_UP_DAYS} days are left out, so that enough remain: "
            "sessions of the others look newer than they are; train again when there is more history"
        )


@dataclass(frozen=True)
class Scored:
    """A scored day: ``asked`` alerts were the budget, ``realised`` came of it; ``kept`` when it was up to date."""

    day: date
    sessions: int
    cases: int
    covered: int
    asked: float
    realised: int
    model_version: str
    kept: bool


def train_model(
    lake: Lake,
    context: Context,
    settings: Settings,
    until: date,
    since: date | None = None,
    *,
    promote: bool = False,
    leave_out: Collection[str] = (),
    progress: Progress | None = None,
) -> Trained:
    """Train on the lake's days before ``until``, register the model, make it champion when there is none.

    Nothing is learnt from covered sessions, nor from those whose ids are to be left out.

    Raises
    ------
    DataQualityError
        There are no days before ``until``, too few of them to fit and calibrate, or the window reaches into days that
        were pruned.
    """
    spec = spec_for(settings)
    pipeline = pipeline_for(lake, context, settings)
    since = since or until - timedelta(days=spec.training_days)
    window = [day for day in pipeline.history if since <= day < until]
    if not window:
        raise DataQualityError(_no_days(pipeline.days, since, until))
    pipeline.frozen.refuse(window)
    warm_up = _warm_up(pipeline.history, window, spec.calibration_days + FIT_DAYS)
    days = window[warm_up:]
    with locked(lake.root):
        pipeline.build(days, progress=progress)
        features = training_features(lake, days)
        features["excluded"] |= features["session_id"].isin(leave_out)
        training = train(features, spec, until, days[0])
        registry = Registry(lake.root)
        tags = {"features_sql": sql_digest(), "context": context.digest, "warm_up_days": str(warm_up)}
        version = registry.register(training, spec, tags, promote=promote)
        champion = registry.champion()[0] == version
    return Trained(version, champion, days[0], until, len(days), _left_out(pipeline.history, days[0]), training.metrics)


def score_days(
    lake: Lake,
    context: Context,
    settings: Settings,
    days: Iterable[date],
    registry: Registry | None = None,
    *,
    progress: Progress | None = None,
) -> list[Scored]:
    """Score every session of these days with the champion and write the table ``scores``, oldest day first.

    Raises
    ------
    DataQualityError
        A day has no events.
    NoModelError
        There is no champion, or it reads signals that the features do not hold.
    """
    wanted = sorted(set(days))
    version, detector = (registry or Registry(lake.root)).champion()
    check_columns(detector, version)
    pipeline = pipeline_for(lake, context, settings)
    with locked(lake.root):
        pipeline.build(wanted, progress=progress)
        made_with = _digest(version, model_digest(detector), settings.score.budget_per_day, _wording(), __version__)
        return [_ensure(lake, pipeline, day, detector, version, made_with, settings) for day in wanted]


def spec_for(settings: Settings) -> ModelSpec:
    """The model's spec with the settings' window, calibration and budget."""
    return replace(
        ModelSpec.load(settings.train.model),
        training_days=settings.train.window_days,
        calibration_days=settings.train.calibration_days,
        budget_per_day=settings.score.budget_per_day,
    )


def pipeline_for(lake: Lake, context: Context, settings: Settings) -> Pipeline:
    """The feature pipeline as the settings size it."""
    sizes = settings.features
    threads = sizes.threads or None
    return Pipeline(lake, context, threads=threads, memory_limit=sizes.memory_limit, partitions=sizes.partitions)


def training_features(lake: Lake, days: Sequence[date]) -> pd.DataFrame:
    """One row a session of these days: what training asks of it, every signal, and excluded (covered sessions)."""
    signals = ", ".join(table(FEATURES).signals)
    with Store() as store:
        store.view(FEATURES, [path for day in days for path in lake.files(FEATURES, day)])
        return store.df(
            "select date '1970-01-01' + day as day, session_id, identity, actor, identity_kind, covered as excluded, "
            f"{signals} from {FEATURES} order by session_id"
        )


def check_columns(detector: ExfilDetector, version: int) -> None:
    """Refuse a model that reads signals which the features do not hold; raises NoModelError with the difference."""
    signals = table(FEATURES).signals
    if not set(detector.columns) - set(signals):
        return
    diff = difflib.ndiff(sorted(detector.columns), sorted(signals))
    lines = "\n".join(f"  {line}" for line in diff if line[0] in "+-")
    raise NoModelError(
        f"version {version} reads signals that the features no longer hold "
        f"(- the model reads, + the features hold):\n{lines}\nrun `anomaly train --until DAY` to train on these"
    )


def sql_digest() -> str:
    """SHA-256 of every feature stage's SQL."""
    return _digest(macros(), *(stage.sql for stage in stages().values()))


def model_digest(detector: ExfilDetector) -> str:
    """SHA-256 of what a detector scores with: a version number alone does not outlive its registry."""
    trees = detector.forest.trees
    kinds = detector.calibration.kinds
    digest = hashlib.sha256(repr([detector.family_columns, SPLITS_PER_NAT, list(kinds)]).encode())
    for array in (trees.feature, trees.threshold, trees.samples, detector.calibration.scores, *kinds.values()):
        digest.update(array.tobytes())
    return digest.hexdigest()


def _no_days(known: Sequence[date], since: date, until: date) -> str:
    if not known:
        return "the lake holds no events: run `anomaly ingest PATH` first"
    return f"no events from {since} to before {until}; the lake holds {known[0]} to {known[-1]}"


def _warm_up(known: Sequence[date], window: Sequence[date], needed: int) -> int:
    """How many days at the start of the window belong to the warm-up and can be spared."""
    warm_until = known[0] + timedelta(days=WARM_UP_DAYS)
    return min(sum(day < warm_until for day in window), max(0, len(window) - needed))


def _left_out(known: Sequence[date], first: date) -> int:
    return min(WARM_UP_DAYS, (first - known[0]).days)


def _digest(*parts: object) -> str:
    return hashlib.sha256("\0".join(str(part) for part in parts).encode()).hexdigest()


def _wording() -> str:
    """What of the catalogue goes into the scores: the reasons' templates and the columns."""
    return str([table(FEATURES).signals, table("scores").types])


def _ensure(
    lake: Lake,
    pipeline: Pipeline,
    day: date,
    detector: ExfilDetector,
    version: int,
    made_with: str,
    settings: Settings,
) -> Scored:
    fingerprint = _digest(pipeline.fingerprint(FEATURES, day), made_with)
    if lake.facts("scores", day).get("fingerprint") == fingerprint:
        return scored(lake, day)
    with Store() as store:
        frame, cases = _score(store, lake, day, detector, version, settings.score.budget_per_day)
        store.register("made", frame)
        facts = {
            "fingerprint": fingerprint,
            "model_version": str(version),
            "asked": f"{cases.asked:g}",
            "realised": str(cases.realised),
            "sessions": str(len(frame)),
            "cases": str(cases.ranked),
            "covered": str(cases.covered),
        }
        lake.write(store, f"select {_typed_columns()} from made order by rank", "scores", day, facts)
    return replace(scored(lake, day), kept=False)


def scored(lake: Lake, day: date) -> Scored:
    """What is on record of a scored day; raises DataQualityError when it was not scored."""
    facts = lake.facts("scores", day)
    if not facts:
        raise DataQualityError(f"{day} was not scored: run `anomaly score --day {day}`")
    counts = {name: int(facts[name]) for name in ("sessions", "cases", "covered", "realised")}
    return Scored(day, asked=float(facts["asked"]), model_version=facts["model_version"], kept=True, **counts)


def _typed_columns() -> str:
    return ", ".join(f'"{name}"::{kind} as "{name}"' for name, kind in table("scores").types.items())


def _score(
    store: Store, lake: Lake, day: date, detector: ExfilDetector, version: int, budget: float
) -> tuple[pa.Table, Cases]:
    rows, signals = _sessions(store, lake, day, detector)
    values = detector.score(signals)
    kinds = [row["identity_kind"] for row in rows]
    tail = detector.tail_probability(values, kinds)
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in ("session_id", "day", "identity", "actor")}
    columns |= {"score": values, "tail_probability": tail, "expected_per_day": detector.expected_per_day(values, kinds)}
    columns |= {"q_value": q_values(tail), "covered": [row["covered"] for row in rows]}
    order = sorted(range(len(rows)), key=lambda place: (-values[place], rows[place]["session_id"]))
    ranks = dict(zip(order, range(1, len(rows) + 1), strict=True))
    columns["rank"] = [ranks[place] for place in range(len(rows))]
    cases = arrange(day, _candidates(store, rows, columns), budget)
    places = [cases.places[row["session_id"]] for row in rows]
    columns |= {name: [getattr(place, name) for place in places] for name in ("case_id", "case_rank", "alert")}
    said = reasons(detector, signals, rows)
    columns |= {"headline": [each.headline for each in said], "family": [each.family for each in said]}
    columns["reasons"] = pa.array([list(each.texts) for each in said], pa.list_(pa.string()))
    columns["confidence"] = [row["confidence"] for row in rows]
    columns["confidence_reasons"] = pa.array([gaps(row) for row in rows], pa.list_(pa.string()))
    columns["case_rank"] = pa.array(columns["case_rank"], pa.int64())
    columns["model_version"] = [str(version)] * len(rows)
    return pa.table(columns), cases


def _sessions(
    store: Store, lake: Lake, day: date, detector: ExfilDetector
) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    """The day's sessions with all their columns, and the model's signals of the same sessions in the same order."""
    for name in (FEATURES, "sessions", "flows", "acts"):
        store.view(name, lake.files(name, day))
    extra = [name for name in table("sessions").types if name not in table(FEATURES).types]
    rows = store.records(
        f"select f.*, {', '.join(f's.{name}' for name in extra)} "
        f"from {FEATURES} as f inner join sessions as s on f.session_id = s.session_id order by f.session_id"
    )
    if not rows:
        raise DataQualityError(f"{day} has events but no session that could be scored")
    return rows, pd.DataFrame({name: [row[name] for row in rows] for name in detector.columns}, dtype="float64")


def _candidates(store: Store, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Any]) -> list[Candidate]:
    links: dict[str, set[tuple[str, ...]]] = {}
    for session, *link in store.rows(LINKS):
        links.setdefault(session, set()).add(tuple(link))
    return [
        Candidate(
            session_id=row["session_id"],
            actor=row["actor"],
            rank=rank,
            expected_per_day=float(expected),
            covered=row["covered"],
            destinations=frozenset(row["destinations"]),
            links=frozenset(links.get(row["session_id"], ())),
        )
        for row, rank, expected in zip(rows, columns["rank"], columns["expected_per_day"], strict=True)
    ]


# What ties sessions of different actors together: a destination outside, or an address with a long-lived key of AWS
# (AKIA…; keys of role sessions start ASIA and belong to one session).
LINKS = """
select distinct session_id, 'destination', destination, ''
from flows
where destination_relation = 'foreign' and copies + shares + writes > 0
union all
select distinct session_id, 'credential', source_ip, access_key_id
from acts
where network_kind = 'internet' and access_key_id like 'AKIA%'
"""
