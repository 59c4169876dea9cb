"""What all campaigns share: who could do it, from where, how much is taken."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from anomaly.simulate import agents, clients
from anomaly.simulate.buckets import GIB, MIB, Bucket, Object
from anomaly.simulate.caller import Caller
from anomaly.simulate.draw import Rng, choose, weighted
from anomaly.simulate.network import Provider
from anomaly.simulate.org import Org, Workflow
from anomaly.simulate.person import Person
from anomaly.simulate.sittings import HOME_BYTES_PER_S
from anomaly.simulate.wire import Log

Act = Callable[[Log], None]
Pair = tuple[Person, Bucket]
SENSITIVE = ("restricted", "confidential")
MOVABLE = ("documents", "media", "table", "records", "artifacts", "feed")
# a campaign that began later would run into a day that the plan keeps quiet
LATEST_START = 22.0
HIDEOUTS = {"hosting": 4, "vpn": 3, "residential": 3, "mobile": 1}


@dataclass(frozen=True)
class Deed:
    """A plan with its people and places fixed; ``act`` carries out one day, ``day`` is set where it can be no other.

    ``approvals`` are the rows of workflows.csv that cover it.
    """

    note: str
    act: Act
    day: int | None = None
    approvals: tuple[Workflow, ...] = ()


@dataclass(frozen=True)
class Campaign:
    """A deed with its days; ``kind`` is attack or benign."""

    id: str
    scenario: str
    kind: str
    days: tuple[int, ...]
    deed: Deed


@dataclass(frozen=True)
class Loot:
    """What a thief carries away with, and how patiently: ``patience`` stretches the wait between calls."""

    tool: str
    items: list[Object]
    patience: float = 1.0


def people(org: Org, *teams: str) -> list[Person]:
    """The employees who were here from the start, of some teams when named."""
    staff = [actor for actor in org.actors if isinstance(actor, Person) and actor.start < 0]
    return [person for person in staff if not teams or person.team in teams]


def insiders(org: Org, *styles: str) -> list[Pair]:
    """People and the sensitive buckets of these styles that they may read."""
    return [
        (person, bucket)
        for person in people(org)
        for bucket in person.known.values()
        if bucket.sensitivity in SENSITIVE and bucket.style in (styles or MOVABLE)
    ]


def volume(draw: Rng, low: float = 60 * MIB, high: float = 14 * GIB) -> float:
    """How much a thief wants, in bytes: any order of magnitude between the two is as likely."""
    return float(np.exp(draw.uniform(np.log(low), np.log(high))))


def patience(draw: Rng) -> float:
    """How much longer than needed a thief waits between calls: mostly not, sometimes twenty times."""
    return float(np.exp(max(draw.normal(0.3, 1.0), 0)))


def haul(bucket: Bucket, draw: Rng, day: int, want: float = np.inf, most: int = 2500) -> list[Object]:
    """Neighbouring folders of a bucket until enough bytes or objects are in the bag, in key order."""
    folders = bucket.folders(day)
    first = int(draw.integers(len(folders)))
    taken: list[Object] = []
    total = 0.0
    for item in bucket.of(folders[first:] + folders[:first]):
        if total >= want or len(taken) >= most:
            break
        taken.append(item)
        total += item[1]
    return sorted(taken)


def scripted(person: Person, draw: Rng) -> str:
    """One of the person's own tools that can move many objects."""
    able = {tool: weight for tool, weight in person.tools.items() if tool != "console"}
    return weighted(draw, list(able), list(able.values())) if able else choose(draw, ("cli", "cyberduck"))


def outside(org: Org, draw: Rng) -> Provider:
    """A network that somebody hides behind."""
    return choose(draw, org.world.of(weighted(draw, list(HIDEOUTS), list(HIDEOUTS.values()))))


def moment(org: Org, person: Person, log: Log) -> float:
    """UTC seconds of a moment that suits an insider: working hours as a rule, else the evening, on this UTC day."""
    late = log.draw.random() > 0.55
    hour = float(log.draw.uniform(18.5, 23) if late else log.draw.uniform(9, 17))
    return org.at(log.day, min((hour - person.offset) % 24, LATEST_START))


def take(log: Log, caller: Caller, bucket: Bucket, loot: Loot, start: float) -> float:
    """Read what is wanted with a client, after the listing that the client makes; returns when it ends."""
    pace = clients.slowed(clients.TOOLS.get(loot.tool, clients.CLI), HOME_BYTES_PER_S, loot.patience)
    if not loot.items:
        return start
    near = loot.items[0][0].rsplit("/", 2)[0] + "/" if log.draw.random() < 0.6 else ""
    seen = int(len(loot.items) * log.draw.uniform(1, 3))
    when = clients.listing(log, caller, bucket, near, seen, start)
    return clients.fetch(log, caller, bucket, loot.items, when, pace)


def named(tool: str) -> str:
    """The tool as a user agent names it."""
    return "s3.sync" if tool == "cli" else tool


def agent_of(computer: agents.Machine, tool: str) -> str:
    """The user agent of somebody else's computer."""
    return computer.boto3() if tool == "boto3" else computer.cli(named(tool))


def stolen(person: Person, log: Log, when: float, address: str, agent: str) -> Caller:
    """A person's credential in other hands."""
    return Caller(person.credential(log.day, when, log.draw, console=False), address, agent, origin=person.office)
