"""Verdicts: of many analysts at once one wins each version, and nothing is lost or mixed."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from anomaly.errors import ForbiddenError, StaleWriteError, UnknownNameError, UsageError
from anomaly.review import accounts
from anomaly.review.case import case
from anomaly.review.database import Database, open_database
from anomaly.review.publish import publish
from anomaly.review.schema import VERDICTS, audit, verdicts
from anomaly.review.verdicts import assign, comment, decide
from anomaly.review.viewer import Role, Viewer
from anomaly.review.workflows import Draft, workflows
from review_documents import DAY, case_id, document

ANA = Viewer("ana", Role.ANALYST)
LOOKER = Viewer("lee", Role.VIEWER)
SALES = Viewer("sam", Role.ANALYST, ("sales@corp.example",))
OTHERS = Viewer("oz", Role.ANALYST, ("hr@corp.example",))
ANALYSTS, TRIES, CASES = 8, 3, 3
APART = multiprocessing.get_context("spawn")
DRAFT = Draft(
    "vault",
    "arn:aws:iam::111122223333:user/ana-1",
    "customer-exports",
    "s3://vault",
    "nightly",
    "ops",
    DAY + timedelta(60),
)


def test_eight_analysts_lose_and_mix_nothing(review: Database) -> None:
    publish(review, [document(number) for number in range(1, CASES + 1)], day=DAY)

    def work(nth: int) -> int:
        me, won = Viewer(f"analyst-{nth}", Role.ANALYST), 0
        for place in range(TRIES * CASES):
            which, verdict = case_id(1 + (nth + place) % CASES), ("benign", "true_positive")[(nth + place) % 2]
            version = case(review, which, me).version
            try:
                decide(review, which, verdict, f"{me.name} says {verdict}", me, version)
                won += 1
            except StaleWriteError:
                comment(review, which, f"{me.name} was late", me)
        return won

    with ThreadPoolExecutor(ANALYSTS) as pool:
        won = sum(pool.map(work, range(ANALYSTS)))
    late = 0
    for number in range(1, CASES + 1):
        held = case(review, case_id(number), ANA)
        # each version was decided once, by one analyst, and the reason is of the same hand as the verdict
        assert [said.version for said in held.history] == list(range(held.version, 1, -1))
        assert all(said.reason == f"{said.analyst} says {said.verdict}" for said in held.history)
        assert held.state == held.history[0].verdict
        late += len(held.comments)
    with review.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(verdicts)) == won
        assert connection.scalar(sa.select(sa.func.count()).where(audit.c.action == "verdict")) == won
    assert won + late == ANALYSTS * TRIES * CASES
    assert review.verify_audit().faults == ()


def give_four(review_url: str, name: str) -> None:
    """Judge a case four times, again and again where another was before."""
    database, me, given = open_database(review_url), Viewer(name, Role.ANALYST), 0
    while given < 4:
        try:
            decide(database, case_id(1), "benign", f"{name} {given}", me, case(database, case_id(1), me).version)
            given += 1
        except StaleWriteError:
            pass
    database.close()


def test_processes_lose_nothing_either(review: Database, review_url: str) -> None:
    publish(review, [document(1)], day=DAY)
    other = APART.Process(target=give_four, args=(review_url, "other"))
    other.start()
    give_four(review_url, "own")
    other.join(120)
    assert other.exitcode == 0
    held = case(review, case_id(1), ANA)
    assert held.version == 9
    assert sorted(said.reason for said in held.history) == sorted(
        f"{name} {way}" for name in ("other", "own") for way in range(4)
    )
    assert review.verify_audit().faults == ()


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_verdict_is_kept_with_what_it_was_given_on(review: Database, verdict: str) -> None:
    publish(review, [document(1)], day=DAY)
    workflow = DRAFT if verdict == "expected" else None
    assert decide(review, case_id(1), verdict, "because", ANA, 1, workflow) == 2
    (said,) = case(review, case_id(1), ANA).history
    assert (said.verdict, said.reason, said.analyst, said.version) == (verdict, "because", "ana", 2)
    assert (said.rank, said.score, said.model_version) == (1, 0.89, "3")
    assert said.workflow_id == (workflow and "vault")


def test_what_may_not_be_said_leaves_nothing(review: Database) -> None:
    publish(review, [document(1)], day=DAY)
    other = DAY - timedelta(days=30)
    refused = [
        (LOOKER, "benign", "why", 1, None, ForbiddenError, "viewer and may not give a verdict"),
        (OTHERS, "benign", "why", 1, None, UnknownNameError, "no case .* that oz may see"),
        (ANA, "benign", "why", 7, None, StaleWriteError, "saw version 7, it is 1"),
        (ANA, "benin", "why", 1, None, UsageError, "did you mean 'benign'"),
        (ANA, "benign", "  ", 1, None, UsageError, "a reason in words"),
        (ANA, "benign", "x" * 10_001, 1, None, UsageError, "10,000 are the most"),
        (ANA, "expected", "why", 1, None, UsageError, "needs the workflow"),
        (ANA, "benign", "why", 1, DRAFT, UsageError, "not with benign"),
        (ANA, "expected", "why", 1, Draft("", "[", "b*", "moon", "r", "o", other), UsageError, "id is empty.*identity"),
        (ANA, "expected", "why", 1, Draft("w", "i", "b", "any", "r", "o", other), UsageError, "after today"),
    ]
    for who, verdict, reason, version, workflow, error, words in refused:
        with pytest.raises(error, match=words):
            decide(review, case_id(1), verdict, reason, who, version, workflow)
    held = case(review, case_id(1), ANA)
    assert (held.state, held.version, held.history) == ("open", 1, [])
    assert workflows(review) == []


def test_a_data_owner_sees_and_judges_only_their_own(review: Database) -> None:
    publish(review, [document(1)], day=DAY)
    assert decide(review, case_id(1), "benign", "ours", SALES, 1) == 2
    with pytest.raises(UnknownNameError):
        case(review, case_id(1), OTHERS)


def test_a_case_is_given_to_an_analyst_that_there_is(review: Database) -> None:
    publish(review, [document(1)], day=DAY)
    accounts.add(review, "ben", "analyst")
    accounts.add(review, "lee", "viewer")
    assert assign(review, case_id(1), "ben", ANA, 1) == 2
    assert case(review, case_id(1), ANA).assigned_to == "ben"
    with pytest.raises(UsageError, match="'lee' is no analyst"):
        assign(review, case_id(1), "lee", ANA, 2)
    with pytest.raises(StaleWriteError):
        assign(review, case_id(1), None, ANA, 1)
    assert assign(review, case_id(1), None, ANA, 2) == 3
    assert case(review, case_id(1), ANA).assigned_to is None
