"""Damaged records over all readers, a hundred thousand if asked: no crash, no lost count, no harm to a neighbour."""

import os
import random
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anomaly.ingest.known import FORMATS
from anomaly.store import Lake
from ingest_records import load, put, rows
from log_lines import LINES, document

RECORDS = 700
EXAMPLES = int(os.environ.get("MUTATIONS", "5"))
"""Files of 700 records of each of six formats: ``make fuzz`` asks for 25, which are 105,000 mutated records."""

PIECES = [
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    " ",
    "-",
    "\\",
    "null",
    "0",
    "-1",
    "9" * 30,
    "\u202e",
    "é",
    "\x00",
    "|",
    "NaN",
]
TOKEN = re.compile(r'"[^"]*"|[^\s,:{}\[\]"]+')


def mutated(line: str, draw: random.Random) -> str:
    """Return the line with a few changes: characters cut, put in, doubled, tokens swapped for others or for nothing."""
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(line) + 1)
        kind = draw.randrange(5)
        if kind == 0:
            line = line[:at] + line[at + draw.randrange(30) :]
        elif kind == 1:
            line = line[:at] + draw.choice(PIECES) + line[at:]
        elif kind == 2:
            line = line[:at] + line[max(0, at - draw.randrange(40)) : at] + line[at:]
        elif tokens := list(TOKEN.finditer(line)):
            token = draw.choice(tokens)
            value = draw.choice(PIECES) if kind == 3 else draw.choice(tokens).group()
            line = line[: token.start()] + value + line[token.end() :]
    return line.replace("\n", " ")


def test_every_format_has_a_good_record_to_damage() -> None:
    assert sorted(LINES) == sorted(format.name for format in FORMATS)


@pytest.mark.parametrize("name", sorted(LINES))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_damaged_records_are_all_accounted_for(name: str, seed: int) -> None:
    draw = random.Random(seed)
    bad = [mutated(LINES[name](number), draw) for number in range(RECORDS)]
    good = [LINES[name](number) for number in range(5000, 5010)]
    with tempfile.TemporaryDirectory() as folder:
        files = {"a-bad": document(name, [LINES[name](4000), *bad]), "b-good": document(name, good)}
        lake = Lake(Path(folder) / "lake")
        report = load(lake, put(Path(folder) / "logs", files), threads=1)
        loaded = rows(lake)
    assert len(loaded) == report.records.loaded
    assert sum(row["evidence_file"] == "b-good" for row in loaded) == 10, "good records of another file are all there"
    if name in ("s3_access", "vpc_flow"):
        assert report.records.seen >= RECORDS * 0.98, "a line is a record, whatever it looks like (blank ones are not)"
