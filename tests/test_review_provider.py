"""Signing in by an OpenID Connect provider: who gets in, and every answer that gets nobody in."""

import sys
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import sqlalchemy as sa
import urllib3
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.responses import JSONResponse, PlainTextResponse

from anomaly.config.kinds import Secret
from anomaly.config.settings import ReviewSettings
from anomaly.errors import ConfigError, ProviderError, SignInError, UsageError
from anomaly.review import accounts, web
from anomaly.review.schema import audit, sessions
from anomaly.review.web import pending, provider
from anomaly.review.web.registration import Registration
from anomaly.review.web.serve import listen_of
from anomaly.review.web.signing import Options
from review_people import PASSWORD
from review_provider import CLIENT, GRANT, OTHER_KEY, SECRET, Liar, elsewhere, serving
from review_site import HERE, Site, site

BACK = "/login/provider/back"


def named(value: object) -> str | None:
    """The id of a case: its words; what is no text has an address of this process in its own, and is numbered."""
    return value if isinstance(value, str) else None


@pytest.fixture(scope="module")
def liar() -> Iterator[Liar]:
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, liar: Liar) -> Iterator[Site]:
    opened = Registration(liar.issuer, CLIENT, Secret(SECRET)).open()
    made = site(tmp_path_factory.mktemp("provider"), options=Options(provider=opened))
    yield made
    opened.close()
    made.database.close()


@pytest.fixture(autouse=True)
def honest(liar: Liar, place: Site) -> None:
    liar.says()
    opened = place.app.state.options.provider
    opened._kept.clear()


def leave(client: TestClient, liar: Liar, to: str = "/about") -> dict[str, str]:
    """Go out to the provider, and return what it was asked."""
    answer = client.get("/login/provider", params={"to": to})
    assert answer.status_code == 303, answer.text
    address = urlsplit(answer.headers["location"])
    liar.asked = dict(parse_qsl(address.query))
    return liar.asked


def come_back(client: TestClient, liar: Liar, **changes: str) -> Response:
    """Come back from the provider with a code, or with what the test has instead."""
    asked = leave(client, liar)
    found: Response = client.get(BACK, params={"code": GRANT, "state": asked["state"]} | changes)
    return found


def refused(place: Site, answer: Response, said: str) -> None:
    """Nobody was signed in, and the page says why."""
    assert answer.status_code in (403, 502), answer.text
    assert said in answer.text
    assert "anomaly-review=" not in answer.headers.get("set-cookie", "").replace('anomaly-review-sign-in=""', "")
    with place.database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(sessions)) == 0
    # no way back is taken twice
    assert 'anomaly-review-sign-in=""; ' in answer.headers["set-cookie"]


def test_whom_the_provider_vouches_for_is_signed_in_and_led_on(place: Site, liar: Liar) -> None:
    client = place.client()
    assert f"Sign in with {urlsplit(liar.issuer).netloc}" in client.get("/login").text
    asked = leave(client, liar)
    assert asked["code_challenge_method"] == "S256"
    assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT, f"http://127.0.0.1:8750{BACK}")
    answer = client.get(BACK, params={"code": GRANT, "state": asked["state"], "iss": liar.issuer})
    assert (answer.status_code, answer.headers["location"]) == (303, "/about")
    assert "ana · analyst" in client.get("/about").text
    form, authorization = liar.heard[0]
    assert form["code_verifier"] not in str(asked)
    assert authorization == urllib3.make_headers(basic_auth="anomaly-review:swordfish+%26+co")["authorization"]
    with place.database.reading() as connection:
        last = connection.execute(sa.select(audit).order_by(audit.c.seq.desc())).mappings().first()
    assert last is not None
    assert (last["action"], last["subject"]) == ("signed_in", "ana")
    assert liar.issuer in last["detail"]
    client.post("/logout", headers=HERE)
    assert client.get("/about").status_code == 303


def test_a_session_of_before_ends_with_the_sign_in(place: Site, liar: Liar) -> None:
    client = place.client("lea")
    former = client.cookies["anomaly-review"]
    assert come_back(client, liar).status_code == 303
    assert accounts.viewer_of(place.database, former) is None
    later = client.cookies["anomaly-review"]
    assert later != former
    client.post("/login", data={"name": "vic", "password": PASSWORD}, headers=HERE)
    assert accounts.viewer_of(place.database, later) is None
    client.post("/logout", headers=HERE)


