"""A scoring run killed at any moment, then run again, leaves the lake an undisturbed run leaves."""

import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import time
from datetime import date, timedelta
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from anomaly.config import Settings
from anomaly.context import Context
from anomaly.ingest import ingest
from anomaly.model.registry import Registry
from anomaly.score import score_days, train_model
from anomaly.simulate import simulate
from anomaly.store import Lake, Store

START = date(2026, 1, 5)
UNTIL = START + timedelta(days=18)
SCORED = [UNTIL, UNTIL + timedelta(days=1)]
KILLS = int(os.environ.get("SCORE_KILLS", "6"))
"""``make kills`` asks for a hundred."""
# imports first, so that the kill lands in the work and not in the start-up
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["anomaly.score", "sklearn.ensemble", "skops.io"])


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small organisation: logs in, a model trained, nothing scored."""
    folder = tmp_path_factory.mktemp("organisation")
    simulate(folder, seed=11, days=20, start=START, scale=0.05, attacks=[], attack_from=20)
    lake = Lake(folder / "lake")
    ingest([folder / "logs"], lake)
    train_model(lake, Context.load(folder / "context"), Settings(), UNTIL)
    return folder


def copied(organisation: Path, place: Path) -> Lake:
    """A lake of its own; files are linked, which is safe because the product replaces files and never edits them."""
    shutil.copytree(organisation / "lake", place, copy_function=os.link)
    return Lake(place)


def contents(lake: Lake) -> dict[str, object]:
    """What every file that a run makes says, by name: a partition's rows in any order, a seal without file sizes.

    The acts of a day are written as they come out of a join, so their order, and the size of their file, may vary.
    """
    files = [path for path in lake.root.rglob("*") if path.is_file() and "mlflow" not in path.parts]
    return {path.relative_to(lake.root).as_posix(): said(path) for path in files if path.name != ".lock"}


def said(path: Path) -> object:
    if path.parent.parent.name == "acts" and not path.name.startswith("."):
        with Store(threads=1) as store:
            return store.rows(f"select count(*), bit_xor(hash(row)), sum(hash(row)) from '{path}' as row")[0]
    if path.parent.name == "features":
        sealed = json.loads(path.read_text(encoding="utf-8"))
        return sealed["seal"], {name: fingerprint for name, (fingerprint, _) in sealed["tables"].items()}
    return hashlib.sha256(path.read_bytes()).hexdigest()


def work(context: Path, root: Path, begins: Event) -> None:
    """What the child does: everything read and the model in memory before it says that it begins."""
    known, registry = Context.load(context), Registry(root)
    registry.champion()
    begins.set()
    score_days(Lake(root), known, Settings(), SCORED, registry)


def start(organisation: Path, lake: Lake) -> BaseProcess:
    begins = PROCESSES.Event()
    child = PROCESSES.Process(target=work, args=(organisation / "context", lake.root, begins))
    child.start()
    assert begins.wait(60)
    return child


def test_killed_at_any_moment_and_run_again(organisation: Path, tmp_path: Path) -> None:
    undisturbed = copied(organisation, tmp_path / "undisturbed")
    child = start(organisation, undisturbed)
    began = time.monotonic()
    child.join()
    seconds = time.monotonic() - began
    assert child.exitcode == 0
    expected = contents(undisturbed)
    moments = random.Random(20260105)
    killed = 0
    for kill in range(KILLS):
        lake = copied(organisation, tmp_path / f"killed-{kill}")
        child = start(organisation, lake)
        time.sleep(moments.uniform(0, seconds * 0.9))
        child.kill()
        child.join()
        killed += child.exitcode == -signal.SIGKILL
        score_days(lake, Context.load(organisation / "context"), Settings(), SCORED)
        assert contents(lake) == expected
    assert killed >= KILLS // 2, "too few runs were still at work when they were killed"
