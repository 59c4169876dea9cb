"""Every kind of damage: good records load, bad ones are in quarantine with file, record and reason, counts add up."""

import gzip
import json
import os
from pathlib import Path

import pytest

from anomaly.errors import UsageError
from anomaly.ingest import ingest
from anomaly.ingest.quarantine import excerpt_of
from anomaly.store import Lake
from ingest_records import delivered, entries, load, put, record, rows

GOOD = [json.dumps(record(number), separators=(",", ":")).encode() for number in range(6)]


def around(*bad: bytes) -> bytes:
    """Return a delivered file: two good records, the bad text, two good records."""
    return b'{"Records":[' + b",".join([*GOOD[:2], *bad, *GOOD[2:4]]) + b"]}"


DEEP = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
TOO_DEEP = GOOD[5][:-1] + b',"serviceEventDetails":' + DEEP + b"}"
ONE_BAD: dict[str, tuple[bytes, str]] = {
    "no eventName": (json.dumps(record(9, eventName=None)).encode(), "no eventName"),
    "no eventSource": (json.dumps(record(9, eventSource=None)).encode(), "no eventName or no eventSource"),
    "no time": (json.dumps(record(9, eventTime=None)).encode(), "no eventTime"),
    "bad time": (json.dumps(record(9, eventTime="yesterday")).encode(), "yesterday cannot be read"),
    "impossible time": (json.dumps(record(9, eventTime="2024-13-45T00:00:00Z")).encode(), "cannot be read"),
    "time out of range": (json.dumps(record(9, eventTime="1970-01-01T00:00:00Z")).encode(), "outside 2006"),
    "eventName an object": (json.dumps(record(9, eventName={"x": 1})).encode(), "no eventName"),
    "userIdentity text": (json.dumps(record(9, userIdentity="root")).encode(), "userIdentity is no object"),
    "a number": (b"7", "a number, not an object"),
    "null": (b"null", "null, not an object"),
    "text": (b'"hello"', "text, not an object"),
    "another object": (b'{"hello":"world"}', "no eventName"),
    "cut record": (GOOD[5][:200], "broken JSON"),
    "missing quote": (GOOD[5].replace(b'"eventID":"', b'"eventID":', 1), "broken JSON"),
    "missing comma": (GOOD[5].replace(b'","eventName"', b'" "eventName"', 1), "broken JSON"),
    "raw zero bytes": (GOOD[5].replace(b"Boto3", b"Bo\0\0\0"), "broken JSON"),
    "raw newline in text": (GOOD[5].replace(b"Boto3", b"Bo\nto"), "broken JSON"),
    "not UTF-8": (GOOD[5].replace(b"Boto3", b"Bo\xff\xfe3"), "not UTF-8"),
}


@pytest.mark.parametrize("name", ONE_BAD)
def test_one_bad_record_among_good_ones(name: str, lake: Lake, tmp_path: Path) -> None:
    bad, reason = ONE_BAD[name]
    report = load(lake, put(tmp_path / "logs", {"a.json.gz": around(bad), "b.json.gz": delivered([record(20)])}))
    (entry,) = entries(lake)
    assert (entry.file, entry.record) == ("a.json.gz", 2)
    assert reason in entry.reason
    assert entry.excerpt
    assert (report.records.seen, report.records.loaded, report.records.quarantined) == (6, 5, 1)
    loaded = {row["evidence_record"]: row["event_id"] for row in rows(lake) if row["evidence_file"] == "a.json.gz"}
    assert loaded == {n: record(i)["eventID"] for n, i in ((0, 0), (1, 1), (3, 2), (4, 3))}


