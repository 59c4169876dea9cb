"""The outbox against real servers on loopback: nothing is lost, nothing counts twice, no secret is shown."""

import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from anomaly import findings
from anomaly.config.kinds import Secret
from anomaly.config.settings import SinkSettings
from anomaly.sinks import Outbox, receivers
from anomaly.sinks.file import FILE, settled
from anomaly.sinks.post import LONGEST_WAIT
from anomaly.sinks.receivers import hec, signature, slack
from fixtures_org import run
from sink_findings import finding as whole_finding

CANARY = "canary-do-not-show"
NOW = 1_800_000_000.0
LATER = date(2026, 4, 1)
WHOLE = whole_finding()


def finding(number: int, **more: Any) -> dict[str, Any]:
    told = {"case_id": f"{number:032x}", "day": "2026-03-24", "rank": number, "cases": 9, "headline": "read much"}
    return told | {"identity": "arn:aws:iam::111111111111:user/mallory", "bytes_read": None} | more


class Server:
    """Answers by a script, the last one for ever; keeps what came with an answer of 200."""

    def __init__(self, script: list[int | str]) -> None:
        self.script, self.got = script, list[tuple[dict[str, str], bytes]]()
        # by status; the date is two hours after NOW
        self.headers = {
            429: {"Retry-After": "7200"},
            503: {"Retry-After": "Fri, 15 Jan 2027 10:00:00 GMT"},
            302: {"Location": "/elsewhere"},
        }
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:
                    # who sent it was killed half-way
                    self.close_connection = True
                    return
                answer = outer.script.pop(0) if len(outer.script) > 1 else outer.script[0]
                if answer == "hang":
                    time.sleep(1)
                if isinstance(answer, str):
                    self.close_connection = True
                    return
                outer.asked += 1
                if answer == 200:
                    outer.got.append((dict(self.headers), body))
                self.send_response(answer)
                for name, text in outer.headers.get(answer, {}).items():
                    self.send_header(name, text)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}/{CANARY}"

    def keys(self) -> list[str]:
        return [headers["Idempotency-Key"] for headers, _ in self.got]


@pytest.fixture
def serve() -> Iterator[Any]:
    started: list[Server] = []

    def start(*script: int | str) -> Server:
        started.append(Server(list(script)))
        return started[-1]

    yield start
    for each in started:
        each.http.shutdown()
        each.http.server_close()


def outbox(root: Path, server: Server, seconds: float = 30.0, **more: Any) -> Outbox:
    # short only where the server hangs: a busy machine may take its time to answer
    settings = SinkSettings(webhook_url=server.address, webhook_secret=Secret(CANARY), timeout_seconds=seconds, **more)
    return Outbox(root, receivers(settings), settings)


def test_a_finding_is_sent_once_and_signed(tmp_path: Path, serve: Any) -> None:
    server = serve(200)
    box = outbox(tmp_path, server)
    assert [box.enqueue([finding(1), finding(2)]) for _ in range(2)] == [2, 0]
    assert box.deliver(NOW).sent == 2
    assert box.deliver(NOW + LONGEST_WAIT).sent == 0
    headers, body = server.got[0]
    assert json.loads(body) == finding(1)
    stamp = int(headers["X-Anomaly-Timestamp"])
    assert headers["X-Anomaly-Signature"] == f"sha256={signature(Secret(CANARY), body, stamp)}"
    # a case whose content changed is sent anew, under another key, also where it is what it once was
    for number, rank in enumerate((5, 1), start=3):
        assert box.enqueue([finding(1, rank=rank), finding(2)]) == 1
        assert box.deliver(NOW).sent == 1
        assert len(set(server.keys())) == number
    with closing(sqlite3.connect(tmp_path / FILE)) as database:
        assert database.execute("select sum(length(body)) from outbox").fetchone() == (0,), "nothing is kept twice"


@pytest.mark.parametrize("trouble", [500, 302, "close", "hang"])
def test_what_fails_is_tried_again_later(tmp_path: Path, serve: Any, trouble: int | str) -> None:
    server = serve(trouble, 200)
    box = outbox(tmp_path, server)
    box.enqueue([finding(1)])
    assert outbox(tmp_path, server, 0.3 if trouble == "hang" else 30.0).deliver(NOW).failed == 1
    assert (box.deliver(NOW + 29).sent, box.deliver(NOW + 120).sent) == (0, 1)
    assert len(server.got) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_may_ask_for_more_time_in_seconds_or_by_date(tmp_path: Path, serve: Any, status: int) -> None:
    box = outbox(tmp_path, serve(status, 200))
    box.enqueue([finding(1)])
    assert box.deliver(NOW).failed == 1
    assert (box.deliver(NOW + 7199).sent, box.deliver(NOW + 7300).sent) == (0, 1)


