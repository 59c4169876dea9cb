"""The simulator as a whole: same seed same bytes, layout, truth that can be recounted, another seed another company."""

import hashlib
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from anomaly.errors import UsageError
from anomaly.simulate import SCENARIOS, SimulationReport, simulate
from simulate_records import once, principal, reads, records, rows

DAYS = 6
SCALE = 0.12
LAYOUT = re.compile(
    r"AWSLogs/(\d{12})/CloudTrail/([a-z]{2}-[a-z]+-\d)/(\d{4})/(\d\d)/(\d\d)/"
    r"\1_CloudTrail_\2_\3\4\5T\d{4}Z_[A-Za-z0-9]{16}\.json\.gz"
)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SimulationReport]:
    out = tmp_path_factory.mktemp("simulated") / "seed 3"
    return out, simulate(out, seed=3, days=DAYS, scale=SCALE, attack_from=3)


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_seed_writes_the_same_bytes_whatever_the_number_of_processes(tmp_path: Path) -> None:
    simulate(tmp_path / "a", seed=5, days=3, scale=0.05, attack_from=1)
    simulate(tmp_path / "b", seed=5, days=3, scale=0.05, attack_from=1, processes=2)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")


def test_leaving_an_attack_out_changes_nobody_elses_records(tmp_path: Path) -> None:
    with_it = simulate(tmp_path / "a", seed=5, days=2, scale=0.05, attacks=["S01"], attack_from=1)
    without = simulate(tmp_path / "b", seed=5, days=2, scale=0.05, attacks=[])
    more = {r["eventID"]: r for r in once(tmp_path / "a/logs")}
    less = {r["eventID"]: r for r in once(tmp_path / "b/logs")}
    assert with_it.events > without.events
    assert all(more[name] == record for name, record in less.items())


def test_files_lie_where_cloudtrail_puts_them(drawn: tuple[Path, SimulationReport]) -> None:
    out, report = drawn
    paths = [str(path.relative_to(out / "logs")) for path in (out / "logs").rglob("*") if path.is_file()]
    assert len(paths) == report.files
    assert [path for path in paths if not LAYOUT.fullmatch(path)] == []


def test_records_stand_in_the_folder_of_their_account_and_region(drawn: tuple[Path, SimulationReport]) -> None:
    out, report = drawn
    seen = 0
    for path, record in records(out / "logs"):
        seen += 1
        account, _, region = path.relative_to(out / "logs/AWSLogs").parts[:3]
        assert (record["recipientAccountId"], record["awsRegion"]) == (account, region)
    assert seen == report.events


def test_delivery_is_late_out_of_order_and_now_and_then_double(drawn: tuple[Path, SimulationReport]) -> None:
    out, _ = drawn
    times: dict[Path, list[str]] = {}
    seen: Counter[str] = Counter()
    for path, record in records(out / "logs"):
        times.setdefault(path, []).append(record["eventTime"])
        seen[record["eventID"]] += 1
        assert record["eventTime"].translate({ord("-"): None, ord(":"): None})[:13] <= path.name.split("_")[3][:13]
    assert any(moments != sorted(moments) for moments in times.values())
    assert 0 < sum(count - 1 for count in seen.values()) < 0.01 * len(seen)


def test_a_cross_account_call_stands_in_both_trails_under_one_shared_id(drawn: tuple[Path, SimulationReport]) -> None:
    out, _ = drawn
    shared: dict[str, dict[str, str]] = {}
    for _, record in records(out / "logs"):
        if "sharedEventID" in record:
            shared.setdefault(record["sharedEventID"], {})[record["recipientAccountId"]] = record["eventID"]
    pairs = [ids for ids in shared.values() if len(ids) == 2]
    assert len(pairs) > 20
    assert all(len(set(ids.values())) == 2 for ids in pairs)


def test_no_record_lies_outside_the_days_asked_for(drawn: tuple[Path, SimulationReport]) -> None:
    out, _ = drawn
    last = date(2026, 1, 5) + timedelta(days=DAYS)
    assert all("2026-01-05" <= record["eventTime"] < str(last) for record in once(out / "logs"))


