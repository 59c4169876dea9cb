"""Confidence: the gaps of a session in words, carried beside the score and no part of it."""

import json
from typing import Any

import pytest

from anomaly.catalog import table
from anomaly.confidence import GAPS, KNOWN_DAYS, gaps, in_confidence
from anomaly.context import Context
from anomaly.coverage import blind_buckets
from anomaly.investigate import investigate
from anomaly.investigate.report import _baseline
from anomaly.listing import cases, session_of_rank, sessions
from anomaly.model.spec import ModelSpec
from anomaly.show_session import sections
from anomaly.stage import stage_named
from fixtures_org import QUIET, THEFT, ScoredOrg

WHOLE: dict[str, Any] = {
    "acts": 20,
    "reads": 10,
    "reads_without_bytes": 0,
    "copies": 3,
    "shares": 1,
    "acts_unplaced": 0,
    "moves_untold": 0,
    "egress_untold": False,
    "hole_hours": 0,
    "active_days": 7,
}


def test_without_a_gap_nothing_is_said() -> None:
    assert gaps(WHOLE) == []
    assert in_confidence(1.0, []) == "confidence 1.00: nothing is known to be missing from its logs"


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        ({"reads_without_bytes": 8}, "80 % (8 of 10) of its reads have no size in the log"),
        ({"moves_untold": 1}, "25 % (1 of 4) of its copies and shares have no destination in the log"),
        ({"acts_unplaced": 20}, "100 % (20 of 20) of its acts have no address in the log"),
        ({"acts_unplaced": 1, "acts": 1000}, "under 1 % (1 of 1,000) of its acts have no address in the log"),
        ({"acts_unplaced": 999, "acts": 1000}, "over 99 % (999 of 1,000) of its acts have no address in the log"),
        ({"hole_hours": 1}, "a log that tells of its buckets or account has a hole in delivery in 1 hour of it"),
        ({"hole_hours": 3}, "a log that tells of its buckets or account has a hole in delivery in 3 hours of it"),
        (
            {"egress_untold": True},
            "a machine read sensitive data and no flow log of its account tells what left it that day",
        ),
        ({"active_days": 0}, "its actor was never active before: it is measured by its kind"),
        ({"active_days": 1}, "its actor was active on 1 day before: its habits are hardly known"),
        ({"active_days": 6}, "its actor was active on 6 days before: its habits are hardly known"),
    ],
)
def test_each_gap_in_words(gap: dict[str, Any], said: str) -> None:
    assert gaps(WHOLE | gap) == [said]
    assert in_confidence(0.7, [said]) == f"confidence 0.70: {said}"


def test_several_gaps_are_all_said() -> None:
    assert len(gaps(WHOLE | {"reads_without_bytes": 1, "hole_hours": 2, "active_days": 3})) == 3


def test_the_query_and_the_words_agree_on_the_days() -> None:
    assert f"greatest({KNOWN_DAYS} - active_days, 0) / {KNOWN_DAYS}" in stage_named("confidence").sql


def test_the_model_sees_none_of_it() -> None:
    assert not {*GAPS, "confidence"} & set(ModelSpec.load("exfil-detector").columns)


def test_every_scored_session_carries_it(scored_org: ScoredOrg) -> None:
    for day in (QUIET, THEFT):
        for session in sessions(scored_org.lake, day):
            assert 0 <= session["confidence"] <= 1
            # lowered if and only if a gap is named
            assert (session["confidence"] < 1) == bool(session["confidence_reasons"])


def test_it_stands_in_case_report_and_words(scored_org: ScoredOrg) -> None:
    # mallory was at work for twelve days, her reads have sizes, her copies a destination, her calls an address
    first = cases(scored_org.lake, THEFT)[0]
    assert (first["confidence"], first["confidence_reasons"]) == (1.0, [])
    report = investigate(scored_org.lake, session_of_rank(scored_org.lake, THEFT, 1), THEFT)
    assert report["confidence"] == {"value": 1.0, "gaps": []}
    assert not {each["name"] for each in report["why"]["baseline"]} & {*GAPS, "confidence"}
    lowered = report | {"confidence": {"value": 0.684, "gaps": ["one", "two"]}}
    assert "confidence 0.68: one; two" in dict(sections(lowered))[f"Session {report['session_id']}"]


def test_top_shows_it(scored_org: ScoredOrg) -> None:
    top = json.loads(scored_org.run("top", "--day", str(THEFT), "--json").stdout)
    assert (top["cases"][0]["confidence"], top["cases"][0]["confidence_reasons"]) == (1.0, [])
    shown = scored_org.run("top", "--day", str(THEFT)).stdout.splitlines()
    assert shown[1].endswith("confidence")
    assert shown[2].endswith("1.00")


def test_scoring_looks_at_what_could_not_be_watched(scored_org: ScoredOrg) -> None:
    assert blind_buckets(scored_org.lake, Context.load(scored_org.org.context), THEFT) is not None
    assert "was not looked at" not in scored_org.run("top", "--day", str(THEFT)).stdout


def test_a_sum_without_sizes_is_no_baseline_of_zero() -> None:
    names = {**table("sessions").types, **table("session_features").types}
    session = dict.fromkeys(names, 0) | {"reads": 2, "reads_without_bytes": 2, "own_busiest_bytes": 5}
    values = {each["name"]: each["value"] for each in _baseline(session)}
    assert (values["day_bytes"], values["own_busiest_bytes"], values["day_objects"]) == (None, 5, 0)
    values = {each["name"]: each["value"] for each in _baseline(session | {"reads_without_bytes": 1})}
    assert values["day_bytes"] == 0


def test_yes_and_no_are_words(scored_org: ScoredOrg) -> None:
    report = investigate(scored_org.lake, session_of_rank(scored_org.lake, THEFT, 1), THEFT)
    lines = dict(sections(report))["Measured against"]
    assert [line.split()[-1] for line in lines if line.startswith("some reads have no size")] == ["no"]


def test_unknown_bytes_are_no_zero(scored_org: ScoredOrg) -> None:
    report = investigate(scored_org.lake, session_of_rank(scored_org.lake, THEFT, 1), THEFT)
    bucket = report["buckets"][0]
    for unsized, words in ((60, "bytes unknown (the log has none)"), (1, "at least "), (0, "GB read")):
        shown = dict(sections(report | {"buckets": [bucket | {"reads_without_bytes": unsized}]}))
        assert words in shown["Which data"][0]
    source = report["sources"][0] | {"reads_without_bytes": 60}
    assert dict(sections(report | {"sources": [source]}))["From where"][0].endswith("bytes unknown (the log has none)")
    silent = source | {"reads": 0, "reads_without_bytes": 0}
    assert dict(sections(report | {"sources": [silent]}))["From where"][0].endswith("nothing read")