def test_a_dead_receiver_costs_one_try_a_round_and_loses_nothing(tmp_path: Path, serve: Any) -> None:
    server = serve("hang")
    box = outbox(tmp_path, server)
    box.enqueue([finding(number) for number in range(20)])
    assert outbox(tmp_path, server, 0.3).deliver(NOW).failed == 1
    server.script[:] = [200]
    assert box.deliver(NOW + LONGEST_WAIT).sent == 20
    assert box.counts() == {"webhook": {"sent": 20}}


def test_what_is_refused_is_kept_shown_and_may_be_tried_again(tmp_path: Path, serve: Any) -> None:
    box = outbox(tmp_path, serve(400, 500, 200), attempts=1)
    box.enqueue([finding(1), finding(2)])
    assert box.deliver(NOW).dead == 2
    assert [row[2:] for row in box.problems()] == [("dead", "answered 400"), ("dead", "answered 500")]
    assert (box.revive(), box.deliver(NOW).sent) == (2, 2)


def test_a_case_that_is_gone_is_told_to_every_receiver_once(tmp_path: Path, serve: Any) -> None:
    server = serve(200)
    settings = replace(secretive(server.address), webhook_format="ocsf")
    box = Outbox(tmp_path, receivers(settings), settings)
    day = date.fromisoformat(WHOLE["day"])
    assert (box.enqueue([WHOLE], NOW), box.deliver(NOW).sent) == (3, 3)
    assert (box.enqueue([], NOW, days=[day]), box.enqueue([], NOW + 60, days=[day])) == (3, 0)
    assert box.deliver(NOW).sent == 3
    event, message, entry = [json.loads(body) for _, body in server.got[3:]]
    assert (event["type_uid"], event["status"], event["finding_info"]["uid"]) == (200403, "Archived", WHOLE["case_id"])
    assert message["text"].startswith(f"{WHOLE['day']} withdrawn: a later run of its day no longer hands it on (case ")
    assert entry["event"] == event["unmapped"]
    assert (entry["event"]["withdrawn"], entry["event"]["at"]) == (True, "2027-01-15T08:00:00Z")
    # found again it is sent again, and gone again it is told again; each under a key of its own
    assert (box.enqueue([WHOLE], NOW), box.enqueue([], NOW, days=[day]), box.deliver(NOW).sent) == (3, 3, 6)
    assert len(set(server.keys())) == len(server.keys()) == 12


def test_a_receiver_hears_of_a_case_in_the_order_in_which_it_changed(tmp_path: Path, serve: Any) -> None:
    server = serve(500, 200)
    box = outbox(tmp_path, server)
    box.enqueue([finding(1)], NOW)
    assert box.deliver(NOW).failed == 1
    box.enqueue([finding(2)], NOW)
    assert box.deliver(NOW).sent == 1, "that the first is gone waits until the first is there"
    box.deliver(NOW + 120)
    told = [json.loads(body) for _, body in server.got]
    assert [(each["case_id"][-1], each.get("withdrawn", False)) for each in told] == [
        ("2", False),
        ("1", False),
        ("1", True),
    ]


def test_what_a_newer_version_took_the_place_of_is_not_tried_again(tmp_path: Path, serve: Any) -> None:
    box = outbox(tmp_path, serve(400, 400, 400, 200))
    box.enqueue([finding(1)], NOW)
    assert box.deliver(NOW).dead == 1
    assert (settled(tmp_path, LATER), box.revive()) == (0, 1)
    box.enqueue([finding(1, rank=5)], NOW)
    assert box.deliver(NOW).dead == 2
    assert (settled(tmp_path, LATER), box.revive()) == (0, 1)
    assert box.deliver(NOW).sent == 1
    assert (settled(tmp_path, LATER), box.revive()) == (2, 0)


def test_a_redirect_carries_nothing_to_another_host(tmp_path: Path, serve: Any) -> None:
    other = serve(200)
    server = serve(307)
    server.headers[307] = {"Location": other.address}
    box = Outbox(tmp_path, receivers(secretive(server.address)), SinkSettings())
    box.enqueue([finding(1)])
    assert box.deliver(NOW).failed == 3
    assert other.asked == 0


def secretive(address: str) -> SinkSettings:
    """Every receiver at this address, each with its secret."""
    secret = Secret(CANARY)
    return SinkSettings(
        webhook_url=address, hec_url=address, slack_url=Secret(address), webhook_secret=secret, hec_token=secret
    )


def addresses(server: Server) -> list[str]:
    """Addresses that fail each in its own way, with a secret in them."""
    gone = f"127.0.0.1:9/{CANARY}"
    return [
        server.address,
        *(f"http://{gone}", f"https://{gone}", f"http://user:{CANARY}@{gone}", f"ftp://{gone}"),
        *(f"http://{CANARY}.invalid/", f"http://127.0.0.1:99999/{CANARY}", f"http://[{CANARY}]/", f"//{CANARY}"),
    ]


