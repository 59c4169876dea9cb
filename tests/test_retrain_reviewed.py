"""The verdicts of the review on their way into training: the last word of each case, for all its sessions."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from anomaly.errors import AnomalyError
from anomaly.retrain.reviewed import gather, reviewed
from anomaly.retrain.verdicts import CASE, suggestions
from anomaly.review.case import case
from anomaly.review.database import Database, open_database
from anomaly.review.publish import publish
from anomaly.review.verdicts import decide
from anomaly.review.viewer import Role, Viewer
from anomaly.review.workflows import Draft
from anomaly.store import Store
from fixtures_org import THEFT, ScoredOrg
from review_documents import DAY, document

ANA = Viewer("ana", Role.ANALYST)
GONE = "f" * 32


@pytest.fixture(scope="module")
def held(scored_org: ScoredOrg) -> dict[str, list[str]]:
    """The sessions of each case of the day of the theft, by case, most unusual first."""
    found: dict[str, list[str]] = {}
    with Store() as store:
        store.view("scores", scored_org.lake.files("scores", THEFT))
        for name, session in store.rows("select case_id, session_id from scores order by rank"):
            found.setdefault(name, []).append(session)
    return found


@pytest.fixture
def database(tmp_path: Path, held: dict[str, list[str]]) -> Iterator[Database]:
    """Its cases published, and beside them one that the lake no longer cuts so: the first two cases in one."""
    found = open_database(f"sqlite:///{tmp_path / 'review.sqlite'}")
    first, second, *_ = held.values()
    publish(found, documents(held | {GONE: [*first, *second, "no-longer-there"]}), day=THEFT)
    yield found
    found.close()


def documents(held: dict[str, list[str]]) -> list[dict[str, object]]:
    return [
        document(rank, day=THEFT, case_id=name, sessions=[{"session_id": each, "identity": "x"} for each in sessions])
        for rank, (name, sessions) in enumerate(held.items(), start=1)
    ]


def say(database: Database, name: str, verdict: str, workflow: Draft | None = None) -> None:
    decide(database, name, verdict, "looked", ANA, case(database, name, ANA).row.version, workflow)


def url(database: Database) -> str:
    return str(database.engine.url)


def test_the_last_word_of_a_case_speaks_for_all_its_sessions(
    scored_org: ScoredOrg, database: Database, held: dict[str, list[str]], tmp_path: Path
) -> None:
    first, second, third, *_ = held
    for name, verdict in ((first, "benign"), (second, "true_positive"), (third, "true_positive"), (third, "benign")):
        say(database, name, verdict)
    say(database, first, "true_positive")
    found = gather(scored_org.lake, url(database), None)
    assert found.confirmed == {*held[first], *held[second]}
    assert found.rows == {"review": 5, "file": 0}
    assert found.notes == (f"3 verdict(s): {len(found.confirmed)} session(s) confirmed, 0 expected",)
    # of one id the file stands above the review
    path = tmp_path / "said.csv"
    path.write_text(f"case_id,verdict\n{first},benign\n{third},true_positive\n", encoding="utf-8")
    both = gather(scored_org.lake, url(database), path)
    assert both.confirmed == {*held[second], *held[third]}
    assert both.as_dict()["rows"] == {"review": 5, "file": 2}
    assert gather(scored_org.lake, "", path).confirmed == set(held[third])


def test_a_case_that_the_lake_cuts_otherwise_is_known_by_its_sessions(
    scored_org: ScoredOrg, database: Database, held: dict[str, list[str]]
) -> None:
    first, second, *_ = held
    say(database, GONE, "true_positive")
    assert gather(scored_org.lake, url(database), None).confirmed == {*held[first], *held[second]}
    # said later of one of the cases that it was of
    say(database, second, "benign")
    assert gather(scored_org.lake, url(database), None).confirmed == set(held[first])
    say(database, GONE, "true_positive")
    assert gather(scored_org.lake, url(database), None).confirmed == {*held[first], *held[second]}


def test_a_case_without_a_verdict_says_nothing_and_one_of_another_lake_is_told(
    scored_org: ScoredOrg, database: Database, held: dict[str, list[str]]
) -> None:
    elsewhere = [document(1, case_id="e" * 32)]
    publish(database, elsewhere, day=DAY)
    say(database, "e" * 32, "true_positive")
    # a judged case that a later run no longer found keeps its word; one that was not judged is withdrawn
    first = next(iter(held))
    say(database, first, "true_positive")
    publish(database, [], day=THEFT)
    assert reviewed(database).rows == [(CASE, "e" * 32, "true_positive"), (CASE, first, "true_positive")]
    found = gather(scored_org.lake, url(database), None)
    assert found.confirmed == set(held[first])
    assert f"1 verdict(s) are of nothing that the lake holds scores of, such as {'e' * 32!r}" in found.notes


def test_what_the_page_made_a_workflow_of_is_not_suggested_again(
    scored_org: ScoredOrg, database: Database, held: dict[str, list[str]], tmp_path: Path
) -> None:
    first, second, *_ = held
    review_by = datetime.now(UTC).date() + timedelta(days=30)
    say(database, first, "expected", Draft("w", "ana", "customers", "internal", "known", "ops", review_by))
    path = tmp_path / "said.csv"
    path.write_text(f"session_id,verdict\n{held[second][0]},expected\n", encoding="utf-8")
    found = gather(scored_org.lake, url(database), path)
    assert found.expected == {*held[first], held[second][0]}
    assert found.approved == set(held[first])
    made, _ = suggestions(scored_org.lake, found)
    assert "mallory" not in str(made), "hers is the first case"


def test_without_the_review_nothing_is_trained(scored_org: ScoredOrg, tmp_path: Path) -> None:
    broken = tmp_path / "review.sqlite"
    broken.write_text("no database at all, and long enough to be taken for a header", encoding="utf-8")
    with pytest.raises(AnomalyError, match="cannot be opened"):
        gather(scored_org.lake, f"sqlite:///{broken}", None)
