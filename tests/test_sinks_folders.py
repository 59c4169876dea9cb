"""Findings written into folders: whole or not at all, once a case, and nothing lost where the disk refuses."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from anomaly import findings
from anomaly.config.settings import SinkSettings
from anomaly.dossier.page import WITHDRAWN, digest, page
from anomaly.errors import ConfigError
from anomaly.sinks import Delivered, Folder, Outbox, folders, sinks
from anomaly.sinks.post import LONGEST_WAIT
from fixtures_org import run
from html_page import parsed
from sink_findings import DAY, finding, hostile, shapes

NOW = 1_800_000_000.0
NEXT_NIGHT = NOW + 86_400


def settings_of(root: Path) -> SinkSettings:
    return SinkSettings(
        csv_folder=root / "csv",
        evidence_folder=root / "evidence",
        asff_folder=root / "asff",
        asff_account="111111111111",
        asff_region="eu-west-1",
    )


def outbox(root: Path) -> Outbox:
    settings = settings_of(root)
    return Outbox(root / "lake", sinks(settings), settings)


def written(root: Path) -> dict[str, str]:
    """What lies in the folders, by path."""
    files = [path for name in ("csv", "evidence", "asff") for path in (root / name).rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in files}


def asff_of(root: Path) -> dict[str, str]:
    told = json.loads((root / "asff" / f"{DAY}.asff.json").read_text(encoding="utf-8"))["Findings"]
    return {each["ProductFields"]["anomaly/CaseId"]: each["RecordState"] for each in told}


def test_a_day_is_written_once_and_is_the_same_again(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    day = [finding(1), finding(2)]
    assert (box.enqueue(day, NOW), box.enqueue(day, NEXT_NIGHT)) == (6, 0)
    assert box.deliver(NOW).sent == 6
    first = written(tmp_path)
    assert set(first) == {
        f"csv/{DAY}.csv",
        f"asff/{DAY}.asff.json",
        f"evidence/{DAY}/{1:032x}.html",
        f"evidence/{DAY}/{2:032x}.html",
    }
    assert box.deliver(NEXT_NIGHT).sent == 0
    box.enqueue(day, NEXT_NIGHT)
    assert written(tmp_path) == first


def test_files_that_somebody_took_away_come_back_the_same(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    box.enqueue([finding(1)], NOW)
    box.deliver(NOW)
    first = written(tmp_path)
    (tmp_path / "csv" / f"{DAY}.csv").unlink()
    assert box.enqueue([finding(1)], NEXT_NIGHT) == 0
    assert box.deliver(NEXT_NIGHT).sent == 1
    assert written(tmp_path) == first


def test_a_case_that_moved_is_written_anew_and_one_that_is_gone_says_so(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    box.enqueue([finding(1), finding(2)], NOW)
    box.deliver(NOW)
    first = written(tmp_path)
    for _ in range(2):
        box.enqueue([finding(1, rank=7)], NEXT_NIGHT)
        box.deliver(NEXT_NIGHT)
    lines = written(tmp_path)[f"csv/{DAY}.csv"].splitlines()
    assert [line.split(",")[2] for line in lines[1:]] == ["7"]
    assert asff_of(tmp_path) == {f"{1:032x}": "ACTIVE", f"{2:032x}": "ARCHIVED"}
    assert WITHDRAWN in written(tmp_path)[f"evidence/{DAY}/{2:032x}.html"]
    # and what comes back to where it was is what it was
    box.enqueue([finding(1), finding(2)], NOW)
    box.deliver(NEXT_NIGHT)
    assert written(tmp_path) == first


def test_a_day_that_has_no_case_left_says_so_in_every_folder(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    day = date.fromisoformat(DAY)
    assert box.enqueue([], NOW, days=[day]) == 0, "of a day that never had one nothing is written"
    box.enqueue([finding(1), finding(2)], NOW)
    box.deliver(NOW)
    assert (box.enqueue([], NEXT_NIGHT, days=[day]), box.enqueue([], NEXT_NIGHT, days=[day])) == (6, 0)
    box.deliver(NEXT_NIGHT)
    files = written(tmp_path)
    assert files[f"csv/{DAY}.csv"].split(",")[0] == "schema"
    assert len(files[f"csv/{DAY}.csv"].splitlines()) == 1
    assert set(asff_of(tmp_path).values()) == {"ARCHIVED"}
    pages = [text for name, text in files.items() if name.startswith("evidence/")]
    assert [WITHDRAWN in text for text in pages] == [True, True]


def test_a_folder_that_cannot_be_written_fails_nothing_and_loses_nothing(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.write_text("a file where the folders should be", encoding="utf-8")
    settings = settings_of(place)
    box = Outbox(tmp_path / "lake", sinks(settings), replace(settings, attempts=1))
    box.enqueue([finding(1), finding(2)], NOW)
    for night in range(4):
        assert box.deliver(NOW + night * LONGEST_WAIT) == Delivered(failed=6)
    assert {(sink, state) for sink, _, state, _ in box.problems()} == {(name, "pending") for name in box.receivers}
    assert all("cannot write" in problem for *_, problem in box.problems())
    place.unlink()
    assert box.deliver(NOW + 5 * LONGEST_WAIT) == Delivered(sent=6)
    assert len(written(place)) == 4


def test_a_disk_that_fills_leaves_the_file_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = outbox(tmp_path)
    box.enqueue([finding(1)], NOW)
    box.deliver(NOW)
    before = written(tmp_path)
    box.enqueue([finding(1, rank=9)], NOW)
    with monkeypatch.context() as full:
        full.setattr(Path, "write_text", _no_space)
        done = box.deliver(NEXT_NIGHT)
    assert (done.sent, done.failed) == (0, 3)
    assert written(tmp_path) == before
    assert "No space left on device" in box.problems()[0][3]
    assert box.deliver(NEXT_NIGHT + LONGEST_WAIT).sent == 3
    assert written(tmp_path).keys() == before.keys()
    assert ",9," in written(tmp_path)[f"csv/{DAY}.csv"]


def _no_space(self: Path, text: str, **_: Any) -> int:
    self.touch()
    raise OSError(28, "No space left on device")


def test_the_settings_say_what_security_hub_needs(tmp_path: Path) -> None:
    config = tmp_path / "a.toml"
    config.write_text('[sinks]\nasff_folder = "asff"\nasff_account = "1234"\n', encoding="utf-8")
    refused = run("emit", "--config", str(config), "--root", str(tmp_path / "lake"))
    assert (refused.exit_code, "twelve digits" in refused.output) == (ConfigError.exit_code, True)
    config.write_text('[sinks]\nasff_folder = "asff"\n', encoding="utf-8")
    refused = run("emit", "--config", str(config), "--root", str(tmp_path / "lake"))
    assert (refused.exit_code, "sinks.asff_region" in refused.output) == (ConfigError.exit_code, True)


def test_the_command_writes_one_folder_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "a.toml"
    config.write_text('[sinks]\ncsv_folder = "out"\nevidence_folder = "pages"\n', encoding="utf-8")
    monkeypatch.setattr(findings, "documents", lambda *_, top: [finding(1, day=DAY)])
    words = ("emit", "--config", str(config), "--root", str(tmp_path / "lake"), "--day", DAY, "--sink", "csv")
    done = run(*words)
    assert (done.exit_code, "1 sent" in done.output) == (0, True), done.output
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{DAY}.csv"]
    assert not (tmp_path / "pages").exists()


def test_no_folder_is_written_that_is_not_named() -> None:
    assert folders(SinkSettings()) == []


def test_the_page_of_a_case_is_one_file_that_runs_nothing_and_loads_nothing() -> None:
    for shape in shapes(finding()):
        text = page(shape)
        read = parsed(text)
        assert read.loads == []
        assert not {"script", "link", "img", "iframe", "form", "base"} & set(read.tags)
        assert read.tags.count("body") == 1
        assert text.isascii() or not {char for char in text if not char.isprintable()} - {"\n"}
        assert digest(shape) in text
        assert f"rank {shape['rank']} of" in text or "not ranked" in text


def test_the_page_tells_all_that_an_auditor_asks() -> None:
    read = parsed(page(finding()))
    for said in (
        *("user/ana-1", "412 GB", "203.0.113.7", "AKIAEXAMPLE", "s3://drop-zone", "999999999999", "sales@corp.example"),
        *("its busiest day in 30 was 3.1 GB", "12 of 96 reads have no size", "It would rank 31st", "rclone"),
        *("trail/a.json.gz", "and 86 more", "denied", "T1048", "no approved workflow names", f"{1:032x}"),
    ):
        assert said in read.text, said
    assert read.tags.count("svg") == 1
    unknown = parsed(page(finding(bytes_read=None, reads_without_bytes=96)))
    assert "unknown" in unknown.text


def test_a_name_made_to_do_harm_is_only_text() -> None:
    text = page(hostile(finding()))
    assert "<script>" not in text
    assert "\\u202e" in text
    assert "\u202e" not in text
    assert "{{ 7 * 7 }}" in parsed(text).text


def test_who_is_stopped_after_writing_writes_the_same_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = outbox(tmp_path)
    box.enqueue([finding(1), finding(2)], NOW)
    whole = Folder.write
    with monkeypatch.context() as stopped:
        stopped.setattr(Folder, "write", lambda *words: _stop(whole(*words)))
        with pytest.raises(KeyboardInterrupt):
            box.deliver(NOW)
    first = written(tmp_path)
    assert first, "the first folder was written"
    assert box.deliver(NOW).sent == 6
    assert written(tmp_path).items() >= first.items()


def _stop(problem: str) -> str:
    raise KeyboardInterrupt(problem)
