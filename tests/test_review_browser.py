"""The review page in a real browser: the whole way of a case, 500 names made to do harm, and what axe-core finds."""

import csv
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, expect, sync_playwright

from anomaly.review.verdicts import comment
from anomaly.review.viewer import Role, Viewer
from anomaly.review.web.signing import Options
from anomaly.review.workflows import Draft, make
from review_documents import case_id, document, hostile_names
from review_people import PASSWORD
from review_site import Site, site

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed; make browser installs Debian's")
HOSTILE = 500
PER_CASE = 20
SERIOUS = ("serious", "critical")
AXE = Axe()
BY_LOOK = ("color-contrast", "scrollable-region-focusable", "target-size")
"""Rules whose answer hangs on the colours or the width; the others say the same again."""
LOOKS: tuple[tuple[tuple[int, int], Literal["light", "dark"], tuple[str, ...]], ...] = (
    ((1400, 900), "light", ()),
    ((390, 844), "dark", BY_LOOK),
    ((1400, 900), "dark", BY_LOOK),
    ((390, 844), "light", BY_LOOK),
)
UNSEEN = set("\u202e\u200b\u200f\x00\x1b")
AHEAD = datetime.now(UTC).date() + timedelta(days=30)
LONG = 9 + HOSTILE // PER_CASE
"""The case of long keys and many places, behind the hostile ones."""


