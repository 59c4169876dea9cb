"""A case taken along as OCSF: the event that the sinks send, with where its review stands."""

import json
from collections.abc import Iterator

import jsonschema
import pytest
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from anomaly.review.schema import STATES
from anomaly.review.web.route_case import REVIEWED
from anomaly.sinks.ocsf import VERSION, ocsf
from review_documents import case_id, document, hostile_names
from review_site import HERE, Site, site

NAMES = hostile_names(25)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    hostile = document(2, identity=NAMES[0], headline=NAMES[1], buckets=[{"bucket": name} for name in NAMES])
    old = {name: value for name, value in document(3).items() if name != "start"}
    made = site(tmp_path_factory.mktemp("take"), [document(1), hostile, old, document(4)])
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def checker() -> jsonschema.Draft202012Validator:
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(VERSION)).get_class_schema("detection_finding", [])
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("number", [1, 2])
def test_a_case_is_a_valid_event_and_the_one_that_the_sinks_send(
    place: Site, checker: jsonschema.Draft202012Validator, number: int
) -> None:
    answer = place.client("vic").get(f"/case/{case_id(number)}/evidence.ocsf")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == f'attachment; filename="case-{case_id(number)[:12]}.ocsf.json"'
    event = json.loads(answer.text)
    assert [error.message for error in checker.iter_errors(event)] == []
    sent = ocsf(event["unmapped"])
    assert event == sent | REVIEWED["open"]


def test_the_verdict_goes_along(place: Site, checker: jsonschema.Draft202012Validator) -> None:
    path = f"/case/{case_id(4)}"  # of which no other test asks anything
    ana = place.client("ana")
    data = {"version": 1, "verdict": "true_positive", "reason": "nobody knows of it"}
    assert ana.post(f"{path}/verdict", data=data, headers=HERE).status_code == 303
    event = json.loads(ana.get(f"{path}/evidence.ocsf").text)
    assert (event["status_id"], event["status_detail"]) == (4, "true positive")
    assert REVIEWED.keys() == set(STATES)
    assert [error.message for state in STATES for error in checker.iter_errors(event | REVIEWED[state])] == []


def test_a_document_without_what_the_event_needs_is_said_not_guessed(place: Site) -> None:
    answer = place.client("vic").get(f"/case/{case_id(3)}/evidence.ocsf")
    assert answer.status_code == 422
    assert "publish its day again" in answer.text


def test_the_page_offers_every_form(place: Site) -> None:
    text = place.client("vic").get(f"/case/{case_id(1)}").text
    for form in ("ocsf", "csv", "json"):
        assert f'href="/case/{case_id(1)}/evidence.{form}" download' in text
    assert "data-print" in text
