"""Tables: plain lines in a pipe, drawn on a terminal, and log text as text in both."""

import io
import re
from typing import Any

import pandas as pd
import pytest

from anomaly.score import LINKS
from anomaly.show import CASE_HEADERS, CASE_STACKS, Table, case_table, draw, plain_lines, volume, who
from anomaly.store import Store

CASE: dict[str, Any] = {
    "case_rank": 1,
    "case_id": "c1",
    "alert": True,
    "expected_per_day": 0.05,
    "identity": "arn:aws:iam::111111111111:user/kim",
    "identity_kind": "human",
    "session_name": None,
    "actors": ["a", "b"],
    "networks": ["[red]office[/red]", "vpn", "home"],
    "countries": ["DE"],
    "buckets": [{"bucket": "customers\u202e", "sensitivity": "restricted"}],
    "destinations": [],
    "bytes_read": 3_100_000_000,
    "reads": 4,
    "reads_without_bytes": 1,
    "copies": 0,
    "objects": 1,
    "headline": "read 3.1 GB",
    "workflow_id": None,
    "workflow_state": "none",
    "session_id": "0123456789abcdef",
    "confidence": 0.684,
}


STYLE = re.compile(r"\x1b\[[\d;]*m")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_case_in_cells() -> None:
    (row,) = case_table("t", [CASE]).rows
    assert dict(zip(CASE_HEADERS, row, strict=True)) == {
        "#": "1!",
        "a day": "0.05",
        "who": "user/kim (human) and 1 more",
        "from": "[red]office[/red], vpn and 1 more [DE]",
        "buckets": "customers\\u202e (restricted)",
        "to": "the caller",
        "volume": "at least 3.1 GB, 1 object",
        "why": "read 3.1 GB",
        "workflow": "none",
        "session": "0123456789",
        "confidence": "0.68",
    }


def test_every_column_stands_in_one_stack() -> None:
    assert sorted(place for stack in CASE_STACKS for place in stack) == list(range(len(CASE_HEADERS)))


def test_on_a_terminal_markup_in_a_log_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    draw(case_table("today [bold]", [CASE], ["a [note]"], {"c1": "THEFT"}), out)
    assert "\x1b[" in out.getvalue()
    shown = STYLE.sub("", out.getvalue())
    assert "from: [red]office[/red]" in shown
    assert "to: the caller" in shown
    assert "volume: at least 3.1 GB" in shown
    assert "today [bold]" in shown
    assert "a [note]" in shown
    assert "THEFT" in shown


def test_in_a_pipe_a_row_is_a_line() -> None:
    lines = plain_lines(Table("t", ["a", "bbb"], [["1", "2"], ["333", ""]], ["note"]))
    assert lines == ["t", "a    bbb", "1    2", "333", "note"]
    out = io.StringIO()
    draw(Table("t", ["a"], [], ["nothing"]), out)
    assert out.getvalue() == "t\nnothing\n"


@pytest.mark.parametrize(
    ("identity", "session", "shown"),
    [
        ("arn:aws:iam::111111111111:user/kim", None, "user/kim"),
        ("arn:aws:iam::111111111111:user/team/kim", None, "user/kim"),
        ("arn:aws:iam::111111111111:role/path/loader", "i-0ab", "i-0ab as loader"),
        ("arn:aws:iam::111111111111:role/loader", None, "loader"),
        (
            "arn:aws:iam::1:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_DataEngineer_d741d29ccd6ea7f7",
            "kim@example.org",
            "kim@example.org as DataEngineer",
        ),
        ("arn:aws:iam::111111111111:root", None, "root"),
        ("service:athena.amazonaws.com", None, "service:athena.amazonaws.com"),
        ("anonymous", None, "anonymous"),
    ],
)
def test_who(identity: str, session: str | None, shown: str) -> None:
    assert who(identity, session) == shown


def test_volume_without_sizes_is_unknown() -> None:
    assert volume(CASE | {"reads": 2, "reads_without_bytes": 2, "objects": 2}) == "size unknown, 2 objects"
    assert volume(CASE | {"reads_without_bytes": 0}) == "3.1 GB, 1 object"


def test_a_copy_moves_an_unknown_size_and_no_call_moves_nothing() -> None:
    copied = {"reads": 0, "reads_without_bytes": 0, "bytes_read": 0, "objects": 7}
    assert volume(CASE | copied) == "size unknown, 7 objects"
    assert volume(CASE | copied | {"objects": 0}) == "nothing read"
    assert volume(CASE | copied | {"objects": 0, "copies": 7}) == "nothing read, 7 copied within"
    assert volume(CASE | {"reads_without_bytes": 0, "copies": 2, "objects": 6}) == "at least 3.1 GB, 6 objects"


def test_links_are_foreign_moves_and_long_keys_on_the_internet() -> None:
    flows = pd.DataFrame(
        [
            ("moved", "s3://drop", "foreign", 1, 0, 0),
            ("shared", "aws-account:9", "foreign", 0, 2, 0),
            ("refused", "s3://drop", "foreign", 0, 0, 0),
            ("own", "s3://vault", "own", 5, 0, 0),
        ],
        columns=["session_id", "destination", "destination_relation", "copies", "shares", "writes"],
    )
    acts = pd.DataFrame(
        [
            ("long", "internet", "203.0.113.7", "AKIA1"),
            ("long", "internet", "203.0.113.7", "AKIA1"),
            ("temporary", "internet", "203.0.113.7", "ASIA1"),
            ("inside", "office", "192.0.2.1", "AKIA1"),
        ],
        columns=["session_id", "network_kind", "source_ip", "access_key_id"],
    )
    with Store(threads=1) as store:
        store.register("flows", flows)
        store.register("acts", acts)
        found = sorted(store.rows(LINKS))
    assert found == [
        ("long", "credential", "203.0.113.7", "AKIA1"),
        ("moved", "destination", "s3://drop", ""),
        ("shared", "destination", "aws-account:9", ""),
    ]
