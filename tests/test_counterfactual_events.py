"""The strongest form of the check: the log itself is written with the stated change, and everything is made again.

Twelve people of moods: small days and large, at home and on the road, early and late. Then one of them takes 6 GB.
"""

import gzip
import json
import random
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import fixtures_org as company
from anomaly.config import Settings
from anomaly.context import Context
from anomaly.ingest import ingest
from anomaly.investigate.counterfactual import counterfactual
from anomaly.model.registry import Registry
from anomaly.score import score_days, train_model
from anomaly.store import Lake, Store

START = date(2026, 3, 2)
DAY = START + timedelta(days=24)
PEOPLE = ("ana", "ben", "cleo", "dan", "eva", "finn", "gus", "hal", "ida", "jon", "kay", "lou")
LOUD = ("kay", "lou")
"""Whoever else stands out on the last day, if less than Ben."""
OFFICE, ABROAD = "192.0.2.10", "203.0.113.99"
OBJECTS, SIZE = 200, 30_000_000
SETTINGS = Settings.load(None, {"score.budget_per_day": 3.0})


def life(day: date) -> Iterator[dict[str, Any]]:
    """What all but Ben read on the last day, and everyone on the days before."""
    for place, name in enumerate(PEOPLE):
        mood = random.Random(f"{day}/{name}")
        if name == "ben" and day == DAY:
            continue
        if name in LOUD and day == DAY:
            yield from reads(name, day, 9 * 60 + 3 * place, f"198.51.{place}.9", 100, 9_000_000)
            continue
        address = f"198.51.{mood.randrange(60)}.7" if mood.random() < 0.12 else OFFICE
        start = (18 if mood.random() < 0.15 else 9) * 60 + 3 * place
        size = int(mood.lognormvariate(13, 2))
        yield from reads(name, day, start, address, int(mood.lognormvariate(2, 1)) + 1, size)


def reads(name: str, day: date, start: int, address: str, objects: int, size: int) -> Iterator[dict[str, Any]]:
    for nth in range(objects):
        key = f"{day}/{(nth * 7919) % 10007:05}.pdf"
        yield company._read(company._user(name), day, start + nth // 100, address, "reports", key, size)


def write(path: Path, records: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(json.dumps({"Records": records}).encode(), mtime=0))


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Context]:
    """The company's lake up to the day before, and what it knows of itself."""
    root = tmp_path_factory.mktemp("moods")
    for nth in range((DAY - START).days):
        day = START + timedelta(days=nth)
        write(root / "logs" / f"{day}.json.gz", list(life(day)))
    (root / "context").mkdir()
    for name, text in company.CONTEXT.items():
        (root / "context" / name).write_text(text, encoding="utf-8")
    context = Context.load(root / "context")
    ingest([root / "logs"], Lake(root / "lake"))
    train_model(Lake(root / "lake"), context, SETTINGS, DAY)
    return root / "lake", context


def day_of_ben(root: Path, past: tuple[Path, Context], address: str, objects: int, size: int) -> dict[str, Any]:
    """Ben's scored session where he reads so much from there, in a copy of the lake."""
    lake = Lake(root / "lake")
    shutil.copytree(past[0], lake.root)
    write(root / "logs" / "day.json.gz", [*life(DAY), *reads("ben", DAY, 9 * 60 + 3, address, objects, size)])
    ingest([root / "logs"], lake)
    score_days(lake, past[1], SETTINGS, [DAY])
    with Store() as store:
        store.view("scores", lake.files("scores", DAY))
        (row,) = store.records("select * from scores where identity like '%user/ben'")
    return row


Told = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def stolen(past: tuple[Path, Context], tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Ben's theft as scored, and what is told of it."""
    root = tmp_path_factory.mktemp("stolen")
    row = day_of_ben(root, past, ABROAD, OBJECTS, SIZE)
    _, detector = Registry(root / "lake").champion()
    return row, counterfactual(Lake(root / "lake"), DAY, row["session_id"], detector)


def test_the_theft_is_told_with_a_number_and_a_network(stolen: Told) -> None:
    row, told = stolen
    assert (row["case_rank"], row["alert"]) == (1, True)
    assert told["line"] == "alert"
    assert [change["lever"] for change in told["changes"]] == ["volume", "network"]
    assert told["changes"][0]["bytes"] < OBJECTS * SIZE


def test_with_the_stated_change_in_the_log_it_is_no_alert(
    stolen: Told, past: tuple[Path, Context], tmp_path: Path
) -> None:
    _, told = stolen
    amount = told["changes"][0]
    row = day_of_ben(tmp_path, past, OFFICE, amount["objects"], amount["bytes"] // amount["objects"])
    assert not row["alert"]
    assert row["case_rank"] >= told["rank"] >= 3
    # the real change takes off no less than was promised
    assert row["score"] <= told["score"] + 1e-9


@pytest.mark.parametrize("half", ["amount", "network"])
def test_half_of_the_change_is_not_enough(half: str, stolen: Told, past: tuple[Path, Context], tmp_path: Path) -> None:
    amount = stolen[1]["changes"][0]
    small = (amount["objects"], amount["bytes"] // amount["objects"])
    row = day_of_ben(tmp_path, past, *((ABROAD, *small) if half == "amount" else (OFFICE, OBJECTS, SIZE)))
    assert row["alert"]
