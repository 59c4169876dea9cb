"""kill -9 at many points of a run, then once more: the lake is what an undisturbed run makes."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from anomaly.store import Lake
from ingest_records import delivered, entries, load, put, record, rows

WORKER = Path(__file__).with_name("ingest_worker.py")
KILLS = int(os.environ.get("INGEST_KILLS", "12"))
"""``make kills`` asks for a hundred."""


def logs(folder: Path) -> Path:
    """Write 40 files: three days, every file repeats a record of the one before, every eighth is damaged."""
    files = {}
    for number in range(40):
        day, hour = 1 + number // 15, number % 15
        ids = range(number * 30, number * 30 + 31)
        data = delivered([record(n, eventTime=f"2024-03-{day:02d}T{hour:02d}:00:{n % 60:02d}Z") for n in ids])
        name = f"1_CloudTrail_r_202403{day:02d}T{hour:02d}00Z_x{number}.json.gz"
        files[name] = data[:-400] if number % 8 == 7 else data
    return put(folder, files)


class Runner:
    """Starts runs in children of a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, str(WORKER)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def start(self, folder: Path, lake: Lake) -> int:
        """Return the process id of a run that has just begun."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{folder}\t{lake.root}\n")
        self.process.stdin.flush()
        return self.ask()


@pytest.fixture
def runner() -> Iterator[Runner]:
    started = Runner()
    yield started
    started.process.communicate()


def groups(lake: Lake) -> int:
    return len(list((lake.root / "ledger" / "ingest").glob("part-*.parquet")))


def test_many_kills_and_a_rerun_give_the_undisturbed_lake(runner: Runner, tmp_path: Path) -> None:
    folder, whole = logs(tmp_path / "logs"), Lake(tmp_path / "whole")
    runner.start(folder, whole)
    began = time.monotonic()
    assert runner.ask() == 0
    seconds = time.monotonic() - began
    expected, refused, all_groups = rows(whole), entries(whole), groups(whole)
    assert (len(expected), len(refused)) == (1200, 5), "the last file ends in a cut record that no other file repeats"
    draw, killed, partial, lake = random.Random(7), 0, 0, Lake(tmp_path / "lake")
    for attempt in range(KILLS):
        child = runner.start(folder, lake)
        time.sleep(seconds * draw.random() * (0.4 if attempt % 4 else 0.8))
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        killed += runner.ask() == signal.SIGKILL
        partial += 0 < groups(lake) < all_groups
        if attempt % 4 == 3:  # every lake is killed four times
            assert load(lake, folder).balanced
            assert (rows(lake), entries(lake)) == (expected, refused)
            lake = Lake(tmp_path / f"lake{attempt}")
    assert killed > KILLS // 2, "most kills must find the run alive"
    assert partial > 0, "some kills must leave a half-loaded lake"
