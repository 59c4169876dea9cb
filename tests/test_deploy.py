"""What stands in deploy/ is what a scheduler reads: by its own validator where there is one, else by its rules."""

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

import house
import pages

DEPLOY = house.REPOSITORY / "deploy"
UNITS = DEPLOY / "systemd"
PROGRAM = "/opt/anomaly/bin/anomaly"
TIMES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
"""Least and most of a cron line's minute, hour, day, month and weekday (crontab(5))."""


def cron_jobs() -> list[tuple[list[str], str, str]]:
    """(five fields of time, user, command) of each line that is neither a comment nor a variable."""
    lines = (DEPLOY / "anomaly.cron").read_text(encoding="utf-8").splitlines()
    jobs = [
        line.split(maxsplit=6) for line in lines if line and not line.startswith("#") and not re.match(r"\w+=", line)
    ]
    return [(words[:5], words[5], words[6]) for words in jobs]


def unit(path: Path) -> configparser.ConfigParser:
    """A systemd unit, read; keys keep their case."""
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    parser.read_string(path.read_text(encoding="utf-8"))
    return parser


def called() -> list[list[str]]:
    """The words after the program, of every command that deploy/ runs."""
    commands = [command.partition(" 2>&1")[0] for _, _, command in cron_jobs()]
    commands += [unit(path)["Service"]["ExecStart"] for path in sorted(UNITS.glob("*.service"))]
    words = [shlex.split(command) for command in commands]
    assert {each[0] for each in words} == {PROGRAM}
    return [each[1:] for each in words]


def test_what_is_run_exists_with_its_options() -> None:
    known = dict(pages.commands(pages.command_line()))
    wrong = []
    for name, *rest in called():
        options = pages.options(known[name]) if name in known else set()
        wrong += [] if name in known else [name]
        wrong += [f"{name} {word}" for word in rest if word.startswith("--") and word not in options]
    assert wrong == []
    assert {name for name, *_ in called()} == {"daily", "retrain"}


def test_a_cron_line_names_times_that_there_are() -> None:
    jobs = cron_jobs()
    assert len(jobs) == 2
    for times, user, command in jobs:
        for text, (least, most) in zip(times, TIMES, strict=True):
            assert text == "*" or least <= int(text) <= most
        assert user == "anomaly"
        assert "%" not in command  # cron makes a new line of it


def test_every_timer_has_its_service_and_a_time() -> None:
    timers, services = ({path.stem for path in UNITS.glob(f"*.{kind}")} for kind in ("timer", "service"))
    assert timers == services == {"anomaly-daily", "anomaly-retrain"}
    for name in timers:
        assert unit(UNITS / f"{name}.timer")["Timer"]["OnCalendar"].endswith(" UTC")
        service = unit(UNITS / f"{name}.service")["Service"]
        # the lake may be held: that is no failure
        assert (service["Type"], service["SuccessExitStatus"]) == ("oneshot", "75")


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    verifier = shutil.which("systemd-analyze")
    if verifier is None:
        pytest.skip("systemd-analyze is not installed")
    # it looks for the program and the user, which are not on this machine
    for path in UNITS.iterdir():
        text = path.read_text(encoding="utf-8").replace(PROGRAM, "/bin/true").replace("User=anomaly", "User=root")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [verifier, "verify", *map(str, sorted(tmp_path.iterdir()))], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