ODD_BUT_GOOD: dict[str, bytes] = {
    "keys that differ by case": GOOD[5][:-1] + b',"EventName":"x","requestparameters":{"Key":1,"key":2}}',
    "duplicate keys": GOOD[5][:-1] + b',"awsRegion":"eu-west-1"}',
    "huge whole number": GOOD[5].replace(b"100.0", b"1" + b"0" * 40),
    "NaN": GOOD[5].replace(b"100.0", b"NaN"),
    "escaped zero": GOOD[5].replace(b"Boto3", b"Bo\\u0000to3"),
    "lone surrogate": GOOD[5].replace(b"Boto3", b"Bo\\ud800to3"),
    "wide text": GOOD[5].replace(b"Boto3", "Bôtö3 \U0001f600".encode()),
    "ten megabytes": GOOD[5].replace(b"Boto3", b"x" * 10_000_000),
    "forty megabytes": GOOD[5][:-1] + b',"responseElements":{"x":"' + b"y" * 40_000_000 + b'"}}',
    "endless number": GOOD[5].replace(b"100.0", b"1" * 5_000),
    "very deep": TOO_DEEP,
    "very deep parameters": GOOD[5].replace(b'{"bucketName"', b'{"x":' + DEEP + b',"bucketName"'),
    "a forged marker": GOOD[5][:-1] + b',"_batch":"guess","_segment":0}',
}


@pytest.mark.parametrize("name", ODD_BUT_GOOD)
def test_an_odd_record_loads(name: str, lake: Lake, tmp_path: Path) -> None:
    report = load(lake, put(tmp_path / "logs", {"a.json": around(ODD_BUT_GOOD[name])}))
    assert (report.records.seen, report.records.loaded) == (5, 5)
    assert entries(lake) == []


def test_beside_damage_even_an_endless_number_loads_and_a_very_deep_record_is_named(lake: Lake, tmp_path: Path) -> None:
    text = around(ODD_BUT_GOOD["endless number"], TOO_DEEP, ODD_BUT_GOOD["duplicate keys"], b"{")
    report = load(lake, put(tmp_path / "logs", {"a.json": text}))
    assert (report.records.seen, report.records.loaded, report.records.duplicate) == (8, 5, 1)
    assert next((entry.record, entry.reason) for entry in entries(lake)) == (3, "nested too deeply")


def whole(lake: Lake) -> tuple[str, str]:
    """Return file and reason of the only entry, which means the whole file."""
    (entry,) = entries(lake)
    assert entry.record is None
    return entry.file, entry.reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b" \n\n", "file of blanks"),
        (b"\0" * 500, "file of blanks"),
        (b"# A readme\n\nwith words {and braces}\n", "no JSON"),
        (bytes(range(256)) * 8, "binary"),
        (b'{"level":"info","message":"up"}\n{"level":"info"}\n', "no CloudTrail record among 2 JSON records"),
        (b"true", "no"),
    ],
)
def test_a_file_that_is_something_else(data: bytes, reason: str, lake: Lake, tmp_path: Path) -> None:
    report = load(lake, put(tmp_path / "logs", {"odd": data, "good.json": delivered([record()])}))
    file, why = whole(lake)
    assert file == "odd"
    assert reason in why
    assert (report.files_quarantined, report.files_loaded, report.records.seen) == (1, 1, 1)


