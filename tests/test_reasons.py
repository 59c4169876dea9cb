"""Reasons: the catalogue's templates in words, and which of a session's signals are said first."""

from typing import Any

import pandas as pd
import pytest

from anomaly.catalog import Column, table
from anomaly.model.detector import ExfilDetector
from anomaly.reasons import MOST, NO_FAMILY, ORDINARY, reasons, said, template_mistakes
from anomaly.words import in_bytes, in_count, in_hour, in_list, in_rate, in_silence, in_time, visible

SIGNALS = table("session_features").signals
KNOWN = {**table("sessions").types, **table("session_features").types}
SAMPLES: dict[str, Any] = {
    "VARCHAR": "nightly-backup",
    "VARCHAR[]": ["one", "two", "three", "four"],
    "BIGINT": 1234,
    "INTEGER": 20_000,
    "DOUBLE": 2.5,
    "BOOLEAN": True,
}


def sample() -> dict[str, Any]:
    return {name: SAMPLES[kind] for name, kind in KNOWN.items()} | {"hour": 3, "day": 20_010}


def holes() -> dict[str, Any]:
    return {name: [] if kind == "VARCHAR[]" else None for name, kind in KNOWN.items()} | {"day": 20_010}


@pytest.mark.parametrize("column", SIGNALS.values(), ids=list(SIGNALS))
def test_every_template_of_the_catalogue_can_be_said(column: Column) -> None:
    assert template_mistakes(column.reason, KNOWN) == []
    for row in (sample(), holes()):
        text = said(column.reason, row)
        assert len(text) > 5
        assert "{" not in text
        assert "None" not in text


def test_mistakes_in_a_template_are_named() -> None:
    assert template_mistakes("{gone} and {day_bytes:byte}", KNOWN) == ["no column 'gone'", "no format 'byte'"]


def test_numbers_stand_beside_their_baseline() -> None:
    row = {"day_bytes": 412_000_000_000, "own_days": 30, "own_busiest_bytes": 3_100_000_000}
    template = "read {day_bytes:bytes} that day; its busiest of {own_days} days before was {own_busiest_bytes:bytes}"
    assert said(template, row) == "read 412 GB that day; its busiest of 30 days before was 3.1 GB"
    row["own_busiest_bytes"] = None  # type: ignore[assignment]
    assert said(template, row).endswith("was nothing on record")


@pytest.mark.parametrize(
    ("signal", "changes", "words"),
    [
        (
            "volume_bytes_own",
            {"day_bytes": 5_000_000, "own_days": 9, "own_busiest_bytes": 1_000_000},
            "read 5.0 MB that day; its busiest of 9 days before: 1.0 MB",
        ),
        (
            "volume_bytes_own",
            {"day_bytes": 5_000_000, "own_days": 0, "own_busiest_bytes": None},
            "read 5.0 MB that day; it has no day of its own in the 30 before",
        ),
        (
            "volume_objects_own",
            {"day_objects": 7, "own_days": 1, "own_busiest_objects": 0},
            "took 7 objects that day; its busiest of 1 day before: 0",
        ),
        (
            "timing_hour_own",
            {"hour": 3, "own_days_in_hour": 0, "own_days_of_sort": 8},
            "began after 03:00 UTC; at work near that hour on 0 of 8 days of that sort (working day or weekend) before",
        ),
        (
            "timing_hour_own",
            {"hour": 3, "own_days_in_hour": 0, "own_days_of_sort": 0},
            "began after 03:00 UTC; it was at work on no day of that sort (working day or weekend) before",
        ),
        (
            "volume_objects_bucket",
            {"buckets": ["pay"]},
            "took more objects from pay than anyone on a day of the 30 before",
        ),
    ],
)
def test_a_baseline_that_there_is_not_is_said_in_words(signal: str, changes: dict[str, Any], words: str) -> None:
    assert said(SIGNALS[signal].reason, sample() | changes) == words


