"""Lines cut at their ends in one pass are the lines that Python's own split gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.ingest.text_lines import lines_of

PIECES = [
    b"\n",
    b"\r\n",
    b"\r",
    b" ",
    b"\t",
    b"\0",
    b"a",
    b"\xc3\xa9",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
]


def plainly(data: bytes) -> list[tuple[int, str]]:
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    return [(number, line) for number, line in enumerate(text.split("\n")) if line.strip("\0 \t")]


def pairs(data: bytes) -> list[tuple[int, str]]:
    table = lines_of(data)
    table.validate(full=True)
    return [(row["record"], row["line"]) for row in table.to_pylist()]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))
def test_lines_are_those_of_a_plain_split(data: bytes) -> None:
    assert pairs(data) == plainly(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\n", []),
        (b"\xef\xbb\xbf\r\n \t\r\n", []),
        (b"a", [(0, "a")]),
        (b"a\n\n b \nc\n", [(0, "a"), (2, " b "), (3, "c")]),
        (b"a\xff\nb", [(0, "a\ufffd"), (1, "b")]),
        (b"a\rb\r\nc", [(0, "a\rb"), (1, "c")]),
    ],
)
def test_lines_by_example(data: bytes, expected: list[tuple[int, str]]) -> None:
    assert pairs(data) == expected
