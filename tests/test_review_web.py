"""The pages of the review: what they show, what they save, and what they refuse to take from strangers."""

import csv
import io
import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from anomaly.review.web.signing import Options
from review_documents import DAY, PIECES, SCRIPT, case_id, document
from review_people import PASSWORD
from review_site import HERE, Site, fields_of, site

EXPECTED = {
    "version": 1,
    "verdict": "expected",
    "reason": "the weekly hand-over",
    "workflow_id": "auditors",
    "workflow_owner": "sales@corp.example",
    "workflow_identity": "arn:aws:iam::111122223333:user/ana-4",
    "workflow_bucket": "customer-exports",
    "workflow_destination": "aws-account:999988887777",
}
PROXY = Options(proxy_header="x-signed-in", proxies=("10.9.0.0/16",))


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    others = [document(9, buckets=[{"bucket": "hr", "sensitivity": "internal", "owner": "hr@corp.example"}])]
    made = site(tmp_path_factory.mktemp("web"), [document(number) for number in range(1, 9)] + others)
    yield made
    made.database.close()


@pytest.fixture
def ana(place: Site) -> TestClient:
    return place.client("ana")


def test_the_queue_shows_what_decides(ana: TestClient) -> None:
    text = ana.get("/").text
    for part in ("#1", "alert", "user/ana-1", "human", "203.0.113.7", "customer-exports", "restricted", "412 GB"):
        assert part in text
    assert f"{DAY}: 9 cases, 3 alerts; 9 wait for a verdict" in text


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("identity=arn:aws:iam::111122223333:user/ana-4", 1),
        ("bucket=hr", 1),
        ("owner=hr@corp.example", 1),
        ("sensitivity=internal", 1),
        ("text=ana-7", 1),
        ("text=nobodyhasthisword", 0),
        ("state=benign", 0),
        (f"day={DAY}", 9),
        ("day=2026-03-09", 0),
        ("assigned=nobody", 9),
    ],
)
def test_the_queue_is_narrowed(ana: TestClient, query: str, rows: int) -> None:
    assert ana.get(f"/?{query}").text.count("<tr data-row>") == rows


def test_an_impossible_filter_is_said(ana: TestClient) -> None:
    answer = ana.get("/?day=yesterday")
    assert answer.status_code == 422
    assert "YYYY-MM-DD" in answer.text


def test_a_case_answers_what_a_responder_asks(ana: TestClient) -> None:
    text = ana.get(f"/case/{case_id(1)}").text
    for part in (
        "its busiest day in 30 was 3.1 GB",
        "AKIAEXAMPLE, long-lived",
        "customer-exports/2026/03/all.parquet",
        "aws-account:999988887777",
        "It would rank 31st of 40 cases",
        "12 of 96 reads have no size in the log",
        "trail/111122223333_us-east-1.json.gz",
        "T1048",
        "no approved workflow names this identity",
        "most before: 4.5 GB",
        "sales@corp.example",
        "same destination and network",
    ):
        assert part in text, part


def test_a_verdict_a_comment_and_an_assignment_are_kept(ana: TestClient) -> None:
    path = f"/case/{case_id(1)}"
    verdict = {"version": 1, "verdict": "true_positive", "reason": "nobody in sales knows of it"}
    assert ana.post(f"{path}/verdict", data=verdict, headers=HERE).headers["location"] == f"{path}?saved=verdict"
    ana.post(f"{path}/comment", data={"text": "key revoked"}, headers=HERE)
    ana.post(f"{path}/assign", data={"version": 2, "assigned_to": "lea"}, headers=HERE)
    text = ana.get(path).text
    for part in ("nobody in sales knows of it", "key revoked", "assigned to lea", "true positive"):
        assert part in text
    assert "verdict" in ana.get("/workflows").text.lower()


def test_a_second_verdict_on_what_was_read_before_is_refused_and_says_what_to_do(place: Site, ana: TestClient) -> None:
    lea, path = place.client("lea"), f"/case/{case_id(2)}/verdict"
    data = {"version": 1, "verdict": "benign", "reason": "fine"}
    assert ana.post(path, data=data, headers=HERE).status_code == 303
    answer = lea.post(path, data=data, headers=HERE)
    assert answer.status_code == 409
    assert "Look at the case as it is now" in answer.text


def test_expected_shows_what_it_hides_before_it_is_saved(place: Site, ana: TestClient) -> None:
    path = f"/case/{case_id(4)}"
    review_by = fields_of(ana.get(f"{path}?verdict=expected").text)["workflow_review_by"]
    asked = EXPECTED | {"workflow_identity": "arn:aws:iam::111122223333:user/ana-?", "workflow_review_by": review_by}
    shown = ana.post(f"{path}/verdict", data=asked, headers=HERE)
    assert "also have hidden 7 cases" in shown.text
    assert "the same transfer by somebody else" in shown.text
    assert ana.get(path).text.count("no verdict yet") == 1
    sent = fields_of(shown.text)
    # the draft that was seen is the one that is saved: another bucket is shown again first
    assert ana.post(f"{path}/verdict", data=sent | {"workflow_bucket": "hr"}, headers=HERE).status_code != 303
    assert ana.post(f"{path}/verdict", data=sent, headers=HERE).headers["location"] == f"{path}?saved=workflow"
    rows = list(csv.DictReader(io.StringIO((place.context / "review_workflows.csv").read_text(encoding="utf-8"))))
    assert [row["identity"] for row in rows] == [asked["workflow_identity"]]
    assert "auditors" in ana.get("/workflows").text