@pytest.mark.parametrize(
    ("networks", "words"),
    [
        (["home"], "from home"),
        (["home", "office"], "from at least one of home, office"),
        ([], "from nothing on record"),
    ],
)
def test_of_several_values_none_is_blamed_alone(networks: list[str], words: str) -> None:
    assert said("from {networks:one}", {"networks": networks}) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (99_960, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (3_141_592_653, "3.1 GB"),
        (5 * 10**21, "5,000 EB"),
        (None, "nothing on record"),
    ],
)
def test_sizes(number: int | None, words: str) -> None:
    assert in_bytes(number) == words


def test_counts_hours_rates_and_moments() -> None:
    assert (in_count(1234), in_count(None)) == ("1,234", "nothing on record")
    assert (in_hour(3), in_hour(None)) == ("03:00", "nothing on record")
    assert [in_rate(number) for number in (1234.5, 12.3, 9.94, 0.0123, 0.0004)] == [
        "1,234",
        "12",
        "9.9",
        "0.012",
        "<0.001",
    ]
    assert in_time(1_772_323_199_999_999) == "2026-02-28T23:59:59Z"


def test_silence_counts_the_days_between() -> None:
    assert in_silence(None, 100) == "first seen that day"
    assert in_silence(98, 100) == "silent for 1 day before"
    assert in_silence(59, 100) == "silent for 40 days before"


def test_lists_are_short_and_show_what_hides() -> None:
    assert in_list(["a", "b", "c"]) == "a, b, c"
    assert in_list(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert in_list([]) == "nothing on record"
    assert in_list(["x\u202ey\x1b[31m"]) == "x\\u202ey\\x1b[31m"


@pytest.mark.parametrize(
    "hidden", ["\x00", "\x1b", "\n", "\u200b", "\u202e", "\u2066", "\u2028", "\ufeff", "\ud800", "\U000e0041"]
)
def test_hidden_characters_are_made_visible(hidden: str) -> None:
    shown = visible(f"a{hidden}b")
    assert hidden not in shown
    assert shown.startswith("a\\")
    assert shown.endswith("b")


def test_ordinary_text_stays_as_it_is() -> None:
    assert visible("Zürich/данные/報告 📦.csv") == "Zürich/данные/報告 📦.csv"


class FakeDetector:
    """Says what it is told of contributions and family drops."""

    columns = tuple(SIGNALS)

    def __init__(self, saved: list[list[tuple[str, float]]], drops: list[dict[str, float]]) -> None:
        self.saved, self.drops = saved, drops

    def reasons(self, frame: pd.DataFrame, top: int) -> list[list[tuple[str, float]]]:
        return [each[:top] for each in self.saved]

    def families(self, frame: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(self.drops)


def say(saved: list[tuple[str, float]], drops: dict[str, float]) -> Any:
    detector: Any = FakeDetector([saved], [drops])
    typed: ExfilDetector = detector
    return reasons(typed, pd.DataFrame(index=[0]), [sample()])[0]


def test_the_headline_is_of_the_family_without_which_the_score_falls_most() -> None:
    saved = [("source_network_new", 3.0), ("volume_objects_own", 2.0), ("volume_bytes_own", 1.0)]
    found = say(saved, {"source": 0.01, "volume": 0.05, "timing": 0.2})
    assert found.family == "volume"
    assert found.headline == said(SIGNALS["volume_objects_own"].reason, sample())
    assert found.texts[0] == found.headline
    assert found.texts[1] == said(SIGNALS["source_network_new"].reason, sample())


def test_a_session_without_reasons_says_so() -> None:
    found = say([], {"source": 0.5})
    assert (found.headline, found.family, found.texts) == (ORDINARY, NO_FAMILY, ())


def test_reasons_are_few() -> None:
    saved = [(name, 1.0) for name in SIGNALS]
    found = say(saved, {column.family: 0.1 for column in SIGNALS.values()})
    assert len(found.texts) == MOST
    assert len(set(found.texts)) == MOST
