"""What the command line says, and with which exit code, when it cannot do what was asked."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from anomaly.lock import locked
from fixtures_org import QUIET, THEFT, Org, ScoredOrg, run


def test_an_empty_log_folder_is_refused_with_what_to_do(org: Org, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    result = run("ingest", str(tmp_path / "logs"), "--root", str(tmp_path / "lake"))
    assert result.exit_code == 3
    assert "there is no file in" in result.stderr
    assert "AWSLogs/" in result.stderr


def test_a_missing_log_folder_is_named(tmp_path: Path) -> None:
    result = run("ingest", str(tmp_path / "nowhere"), "--root", str(tmp_path / "lake"))
    assert result.exit_code == 2
    assert "nowhere" in result.stderr


@pytest.mark.parametrize("words", [("top",), ("explain", "abc"), ("export", "--format", "csv")])
def test_without_events_it_says_to_ingest(words: tuple[str, ...], tmp_path: Path) -> None:
    result = run(*words, "--root", str(tmp_path / "lake"))
    assert result.exit_code == 3
    assert "anomaly ingest PATH" in result.stderr


def test_without_a_model_it_says_to_train(org: Org, tmp_path: Path) -> None:
    lake = str(tmp_path / "lake")
    assert run("ingest", str(org.logs), "--root", lake).exit_code == 0
    result = run("score", "--day", str(THEFT), "--root", lake, "--context", str(org.context))
    assert result.exit_code == 4
    assert "anomaly train --until DAY" in result.stderr
    unscored = run("top", "--root", lake)
    assert unscored.exit_code == 3
    assert "anomaly score --day DAY" in unscored.stderr


def test_too_few_days_to_train_on(scored_org: ScoredOrg) -> None:
    early = scored_org.run("train", "--until", "2026-03-10")
    assert early.exit_code == 3
    assert "held out for calibration" in early.stderr
    before = scored_org.run("train", "--until", "2026-01-01")
    assert before.exit_code == 3
    assert "the lake holds 2026-03-06 to 2026-03-24" in before.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("score", "--day", "2026-3-1"), "write it as YYYY-MM-DD"),
        (("score", "--day", "2026-02-30"), "is not a day"),
        (("score",), "say which days"),
        (("score", "--day", str(QUIET), "--from", str(QUIET)), "say which days"),
        (("score", "--from", str(THEFT), "--to", str(QUIET)), "is after"),
        (("train", "--from", str(THEFT), "--until", str(QUIET)), "is not before"),
        (("explain",), "say which session"),
        (("explain", "abc", "--day", str(QUIET), "--rank", "1"), "say which session"),
        (("explain", "--rank", "1"), "say which session"),
        (("explain", "--day", str(THEFT), "--rank", "999"), "the ranks are 1 to"),
        (("explain", "zzz"), "nearest: "),
        (("explain", ""), "days scored: 2026-03-23 to 2026-03-24 (2 days)"),
        (("top", "--day", "2026-03-10"), "the nearest is 2026-03-23"),
        (("models", "--promote", "9"), "no version 9"),
        (("tpo",), "No such command"),
    ],
)
def test_usage_is_answered_with_exit_code_2(words: tuple[str, ...], said: str, scored_org: ScoredOrg) -> None:
    result = run("tpo") if words == ("tpo",) else scored_org.run(*words)
    assert said in result.stderr
    assert result.exit_code == (4 if words[0] == "models" else 2)
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_day_without_events_names_the_nearest(scored_org: ScoredOrg) -> None:
    result = scored_org.run("score", "--day", "2026-04-20")
    assert result.exit_code == 3
    assert "the nearest day is 2026-03-24" in result.stderr
    ranged = scored_org.run("score", "--from", "2026-04-01")
    assert ranged.exit_code == 3
    assert "there are 2026-03-06 to 2026-03-24" in ranged.stderr


def test_a_prefix_of_several_sessions_lists_them(scored_org: ScoredOrg) -> None:
    ids = [line.split(",")[6] for line in scored_org.run("export", "--format", "csv").stdout.splitlines()[1:]]
    letter = next(each[0] for each in ids if sum(other[0] == each[0] for other in ids) > 1)
    result = scored_org.run("explain", letter)
    assert result.exit_code == 2
    assert f"sessions start with '{letter}'" in result.stderr


def test_all_context_mistakes_come_at_once(scored_org: ScoredOrg, tmp_path: Path) -> None:
    assert run("context", "init", "--context", str(tmp_path)).exit_code == 0
    (tmp_path / "inventory.csv").write_text(
        "bucket,cloud,account,sensitivity,owner\nx,aws,1,secret,\n", encoding="utf-8"
    )
    (tmp_path / "networks.csv").write_text("cidr,label,kind\n10.0.0.1/8,vpc,vpc\n", encoding="utf-8")
    result = run("context", "check", "--context", str(tmp_path))
    assert result.exit_code == 2
    assert "'secret'" in result.stderr
    assert "10.0.0.0/8" in result.stderr


def test_context_init_overwrites_nothing_and_check_counts(org: Org, tmp_path: Path) -> None:
    assert len(run("context", "init", "--context", str(tmp_path)).stdout.splitlines()) >= 4
    again = run("context", "init", "--context", str(tmp_path))
    assert again.stdout == ""
    assert "already" in again.stderr
    checked = run("context", "check", "--context", str(org.context))
    assert checked.exit_code == 0
    assert "inventory        3 rows" in checked.stdout


def test_a_bad_config_is_refused(tmp_path: Path) -> None:
    (tmp_path / "anomaly.toml").write_text("[score]\nbudget = 3\n", encoding="utf-8")
    result = run("top", "--config", str(tmp_path / "anomaly.toml"))
    assert result.exit_code == 2
    assert "budget_per_day" in result.stderr
    missing = run("top", "--config", str(tmp_path / "none.toml"))
    assert missing.exit_code == 2


def test_a_locked_lake_is_exit_code_75(own_copy: ScoredOrg) -> None:
    # flock binds to the open file, so a second open in this process is refused as another process would be
    with locked(own_copy.root):
        result = own_copy.run("score", "--day", str(THEFT))
    assert result.exit_code == 75
    assert "holds the lake" in result.stderr


def test_debug_shows_where(tmp_path: Path) -> None:
    result = run("top", "--root", str(tmp_path), "--debug")
    assert result.exit_code == 3
    assert "Traceback" in result.stderr


def test_what_nobody_foresaw_is_exit_code_1_without_a_traceback(
    scored_org: ScoredOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no such luck")

    monkeypatch.setattr("anomaly.listing.cases", fail)
    result = scored_org.run("top")
    assert result.exit_code == 1
    assert "unexpected ValueError: no such luck" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Traceback" in scored_org.run("top", "--debug").stderr


def test_simulate_refuses_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    result = run("simulate", str(tmp_path))
    assert result.exit_code == 2
    demo = run("demo", "--out", str(tmp_path))
    assert demo.exit_code == 2
    assert (tmp_path / "mine.txt").exists()


def command(scored_org: ScoredOrg, *words: str) -> list[str]:
    options = ["--root", str(scored_org.root), "--context", str(scored_org.org.context)]
    return [sys.executable, "-c", "from anomaly.cli import main; main()", *words, *options]


def test_a_reader_that_leaves_early_gets_no_complaint(scored_org: ScoredOrg) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        command(scored_org, "export", "--format", "csv"), stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)
    assert done.stderr == ""
    assert done.returncode == 141


def test_an_interrupt_is_exit_code_130(tmp_path: Path) -> None:
    code = (
        "import anomaly.listing, time\n"
        "def wait(*_):\n    print('ready', flush=True)\n    time.sleep(60)\n"
        "anomaly.listing.scored_days = wait\n"
        "from anomaly.cli import main\nmain()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "top", "--root", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 130
    assert complaint.startswith("anomaly: interrupted")
