"""Run the simulation day by day and write logs, context and truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from anomaly.errors import UsageError
from anomaly.simulate.build import build
from anomaly.simulate.deeds import Campaign
from anomaly.simulate.delivery import deliver, late
from anomaly.simulate.draw import rng
from anomaly.simulate.org import Actor, Org
from anomaly.simulate.papers import Deedlet, write_context, write_truth
from anomaly.simulate.plan import plan
from anomaly.simulate.wire import Log, Row

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
    deeds: list[Deedlet] = []
    for day in range(days):
        posted, done = _day(org, campaigns, day)
        deeds += done
        events += len(posted)
        count, written = deliver(out / "logs", seed, day, posted)
        files, size = files + count, size + written
    write_context(out / "context", org)
    write_truth(out / "truth.csv", deeds)
    return SimulationReport(events, files, size, days, tuple(c.scenario for c in campaigns if c.kind == "attack"))


def _check(out: Path, days: int, scale: float, attack_from: int) -> None:
    if days < 1 or scale <= 0 or attack_from < 0:
        raise UsageError(
            f"days must be at least 1, scale above 0, attack_from at least 0; found {days}, {scale}, {attack_from}"
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} already holds something; name a new or empty folder")


def _day(org: Org, campaigns: list[Campaign], day: int) -> tuple[list[tuple[float, Row]], list[Deedlet]]:
    posted: list[tuple[float, Row]] = []
    done = []
    for actor in org.actors:
        posted += _post(org, _live(org, actor, day), actor.name, day)
    for campaign in campaigns:
        if day in campaign.days:
            log = _strike(org, campaign, day)
            posted += _post(org, log, campaign.id, day)
            done.append(Deedlet(campaign, [touch for touch in log.touches if _inside(org, touch.epoch)]))
    return posted, done


def _live(org: Org, actor: Actor, day: int) -> Log:
    log = Log(rng(org.seed, "ids", actor.name, day), org.own)
    actor.live(org, day, log, rng(org.seed, "life", actor.name, day))
    return log


def _strike(org: Org, campaign: Campaign, day: int) -> Log:
    log = Log(rng(org.seed, "ids", campaign.id, day), org.own, tally=True)
    campaign.deed.act(day, log, rng(org.seed, "strike", campaign.id, day))
    return log


def _post(org: Org, log: Log, name: str, day: int) -> list[tuple[float, Row]]:
    rows = [row for row in log.rows if _inside(org, row.epoch)]
    return late(rows, rng(org.seed, "late", name, day))


def _inside(org: Org, epoch: int) -> bool:
    return org.at(0, 0) <= epoch < org.at(org.days, 0)
