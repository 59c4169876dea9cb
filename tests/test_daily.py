"""The parts of a night: days asked for, the run ledger, drift, log lines, the watchdog's address."""

import json
import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

import house
import pages
from anomaly.config.kinds import Secret
from anomaly.config.settings import DailySettings
from anomaly.daily.drift import exceedance, shift
from anomaly.daily.gates import exceedance as exceedance_gate
from anomaly.daily.ledger import RunLedger, history, ledger_file, lines
from anomaly.daily.logs import logging_to_stderr, note
from anomaly.daily.metrics import METRICS
from anomaly.daily.ping import ping
from anomaly.daily.plan import Asked, asked_days, check_clock
from anomaly.errors import AnomalyError, DataQualityError, UsageError
from anomaly.store import Lake

NOW = datetime(2026, 3, 25, 3, 0, tzinfo=UTC)
DAY = date(2026, 3, 24)


def test_without_a_day_it_is_yesterday_in_utc() -> None:
    assert asked_days(NOW, None, None, None) == Asked([DAY], by_clock=True)
    assert asked_days(NOW, date(2026, 1, 1), None, None) == Asked([date(2026, 1, 1)], by_clock=False)
    assert asked_days(NOW, None, DAY, DAY + timedelta(days=2)).days == [DAY + timedelta(days=n) for n in range(3)]


@pytest.mark.parametrize(
    ("day", "first", "last"), [(DAY, DAY, DAY), (None, DAY, None), (None, None, DAY), (None, DAY, date(2026, 3, 1))]
)
def test_days_that_contradict_each_other_are_refused(day: date | None, first: date | None, last: date | None) -> None:
    with pytest.raises(UsageError):
        asked_days(NOW, day, first, last)


def test_the_lookback_holds_days_with_events_and_logs_are_listed_from_the_last_night_on() -> None:
    known = [DAY - timedelta(days=back) for back in (9, 3, 1)]
    asked = Asked([DAY], by_clock=True)
    assert asked.lookback(known, 3) == known[1:]
    assert asked.first_listed(known, 3) == DAY - timedelta(days=3)
    assert asked.first_listed(known[:1], 3) == DAY - timedelta(days=9), "six nights were missed"


def test_the_ledger_counts_runs_whatever_the_clock_says(lake: Lake) -> None:
    RunLedger(lake, 1).begin(NOW, {})
    RunLedger(lake, 1).say("end", NOW, {"outcome": "done"})
    RunLedger(lake, 2).begin(NOW - timedelta(days=400), {})
    found = history(lake)
    assert (found.last_number, found.last_success, found.cut_off) == (2, NOW, 2)


def test_a_torn_line_is_passed_over_and_then_cut_off(lake: Lake) -> None:
    RunLedger(lake, 1).begin(NOW, {})
    whole = ledger_file(lake).read_bytes()
    for torn in range(1, len(whole)):
        ledger_file(lake).write_bytes(whole + whole[:torn])
        assert [line["run"] for line in lines(lake)] == ([1, 1] if torn == len(whole) else [1])
    RunLedger(lake, 2).begin(NOW, {})
    assert [line["run"] for line in lines(lake)] == [1, 2]
    assert ledger_file(lake).read_bytes().startswith(whole)


def test_a_ledger_edited_by_hand_says_where_it_is_broken(lake: Lake) -> None:
    RunLedger(lake, 1).begin(NOW, {})
    with ledger_file(lake).open("a") as handle:
        handle.write("oops\n{}\n")
    with pytest.raises(AnomalyError, match=r"daily\.jsonl holds a line that is no JSON"):
        lines(lake)


def test_a_clock_set_back_does_not_choose_the_day(lake: Lake) -> None:
    RunLedger(lake, 7).begin(NOW, {})
    past = history(lake)
    earlier = NOW - timedelta(days=2)
    with pytest.raises(DataQualityError, match=r"before run 7, .*set the clock, or say which day is meant with --date"):
        check_clock(Asked([DAY], by_clock=True), earlier, past)
    assert "before run 7" in check_clock(Asked([DAY], by_clock=False), earlier, past)
    assert check_clock(Asked([DAY], by_clock=True), NOW - timedelta(minutes=5), past) == ""


