"""The day in a log's path: every provider's layout, and which folders of a bucket are opened for it."""

from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.ingest.dated import ALWAYS, Days, dated
from anomaly.ingest.discover import discover

MARCH = Days(date(2024, 3, 9), date(2024, 3, 10))
LAYOUTS = {
    "AWSLogs/1/CloudTrail/eu-west-1/{:%Y/%m/%d}/1_CloudTrail_eu-west-1_20240309T0005Z_x.json.gz": "cloudtrail",
    "AWSLogs/o-1/1/CloudTrail/eu-west-1/{:%Y/%m/%d}/x.json.gz": "cloudtrail of an organisation",
    "AWSLogs/aws-account-id=1/aws-service=vpcflowlogs/aws-region=eu/year={:%Y/month=%m/day=%d}/x.gz": "hive",
    "cloudaudit.googleapis.com/data_access/{:%Y/%m/%d}/08:00:00_08:59:59_S0.json": "google cloud",
    "resourceId=/SUBSCRIPTIONS/1/y={:%Y/m=%m/d=%d}/h=08/m=00/PT1H.json": "azure",
    "access/vault-{:%Y-%m-%d}-10-11-12-0123456789ABCDEF": "access log",
    "1/eu-west-1/vault/{:%Y/%m/%d/%Y-%m-%d}-10-11-12-0123456789ABCDEF": "access log by date",
    "exports/date={:%Y-%m-%d}/x.json": "one folder a day",
}


@pytest.mark.parametrize("layout", LAYOUTS, ids=LAYOUTS.values())
@given(day=st.dates(date(2006, 1, 1), date(2099, 12, 31)))
def test_the_day_is_found_and_where_another_would_stand(layout: str, day: date) -> None:
    found = dated(layout.format(day))
    assert found is not None
    assert found.day == day
    other = date(2024, 3, 9)
    assert layout.format(day).startswith(found.at(day))
    assert found.at(other) < found.after
    # what is listed from the text of a day on begins with that day's files
    assert (found.at(other) < layout.format(day)) == (day >= other)


@pytest.mark.parametrize(
    "path",
    ["a.json", "2024/13/01/x", "2024/02/30/x", "run-2024-03-09.json", "12024/03/09x/a", "2024/03", "v2024-03-09x/a"],
)
def test_what_tells_no_day_is_wanted(path: str) -> None:
    assert dated(path) is None
    assert MARCH.want(path)


def test_the_day_after_is_wanted_as_records_come_late() -> None:
    wanted = [day for day in range(1, 29) if MARCH.want(f"logs/2024/03/{day:02d}/x")]
    assert wanted == [9, 10, 11]
    assert date.max in Days(date(2024, 3, 9), None)
    assert date.min in Days(None, date(2024, 3, 9))
    assert date.max in Days(None, date.max)


@pytest.mark.parametrize(
    ("folder", "open_it"),
    [
        ("a/2024", True),  # a number of four digits may be anything; its months tell
        ("a/2024/03", True),
        ("a/2024/02", False),
        ("a/y=2024/m=04/", False),
        ("a/year=2023/month=12", False),
        ("a/2024/03/11/", True),
        ("a/2024/03/12/", False),
        ("a/2024/99", True),
        ("date=2024-03-08/", False),
        ("elsewhere/", True),
    ],
)
def test_folders_of_other_months_and_days_stay_shut(folder: str, open_it: bool) -> None:
    assert MARCH.want_folder(folder) is open_it
    assert ALWAYS.want_folder(folder)


def test_files_of_other_days_are_left_out_of_a_local_folder(tmp_path: Path) -> None:
    for name in ("2024/03/08/a.json", "2024/03/09/b.json", "c.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"{}")
    assert [file.name for file in discover([tmp_path], days=MARCH)] == ["2024/03/09/b.json", "c.json"]
    assert len(discover([tmp_path])) == 3


@pytest.mark.skipif(find_spec("obstore") is None, reason="needs the extra object-stores")
def test_a_store_that_cannot_begin_anywhere_is_walked_by_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    from obstore.store import MemoryStore

    from anomaly.ingest.remote import Bucket
    from anomaly.ingest.remote_list import listed

    store = MemoryStore()
    days = [datetime(2024, month, day, tzinfo=UTC) for month in range(1, 7) for day in range(1, 28, 3)]
    names = [f"resourceId=/S/1/y={day:%Y/m=%m/d=%d}/h=08/m=00/PT1H.json" for day in days] + ["$root/other.json"]
    for name in names:
        store.put(name, b"x")
    opened: list[str] = []
    really = Bucket.level

    def level(bucket: Bucket, folder: str) -> object:
        opened.append(folder)
        return really(bucket, folder)

    monkeypatch.setattr(Bucket, "level", level)
    monkeypatch.setattr("anomaly.ingest.remote_list._store", lambda *_: store)
    assert {file.name for file in listed("az://logs", ALWAYS)} == set(names)
    opened.clear()
    wanted = {"$root/other.json", "resourceId=/S/1/y=2024/m=03/d=10/h=08/m=00/PT1H.json"}
    assert {file.name for file in listed("az://logs", MARCH)} == wanted
    assert [folder for folder in opened if "m=" in folder] == ["resourceId=/S/1/y=2024/m=03"]
    assert len(opened) == 7