def documents() -> list[dict[str, Any]]:
    """Eight plain cases, and 25 whose every text is one of 500 hostile names."""
    names = hostile_names(HOSTILE)
    return (
        [document(number) for number in range(1, 9)]
        + [
            hostile(number, names[(number - 9) * PER_CASE : (number - 8) * PER_CASE])
            for number in range(9, 9 + HOSTILE // PER_CASE)
        ]
        + [long(LONG)]
    )


def long(number: int) -> dict[str, Any]:
    """A case with keys longer than any line, and more of everything than fits at once."""
    key = "corp-analytics/" + "year=2026/month=03/day=10/region=eu-central-1/" * 4
    return document(number) | {
        "objects": {"taken": 30, "largest": [f"{key}{nth}-{'a1b2c3d4' * 20}.parquet" for nth in range(30)]},
        "destinations": [{"destination": f"aws-account:{10**11 + nth}", "relation": "foreign"} for nth in range(40)],
        "buckets": [{"bucket": f"landing-zone-{nth}-{'x' * 40}", "owner": "o" * 60} for nth in range(25)],
        "identity": f"arn:aws:sts::111122223333:assumed-role/{'Administrators' * 6}/ana@corp.example",
    }


def hostile(number: int, names: list[str]) -> dict[str, Any]:
    """A case of which everything that a log or a person writes is hostile."""
    bucket = {"bucket": names[0], "sensitivity": "restricted", "owner": names[1], "bytes_read": 1, "objects": 1}
    plain = document(number)
    return plain | {
        "identity": names[2],
        "identity_kind": names[3],
        "headline": names[4],
        "reasons": names[5:8],
        "session_name": names[8],
        "actors": [names[9]],
        "credentials": [{"access_key_id": names[10], "lifetime": None, "role_chain": names[11], "acts": 1}],
        "sources": [{"address": names[12], "network": names[13], "country": names[14]}],
        "tools": [names[15]],
        "buckets": [bucket],
        "objects": {"taken": 1, "largest": [names[16]]},
        "destinations": [names[17]],
        "workflow": names[18],
        "evidence": [{"file": names[19], "records": 1, "ordinals": [0]}],
        "timeline": [each | {"api": names[4], "bucket": names[0]} for each in plain["timeline"]],
        "history": [each | {"says": names[5]} for each in plain["history"]],
    }


@dataclass
class Watched:
    """A page of a browser, and all that it did which it should not."""

    page: Page
    address: str
    faults: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note every dialog, every breach of the policy, every request that leaves the page's own server."""
        self.page.on("dialog", self._note_dialog)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("console", self._note_console)
        self.page.on("request", self._note_request)

    def go(self, path: str) -> None:
        """Open a page of the server."""
        self.page.goto(self.address + path)

    def sign_in(self, name: str) -> None:
        """Sign in as this person."""
        self.go("/login")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_selector("#queue")

    def serious(self, rules: tuple[str, ...]) -> list[str]:
        """What axe-core finds on the page that shuts people out, by these rules or by all."""
        asked: dict[str, Any] = {"resultTypes": ["violations"]}
        if rules:
            asked["runOnly"] = {"type": "rule", "values": list(rules)}
        found = AXE.run(self.page, options=asked).response["violations"]
        return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in SERIOUS]

    def _note_dialog(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _note_console(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.faults.append(said.text)

    def _note_request(self, sent: Request) -> None:
        if not sent.url.startswith(self.address + "/"):
            self.faults.append(f"asked {sent.url}")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, str]]:
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    made = site(tmp_path_factory.mktemp("browser"), documents(), Options())
    server = uvicorn.Server(uvicorn.Config(made.app, log_level="error", access_log=False, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield made, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
    made.database.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        # root, as whom containers test, has no sandbox
        found = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def watched(browser: Browser, place: tuple[Site, str]) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    found = Watched(context.new_page(), place[1])
    found.watch()
    yield found
    context.close()
    assert found.faults == []


def test_from_the_queue_to_a_workflow_with_the_keyboard(watched: Watched, place: tuple[Site, str]) -> None:
    watched.sign_in("ana")
    page = watched.page
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/case/{case_id(2)}")
    page.keyboard.press("3")
    assert page.get_by_label("expected").is_checked()
    page.keyboard.type("the weekly hand-over to the auditors, asked sales")
    page.get_by_role("button", name="Give verdict").click()
    page.wait_for_selector("text=Before this is saved as expected")
    assert page.get_by_text("the same transfer by somebody else").is_visible()
    page.get_by_role("button", name="Save: expected").click()
    page.wait_for_url("**/case/*?saved=workflow")
    assert page.get_by_text("holds from the next night").is_visible()
    with (place[0].context / "review_workflows.csv").open(encoding="utf-8", newline="") as file:
        # the tests come in any order, and another writes workflows of hostile names
        found = [row["destination"] for row in csv.DictReader(file) if row["identity"].endswith("user/ana-2")]
    assert found == ["aws-account:999988887777"]


def test_the_keys_are_told_and_search_narrows_without_a_reload(watched: Watched) -> None:
    watched.sign_in("vic")
    page = watched.page
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()
    page.keyboard.press("/")
    page.keyboard.type("ana-5")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.get_by_label("Search").fill("nobodyhasthisword")
    page.wait_for_selector("text=No case fits these filters")


def test_names_made_to_do_harm_stay_text(watched: Watched) -> None:
    watched.sign_in("ana")
    for number in range(9, 9 + HOSTILE // PER_CASE):
        watched.go(f"/case/{case_id(number)}?verdict=expected")
    watched.go("/")
    assert watched.page.locator("[data-row]").count() == 9 + HOSTILE // PER_CASE
    text = watched.page.locator("body").inner_text()
    assert "<iframe srcdoc=" in text
    assert not set(text) & UNSEEN


def test_names_made_to_do_harm_stay_text_where_they_are_written_too(watched: Watched, place: tuple[Site, str]) -> None:
    # a [ would have to be a glob's
    names = [name.replace("[", "(") for name in hostile_names(HOSTILE)]
    lead = Viewer("max", Role.ADMIN)
    # a step that leads to each of the pieces
    for nth in range(0, HOSTILE - 6, 19):
        draft = Draft(f"flow-{nth}", names[nth], names[nth + 1], "any", names[nth + 3], names[nth + 4], AHEAD)
        make(place[0].database, draft, lead)
        comment(place[0].database, case_id(8), names[nth + 5], lead)
    watched.sign_in("max")
    page = watched.page
    for path in ("/workflows", "/audit", f"/case/{case_id(8)}", f"/?text={quote(names[0])}&identity={quote(names[4])}"):
        watched.go(path)
        assert not set(page.locator("body").inner_text()) & UNSEEN
    watched.go(f"/case/{case_id(9)}?verdict=expected")
    page.locator("#reason").fill(names[6])
    page.get_by_label("Destinations").fill("aws-account:999988887777")
    page.get_by_role("button", name="Give verdict").click()
    page.wait_for_selector("text=Before this is saved as expected")
    assert not set(page.locator("body").inner_text()) & UNSEEN


def pages_of(watched: Watched) -> Iterator[str]:
    """Open every kind of page there is, one after the other."""
    watched.go("/login")
    yield "the sign-in"
    watched.sign_in("max")
    yield "the queue"
    for path in (f"/case/{case_id(1)}?verdict=expected", "/workflows", "/audit", "/about"):
        watched.go(path)
        yield path
    watched.go("/case/nothing")
    yield "what is refused"
    watched.go(f"/case/{case_id(3)}?verdict=expected")
    watched.page.locator("#reason").fill("the weekly hand-over")
    watched.page.get_by_role("button", name="Give verdict").click()
    watched.page.wait_for_selector("text=Before this is saved as expected")
    yield "a draft of a workflow"


def test_nobody_is_shut_out_of_any_page(browser: Browser, place: tuple[Site, str]) -> None:
    context = browser.new_context(reduced_motion="reduce")
    watched = Watched(context.new_page(), place[1])
    for name in pages_of(watched):
        for size, scheme, rules in LOOKS:
            watched.page.set_viewport_size({"width": size[0], "height": size[1]})
            watched.page.emulate_media(color_scheme=scheme)
            assert watched.serious(rules) == [], (name, size, scheme)
            width = watched.page.evaluate("document.documentElement.scrollWidth")
            assert width <= size[0], f"{name} is wider than the screen"
    context.close()


def test_long_keys_and_many_places_stay_in_the_page(browser: Browser, place: tuple[Site, str]) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    watched = Watched(context.new_page(), place[1])
    watched.sign_in("ana")
    watched.go(f"/case/{case_id(LONG)}")
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert watched.page.get_by_text("34 more").count() == 1
    watched.page.get_by_text("34 more").click()
    assert watched.page.get_by_text("aws-account:100000000039").is_visible()
    context.close()


def test_what_happened_why_and_the_verdict_need_no_scrolling(watched: Watched) -> None:
    watched.sign_in("ana")
    watched.go(f"/case/{case_id(1)}")
    for part in (".what", ".why", ".verdict"):
        box = watched.page.locator(part).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 900
