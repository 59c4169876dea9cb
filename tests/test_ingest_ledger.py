"""The ledger of files read holds what it is asked about, and knows that as if it held all."""

from pathlib import Path

from anomaly.ingest.ledger import Entry, Ledger
from anomaly.ingest.report import Counts
from anomaly.store import Lake

NIGHTS, FILES = 4, 3


def path_of(night: int, number: int) -> str:
    return f"s3://logs/2026/03/{night:02}/{number}.json.gz"


def entry(night: int, number: int, status: str = "loaded", size: int = 10) -> Entry:
    path = path_of(night, number)
    return Entry(path, path.rpartition("/")[2], size, night, f"{night}-{number}-{size}", "cloudtrail", status, Counts())


def lake_of_nights(root: Path) -> Lake:
    lake = Lake(root)
    for night in range(NIGHTS):
        ledger = Ledger(lake, [])
        ledger.commit(f"part-{ledger.next_number():08}", [], [entry(night, number) for number in range(FILES)])
    return lake


def test_of_what_was_not_asked_nothing_is_held(tmp_path: Path) -> None:
    asked = [path_of(1, 2), path_of(3, 0), path_of(3, 9)]
    ledger = Ledger(lake_of_nights(tmp_path), asked)
    assert ledger.known.keys() == {path_of(1, 2), path_of(3, 0)}
    assert ledger.loaded(path_of(1, 2), 10, 1)
    assert not ledger.loaded(path_of(1, 2), 11, 1)
    assert ledger.same_content(path_of(3, 0), "3-0-10")
    assert not ledger.loaded(path_of(3, 9), 10, 3)
    assert ledger.next_number() == NIGHTS + 1


def test_the_latest_reading_of_a_path_stands(tmp_path: Path) -> None:
    lake = lake_of_nights(tmp_path)
    again = Ledger(lake, [path_of(0, 1)])
    again.commit("part-00000005", [], [entry(0, 1, size=20), entry(0, 2, status="unreadable")])
    ledger = Ledger(lake, [path_of(0, number) for number in range(FILES)])
    assert ledger.loaded(path_of(0, 1), 20, 0)
    assert not ledger.loaded(path_of(0, 1), 10, 0)
    assert not ledger.loaded(path_of(0, 2), 10, 0)  # tried again every time
    assert ledger.loaded(path_of(0, 0), 10, 0)
