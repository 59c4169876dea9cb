"""What people said of past sessions: read with every mistake named, kept from training, suggested as workflows."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from anomaly.config import Settings
from anomaly.context import Context
from anomaly.context.tables import WORKFLOWS
from anomaly.errors import UsageError
from anomaly.retrain.verdicts import CASE, SESSION, Verdicts, read_verdicts, resolve, suggestions, write_suggestions
from anomaly.review.database import open_database
from anomaly.review.publish import publish
from anomaly.review.verdicts import decide
from anomaly.review.viewer import Role, Viewer
from anomaly.score import train_model
from anomaly.store import Store
from fixtures_org import FOREIGN, QUIET, THEFT, ScoredOrg
from review_documents import document


def sessions(org: ScoredOrg, name: str) -> list[tuple[str, str]]:
    """(session, case) of a person on the day of the theft."""
    with Store() as store:
        store.view("scores", org.lake.files("scores", THEFT))
        found = store.rows("select session_id, case_id, actor from scores order by rank")
    return [(session, case) for session, case, actor in found if f"/{name}" in actor]


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_and_json_say_the_same(tmp_path: Path) -> None:
    table = written(tmp_path / "v.csv", "\ufeffverdict,session_id,note\nexpected,a,x\ntrue_positive,b,\n")
    listed = written(
        tmp_path / "v.json",
        '[{"session_id": "a", "verdict": "expected"}, {"session_id": "b", "verdict": "true_positive"}]',
    )
    assert read_verdicts(table) == [(SESSION, "a", "expected"), (SESSION, "b", "true_positive")]
    assert read_verdicts(listed) == read_verdicts(table)


def test_every_wrong_row_is_named_at_once(tmp_path: Path) -> None:
    text = "session_id,case_id,verdict\na,b,expected\n,,benign\na,,expect\nb,,benign\n"
    with pytest.raises(UsageError) as caught:
        read_verdicts(written(tmp_path / "v.csv", text))
    said = str(caught.value).splitlines()
    assert [line.partition("v.csv, ")[2].partition(":")[0] for line in said] == ["row 2", "row 3", "row 4"]
    assert "found both" in said[0]
    assert "found neither" in said[1]
    assert "did you mean 'expected'" in said[2]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("v.csv", "id,verdict\na,expected\n", "row 1 names the columns id, verdict; wanted are session_id or case_id"),
        ("v.csv", "", "row 1 names the columns (none)"),
        ("v.json", "{", "is no JSON"),
        ("v.json", '{"session_id": "a"}', "is to be a list of objects"),
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_verdicts(written(tmp_path / name, text))
    assert says in str(caught.value)
    with pytest.raises(UsageError, match="cannot read the verdicts"):
        read_verdicts(tmp_path / "nowhere.csv")


def test_a_case_speaks_for_its_sessions_and_a_session_for_itself(scored_org: ScoredOrg) -> None:
    (session, case), *_ = sessions(scored_org, "mallory")
    of_case = {each for each, held in sessions(scored_org, "") if held == case}
    assert resolve(scored_org.lake, [(CASE, case, "true_positive")]).confirmed == of_case
    both = [(SESSION, session, "benign"), (CASE, case, "true_positive")]
    assert resolve(scored_org.lake, both).confirmed == of_case - {session}
    later = [(SESSION, session, "benign"), (SESSION, session, "expected"), (SESSION, "gone", "expected")]
    found = resolve(scored_org.lake, later)
    assert found.expected == {session}
    assert "1 verdict(s) are of nothing that the lake holds scores of, such as 'gone'" in found.notes
    assert resolve(scored_org.lake, []) == Verdicts()


def test_expected_sessions_become_rows_for_a_person_to_fill_in(scored_org: ScoredOrg, tmp_path: Path) -> None:
    stolen = frozenset(session for session, _ in sessions(scored_org, "mallory"))
    count, left = write_suggestions(scored_org.lake, Verdicts(expected=stolen), tmp_path / "w.csv")
    with (tmp_path / "w.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (len(rows), left) == (count, [])
    assert tuple(rows[0]) == WORKFLOWS.header
    ways = {(row["bucket"], row["destination"]) for row in rows}
    assert ("customers", "ip:203.0.113.77") in ways
    assert ("customers", "s3://drop-zone") in ways or ("customers", f"aws-account:{FOREIGN}") in ways
    assert {row["identity"].rpartition("/")[2] for row in rows} == {"mallory"}
    # nobody has approved anything yet
    assert {(row["owner"], row["review_by"]) for row in rows} == {("", "")}
    assert suggestions(scored_org.lake, Verdicts()) == ([], [])


def test_confirmed_sessions_leave_the_training_window(own_copy: ScoredOrg, tmp_path: Path) -> None:
    with Store() as store:
        store.view("scores", own_copy.lake.files("scores", QUIET))
        known = [row[0] for row in store.rows("select session_id from scores where not covered order by rank limit 2")]
    context = Context.load(own_copy.org.context)
    trained = train_model(own_copy.lake, context, Settings(), THEFT, leave_out=known)
    plain = train_model(own_copy.lake, context, Settings(), THEFT)
    assert trained.metrics["sessions_excluded"] == plain.metrics["sessions_excluded"] + 2


def test_the_command_reads_verdicts_and_writes_suggestions(own_copy: ScoredOrg, tmp_path: Path) -> None:
    (session, _), *_ = sessions(own_copy, "mallory")
    (_, case), *_ = sessions(own_copy, "ana")
    database = open_database(f"sqlite:///{own_copy.root / 'review.sqlite'}")
    publish(database, [document(1, THEFT, case_id=case, sessions=[])], day=THEFT)
    decide(database, case, "true_positive", "it left", Viewer("ana", Role.ANALYST), 1)
    database.close()
    config = written(tmp_path / "anomaly.toml", "[retrain]\ngate_days = 3\n")
    said = written(tmp_path / "v.json", json.dumps([{"session_id": session, "verdict": "expected"}]))
    shutil.rmtree(own_copy.root / "mlflow")  # without a champion nothing is compared, which is quick
    words = ("--config", str(config), "--verdicts", str(said), "--suggest", str(tmp_path / "w.csv"))
    result = own_copy.run("retrain", *words)
    assert result.exit_code == 0, result.output
    assert "verdicts: 1 of the review, 1 of a file" in result.stdout
    assert "2 verdict(s): 1 session(s) confirmed, 1 expected" in result.stdout
    assert "row(s) for workflows.csv; each wants an owner and a review date" in result.stderr
    assert (tmp_path / "w.csv").read_text(encoding="utf-8").startswith(",".join(WORKFLOWS.header))
