"""Findings as OCSF, held to the published schemas."""

from typing import Any

import jsonschema
import pytest
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from anomaly.findings import documents
from anomaly.investigate import attack
from anomaly.sinks.ocsf import CLASS, TACTICS, VERSION, ocsf
from fixtures_org import THEFT, ScoredOrg

VERSIONS = ("1.4.0", "1.5.0", "1.6.0", "1.7.0", "1.8.0")


@pytest.fixture(scope="module")
def events(scored_org: ScoredOrg) -> list[dict[str, Any]]:
    return [ocsf(each) for each in documents(scored_org.lake, THEFT, None)]


def validator(version: str) -> jsonschema.Draft202012Validator:
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version)).get_class_schema("detection_finding", [])
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_finding_is_valid(events: list[dict[str, Any]], version: str) -> None:
    checker = validator(version)
    assert [error.message for event in events for error in checker.iter_errors(event)] == []
    # and what is not valid would be found
    assert list(checker.iter_errors(events[0] | {"severity_id": "high"}))
    assert list(checker.iter_errors({name: value for name, value in events[0].items() if name != "finding_info"}))


def test_a_theft_says_who_what_and_how_bad(events: list[dict[str, Any]]) -> None:
    theft = events[0]
    assert (theft["class_uid"], theft["type_uid"], theft["severity_id"]) == (CLASS, 200401, 4)
    assert theft["metadata"]["version"] == VERSION == VERSIONS[0]
    assert theft["resources"][0]["name"] == "customers"
    assert theft["evidences"][0]["actor"]["user"]["name"].endswith("user/mallory")
    assert {event["severity_id"] for event in events if event["unmapped"]["covered"]} == {1}


def test_every_technique_has_its_tactic() -> None:
    assert TACTICS.keys() == {
        technique for technique, _ in (attack.EXFILTRATION, attack.STORAGE, attack.TRANSFER, attack.DISCOVERY)
    }
