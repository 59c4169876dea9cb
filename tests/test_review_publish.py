"""Publishing: again and again with the same result, and never over what people said."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from anomaly.errors import DataQualityError, StaleWriteError
from anomaly.review.case import case
from anomaly.review.database import Database
from anomaly.review.publish import Published, publish
from anomaly.review.queue import Filters, days, queue
from anomaly.review.schema import case_terms, evidence, verdicts
from anomaly.review.verdicts import comment, decide
from anomaly.review.viewer import Role, Viewer
from review_documents import DAY, case_id, document, hostile_names

ANA = Viewer("ana", Role.ANALYST)


def test_publishing_again_changes_nothing(review: Database) -> None:
    found = [document(number) for number in (1, 2, 3)]
    assert publish(review, found, day=DAY) == Published(new=3)
    assert publish(review, found, day=DAY) == Published(unchanged=3)
    assert case(review, case_id(2), ANA).version == 1
    assert [(each.day, each.cases, each.alerts, each.covered) for each in days(review)] == [(DAY, 3, 3, 0)]


def test_a_case_keeps_its_verdict_and_is_flagged_where_it_moved(review: Database) -> None:
    publish(review, [document(1), document(2)], day=DAY)
    decide(review, case_id(1), "true_positive", "it left", ANA, 1)
    comment(review, case_id(1), "called her", ANA)
    again = publish(review, [document(2, rank=1), document(1, rank=2, score=0.5)], day=DAY)
    assert again == Published(changed=2, moved=1)
    held = case(review, case_id(1), ANA)
    assert (held.state, held.row.mark, held.row.rank) == ("true_positive", "moved", 2)
    assert held.mark_detail == {"was": {"rank": 1, "score": 0.89}, "now": {"rank": 2, "score": 0.5}}
    assert [each.text for each in held.comments] == ["called her"]
    assert case(review, case_id(2), ANA).row.mark is None
    decide(review, case_id(1), "benign", "looked again", ANA, held.version)
    assert case(review, case_id(1), ANA).row.mark is None


def test_no_verdict_is_given_on_evidence_that_was_not_seen(review: Database) -> None:
    publish(review, [document(1)], day=DAY)
    publish(review, [document(1, headline="another tale")], day=DAY)
    with pytest.raises(StaleWriteError, match="version 1, it is 2"):
        decide(review, case_id(1), "benign", "looked at the old tale", ANA, 1)


def test_what_is_no_longer_found_is_withdrawn_or_flagged_and_comes_back(review: Database) -> None:
    everything = [document(number) for number in (1, 2, 3)]
    publish(review, everything, day=DAY)
    decide(review, case_id(2), "benign", "known", ANA, 1)
    assert publish(review, [document(1)], day=DAY) == Published(unchanged=1, withdrawn=1, flagged=1)
    assert publish(review, [document(1)], day=DAY) == Published(unchanged=1)
    assert (case(review, case_id(3), ANA).state, case(review, case_id(2), ANA).row.mark) == ("withdrawn", "withdrawn")
    assert [row.case_id for row in queue(review, Filters(), None, 10, ANA).rows] == [case_id(1), case_id(2)]
    publish(review, everything, day=DAY)
    assert (case(review, case_id(3), ANA).state, case(review, case_id(2), ANA).row.mark) == ("open", None)
    assert case(review, case_id(2), ANA).state == "benign"


def test_another_day_is_left_alone(review: Database) -> None:
    publish(review, [document(1)], day=DAY)
    later = DAY + timedelta(days=1)
    assert publish(review, [document(2, day=later, rank=1)], day=later) == Published(new=1)
    assert case(review, case_id(1), ANA).state == "open"
    assert [row.case_id for row in queue(review, Filters(), None, 10, ANA).rows] == [case_id(2), case_id(1)]


def test_the_document_comes_back_as_it_went_in(review: Database) -> None:
    names = hostile_names(60)
    buckets = [{"bucket": name, "sensitivity": "restricted", "owner": name, "bytes_read": None} for name in names]
    said = document(1, identity=names[9], headline=names[19], buckets=buckets, tools=names, session_name=names[0])
    publish(review, [said], day=DAY)
    assert case(review, case_id(1), ANA).document == said
    publish(review, [document(1)], day=DAY)
    with review.reading() as connection:
        terms = connection.scalar(sa.select(sa.func.count()).select_from(case_terms))
        texts = connection.scalar(sa.text("select count(*) from case_text"))
        held = connection.scalar(sa.select(sa.func.count()).select_from(evidence))
    assert (terms, texts, held) == (6, 1, 1)  # nothing of the first document is left to be found by


def test_what_is_no_document_of_the_day_publishes_nothing(review: Database) -> None:
    bad = [
        ([document(1), document(1)], "comes twice"),
        ([document(1, day=DAY - timedelta(days=1))], "not of"),
        ([document(1), {"case_id": "x"}], "document 2 of .* has no day, rank"),
    ]
    for documents, words in bad:
        with pytest.raises(DataQualityError, match=words):
            publish(review, documents, day=DAY)
    assert queue(review, Filters(), None, 10, ANA).rows == []


def test_publishing_writes_no_table_of_verdicts(review: Database) -> None:
    publish(review, [document(1)], day=DAY)
    decide(review, case_id(1), "benign", "known", ANA, 1)
    with review.reading() as connection:
        before = connection.execute(sa.select(verdicts)).all()
    publish(review, [document(1, score=0.1)], day=DAY)
    publish(review, [], day=DAY)
    with review.reading() as connection:
        assert connection.execute(sa.select(verdicts)).all() == before
    assert review.verify_audit().faults == ()


def test_a_place_that_others_shifted_is_no_news(review: Database) -> None:
    covered = document(9, rank=None, covered=True)
    publish(review, [document(1), document(2), covered], day=DAY)
    publish(review, [document(1), covered], day=DAY)
    assert case(review, case_id(9), ANA).version == 1
    assert [row.case_id for row in queue(review, Filters(), None, 5, ANA).rows] == [case_id(1), case_id(9)]