def test_one_loud_day_raises_no_gate_but_loud_weeks_do() -> None:
    settings = DailySettings()
    assert exceedance_gate(DAY, [900], 10, settings) is None
    assert exceedance_gate(DAY, [12, 9, 80], 10, settings) is None
    refusal = exceedance_gate(DAY, [60, 55, 80], 10, settings)
    assert refusal is not None
    assert "65.0 alerts a day over 3 like days where 10 were promised" in refusal.text
    allowed = exceedance_gate(DAY, [60, 55, 80], 10, DailySettings(allow=("exceedance",)))
    assert allowed is not None
    assert allowed.allowed


def test_exceedance_of_a_day_that_was_not_scored_is_empty(lake: Lake) -> None:
    assert exceedance(lake, DAY) == ([], [], 0.0)


def test_every_metric_is_on_the_page() -> None:
    page = pages.sections(house.REPOSITORY / "docs" / "operate.md")["Metrics"]
    assert re.findall(r"^\| `(\w+)` \| (.+) \|$", page, flags=re.MULTILINE) == list(METRICS.items())


def test_a_signal_that_stirs_more_often_shifts_and_one_that_does_not_stays() -> None:
    rng = np.random.default_rng(5)
    usual = np.where(rng.random(6000) < 0.1, rng.exponential(2, 6000), 0)
    alike = np.where(rng.random(3000) < 0.1, rng.exponential(2, 3000), 0)
    often = np.where(rng.random(3000) < 0.6, rng.exponential(2, 3000), 0)
    same, moved = shift("a", alike, usual), shift("b", often, usual)
    assert not same.shifted
    assert same.psi < 0.05
    assert moved.shifted
    # the gap is where the zeros are: 0.9 of them before, 0.4 now
    assert moved.ks == pytest.approx(0.5, abs=0.03)
    assert shift("c", usual, usual).psi == shift("c", usual, usual).ks == 0


def test_few_sessions_are_not_taken_for_a_shift() -> None:
    rng = np.random.default_rng(6)
    draws = [shift("x", rng.exponential(1, 12), rng.exponential(1, 40)) for _ in range(200)]
    assert np.mean([each.psi > 0.25 for each in draws]) > 0.3, "the usual threshold alone would cry wolf"
    assert np.mean([each.shifted for each in draws]) < 0.35 * np.mean([each.psi > 0.25 for each in draws])


def test_log_lines_are_json_with_the_facts_beside_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to_stderr("json"):
        note("scored", day=DAY, alerts=3)
    note("after", day=DAY)
    line = json.loads(capsys.readouterr().err)
    assert (line["message"], line["day"], line["alerts"], line["level"]) == ("scored", "2026-03-24", 3, "info")


def test_text_lines_show_what_a_log_hides(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to_stderr("text"):
        note("gate", logging.WARNING, says="report\u202efdp", empty="")
    said = capsys.readouterr().err
    assert "warning gate says=report\\u202efdp" in said
    assert "empty" not in said


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        code = {"/500": 500, "/moved": 302}.get(self.path, 200)
        self.send_response(code)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_a_ping_says_how_it_went_and_never_the_address(server: str, tmp_path: Path) -> None:
    assert ping(Secret(f"{server}/canary"), 5) == ""
    assert ping(Secret(f"{server}/500"), 5) == "it answered 500"
    assert ping(Secret(f"{server}/moved"), 5) == "it answered 302", "the secret is told to nobody else"
    for address in (
        "http://127.0.0.1:9/canary",
        "http://canary:4711:x/",
        f"file://{tmp_path}/canary",
        "http://\ncanary",
    ):
        said = ping(Secret(address), 5)
        assert said
        assert "canary" not in said


def test_a_ping_has_its_time_however_slowly_it_is_answered() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        assert ping(Secret(f"http://127.0.0.1:{silent.getsockname()[1]}/"), 0.3) == "no answer in time"
        assert time.monotonic() - began < 3