def test_truth_can_be_recounted_from_the_records(drawn: tuple[Path, SimulationReport]) -> None:
    out, _ = drawn
    found = once(out / "logs")
    attacks = [row for row in rows(out / "truth.csv") if row["kind"] == "attack"]
    for row in attacks:
        places, buckets = row["sources"].split(";"), row["buckets"].split(";")
        taken = [
            record
            for record in found
            if principal(record) == (row["identity"], row["session_name"])
            and row["first_time"] <= record["eventTime"] <= row["last_time"]
            and record["sourceIPAddress"] in places
            and reads(record)
            and record["requestParameters"]["bucketName"] in buckets
        ]
        assert sum(record["additionalEventData"]["bytesTransferredOut"] for record in taken) == int(row["bytes_read"])
        if not row["destination"]:
            objects = {(r["requestParameters"]["bucketName"], r["requestParameters"]["key"]) for r in taken}
            assert len(objects) == int(row["objects"])


def test_copies_and_replication_in_the_truth_stand_in_the_records(drawn: tuple[Path, SimulationReport]) -> None:
    out, _ = drawn
    found = once(out / "logs")
    carried = [
        row
        for row in rows(out / "truth.csv")
        if row["kind"] == "attack" and row["destination"] and row["objects"] != "0"
    ]
    assert {row["scenario"] for row in carried} == {"S04", "S05"}
    for row in carried:
        bucket = row["destination"].split("/")[1]
        keys = {
            record["requestParameters"]["key"]
            for record in found
            if record["requestParameters"]
            and record["requestParameters"].get("bucketName") == bucket
            and record["eventName"] in ("CopyObject", "UploadPartCopy", "PutObject")
        }
        assert len(keys) == int(row["objects"])


def test_all_scenarios_are_planted_on_their_days_only_and_some_days_stay_quiet(tmp_path: Path) -> None:
    report = simulate(tmp_path / "out", seed=12, days=25, scale=0.02, attack_from=13)
    attacks = [row for row in rows(tmp_path / "out/truth.csv") if row["kind"] == "attack"]
    days = {row["day"] for row in attacks}
    assert set(report.attacks) == {row["scenario"] for row in attacks} == set(SCENARIOS)
    assert min(days) >= str(date(2026, 1, 5) + timedelta(days=13))
    scored = {str(date(2026, 1, 5) + timedelta(days=number)) for number in range(13, 25)}
    assert scored - days
    assert len({row["day"] for row in attacks if row["scenario"] == "S25"}) >= 9


def test_benign_look_alikes_stand_in_the_truth(drawn: tuple[Path, SimulationReport]) -> None:
    out, _ = drawn
    names = {row["scenario"] for row in rows(out / "truth.csv") if row["kind"] == "benign"}
    assert {"backup-catch-up", "quarter-end", "reprocessing", "migration", "full-scan", "onboarding"} <= names


def test_another_seed_is_another_company(tmp_path: Path) -> None:
    seen = []
    for seed in (1, 2):
        simulate(tmp_path / str(seed), seed=seed, days=2, scale=0.05, attack_from=0)
        truth = [row for row in rows(tmp_path / f"{seed}/truth.csv") if row["kind"] == "attack"]
        accounts = {row["account"] for row in rows(tmp_path / f"{seed}/context/accounts.csv")}
        buckets = {row["bucket"] for row in rows(tmp_path / f"{seed}/context/inventory.csv")}
        seen.append(
            (accounts, buckets, {row["identity"] for row in truth}, {row["bytes_read"] for row in truth} - {"0"})
        )
    for one, other in zip(*seen, strict=True):
        assert not one & other


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"attacks": ["S1"]}, "no scenario 'S1' can be planted"),
        ({"attack_from": 9}, "from day 9 on, but there are only 2 days"),
        ({"days": 0}, "days=0"),
        ({"scale": 0.0}, "scale=0.0"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, wrong: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        simulate(tmp_path / "out", **{"days": 2, "attack_from": 1, **wrong})  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="already holds something"):
        simulate(tmp_path, days=1, attacks=[])
