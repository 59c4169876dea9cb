"""The report on one session: each answer of it, against what the small company's logs hold."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from anomaly.catalog import table
from anomaly.context import Context
from anomaly.investigate import investigate
from anomaly.investigate.attack import techniques
from anomaly.investigate.workflow import differs
from anomaly.listing import cases, session_of_rank
from anomaly.show_session import sections
from fixtures_org import CONTEXT, FOREIGN, HOSTILE_KEY, THEFT, ScoredOrg


@pytest.fixture(scope="module")
def report(scored_org: ScoredOrg) -> dict[str, Any]:
    session = session_of_rank(scored_org.lake, THEFT, 1)
    return investigate(scored_org.lake, session, THEFT, Context.load(scored_org.org.context))


def test_who(report: dict[str, Any]) -> None:
    assert report["who"]["identity"] == "arn:aws:iam::111111111111:user/mallory"
    assert (report["who"]["identity_account"], report["who"]["identity_relation"]) == ("111111111111", "own")
    (credential,) = report["credentials"]
    assert (credential["access_key_id"], credential["lifetime"]) == ("AKIAMALLORYXXXXXXXXX", "long-lived")


def test_from_where_and_with_what(report: dict[str, Any]) -> None:
    (source,) = report["sources"]
    assert (source["source_ip"], source["network"], source["network_kind"]) == (
        "203.0.113.77",
        "203.0.113.0/24",
        "internet",
    )
    (client,) = report["clients"]
    assert client["tool"] == "aws-cli s3.sync"
    assert client["acts"] == 67  # 1 listing, 60 reads, 5 copies, 1 refused


def test_which_data(report: dict[str, Any]) -> None:
    customers = report["buckets"][0]
    assert (customers["bucket"], customers["sensitivity"], customers["owner"]) == (
        "customers",
        "restricted",
        "lee@example.org",
    )
    assert (customers["reads"], customers["copies"], customers["looks"]) == (60, 5, 1)
    payroll = next(bucket for bucket in report["buckets"] if bucket["bucket"] == "payroll")
    assert (payroll["denied"], payroll["reads"], payroll["sensitivity"], payroll["owner"]) == (1, 0, "unlisted", None)
    assert report["objects"]["taken"] == 61  # of the five copied, one was not read as well
    assert len(report["objects"]["largest"]) == 20
    sizes = [each["bytes_read"] for each in report["objects"]["largest"]]
    assert sizes == sorted(sizes, reverse=True)
    assert report["objects"]["largest"][0]["object_key"] == HOSTILE_KEY


def test_where_to(report: dict[str, Any]) -> None:
    (destination,) = report["destinations"]
    assert destination["destination"] == "s3://drop-zone"
    assert (destination["relation"], destination["account"]) == ("foreign", FOREIGN)
    assert (destination["copies"], destination["objects"]) == (5, 5)


def test_the_timeline_accounts_for_every_act(report: dict[str, Any]) -> None:
    assert sum(step["acts"] for step in report["timeline"]) == report["clients"][0]["acts"]
    assert [step["first"] for step in report["timeline"]] == sorted(step["first"] for step in report["timeline"])
    assert {step["outcome"] for step in report["timeline"]} == {"ok", "denied"}


def test_the_evidence_points_at_every_record(report: dict[str, Any]) -> None:
    (evidence,) = report["evidence"]
    assert evidence["file"].endswith(f"{THEFT:%Y%m%d}T2359Z_a.json.gz")
    assert evidence["records"] == 67
    assert len(evidence["ordinals"]) == 10
    assert evidence["ordinals"] == sorted(evidence["ordinals"])


def test_why_with_numbers(report: dict[str, Any]) -> None:
    why = report["why"]
    assert why["headline"] == why["reasons"][0]
    values = [signal["value"] for signal in why["signals"]]
    assert values == sorted(values, reverse=True)
    assert all(value > 0 for value in values)
    baseline = {each["name"]: each["value"] for each in why["baseline"]}
    # twelve working days of March 6 to 23, at most six reads of 40,000 bytes on each
    assert baseline["own_days"] == 12
    assert baseline["own_busiest_bytes"] == 6 * 40_000
    assert set(baseline) <= {column.name for column in table("session_features").columns if not column.family}
    assert 0 < report["score"]["q_value"] <= 1


def test_what_would_have_kept_it_off_the_queue(report: dict[str, Any]) -> None:
    told = report["counterfactual"]
    assert dict(sections(report))["What would have kept it off the queue"] == [told["says"]]
    # of nine cases all stand among the first ten, and in so regular a company everything is an alert
    assert (told["line"], told["rank"], len(told["changes"])) == (None, 1, 3)
    assert told["score"] < report["score"]["score"]


def test_without_its_model_the_rest_is_told(own_copy: ScoredOrg) -> None:
    session = session_of_rank(own_copy.lake, THEFT, 1)
    shutil.rmtree(own_copy.root / "mlflow")
    told = investigate(own_copy.lake, session, THEFT)
    assert told["counterfactual"]["changes"] == []
    assert told["counterfactual"]["says"].startswith("the model that scored it cannot be asked: ")
    assert told["why"]["reasons"]


def test_the_report_is_plain_json(report: dict[str, Any]) -> None:
    assert json.loads(json.dumps(report)) == report


def test_attack_tags(report: dict[str, Any]) -> None:
    assert [each["technique"] for each in report["attack"]] == ["T1048", "T1530", "T1537", "T1619"]
    quiet = dict.fromkeys(("reads", "copies", "copies_outside", "shares_outside", "lists", "heads"), 0)
    assert [each["technique"] for each in techniques(quiet)] == ["T1048"]
    assert [each["technique"] for each in techniques(quiet | {"shares_outside": 1})] == ["T1048", "T1537"]


def test_a_covered_session_names_its_workflow(scored_org: ScoredOrg) -> None:
    (covered,) = [case for case in cases(scored_org.lake, THEFT) if case["covered"]]
    context = Context.load(scored_org.org.context)
    told = investigate(scored_org.lake, covered["session_id"], THEFT, context)
    assert told["workflow"]["state"] == "covered"
    assert told["workflow"]["approved"] == {
        "identity_glob": "*role/events-loader",
        "bucket_glob": "raw-events",
        "destination": "internal",
        "reason": "loads events",
        "owner": "kim@example.org",
        "review_by": "2030-01-01",
        "max_bytes_per_day": None,
    }
    assert told["case"]["case_rank"] is None
    without = investigate(scored_org.lake, covered["session_id"], THEFT)
    assert (without["workflow"]["workflow_id"], without["workflow"]["approved"]) == ("events-nightly", None)
    assert "owner" not in without["buckets"][0]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("other destination", "approves this identity and bucket to internal; this session went to s3://drop-zone"),
        ("expired", "was to be reviewed by 2030-01-01 and no longer protects"),
        ("outside envelope", "read 5.0 GB that day; its busiest of 9 days before was 1.0 GB"),
        ("none", "no approved workflow names"),
        ("nothing moved", "nothing that a workflow"),
    ],
)
def test_how_a_session_leaves_its_workflow(scored_org: ScoredOrg, state: str, words: str) -> None:
    session = {
        "workflow_id": "events-nightly",
        "workflow_state": state,
        "destinations": ["s3://drop-zone"],
        "networks": ["office"],
        "day_bytes": 5_000_000_000,
        "own_days": 9,
        "own_busiest_bytes": 1_000_000_000,
    }
    assert words in differs(session, Context.load(scored_org.org.context))["difference"]


def test_the_allowance_of_a_workflow_is_the_envelope_that_is_named(tmp_path: Path) -> None:
    files = CONTEXT | {
        "workflows.csv": "id,identity,bucket,destination,reason,owner,review_by,max_bytes_per_day\n"
        "w1,*/ana,books,internal,quarter,kim@example.org,2030-01-01,2000000000\n"
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    session = {"workflow_id": "w1", "workflow_state": "outside envelope", "day_bytes": 5_000_000_000}
    session |= {"destinations": [], "networks": ["office"], "own_days": 9, "own_busiest_bytes": 1}
    told = differs(session, Context.load(tmp_path))
    assert told["difference"] == "w1 approves it, but it read 5.0 GB that day; it allows 2.0 GB a day"
    assert told["approved"]["max_bytes_per_day"] == 2_000_000_000


def test_every_section_says_something(report: dict[str, Any]) -> None:
    told = dict(sections(report))
    assert len(told) == 14
    assert all(lines and all(isinstance(line, str) for line in lines) for lines in told.values())
