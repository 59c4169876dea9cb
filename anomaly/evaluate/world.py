"""One organisation's working folder: drawn and ingested once, reused while nothing that made it has changed.

``OUT/seed-N/`` holds ``plan.json`` (what was asked, by which code, whether it is complete), ``organisation/`` (logs,
context, truth) and ``lake/``.
"""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from anomaly.data import data_folder
from anomaly.errors import UsageError
from anomaly.ingest import ingest
from anomaly.simulate import simulate
from anomaly.simulate.sources import EVERY
from anomaly.store import Lake, replacing

START = date(2026, 1, 5)
"""A Monday."""


@dataclass(frozen=True)
class Plan:
    """What to draw: attacks, where there are any, happen in the last two sevenths of the days; training ends before."""

    seed: int
    days: int = 42
    scale: float = 1.0
    attacked: bool = True

    @property
    def attack_from(self) -> int:
        """Index of the first day with attacks: 30 of 42."""
        return self.days * 5 // 7

    @property
    def attacks(self) -> tuple[str, ...] | None:
        """Scenarios to plant; None: all that are known."""
        return None if self.attacked else ()

    @property
    def until(self) -> date:
        """The first scored day; training sees only the days before it."""
        return START + timedelta(days=self.attack_from)

    @property
    def end(self) -> date:
        """The day after the last."""
        return START + timedelta(days=self.days)


@dataclass(frozen=True)
class World:
    """A drawn and ingested organisation."""

    plan: Plan
    folder: Path

    @property
    def lake(self) -> Lake:
        """Its lake."""
        return Lake(self.folder / "lake")

    @property
    def organisation(self) -> Path:
        """Its logs, context and truth."""
        return self.folder / "organisation"


def open_world(out: Path, plan: Plan, *, fresh: bool = False) -> World:
    """Return the organisation of a plan, drawn and ingested; drawn anew where it is missing, stale or half done.

    Raises
    ------
    UsageError
        The folder holds something that no evaluation put there.
    """
    world = World(plan, out / f"seed-{plan.seed}")
    wanted = asdict(plan) | {"code": code_digest(), "complete": True}
    if fresh or _recorded(world.folder) != wanted:
        _clear(world.folder)
        _record(world.folder, wanted | {"complete": False})
        simulate(
            world.organisation,
            seed=plan.seed,
            days=plan.days,
            start=START,
            scale=plan.scale,
            attacks=plan.attacks,
            attack_from=plan.attack_from,
            sources=EVERY,
        )
        ingest([world.organisation / "logs"], world.lake)
        _record(world.folder, wanted)
    return world


@cache
def code_digest() -> str:
    """SHA-256 of all that draws and reads logs, once a process: another simulator or reader makes another lake."""
    package = Path(__file__).parent.parent
    folders = [package / "simulate", package / "ingest", data_folder("features") / "sources"]
    digest = hashlib.sha256()
    for path in sorted(path for folder in folders for path in folder.iterdir() if path.is_file()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _recorded(folder: Path) -> object:
    try:
        return json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def _record(folder: Path, values: dict[str, object]) -> None:
    with replacing(folder / "plan.json") as temporary:
        temporary.write_text(json.dumps(values, indent=1), encoding="utf-8")


def _clear(folder: Path) -> None:
    if not folder.exists():
        return
    if not (folder / "plan.json").is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} holds something that no evaluation put there; name another folder with --out")
    shutil.rmtree(folder)
