"""Every route there is, held against who may ask: what needs no table is asked of each by itself, and a route that the
table does not know fails.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import Mount

from anomaly.review import schema
from anomaly.review.viewer import Role, Viewer
from anomaly.review.web.app import ROUTES
from anomaly.review.workflows import Draft, make
from review_documents import case_id
from review_site import HERE, Site, site

CASE = case_id(1)


@dataclass(frozen=True)
class Write:
    """A route that writes: what a right request sends, who may, and the field that holds a version."""

    path: str
    data: dict[str, Any]
    may: tuple[str, ...]
    version: str | None = "version"


VERDICT = {"version": 1, "verdict": "benign", "reason": "asked the team"}
AHEAD = datetime.now(UTC).date() + timedelta(days=30)
EXTEND = {"id": "none", "version": 1, "review_by": AHEAD.isoformat()}
ANALYSTS = ("ana", "max")
WRITES = {
    "/case/{case_id}/verdict": Write(f"/case/{CASE}/verdict", VERDICT, ANALYSTS),
    "/case/{case_id}/comment": Write(f"/case/{CASE}/comment", {"text": "seen"}, ANALYSTS, version=None),
    "/case/{case_id}/assign": Write(f"/case/{CASE}/assign", {"version": 1, "assigned_to": "ana"}, ANALYSTS),
    "/workflows/extend": Write("/workflows/extend", EXTEND, ANALYSTS),
    "/workflows/end": Write("/workflows/end", {"id": "none", "version": 1}, ANALYSTS),
    "/logout": Write("/logout", {}, ("vic", "own", "ana", "max"), version=None),
}
LOGIN = Write("/login", {"name": "ana", "password": "x"}, (), version=None)
OPEN_TO_ALL = {"/login", "/login/provider", "/login/provider/back"}
"""Who may ask is not known yet."""
READS = {
    "/": ("vic", "own", "ana", "max"),
    "/buckets": ("vic", "own", "ana", "max"),
    "/case/{case_id}": ("vic", "own", "ana", "max"),
    "/case/{case_id}/evidence.{form}": ("vic", "own", "ana", "max"),
    "/workflows": ("vic", "own", "ana", "max"),
    "/audit": ("max",),
    "/about": ("vic", "own", "ana", "max"),
}
EVERYBODY = ("vic", "own", "ana", "max")
THERE = [route for module in ROUTES for route in module.router.routes if isinstance(route, APIRoute)]


def asked(path: str) -> str:
    """A path with what stands in braces filled in."""
    return path.format(case_id=CASE, form="csv")


WRITING = [
    WRITES.get(route.path) or (LOGIN if route.path == LOGIN.path else Write(asked(route.path), {}, ()))
    for route in THERE
    if (route.methods or set()) - {"GET"}
]
"""Every route that writes, also one that the table does not know."""
ENTERED = [each for each in WRITING if each is not LOGIN]
SHOWING = [route.path for route in THERE if "GET" in (route.methods or ()) and route.path not in OPEN_TO_ALL]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = site(tmp_path_factory.mktemp("guarded"))
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def people(place: Site) -> dict[str, TestClient]:
    return {name: place.client(name) for name in EVERYBODY}


@pytest.fixture(scope="module")
def late(place: Site) -> TestClient:
    """The browser of somebody whose session has ended."""
    found = place.client("lea")
    with place.database.writing("test", "expired", "session") as change:
        ended = schema.sessions.update().where(schema.sessions.c.account == "lea")
        change.connection.execute(ended.values(ends_at="2020-01-01T00:00:00.000000Z"))
    return found


@pytest.fixture(scope="module")
def flow(place: Site) -> str:
    """A workflow's name."""
    lead = Viewer("max", Role.ADMIN)
    return make(
        place.database, Draft("nightly", "arn:x", "exports", "aws-account:999988887777", "why", "own", AHEAD), lead
    )


def count(place: Site) -> dict[str, int]:
    """Rows of every table that people write, and of the log of writes."""
    tables = (schema.verdicts, schema.comments, schema.workflows, schema.audit)
    with place.database.reading() as connection:
        return {each.name: connection.scalar(sa.select(sa.func.count()).select_from(each)) or 0 for each in tables}


def test_the_table_knows_every_route(place: Site) -> None:
    assert [route for route in place.app.routes if not isinstance(route, Mount)] == THERE
    assert {route.path for route in THERE if (route.methods or set()) - {"GET"}} == {*WRITES, LOGIN.path}
    assert set(SHOWING) == set(READS)


@pytest.mark.parametrize("write", ENTERED, ids=lambda each: each.path)
def test_a_write_without_a_session_is_refused(place: Site, write: Write) -> None:
    before = count(place)
    assert place.client().post(write.path, data=write.data, headers=HERE).status_code == 401
    assert count(place) == before


@pytest.mark.parametrize("write", WRITING, ids=lambda each: each.path)
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8751"},
        {"origin": "https://127.0.0.1:8750"},
        {"origin": "http://127.0.0.1:8750.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {**HERE, "sec-fetch-site": "cross-site"},
        {},
    ],
    ids=str,
)
def test_a_write_from_elsewhere_is_refused(
    place: Site, people: dict[str, TestClient], write: Write, headers: dict[str, str]
) -> None:
    before = count(place)
    answer = people["max"].post(write.path, data=write.data, headers=headers)
    assert answer.status_code == 403
    assert "content-security-policy" in answer.headers
    assert count(place) == before


@pytest.mark.parametrize("write", WRITES.values(), ids=list(WRITES))
@pytest.mark.parametrize("name", EVERYBODY)
def test_a_write_beyond_ones_role_is_refused(
    place: Site, people: dict[str, TestClient], write: Write, name: str
) -> None:
    if name in write.may:
        return
    before = count(place)
    assert people[name].post(write.path, data=write.data, headers=HERE).status_code == 403
    assert count(place) == before


@pytest.mark.parametrize("write", [each for each in WRITES.values() if each.version], ids=lambda each: each.path)
def test_a_stale_write_is_refused(place: Site, people: dict[str, TestClient], write: Write, flow: str) -> None:
    before = count(place)
    stale = write.data | ({"id": flow} if "id" in write.data else {}) | {"version": 99}
    answer = people["ana"].post(write.path, data=stale, headers=HERE)
    assert answer.status_code == 409
    assert "Nothing of yours was saved" in answer.text
    assert count(place) == before


@pytest.mark.parametrize("write", ENTERED, ids=lambda each: each.path)
def test_a_write_with_a_session_that_has_ended_is_refused(place: Site, late: TestClient, write: Write) -> None:
    before = count(place)
    assert late.post(write.path, data=write.data, headers=HERE).status_code == 401
    assert count(place) == before


@pytest.mark.parametrize("path", SHOWING)
def test_a_page_without_a_session_leads_to_the_sign_in(place: Site, late: TestClient, path: str) -> None:
    for client in (place.client(), late):
        answer = client.get(asked(path))
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login?to=%2F")


@pytest.mark.parametrize(("path", "may"), READS.items(), ids=list(READS))
def test_a_page_is_open_to_whom_it_is_meant_for(people: dict[str, TestClient], path: str, may: tuple[str, ...]) -> None:
    for name in EVERYBODY:
        answer = people[name].get(asked(path))
        assert answer.status_code == (200 if name in may else 403), (name, path)
