"""Scoring: the table it writes, what makes a day be scored again, and what training leaves out."""

import shutil
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from anomaly import score
from anomaly.catalog import table
from anomaly.config import Settings
from anomaly.context import Context
from anomaly.errors import DataQualityError, NoModelError, UnknownNameError
from anomaly.model.registry import Registry
from anomaly.score import check_columns, score_days, scored, spec_for, train_model, training_features
from anomaly.store import Store
from fixtures_org import QUIET, START, THEFT, UNTIL, ScoredOrg


def rows_of(found: ScoredOrg, day: date) -> list[dict[str, Any]]:
    with Store() as store:
        for name in ("scores", "sessions"):
            store.view(name, found.lake.files(name, day))
        kind = "(select identity_kind from sessions where sessions.session_id = scores.session_id)"
        return store.records(f"select * exclude (date), {kind} as identity_kind from scores order by rank")


def again(found: ScoredOrg, budget: float = 10.0, days: tuple[date, ...] = (QUIET, THEFT)) -> list[score.Scored]:
    settings = Settings.load(None, {"score.budget_per_day": budget})
    return score_days(found.lake, Context.load(found.org.context), settings, days)


def test_the_table_is_as_the_catalogue_says(scored_org: ScoredOrg) -> None:
    with Store() as store:
        store.view("scores", scored_org.lake.files("scores", THEFT))
        described = {name: kind for name, kind, *_ in store.rows("describe scores") if name != "date"}
        nulls = "select count(*) from scores where {} is null"
        empty = {name for name in described if store.value(nulls.format(name))}
    assert described == table("scores").types
    assert empty == {"case_rank"}


def test_scores_fall_with_the_rank_and_probabilities_rise(scored_org: ScoredOrg) -> None:
    rows = rows_of(scored_org, THEFT)
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    order = [(-row["score"], row["session_id"]) for row in rows]
    assert order == sorted(order)
    kinds = {row["identity_kind"] for row in rows}
    assert len(kinds) > 1
    for kind in kinds:
        for name in ("tail_probability", "expected_per_day", "q_value"):
            values = [row[name] for row in rows if row["identity_kind"] == kind]
            assert values == sorted(values), (kind, name)
    assert all(0 < row["tail_probability"] <= row["q_value"] <= 1 for row in rows)


def test_q_values_are_benjamini_hochbergs(scored_org: ScoredOrg) -> None:
    rows = rows_of(scored_org, THEFT)
    tail = np.array(sorted(row["tail_probability"] for row in rows))
    # by the definition: the least of p(j) n / j over all j at or after its own place
    raised = tail * len(tail) / np.arange(1, len(tail) + 1)
    expected = [min(1.0, raised[place:].min()) for place in range(len(tail))]
    assert np.allclose(sorted(row["q_value"] for row in rows), expected, rtol=1e-12)


def test_what_is_on_record_of_a_day_agrees_with_its_rows(scored_org: ScoredOrg) -> None:
    facts, rows = scored(scored_org.lake, THEFT), rows_of(scored_org, THEFT)
    assert facts.sessions == len(rows)
    assert facts.realised == len({row["case_id"] for row in rows if row["alert"]}) >= 1
    assert facts.covered == len({row["case_id"] for row in rows if row["covered"]}) == 1
    assert facts.cases == max(row["case_rank"] or 0 for row in rows)
    assert facts.asked == 10


def test_the_theft_is_first_for_good_reasons(scored_org: ScoredOrg) -> None:
    first = rows_of(scored_org, THEFT)[0]
    assert first["identity"].endswith("user/mallory")
    said = " / ".join(first["reasons"])
    assert first["headline"] == first["reasons"][0]
    assert "203.0.113.0/24" in said or "s3://drop-zone" in said or "1.2 GB" in said
    assert first["family"] in {column.family for column in table("session_features").signals.values()}


def test_a_day_is_scored_again_only_when_something_changed(own_copy: ScoredOrg) -> None:
    before = rows_of(own_copy, THEFT)
    assert [each.kept for each in again(own_copy)] == [True, True]
    assert [each.kept for each in again(own_copy, budget=0.001)] == [False, False]
    assert scored(own_copy.lake, THEFT).asked == 0.001
    assert [each.kept for each in again(own_copy)] == [False, False]
    assert rows_of(own_copy, THEFT) == before


