"""Workflows of the review: what they would hide, what still shows, and that the night's run reads them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from anomaly.context import Context
from anomaly.errors import StaleWriteError, UsageError
from anomaly.review.covering import Pattern
from anomaly.review.database import Database
from anomaly.review.foresight import must_be_safe, still_alerts, would_hide
from anomaly.review.publish import publish
from anomaly.review.verdicts import decide
from anomaly.review.viewer import Role, Viewer
from anomaly.review.workflows import Draft, Extension, expire, export, extend, make, workflows
from fixtures_org import CONTEXT
from review_documents import DAY, case_id, document

ANA = Viewer("ana", Role.ANALYST)
TO = "aws-account:999988887777"
DRAFT = Draft(
    "ana-exports",
    "arn:aws:iam::111122223333:user/ana-1",
    "customer-exports",
    TO,
    "agreed, =cmd()",
    "ops",
    DAY + timedelta(60),
)


def test_a_draft_hides_only_what_it_names(review: Database) -> None:
    publish(review, [document(number) for number in (1, 2, 3)], day=DAY)
    old = DAY - timedelta(days=100)
    publish(review, [document(50, day=old, identity=DRAFT.identity, sessions=[])], day=old)
    hidden = would_hide(review, DRAFT, ANA)
    assert ([row.case_id for row in hidden.cases], hidden.checked, hidden.is_all) == ([case_id(1)], 3, True)
    everyone = replace(DRAFT, identity="arn:aws:iam::111122223333:user/*")
    assert len(would_hide(review, everyone, ANA).cases) == 3
    for changes in ({"bucket": "other"}, {"destination": "aws-account:111122223333"}, {"max_bytes_per_day": 10**9}):
        assert would_hide(review, replace(DRAFT, **changes), ANA).cases == []


def test_a_draft_covers_what_only_fills_the_bucket_that_it_names() -> None:
    filled = {"bucket": "our-copy", "sensitivity": "unlisted", "reads": 0, "copies": 0, "shares": 0, "writes": 9}
    carried = document(1, buckets=[filled], destinations=[], identity=DRAFT.identity, sessions=[])
    fits = Pattern(DRAFT.identity, "hr-records", "s3://our-copy", None)
    assert fits.covers(carried)
    assert not Pattern("*/somebody-else", "hr-records", "s3://our-copy", None).covers(carried)
    assert not Pattern(DRAFT.identity, "hr-records", "internal", None).covers(carried)
    assert not fits.covers(carried | {"buckets": [filled, filled | {"bucket": "aside"}]})
    assert not fits.covers(carried | {"buckets": [filled | {"writes": 0}]})


@pytest.mark.parametrize(
    ("changes", "blind"),
    [
        ({}, []),
        ({"identity": "*"}, ["by somebody else"]),
        ({"bucket": "*"}, ["another restricted bucket"]),
        ({"destination": "any"}, ["an account that nobody knows", "from an address abroad"]),
        ({"destination": "internet"}, ["from an address abroad"]),
        ({"destination": "aws-account:111122223333"}, ["from an address abroad"]),
        ({"max_bytes_per_day": 10**9}, []),
    ],
)
def test_thefts_planted_around_a_draft_still_show(changes: dict[str, object], blind: list[str]) -> None:
    quiet = [planted.what for planted in still_alerts(replace(DRAFT, **changes)) if not planted.alerts]  # type: ignore[arg-type]
    assert len(quiet) == len(blind)
    assert all(words in what for words, what in zip(blind, quiet, strict=True))


def test_a_draft_that_hides_a_theft_is_refused(review: Database) -> None:
    publish(review, [document(1)], day=DAY)
    must_be_safe(review, DRAFT, ANA)
    decide(review, case_id(1), "true_positive", "it left", ANA, 1)
    with pytest.raises(UsageError, match="1 confirmed thefts"):
        must_be_safe(review, DRAFT, ANA)
    with pytest.raises(UsageError, match="too wide"):
        must_be_safe(review, replace(DRAFT, identity="*"), ANA)


def test_the_night_reads_what_was_made_and_not_what_was_ended(review: Database, tmp_path: Path) -> None:
    for name, text in CONTEXT.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    before = Context.load(tmp_path)
    export(review, tmp_path)
    assert Context.load(tmp_path).digest == before.digest  # no workflow, no day built again
    make(review, DRAFT, ANA)
    export(review, tmp_path)
    read = Context.load(tmp_path).workflows.set_index("workflow_id").loc["review:ana-exports"]
    assert (read.identity_glob, read.bucket_glob, read.destination) == (DRAFT.identity, DRAFT.bucket, TO)
    assert (read.reason, read.owner, str(read.review_by)) == (DRAFT.reason, "ops", DRAFT.review_by.isoformat())
    expire(review, DRAFT.id, ANA, 1)
    export(review, tmp_path)
    assert Context.load(tmp_path).digest == before.digest


def test_a_workflow_is_extended_ended_and_matched(review: Database) -> None:
    make(review, DRAFT, ANA)
    with pytest.raises(UsageError, match="already"):
        make(review, DRAFT, ANA)
    later = DAY + timedelta(days=90)
    extend(review, Extension(DRAFT.id, later, 1), ANA)
    with pytest.raises(StaleWriteError):
        extend(review, Extension(DRAFT.id, later, 1), ANA)
    covered = document(1, rank=None, covered=True, workflow=f"covered: review:{DRAFT.id}")
    publish(review, [covered], day=DAY)
    (held,) = workflows(review)
    assert (held.review_by, held.version, held.last_matched, held.status) == (later, 2, DAY, "active")
    assert [each.status for each in workflows(review, later - timedelta(days=3))] == ["soon"]
    assert [each.status for each in workflows(review, later + timedelta(days=1))] == ["expired"]
    expire(review, DRAFT.id, ANA, 2)
    assert workflows(review)[0].status == "ended"
    assert review.verify_audit().faults == ()