@pytest.mark.parametrize(
    ("lies", "said"),
    [
        ({"claims": {"iss": "https://evil.example"}}, "iss"),
        ({"claims": {"aud": "another-page"}}, "aud"),
        ({"claims": {"aud": [CLIENT, "another-page"]}}, "azp"),
        ({"claims": {"azp": "another-page"}}, "azp"),
        ({"claims": {"exp": 1_700_000_000, "iat": 1_699_999_000}}, "expired"),
        ({"claims": {"nbf": 4_000_000_000}}, "not yet valid"),
        ({"claims": {"nonce": "another"}}, "nonce"),
        ({"claims": {"at_hash": "AAAA"}}, "at_hash"),
        ({"without": ("nonce",)}, "nonce"),
        ({"without": ("exp",)}, "exp"),
        ({"without": ("sub",)}, "sub"),
        ({"key": OTHER_KEY}, "bad_signature"),
        ({"key": OTHER_KEY, "header": {"kid": "second"}}, "a key that it does not show"),
        ({"header": {"alg": "none"}}, "cannot be trusted"),
        ({"header": {"alg": "HS256"}}, "cannot be trusted"),
    ],
    ids=named,
)
def test_a_token_that_is_not_right_signs_nobody_in(place: Site, liar: Liar, lies: dict[str, Any], said: str) -> None:
    client = place.client()
    leave(client, liar)
    liar.says(**lies)
    refused(place, client.get(BACK, params={"code": GRANT, "state": liar.asked["state"]}), said)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": "another"}, "Begin again"),
        ({"state": ""}, "Begin again"),
        ({"code": "another"}, "did not take the code: invalid_grant"),
        ({"code": "", "error": "access_denied"}, "the provider said no: access_denied"),
        ({"code": "", "error": "<script>alert(1)</script>"}, "the provider said no"),
        ({"iss": "https://evil.example"}, "another provider"),
    ],
)
def test_a_way_back_that_fits_no_way_out_signs_nobody_in(
    place: Site, liar: Liar, changes: dict[str, str], said: str
) -> None:
    answer = come_back(place.client(), liar, **changes)
    refused(place, answer, said)
    assert "<script>alert" not in answer.text


def test_a_way_back_in_another_browser_or_twice_or_too_late_signs_nobody_in(
    place: Site, liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = place.client()
    asked = leave(client, liar)
    way = {"code": GRANT, "state": asked["state"]}
    refused(place, place.client().get(BACK, params=way), "Begin again")
    kept = client.cookies["anomaly-review-sign-in"]
    with monkeypatch.context() as late:
        late.setattr(pending, "LASTS_SECONDS", -1)
        refused(place, come_back(place.client(), liar), "Begin again")
    altered = place.client()
    altered.cookies.set("anomaly-review-sign-in", f"e30{kept[3:]}")
    refused(place, altered.get(BACK, params=way), "Begin again")
    client.get(BACK, params=way | {"code": "another"})
    refused(place, client.get(BACK, params=way), "Begin again")


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_it_leads_on_to_no_other_site(place: Site, liar: Liar, to: str) -> None:
    client = place.client()
    asked = leave(client, liar, to)
    answer = client.get(BACK, params={"code": GRANT, "state": asked["state"]})
    assert answer.headers["location"] == "/"
    client.post("/logout", headers=HERE)


def test_who_has_no_account_or_a_locked_one_does_not_get_in(place: Site, liar: Liar) -> None:
    liar.says(claims={"preferred_username": "nobody<b>"})
    answer = come_back(place.client(), liar)
    refused(place, answer, "anomaly review user add NAME --no-password")
    assert "nobody&lt;b&gt; has no account" in answer.text
    accounts.add(place.database, "sam", "viewer")
    accounts.lock(place.database, "sam")
    liar.says(claims={"preferred_username": "sam"})
    refused(place, come_back(place.client(), liar), "or it is locked")


def test_the_name_may_be_told_apart_from_the_token_or_not_at_all(place: Site, liar: Liar) -> None:
    bare = ("preferred_username",)
    liar.says(without=bare, userinfo={"preferred_username": "ana"})
    client = place.client()
    assert come_back(client, liar).status_code == 303
    client.post("/logout", headers=HERE)
    liar.says(without=bare, userinfo={"preferred_username": "ana", "sub": "person-2"})
    refused(place, come_back(place.client(), liar), "two different people")
    liar.says(without=bare)
    refused(place, come_back(place.client(), liar), "says no preferred_username")


def test_an_address_that_the_provider_did_not_check_is_no_name() -> None:
    said = {"email": "ana@corp.example", "email_verified": False}
    with pytest.raises(SignInError, match="did not check"):
        provider._named(said, "email")
    assert provider._named(said | {"email_verified": True}, "email") == "ana@corp.example"


def test_a_new_key_of_the_provider_is_found(place: Site, liar: Liar) -> None:
    client = place.client()
    assert come_back(client, liar).status_code == 303
    liar.says(key=OTHER_KEY, header={"kid": "second"}, shown=(OTHER_KEY,))
    assert come_back(client, liar).status_code == 303
    assert liar.paths == ["/token", "/jwks"]
    client.post("/logout", headers=HERE)


@pytest.mark.parametrize(
    ("lies", "said"),
    [
        ({"answers": {"/.well-known/openid-configuration": PlainTextResponse("down", 503)}}, "answered 503"),
        ({"answers": {"/.well-known/openid-configuration": elsewhere("https://evil.example/")}}, "answered 307"),
        ({"answers": {"/.well-known/openid-configuration": PlainTextResponse("<html>")}}, "no JSON object"),
        ({"answers": {"/.well-known/openid-configuration": JSONResponse({"a": "x" * (1 << 20)})}}, "does not answer"),
        ({"described": {"issuer": "https://other.example"}}, "calls itself &#39;https://other.example&#39;"),
        ({"described": {"token_endpoint": None}}, "says no token_endpoint"),
    ],
    ids=named,
)
def test_a_provider_that_is_down_or_none_gives_a_page_not_a_fault(
    place: Site, liar: Liar, lies: dict[str, Any], said: str
) -> None:
    liar.says(**lies)
    answer = place.client().get("/login/provider")
    assert answer.status_code == 502
    assert said in answer.text
    assert "The sign-in provider does not answer" in answer.text


def test_a_provider_that_stops_answering_on_the_way_back_gives_a_page(place: Site, liar: Liar) -> None:
    client = place.client()
    asked = leave(client, liar)
    liar.says(answers={"/token": PlainTextResponse("down", 500)})
    refused(place, client.get(BACK, params={"code": GRANT, "state": asked["state"]}), "answered 500")
    gone = Registration("http://127.0.0.1:9", CLIENT).open()
    with pytest.raises(ProviderError, match="does not answer"):
        gone.address(pending.begin("/", 0), "http://127.0.0.1/back")
    gone.close()


def test_a_key_set_that_would_be_fetched_in_the_clear_is_not(place: Site, liar: Liar) -> None:
    liar.says(described={"jwks_uri": "http://192.0.2.1/jwks"})
    refused(place, come_back(place.client(), liar), "not reached by https")


def test_a_public_client_sends_no_secret_and_a_posted_one_goes_in_the_form(liar: Liar) -> None:
    way = pending.begin("/", 0)
    for secret, described, sent in (
        (Secret(""), {}, None),
        (Secret(SECRET), {"token_endpoint_auth_methods_supported": ["client_secret_post"]}, SECRET),
    ):
        liar.says(described=described)
        opened = Registration(liar.issuer, CLIENT, secret).open()
        address = urlsplit(opened.address(way, "http://127.0.0.1/back"))
        liar.asked = dict(parse_qsl(address.query))
        assert opened.name(GRANT, way, "http://127.0.0.1/back") == "ana"
        form, authorization = liar.heard[0]
        assert (form.get("client_secret"), authorization) == (sent, "")
        opened.close()


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"oidc_issuer": "https://id.example"}, "oidc_client_id"),
        ({"oidc_client_id": CLIENT}, "set review.oidc_issuer"),
        ({"oidc_client_secret": Secret("canary-9")}, "set review.oidc_issuer"),
        ({"oidc_issuer": "http://id.example", "oidc_client_id": CLIENT}, "https://"),
        ({"oidc_issuer": "id.example", "oidc_client_id": CLIENT}, "https://"),
        ({"oidc_issuer": "https://id.example?x", "oidc_client_id": CLIENT}, "https://"),
    ],
    ids=named,
)
def test_half_a_registration_is_refused_before_anything_listens(said: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ConfigError, match=wrong) as caught:
        listen_of(ReviewSettings(**said)).check()
    assert "canary-9" not in str(caught.value)


