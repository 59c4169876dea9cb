"""Every planted attack of a simulated organisation: what is stated really takes it below the line, by the model."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from anomaly.config import Settings
from anomaly.evaluate.replay import Replay, replay
from anomaly.evaluate.world import Plan, World, open_world
from anomaly.investigate.counterfactual import FIRST, explained, opened, read
from anomaly.investigate.levers import COUNTED, EVERY, VOLUME
from anomaly.investigate.thinned import measures
from anomaly.model.detector import ExfilDetector
from anomaly.model.registry import Registry

PLAN = Plan(seed=11, days=28, scale=0.05)
BUDGET = 3.0
"""Of some 35 cases a day: with ten of them alerts, hardly anything would stand below the line."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return open_world(tmp_path_factory.mktemp("planted"), PLAN)


@pytest.fixture(scope="module")
def replayed(world: World) -> Replay:
    return replay(world, Settings.load(None, {"score.budget_per_day": BUDGET}))


@pytest.fixture(scope="module")
def detector(world: World, replayed: Replay) -> ExfilDetector:
    return Registry(world.lake.root).champion()[1]


@pytest.fixture(scope="module")
def told(world: World, replayed: Replay, detector: ExfilDetector) -> list[tuple[Any, ...]]:
    """Of every session of a planted attack: its row, its buckets, the others' scores, and what is told of it."""
    attacks = set(replayed.truth.loc[replayed.truth["kind"] == "attack", "campaign"])
    rows = replayed.matches[replayed.matches["campaign"].isin(attacks)]
    scored = set(replayed.scores["session_id"])
    made: list[tuple[Any, ...]] = []
    for day, sessions in rows[rows["session_id"].isin(scored)].groupby("day"):
        with opened(world.lake, date(1970, 1, 1) + timedelta(days=int(str(day)))) as store:
            for session_id in sorted(set(sessions["session_id"])):
                session, buckets, others = read(store, session_id)
                made.append((session, buckets, others, explained(session, buckets, others, detector, BUDGET)))
    return made


def test_the_stated_change_takes_every_planted_attack_below_the_line(told: Any, detector: ExfilDetector) -> None:
    """Each stated change is made again here, lever by lever, and the session scored with it."""
    changed = [entry for entry in told if entry[3]["line"] and entry[3]["changes"]]
    assert len(changed) >= 20
    for session, buckets, others, record in changed:
        after = scored_after(session, buckets, record, detector)
        assert after == pytest.approx(record["score"], abs=1e-12)
        assert after < session["score"]
        assert 1 + (others > after).sum() == record["rank"]
        if record["line"] == "alert":
            assert detector.expected_per_day([after], session["identity_kind"])[0] > BUDGET
        else:
            assert record["rank"] > FIRST


def test_smaller_amounts_than_stated_pass_too(told: Any, detector: ExfilDetector) -> None:
    thinned = [entry for entry in told if entry[3]["line"] == "alert" and changed_volume(entry[3])]
    assert thinned
    for session, buckets, _, record in thinned:
        for share in (0.7, 0.3, 0.05):
            after = scored_after(session, buckets, record, detector, share)
            assert detector.expected_per_day([after], session["identity_kind"])[0] > BUDGET


def test_what_three_changes_do_not_reach_is_said(told: Any) -> None:
    rest = [record for *_, record in told if not record["line"]]
    assert len([record for record in rest if record["changes"]]) <= len(told) / 10
    for record in rest:
        known = ("no 3 changes take it", "by itself it is no alert", "no change that we know of", "workflow covers it")
        assert any(words in record["says"] for words in known)


def test_every_measure_gives_back_the_signal_that_the_sql_wrote(told: Any) -> None:
    seen: set[str] = set()
    for session, buckets, _, _ in told:
        at_full: dict[str, float] = {}
        for measure in measures(session, buckets):
            at_full[measure.signal] = max(at_full.get(measure.signal, 0.0), float(measure.at(1.0)))
        assert at_full == pytest.approx({name: session[name] for name in COUNTED if session[name] > 0}, rel=1e-9)
        seen |= at_full.keys()
    assert {"volume_bytes_slow", "volume_objects_slow", "volume_objects_bucket", "volume_rate_own"} <= seen


def changed_volume(record: dict[str, Any]) -> dict[str, Any] | None:
    return next((change for change in record["changes"] if change["lever"] == VOLUME), None)


def scored_after(
    session: dict[str, Any], buckets: Any, record: dict[str, Any], detector: ExfilDetector, less: float = 1.0
) -> float:
    """The score with the stated numbers put through the formula, and the other levers' signals at 0."""
    signals = {name: float(session[name]) for name in detector.columns}
    if change := changed_volume(record):
        stated = {"bytes": change["bytes"] or 0, "objects": change["objects"]}
        took = {"bytes": session["bytes_read"], "objects": session["objects"]}
        left: dict[str, float] = {}
        for measure in measures(session, buckets):
            at = float(measure.at(less * stated[measure.unit] / max(took[measure.unit], 1)))
            left[measure.signal] = max(left.get(measure.signal, 0.0), at)
        signals |= {name: min(value, signals[name]) for name, value in left.items()}
    for change in record["changes"]:
        if change["lever"] != VOLUME:
            signals |= dict.fromkeys(EVERY[change["lever"]].signals, 0.0)
    return float(detector.score(pd.DataFrame([signals], dtype=np.float64))[0])
