"""A case taken along as OCSF: the event that the sinks send, with where its review stands."""

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from anomaly.dossier.page import WITHDRAWN, page
from anomaly.review.publish import publish
from anomaly.review.schema import STATES
from anomaly.review.web.route_case import REVIEWED
from anomaly.sinks.ocsf import VERSION, ocsf
from review_documents import DAY, case_id, document, hostile_names
from review_site import HERE, Site, site
from sink_findings import finding
from sink_findings import hostile as hostile_finding

NAMES = hostile_names(25)
WHOLE = finding(5, day=DAY.isoformat())
"""With every name that a real one has."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    hostile = document(2, identity=NAMES[0], headline=NAMES[1], buckets=[{"bucket": name} for name in NAMES])
    harm = hostile_finding(finding(6, day=DAY.isoformat()))
    old = {name: value for name, value in document(3).items() if name != "start"}
    made = site(tmp_path_factory.mktemp("take"), [document(1), hostile, old, document(4), WHOLE, harm])
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def checker() -> jsonschema.Draft202012Validator:
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(VERSION)).get_class_schema("detection_finding", [])
    return jsonschema.Draft202012Validator(schema)


def test_the_page_to_hand_on_is_the_one_that_the_folder_of_pages_gets(place: Site) -> None:
    vic = place.client("vic")
    answer = vic.get(f"/case/{case_id(5)}/evidence.html")
    assert answer.headers["content-disposition"] == f'attachment; filename="case-{case_id(5)[:12]}.html"'
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.text == page(WHOLE)
    # names made to do harm are text there too, and nobody takes what they may not see
    assert "<script>" not in vic.get(f"/case/{case_id(6)}/evidence.html").text
    assert place.client("own").get(f"/case/{case_id(6)}/evidence.html").status_code == 404
    lacking = vic.get(f"/case/{case_id(3)}/evidence.html")
    assert (lacking.status_code, "publish its day again" in lacking.text) == (422, True)


def test_the_page_of_a_case_that_is_gone_says_so(tmp_path: Path) -> None:
    made = site(tmp_path, [finding(number, day=DAY.isoformat()) for number in (1, 2)])
    vic = made.client("vic")
    publish(made.database, [finding(1, day=DAY.isoformat())], day=DAY)
    texts = [vic.get(f"/case/{case_id(number)}/evidence.html").text for number in (1, 2)]
    assert [WITHDRAWN in text for text in texts] == [False, True]
    made.database.close()


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
    for form in ("ocsf", "csv", "json", "html"):
        assert f'href="/case/{case_id(1)}/evidence.{form}" download' in text
    assert "data-print" in text