def test_a_whole_registration_is_opened_and_beyond_this_machine_takes_tls_all_the_same() -> None:
    whole = ReviewSettings(oidc_issuer="https://id.example", oidc_client_id=CLIENT)
    listen_of(whole).check()
    opened = listen_of(whole).options().provider
    assert opened is not None
    assert opened.host == "id.example"
    opened.close()
    with pytest.raises(UsageError, match="without TLS"):
        listen_of(whole, host="0.0.0.0").check()


def test_without_the_extra_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "anomaly.review.web.provider")
    monkeypatch.setitem(sys.modules, "anomaly.review.web.tokens", None)
    monkeypatch.delattr(web, "provider")
    with pytest.raises(UsageError, match=r"pip install 'anomaly\[oidc\]'"):
        Registration("https://id.example", CLIENT).check()


@pytest.fixture
def other_provider() -> Iterator[str]:
    """A provider that somebody else wrote, made for tests; its address."""
    with warnings.catch_warnings():
        # it is written with a part of authlib that will go, and says so when it is loaded
        warnings.simplefilter("ignore")
        from oidc_provider_mock import User, run_server_in_thread

        people = (User(sub="p1", claims={"preferred_username": "lea"}),)
        with run_server_in_thread(require_nonce=True, user_claims=people) as server:
            yield f"http://localhost:{server.server_port}"


def test_a_provider_that_somebody_else_wrote_signs_in_too(
    tmp_path_factory: pytest.TempPathFactory, other_provider: str
) -> None:
    opened = Registration(other_provider, CLIENT, Secret(SECRET)).open()
    made = site(tmp_path_factory.mktemp("other"), options=Options(provider=opened))
    client = made.client()
    out = client.get("/login/provider").headers["location"]
    with urllib3.PoolManager(retries=False) as browser:
        answer = browser.request("POST", out, fields={"sub": "p1"}, encode_multipart=False, redirect=False)
        back = urlsplit(answer.headers["location"])
    assert client.get(f"{back.path}?{back.query}").headers["location"] == "/"
    assert "lea · analyst" in client.get("/about").text
    opened.close()
    made.database.close()