def test_a_gzip_that_ends_early_gives_what_it_holds(lake: Lake, tmp_path: Path) -> None:
    packed = gzip.compress(delivered([record(number, requestID=os.urandom(400).hex()) for number in range(40)]))
    report = load(lake, put(tmp_path / "logs", {"a.json": packed[: len(packed) // 2]}))
    assert 5 < report.records.loaded < 35
    file, cut = entries(lake)[0], entries(lake)[1]
    assert (file.record, cut.record) == (None, report.records.loaded)
    assert "gzip stream is damaged" in file.reason
    assert report.records.quarantined == 1


def test_a_gzip_with_a_wrong_checksum_is_loaded_and_named(lake: Lake, tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(delivered([record(0), record(1)])))
    packed[-8] ^= 0xFF
    report = load(lake, put(tmp_path / "logs", {"a.json": bytes(packed)}))
    assert report.records.loaded == 2
    assert "gzip stream is damaged" in whole(lake)[1]


def test_a_gzip_of_noise_is_refused_whole(lake: Lake, tmp_path: Path) -> None:
    load(lake, put(tmp_path / "logs", {"a.json": b"\x1f\x8b\x08\x00" + os.urandom(300)}))
    assert "gzip stream is damaged" in whole(lake)[1]


def test_a_bomb_is_refused(lake: Lake, tmp_path: Path) -> None:
    bomb = gzip.compress(b'{"Records":[' + b" " * 30_000_000 + b"]}")
    report = load(
        lake, put(tmp_path / "logs", {"a.json": bomb, "b.json": delivered([record()])}), max_inflated=1_000_000
    )
    assert "larger than 1,000,000 bytes" in whole(lake)[1]
    assert report.records.loaded == 1


def test_a_file_cut_in_a_record_and_one_cut_between_records(lake: Lake, tmp_path: Path) -> None:
    text = delivered([record(0), record(1)])
    between = text.index(b'},{"eventVersion"') + 1
    report = load(lake, put(tmp_path / "logs", {"a.json": text[:-300], "b.json": text[:between]}))
    assert [(entry.file, entry.record) for entry in entries(lake)] == [("a.json", 1)]
    assert (report.records.seen, report.records.loaded, report.records.duplicate) == (3, 1, 1)


def test_brackets_that_reach_into_the_next_file_swallow_nothing(lake: Lake, tmp_path: Path) -> None:
    opening = b'{"Records":[' + GOOD[0] + b',{"x":[' + b"]}"
    closing = b'{"Records":[' + GOOD[1] + b"]}," + GOOD[2] + b"]}"
    report = load(lake, put(tmp_path / "logs", {"a.json": opening, "b.json": closing, "c.json": GOOD[3]}))
    assert {row["event_id"] for row in rows(lake)} == {record(number)["eventID"] for number in range(4)}
    assert report.records.quarantined == 1


def test_an_unreadable_file_is_tried_again_and_told_once(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = put(tmp_path / "logs", {"a.json": delivered([record(0)]), "b.json": delivered([record(1)])})
    really = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "a.json":
            raise PermissionError(13, "Permission denied")
        return really(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse)
        for _ in range(2):
            assert load(lake, folder).files_quarantined == 1
            assert whole(lake) == ("a.json", "file cannot be read: Permission denied")
    assert load(lake, folder).records.loaded == 1


def test_links_and_odd_files(lake: Lake, tmp_path: Path) -> None:
    folder = put(tmp_path / "logs", {"in/a.json": delivered([record(0)])})
    (folder / "in" / "loop").symlink_to(folder)
    (folder / "again.json").symlink_to(folder / "in" / "a.json")
    (folder / "dangling.json").symlink_to(folder / "nowhere")
    (folder / "self").symlink_to(folder / "self")
    os.mkfifo(folder / "pipe")
    report = load(lake, folder)
    assert (report.files_seen, report.records.loaded) == (4, 1)
    assert {entry.file for entry in entries(lake)} == {"dangling.json", "self", "pipe"}


def test_a_path_that_does_not_exist_names_the_nearest(lake: Lake, tmp_path: Path) -> None:
    put(tmp_path / "logs", {"a.json": b""})
    with pytest.raises(UsageError, match="did you mean 'logs'"):
        ingest([tmp_path / "lgs"], lake)


def test_an_excerpt_masks_secrets_and_shows_control_characters() -> None:
    text = 'x\x1b[31m{"sessionToken":"FwoGZXIvYXdzEA","secretAccessKey": "abcd/efgh", "a":"X-Amz-Signature=deadbeef"}'
    shown = excerpt_of(text)
    assert "\\x1b" in shown
    assert not any(secret in shown for secret in ("FwoG", "abcd/efgh", "deadbeef"))
    assert len(excerpt_of("a" * 10_000)) == 300
