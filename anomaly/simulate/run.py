"""Run the simulation day by day and write logs, context and truth."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from anomaly.errors import UsageError
from anomaly.simulate.build import build
from anomaly.simulate.deeds import Campaign
from anomaly.simulate.delivery import Parcel, deliver, late
from anomaly.simulate.multicloud_life import Resident
from anomaly.simulate.multicloud_plan import CLOUDS, join, scenarios
from anomaly.simulate.org import Org
from anomaly.simulate.papers import Touched, write_context, write_truth
from anomaly.simulate.plan import plan, shown
from anomaly.simulate.sessions import further
from anomaly.simulate.sources import CONTROL, DEFAULT, chosen
from anomaly.simulate.wire import Log, Touch

FIRST_DAY = date(2026, 1, 5)
ATTACK_FROM = 30


@dataclass(frozen=True)
class SimulationReport:
    """What was written: records (delivered twice counted twice), files, compressed bytes, days, scenarios planted."""

    events: int
    files: int
    bytes: int
    days: int
    attacks: tuple[str, ...]


@dataclass(frozen=True)
class _Order:
    """All that draws a simulation; each process builds the organisation from it again."""

    out: Path
    seed: int
    days: int
    start: date
    scale: float
    attacks: tuple[str, ...] | None
    attack_from: int
    sources: tuple[str, ...]


@dataclass(frozen=True)
class _Written:
    """What a span of days came to; ``touched`` names campaigns by their place in the plan."""

    events: int
    files: int
    bytes: int
    touched: list[tuple[int, list[Touch]]]


def simulate(
    out: Path,
    *,
    seed: int = 7,
    days: int = 42,
    start: date = FIRST_DAY,
    scale: float = 1.0,
    attacks: Sequence[str] | None = None,
    attack_from: int = ATTACK_FROM,
    processes: int = 1,
    sources: Sequence[str] = DEFAULT,
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
        Scenario ids to plant; None plants all that are known, an empty sequence none.
    attack_from
        Day index from 0; attacks happen on this day or later.
    processes
        How many share the days; the files are the same for any number. More than one starts fresh interpreters, so
        a script that asks for them needs the usual ``if __name__ == "__main__"``.
    sources
        The logs to write, of ``sources.SOURCES``; one more leaves the files of the others as they are, but for the
        attacks that only it shows.

    Raises
    ------
    UsageError
        For an unknown scenario or source, a folder that holds something, or days or scale that make no sense.
    """
    _check(out, days, scale, attack_from, processes)
    logs = chosen(sources)
    order = _Order(out, seed, days, start, scale, None if attacks is None else tuple(attacks), attack_from, logs)
    org, campaigns = _drawn(order)
    parts = list(_share(order, min(processes, days)))
    touched: list[Touched] = [(campaigns[i], touches) for part in parts for i, touches in part.touched]
    write_context(out / "context", org)
    write_truth(out / "truth.csv", touched)
    return SimulationReport(
        sum(part.events for part in parts),
        sum(part.files for part in parts),
        sum(part.bytes for part in parts),
        days,
        tuple(dict.fromkeys(c.scenario for c in campaigns if c.kind == "attack")),
    )


def _check(out: Path, days: int, scale: float, attack_from: int, processes: int) -> None:
    if days < 1 or scale <= 0 or attack_from < 0 or processes < 1:
        raise UsageError(
            "days and processes must be at least 1, scale above 0 and attack_from at least 0; "
            f"found days={days}, processes={processes}, scale={scale}, attack_from={attack_from}"
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} already holds something; name a new or empty folder")


def _drawn(order: _Order) -> tuple[Org, list[Campaign]]:
    org = build(order.seed, order.start, order.days, order.scale, order.sources)
    clouds = scenarios(org.sources)
    # a scenario that only another cloud shows is not asked of this one
    attacks = (
        None if order.attacks is None else [a for a in order.attacks if a in shown(org.sources) or a not in clouds]
    )
    home = any(source not in CLOUDS for source in org.sources)
    planned = plan(org, attacks, order.attack_from) if home else []
    org.workflows += [row for campaign in planned for row in campaign.deed.approvals]
    planned += join(org, order.attacks, order.attack_from)
    if not home:
        org.actors = [actor for actor in org.actors if isinstance(actor, Resident)]
    return org, planned


def _share(order: _Order, processes: int) -> Iterator[_Written]:
    spans = [range(i * order.days // processes, (i + 1) * order.days // processes) for i in range(processes)]
    if processes == 1:
        yield _span(order, spans[0])
        return
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_span, [order] * processes, spans)


def _span(order: _Order, days: range) -> _Written:
    org, campaigns = _drawn(order)
    events = files = size = 0
    touched: list[tuple[int, list[Touch]]] = []
    for day in days:
        posted, done = _day(org, campaigns, day)
        count, written = deliver(order.out / "logs", order.seed, day, posted)
        events, files, size = events + len(posted), files + count, size + written
        touched += done
    return _Written(events, files, size, touched)


def _posted(org: Org, log: Log, name: str, campaign: bool = False) -> list[Parcel]:
    parcels = late(org, log, name)
    if CONTROL in org.sources:
        parcels += late(org, further(org, log, name, campaign), f"further-{name}")
    return parcels


def _day(org: Org, campaigns: list[Campaign], day: int) -> tuple[list[Parcel], list[tuple[int, list[Touch]]]]:
    posted: list[Parcel] = []
    touched = []
    for actor in org.actors:
        log = org.log(actor.name, day)
        actor.live(org, log)
        posted += _posted(org, log, actor.name)
    start, end = org.span
    for number, campaign in enumerate(campaigns):
        if day in campaign.days:
            log = org.log(campaign.id, day, tally=True)
            campaign.deed.act(log)
            posted += _posted(org, log, campaign.id, campaign=True)
            touched.append((number, [touch for touch in log.touches if start <= touch.epoch < end]))
    return posted, touched
