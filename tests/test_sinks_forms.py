"""The forms that findings are handed on in: OCSF, ASFF and CSV, each held to a reader that is not ours."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator
from moto import mock_aws
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from anomaly.findings import documents
from anomaly.investigate import attack
from anomaly.sinks import asff, table
from anomaly.sinks.ocsf import CLASS, TACTICS, VERSION, closed, ocsf
from anomaly.sinks.receivers import notice
from fixtures_org import THEFT, ScoredOrg
from html_page import parsed
from sink_findings import Finding, finding, shapes

VERSIONS = ("1.4.0", "1.5.0", "1.6.0", "1.7.0", "1.8.0")
ACCOUNT = asff.Account("111111111111", "eu-west-1")
NOW = 1_800_000_000.0
ASFF_BYTES = 240 * 1024
"""What Security Hub takes of one finding, by its guide."""


@pytest.fixture(scope="module")
def found(scored_org: ScoredOrg) -> list[Finding]:
    return documents(scored_org.lake, THEFT, None)


@pytest.fixture(scope="module")
def every(found: list[Finding]) -> list[Finding]:
    return found + [shape for plain in (found[0], finding()) for shape in shapes(plain)]


def names(value: Any, before: str = "") -> set[str]:
    """Every name in a document, with the names that it is inside of."""
    if isinstance(value, list):
        return {name for each in value for name in names(each, before)}
    if not isinstance(value, dict):
        return set()
    return {f"{before}{name}" for name in value} | {
        name for key, each in value.items() for name in names(each, f"{before}{key}.")
    }


def test_the_invented_finding_has_what_real_ones_have(found: list[Finding]) -> None:
    assert {each for each in names(found) ^ names(finding()) if not each.startswith("counterfactual.")} == set()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_finding_is_a_detection_finding(every: list[Finding], version: str) -> None:
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version)).get_class_schema("detection_finding", [])
    checker = jsonschema.Draft202012Validator(schema)
    events = [*map(ocsf, every), closed(notice(finding()["case_id"], finding()["day"], NOW))]
    assert [error.message for event in events for error in checker.iter_errors(event)] == []
    # and what is not valid would be found
    assert list(checker.iter_errors(events[0] | {"severity_id": "high"}))
    assert list(checker.iter_errors(events[0] | {"invented": 1}))
    assert list(checker.iter_errors({name: value for name, value in events[0].items() if name != "finding_info"}))


def test_a_theft_says_who_what_and_how_bad(found: list[Finding]) -> None:
    events = [ocsf(each) for each in found]
    theft = events[0]
    assert (theft["class_uid"], theft["type_uid"], theft["severity_id"]) == (CLASS, 200401, 4)
    assert theft["metadata"]["version"] == VERSION == VERSIONS[0]
    assert theft["resources"][0]["name"] == "customers"
    assert theft["evidences"][0]["actor"]["user"]["name"].endswith("user/mallory")
    assert {event["severity_id"] for event in events if event["unmapped"]["covered"]} == {1}


def test_who_acted_is_told_without_an_address_too() -> None:
    (evidence,) = ocsf(finding(sources=[]))["evidences"]
    assert evidence["actor"]["user"]["uid"] == finding()["identity"]
    assert "src_endpoint" not in evidence
    service = ocsf(finding(sources=[{"address": "s3.amazonaws.com"}]))["evidences"][0]
    assert service["src_endpoint"] == {"name": "s3.amazonaws.com"}


def test_every_technique_has_its_tactic() -> None:
    assert TACTICS.keys() == {
        technique for technique, _ in (attack.EXFILTRATION, attack.STORAGE, attack.TRANSFER, attack.DISCOVERY)
    }


def test_every_finding_is_taken_by_security_hub(every: list[Finding]) -> None:
    bodies = [ACCOUNT.finding(each | {"case_id": f"{nth}"}, NOW) for nth, each in enumerate(every)]
    operation = get_session().get_service_model("securityhub").operation_model("BatchImportFindings")
    shape = operation.input_shape
    assert shape is not None
    assert ParamValidator().validate({"Findings": bodies}, shape).generate_report() == ""
    assert ParamValidator().validate({"Findings": [{**bodies[0], "Confidence": "much"}]}, shape).has_errors()
    for body in bodies:
        assert len(json.dumps(body).encode()) <= ASFF_BYTES
        assert len(body["Title"]) <= asff.TITLE
        assert len(body["Description"]) <= asff.DESCRIPTION
        assert 1 <= len(body["Resources"]) <= asff.RESOURCES
        assert all(len(text) <= asff.VALUE for text in body["ProductFields"].values())
        # non-blank, as the pattern of every ASFF text asks
        texts = [body["Title"], body["Description"], *body["ProductFields"].values()]
        assert all(text.strip() and text.isprintable() for text in texts)


def test_security_hub_keeps_a_case_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    first = [ACCOUNT.finding(finding(number), NOW) for number in (1, 2)]
    moved = [ACCOUNT.finding(finding(1, headline="read more"), NOW + 9), asff.archived(first[1], NOW + 9)]
    with mock_aws():
        hub = get_session().create_client("securityhub", region_name="eu-west-1")
        hub.enable_security_hub()
        for findings in (first, moved):
            (text,) = asff.files("2026-03-24", findings).values()
            said = hub.batch_import_findings(**json.loads(text))
            assert (said["SuccessCount"], said["FailedCount"]) == (2, 0)
        kept = sorted(hub.get_findings()["Findings"], key=lambda each: each["Id"])
    assert [(each["Title"], each["RecordState"]) for each in kept] == [
        ("read more", "ACTIVE"),
        (first[1]["Title"], "ARCHIVED"),
    ]
    assert kept[0]["ProductArn"] == "arn:aws:securityhub:eu-west-1:111111111111:product/111111111111/default"


def test_more_than_security_hub_takes_at_once_makes_further_files() -> None:
    texts = asff.files("2026-03-24", [ACCOUNT.finding(finding(number), NOW) for number in range(1, 252)])
    assert list(texts) == [f"2026-03-24{part}.asff.json" for part in ("", ".2", ".3")]
    assert [len(json.loads(text)["Findings"]) for text in texts.values()] == [100, 100, 51]


def test_a_csv_of_the_day_reads_back_and_runs_nothing(every: list[Finding]) -> None:
    (text,) = table.files("2026-03-24", [table.row(each) for each in every]).values()
    assert text.encode()
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert text.count("\r\n") == len(rows) + 1 == len(every) + 1
    assert "\n" not in text.replace("\r\n", "")
    assert tuple(rows[0]) == table.COLUMNS
    ranks = [int(row["rank"] or 10**9) for row in rows]
    assert ranks == sorted(ranks)
    assert not [value for row in rows for value in row.values() if value.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert all(value.isprintable() for row in rows for value in row.values())
    assert {row["bytes_read"] for row in rows} > {"", "412000000000"}, "what is unknown is empty"


def test_explain_writes_the_page_of_a_case(scored_org: ScoredOrg, found: list[Finding], tmp_path: Path) -> None:
    done = scored_org.run("explain", "--day", str(THEFT), "--rank", "1", "--html", str(tmp_path / "case.html"))
    assert done.exit_code == 0, done.output
    text = (tmp_path / "case.html").read_text(encoding="utf-8")
    assert found[0]["case_id"] in text
    assert parsed(text).loads == []
    assert "user/mallory" in text