def test_a_workflow_that_would_hide_a_theft_is_not_saved(ana: TestClient) -> None:
    path = f"/case/{case_id(4)}"
    review_by = fields_of(ana.get(f"{path}?verdict=expected").text)["workflow_review_by"]
    wide = EXPECTED | {"workflow_identity": "*", "workflow_review_by": review_by}
    answer = ana.post(f"{path}/verdict", data=wide, headers=HERE)
    assert answer.status_code == 422
    assert "too wide" in answer.text
    assert 'name="seen"' not in answer.text


def test_a_case_without_reasons_is_not_said_to_have_no_past(tmp_path_factory: pytest.TempPathFactory) -> None:
    new = document(1, history=[])
    usual = document(2, history=[], reasons=[], covered=True, rank=None, alert=False)
    made = site(tmp_path_factory.mktemp("past"), [new, usual, document(3)])
    vic = made.client("vic")
    texts = [vic.get(f"/case/{case_id(number)}").text for number in (1, 2, 3)]
    assert ["No day before this one" in text for text in texts] == [True, False, False]
    assert ["against the identity's own days" in text.replace("&#39;", "'") for text in texts] == [True, False, True]
    made.database.close()


def test_a_data_owner_sees_only_their_buckets(place: Site) -> None:
    own = place.client("own")
    assert own.get("/buckets").text.count("<tr data-row>") == 8
    assert own.get(f"/case/{case_id(9)}").status_code == 404
    assert own.get(f"/case/{case_id(9)}/evidence.json").status_code == 404


def test_a_case_is_taken_along(ana: TestClient) -> None:
    taken = json.loads(ana.get(f"/case/{case_id(1)}/evidence.json").text)
    assert taken["case"] == document(1)
    answer = ana.get(f"/case/{case_id(1)}/evidence.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["buckets"] for row in rows] == ["customer-exports"]
    assert answer.headers["content-disposition"].startswith("attachment")


def test_names_made_to_do_harm_are_text_in_every_page(tmp_path_factory: pytest.TempPathFactory) -> None:
    made = site(tmp_path_factory.mktemp("hostile"), [document(1, headline=name, identity=name) for name in [SCRIPT]])
    ana = made.client("ana")
    for path in ("/", f"/case/{case_id(1)}", f"/?text={SCRIPT}", f"/?identity={SCRIPT}", f"/login?to={SCRIPT}"):
        assert SCRIPT not in ana.get(path).text
    for piece in PIECES:
        answer = ana.get("/", params={"text": piece.encode("utf-8", "replace"), "bucket": "x"})
        assert piece not in answer.text or piece.isalnum() or not set(piece) & set("<>\"'")
    made.database.close()


def test_a_wrong_password_and_a_name_there_is_not_read_the_same(place: Site) -> None:
    answers = [
        place.client().post("/login", data={"name": name, "password": "wrong"}, headers=HERE) for name in ("ana", "nil")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].text.replace("ana", "nil") == answers[1].text


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "/x\r\nset-cookie: a=b", ""]
)
def test_the_sign_in_leads_to_no_other_site(place: Site, to: str) -> None:
    answer = place.client().post("/login", data={"name": "ana", "password": PASSWORD, "to": to}, headers=HERE)
    assert answer.headers["location"] == "/"


def test_the_cookie_is_kept_from_scripts_and_ends_with_the_session(place: Site) -> None:
    client = place.client()
    answer = client.post("/login", data={"name": "ana", "password": PASSWORD}, headers=HERE)
    said = answer.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=lax" in said
    token = client.cookies["anomaly-review"]
    client.post("/logout", headers=HERE)
    again = place.client()
    again.cookies.set("anomaly-review", token)
    assert again.get("/").status_code == 303


def test_behind_tls_the_cookie_is_secure(tmp_path_factory: pytest.TempPathFactory) -> None:
    made = site(tmp_path_factory.mktemp("tls"), options=Options(hosts=("review.example",), is_tls=True))
    client = TestClient(made.app, base_url="https://review.example", follow_redirects=False)
    data = {"name": "ana", "password": PASSWORD}
    answer = client.post("/login", data=data, headers={"origin": "https://review.example"})
    assert "__Host-anomaly=" in answer.headers["set-cookie"]
    assert "secure" in answer.headers["set-cookie"].lower()
    assert "strict-transport-security" in answer.headers
    assert client.get("/", headers={"host": "evil.example"}).status_code == 421
    made.database.close()


def test_a_proxy_signs_in_from_its_own_address_alone(tmp_path_factory: pytest.TempPathFactory) -> None:
    made = site(tmp_path_factory.mktemp("proxy"), options=PROXY)
    base = "http://127.0.0.1:8750"
    inside = TestClient(made.app, base_url=base, follow_redirects=False, client=("10.9.1.1", 4000))
    outside = TestClient(made.app, base_url=base, follow_redirects=False, client=("10.8.1.1", 4000))
    named = {"x-signed-in": "ana"}
    assert inside.get("/", headers=named).status_code == 200
    assert inside.get("/", headers={"x-signed-in": "nobody-known"}).status_code == 303
    assert outside.get("/", headers=named | {"x-forwarded-for": "10.9.1.1"}).status_code == 303
    made.database.close()


def test_every_answer_carries_the_headers(place: Site, ana: TestClient) -> None:
    for path in ("/", "/login", "/nothing", "/static/style.css", "/?day=x", f"/case/{case_id(1)}"):
        answer = ana.get(path)
        assert "default-src 'none'" in answer.headers["content-security-policy"], path
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert ("no-store" in answer.headers["cache-control"]) == (not path.startswith("/static"))


def test_a_body_without_end_is_cut_off(ana: TestClient) -> None:
    answer = ana.post(f"/case/{case_id(1)}/comment", data={"text": "x" * 300_000}, headers=HERE)
    assert answer.status_code == 413
