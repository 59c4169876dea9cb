"""Run the simulation day by day and write logs, context and truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from anomaly.errors import UsageError
from anomaly.simulate.build import build
from anomaly.simulate.deeds import Campaign
from anomaly.simulate.delivery import Parcel, deliver, late
from anomaly.simulate.org import Org
from anomaly.simulate.papers import Touched, write_context, write_truth
from anomaly.simulate.plan import plan

FIRST_DAY = date(2026, 1, 5)


@dataclass(frozen=True)
class SimulationReport:
    """What was written: records (delivered twice counted twice), files, compressed bytes, days, scenarios planted."""

    events: int
    files: int
    bytes: int
    days: int
    attacks: tuple[str, ...]


def simulate(
    out: Path,
    *,
    seed: int = 7,
    days: int = 42,
    start: date = FIRST_DAY,
    scale: float = 1.0,
    attacks: Sequence[str] | None = None,
    attack_from: int = 30,
) -> SimulationReport:
    """Write a synthetic organisation's logs, context files and truth below a folder.

    Parameters
    ----------
    out
        Folder for ``logs/``, ``context/`` and ``truth.csv``; it must be missing or empty.
    seed
        Draws the organisation; another seed is another company.
    scale
        Multiplies the benign activity; 1.0 is 8,000 to 12,000 events a day.
    attacks
        Scenario ids to plant; None plants all that are known.
    attack_from
        Day index from 0; attacks happen on this day or later.

    Raises
    ------
    UsageError
        For an unknown scenario, a folder that holds something, or days or scale that make no sense.
    """
    _check(out, days, scale, attack_from)
    org = build(seed, start, days, scale)
    campaigns = plan(org, attacks, attack_from)
    events = files = size = 0
    touched: list[Touched] = []
    for day in range(days):
        posted, done = _day(org, campaigns, day)
        touched += done
        events += len(posted)
        count, written = deliver(out / "logs", seed, day, posted)
        files, size = files + count, size + written
    write_context(out / "context", org)
    write_truth(out / "truth.csv", touched)
    return SimulationReport(events, files, size, days, tuple(c.scenario for c in campaigns if c.kind == "attack"))


def _check(out: Path, days: int, scale: float, attack_from: int) -> None:
    if days < 1 or scale <= 0 or attack_from < 0:
        raise UsageError(
            f"days must be at least 1, scale above 0, attack_from at least 0; found {days}, {scale}, {attack_from}"
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} already holds something; name a new or empty folder")


def _day(org: Org, campaigns: list[Campaign], day: int) -> tuple[list[Parcel], list[Touched]]:
    posted: list[Parcel] = []
    touched = []
    for actor in org.actors:
        log = org.log(actor.name, day)
        actor.live(org, log)
        posted += late(org, log, actor.name)
    for campaign in (c for c in campaigns if day in c.days):
        log = org.log(campaign.id, day, tally=True)
        campaign.deed.act(log)
        posted += late(org, log, campaign.id)
        start, end = org.span
        touched.append((campaign, [touch for touch in log.touches if start <= touch.epoch < end]))
    return posted, touched