def test_scores_from_scratch_are_the_same(own_copy: ScoredOrg) -> None:
    before = {day: rows_of(own_copy, day) for day in (QUIET, THEFT)}
    for name in ("scores", "session_features", "sessions", "acts", "actor_seen"):
        shutil.rmtree(own_copy.root / name)
    # the later day first, alone: what it needs of the days before is built for it
    assert [each.kept for each in again(own_copy, days=(THEFT,))] == [False]
    assert [each.kept for each in again(own_copy)] == [False, True]
    assert {day: rows_of(own_copy, day) for day in (QUIET, THEFT)} == before


def test_another_model_scores_again(own_copy: ScoredOrg) -> None:
    context, settings = Context.load(own_copy.org.context), Settings()
    trained = train_model(own_copy.lake, context, settings, THEFT, promote=True)
    assert (trained.version, trained.champion, trained.days) == (2, True, 17)
    assert trained.warm_up_days == 1
    found = again(own_copy)
    assert [(each.kept, each.model_version) for each in found] == [(False, "2"), (False, "2")]


def test_training_leaves_out_what_workflows_cover(scored_org: ScoredOrg) -> None:
    days = [START + timedelta(days=place) for place in range(17)]
    frame = training_features(scored_org.lake, days)
    covered = frame[frame["excluded"]]
    assert set(covered["identity"]) == {"arn:aws:iam::111111111111:role/events-loader"}
    assert {day.date() for day in frame["day"]} == set(days)
    assert list(frame["session_id"]) == sorted(frame["session_id"])
    assert set(table("session_features").signals) <= set(frame.columns)
    version = Registry(scored_org.root).versions()[0]
    assert version.metrics["sessions_excluded"] == len(covered)
    assert version.tags["features_sql"] == score.sql_digest()


def test_the_settings_decide_over_the_spec() -> None:
    settings = Settings.load(None, {"train.window_days": 33, "train.calibration_days": 12, "score.budget_per_day": 4.0})
    spec = spec_for(settings)
    assert (spec.training_days, spec.calibration_days, spec.budget_per_day) == (33, 12, 4.0)


@pytest.mark.parametrize(
    ("days", "first", "left_out"),
    [(60, 0, 10), (27, 0, 10), (22, 0, 5), (17, 0, 0), (12, 0, 0), (30, 4, 6), (30, 20, 0)],
)
def test_the_warm_up_gives_way_to_what_training_needs(days: int, first: int, left_out: int) -> None:
    known = [START + timedelta(days=place) for place in range(first + days)]
    assert score._warm_up(known, known[first:], 17) == left_out


def test_a_model_that_reads_what_is_not_there_is_refused(
    scored_org: ScoredOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, detector = Registry(scored_org.root).champion()
    features = table("session_features")
    gone = detector.columns[0]
    columns = tuple(replace(c, name="volume_renamed") if c.name == gone else c for c in features.columns)
    monkeypatch.setattr(
        score, "table", lambda name: replace(features, columns=columns) if "features" in name else table(name)
    )
    with pytest.raises(NoModelError, match=f"- {gone}\n(.*\n)*.*\\+ volume_renamed") as refused:
        check_columns(detector, 1)
    assert refused.value.exit_code == 4
    assert "anomaly train --until DAY" in str(refused.value)


def test_a_day_that_was_not_scored_says_so(scored_org: ScoredOrg) -> None:
    with pytest.raises(DataQualityError, match="anomaly score --day 2026-03-06"):
        scored(scored_org.lake, START)


def test_until_is_never_trained_on(scored_org: ScoredOrg) -> None:
    (version,) = Registry(scored_org.root).versions()
    assert version.tags["until"] == UNTIL.isoformat()
    assert version.metrics["days"] == 17


def test_an_unknown_spec_is_named() -> None:
    with pytest.raises(UnknownNameError, match="exfil-detector"):
        spec_for(Settings.load(None, {"train.model": "exfil-detectr"}))