@pytest.mark.parametrize("answer", [403, 500, "close"])
def test_no_secret_is_stored_or_shown(
    tmp_path: Path, serve: Any, caplog: pytest.LogCaptureFixture, answer: int | str
) -> None:
    caplog.set_level("DEBUG")
    # the others fail before anybody answers
    for number, address in enumerate(addresses(serve(answer))[: None if answer == "close" else 1]):
        settings = secretive(address)
        box = Outbox(tmp_path / str(number), receivers(settings), settings)
        box.enqueue([finding(1)])
        done = box.deliver(NOW)
        assert done.failed + done.dead == 3
        assert CANARY not in repr((box.problems(), box.counts(), box.receivers, done))
        assert CANARY not in caplog.text
        assert CANARY.encode() not in b"".join(path.read_bytes() for path in box.path.parent.glob(f"{FILE}*"))


def test_a_token_that_no_header_can_hold_is_not_quoted(tmp_path: Path) -> None:
    settings = SinkSettings(hec_url="http://127.0.0.1:9/", hec_token=Secret(f"{CANARY}\r\nX: y"))
    box = Outbox(tmp_path, receivers(settings), settings)
    box.enqueue([finding(1)])
    assert box.deliver(NOW).failed == 1
    assert CANARY not in repr(box.problems())


def test_a_password_in_an_address_is_refused_unseen(tmp_path: Path) -> None:
    config = tmp_path / "a.toml"
    for address in (f"https://user:{CANARY}@siem.example/", f"htps://{CANARY}.example", f"https://h:{CANARY}/"):
        config.write_text(f'[sinks]\nwebhook_url = "{address}"\nhec_url = "{address}"\n', encoding="utf-8")
        refused = run("emit", "--config", str(config), "--root", str(tmp_path / "lake"))
        assert (refused.exit_code, CANARY in refused.output) == (2, False)
        assert "line 2: sinks.webhook_url" in refused.output
        assert "line 3: sinks.hec_url" in refused.output


def test_a_killed_sender_loses_nothing_and_repeats_only_under_the_same_key(tmp_path: Path, serve: Any) -> None:
    server = serve(200)
    outbox(tmp_path, server).enqueue([finding(number) for number in range(120)])
    code = (
        "import sys; from pathlib import Path; from anomaly.config.settings import SinkSettings\n"
        "from anomaly.sinks import Outbox, receivers\n"
        "settings = SinkSettings(webhook_url=sys.argv[2], timeout_seconds=30.0)\n"
        "box = Outbox(Path(sys.argv[1]), receivers(settings), settings)\n"
        "print('ready', flush=True); box.deliver(float(sys.argv[3]))"
    )
    for turn in range(5):
        words = [sys.executable, "-c", code, str(tmp_path), server.address, str(NOW + 10 * turn)]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as sender:
            assert sender.stdout
            sender.stdout.readline()
            time.sleep(0.01 + 0.02 * turn)
            sender.kill()
    killed = len(server.got)
    outbox(tmp_path, server).deliver(NOW + LONGEST_WAIT)
    assert killed < 120 + 5
    assert len(set(server.keys())) == 120
    assert {json.loads(body)["case_id"] for _, body in server.got} == {f"{number:032x}" for number in range(120)}
    with sqlite3.connect(tmp_path / FILE) as database:
        assert database.execute("select distinct state from outbox").fetchall() == [("sent",)]
    database.close()


def test_the_forms_of_slack_and_splunk() -> None:
    hostile = finding(1, headline="<!channel> \u202e & <http://x|y>")
    message = slack(hostile)
    assert "<" not in message["text"]
    assert message["blocks"][0]["text"]["type"] == "plain_text"
    assert "\u202e" not in json.dumps(message, ensure_ascii=False)
    assert hec(hostile)["event"] == hostile


def test_the_command_sends_a_day_and_says_how_the_outbox_stands(
    tmp_path: Path, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(500, 200)
    config = tmp_path / "a.toml"
    config.write_text(f'[sinks]\nwebhook_url = "{server.address}"\n', encoding="utf-8")
    monkeypatch.setenv("ANOMALY_SINKS_WEBHOOK_SECRET", CANARY)
    monkeypatch.setattr(findings, "documents", lambda *_, top: [finding(1, top=top)])
    words = ("emit", "--config", str(config), "--root", str(tmp_path / "lake"))
    failed = run(*words, "--day", "2026-03-24")
    assert failed.exit_code == 0, failed.output
    assert "1 failed and to be tried again" in failed.output
    assert "webhook 000000000000 pending: answered 500" in failed.output
    status = run(*words, "--status")
    assert "webhook: 1 pending" in status.output
    assert CANARY not in failed.output + status.output
    unknown = run(*words, "--sink", "webhok")
    assert (unknown.exit_code, "'webhook'" in unknown.output) == (2, True)


def test_the_command_without_a_receiver_says_where_to_name_one(tmp_path: Path) -> None:
    refused = run("emit", "--root", str(tmp_path))
    assert (refused.exit_code, "[sinks]" in refused.output) == (2, True)
