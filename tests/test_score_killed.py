"""A scoring run killed at any moment, then run again, leaves the lake an undisturbed run leaves."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from anomaly.config import Settings
from anomaly.context import Context
from anomaly.ingest import ingest
from anomaly.score import score_days, train_model
from anomaly.simulate import simulate
from anomaly.store import Lake

START = date(2026, 1, 5)
UNTIL = START + timedelta(days=18)
SCORED = [UNTIL, UNTIL + timedelta(days=1)]
KILLS = 20
# imports first, then says it begins, so that the kill lands in the work and not in the start-up
RUN = """
import sys
from datetime import date
from pathlib import Path
from anomaly.config import Settings
from anomaly.context import Context
from anomaly.score import score_days
from anomaly.store import Lake
context = Context.load(Path(sys.argv[1]))
print("begins", flush=True)
score_days(Lake(Path(sys.argv[2])), context, Settings(), [date.fromisoformat(day) for day in sys.argv[3:]])
print("ends", flush=True)
"""


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small organisation: logs in, a model trained, nothing scored."""
    folder = tmp_path_factory.mktemp("organisation")
    simulate(folder, seed=11, days=20, start=START, scale=0.1, attacks=[], attack_from=20)
    lake = Lake(folder / "lake")
    ingest([folder / "logs"], lake)
    train_model(lake, Context.load(folder / "context"), Settings(), UNTIL)
    return folder


def copied(organisation: Path, place: Path) -> Lake:
    """A lake of its own; files are linked, which is safe because the product replaces files and never edits them."""
    shutil.copytree(organisation / "lake", place, copy_function=os.link)
    return Lake(place)


def contents(lake: Lake) -> dict[str, str]:
    """Every partition and seal that a run makes, by name; no temporary file may be left."""
    return {
        path.relative_to(lake.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(lake.root.rglob("*"))
        if path.is_file() and "mlflow" not in path.parts and path.name != ".lock"
    }


def start(organisation: Path, lake: Lake) -> subprocess.Popen[str]:
    days = [day.isoformat() for day in SCORED]
    command = [sys.executable, "-c", RUN, str(organisation / "context"), str(lake.root), *days]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "begins\n"
    return child


def test_killed_at_twenty_moments_and_run_again(organisation: Path, tmp_path: Path) -> None:
    undisturbed = copied(organisation, tmp_path / "undisturbed")
    began = time.monotonic()
    with start(organisation, undisturbed) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ends\n"
        seconds = time.monotonic() - began
    expected = contents(undisturbed)
    moments = random.Random(20260105)
    killed = 0
    for kill in range(KILLS):
        lake = copied(organisation, tmp_path / f"killed-{kill}")
        with start(organisation, lake) as child:
            time.sleep(moments.uniform(0, seconds * 0.9))
            child.send_signal(signal.SIGKILL)
        killed += child.returncode == -signal.SIGKILL
        score_days(lake, Context.load(organisation / "context"), Settings(), SCORED)
        assert contents(lake) == expected
    assert killed >= KILLS // 2, "too few runs were still at work when they were killed"
