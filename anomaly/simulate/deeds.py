"""What all campaigns share: who could do it, from where, how much is taken."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from anomaly.simulate import agents, clients
from anomaly.simulate.buckets import GIB, MIB, Bucket, Object
from anomaly.simulate.build import people
from anomaly.simulate.draw import Rng, choose, weighted
from anomaly.simulate.network import Provider
from anomaly.simulate.org import Org
from anomaly.simulate.people import Person, sit
from anomaly.simulate.wire import Caller, Log

Act = Callable[[int, Log, Rng], None]
SENSITIVE = ("restricted", "confidential")
SOURCES = ("documents", "media", "table", "records", "artifacts", "feed")


@dataclass(frozen=True)
class Deed:
    """A plan with its people and places fixed; ``act`` carries out one day of it."""

    note: str
    act: Act


@dataclass(frozen=True)
class Campaign:
    """A deed with its days; ``kind`` is attack or benign."""

    id: str
    scenario: str
    kind: str
    days: tuple[int, ...]
    deed: Deed


def insiders(org: Org, wanted: Callable[[Bucket], bool]) -> list[tuple[Person, Bucket]]:
    """People who have been here for a while, with a sensitive bucket that they may read."""
    return [
        (person, bucket)
        for person in people(org)
        if person.start < 0
        for bucket in person.known.values()
        if bucket.sensitivity in SENSITIVE and wanted(bucket)
    ]


def volume(draw: Rng, low: float = 60 * MIB, high: float = 14 * GIB) -> float:
    """How much a thief wants, in bytes: any order of magnitude between the two."""
    return float(np.exp(draw.uniform(np.log(low), np.log(high))))


def haul(bucket: Bucket, day: int, want: float, draw: Rng, most: int = 2500) -> list[Object]:
    """Neighbouring folders of a bucket until enough bytes or objects are in the bag, in key order."""
    folders = bucket.folders(day)
    first = int(draw.integers(len(folders)))
    taken: list[Object] = []
    total = 0.0
    for folder in folders[first:] + folders[:first]:
        for item in bucket.objects(folder):
            if total >= want or len(taken) >= most:
                return sorted(taken)
            taken.append(item)
            total += item[1]
    return sorted(taken)


def scripted(person: Person, draw: Rng) -> str:
    """One of the person's own tools that can move many objects."""
    able = {tool: weight for tool, weight in person.tools.items() if tool != "console"}
    return weighted(draw, list(able), list(able.values())) if able else choose(draw, ("cli", "cyberduck"))


def outside(org: Org, draw: Rng) -> Provider:
    """A network that somebody hides behind."""
    kind = weighted(draw, ("hosting", "vpn", "residential", "mobile"), (4, 3, 3, 1))
    return choose(draw, org.world.of(kind))


def local_hour(org: Org, person: Person, day: int, draw: Rng) -> float:
    """UTC seconds of a moment that suits an insider: working hours as a rule, else the evening."""
    hour = float(draw.uniform(9, 17)) if draw.random() < 0.55 else float(draw.uniform(18.5, 23))
    return org.at(day, hour - person.offset)


def take(
    log: Log, caller: Caller, bucket: Bucket, items: list[Object], start: float, draw: Rng, tool: str, speed: float
) -> float:
    """Read what is wanted with a client, after the listing that the client makes."""
    pace = clients.slowed(clients.LOOP if tool == "boto3" else clients.CLI, speed)
    keys = max(len(items), int(len(items) * draw.uniform(1, 3)))
    prefix = items[0][0].rsplit("/", 2)[0] + "/" if items and draw.random() < 0.6 else ""
    when = clients.listing(log, caller, bucket, prefix, keys, start, draw)
    return clients.fetch(log, caller, bucket, items, when, draw, pace)


def command(tool: str) -> str:
    """The command that a tool's user agent names."""
    return "s3.sync" if tool == "cli" else tool


def stolen(
    org: Org, person: Person, day: int, when: float, address: str, computer: agents.Machine, tool: str, draw: Rng
) -> Caller:
    """A person's credential in other hands."""
    who = person.credential(day, when, draw, console=False)
    agent = computer.boto3() if tool == "boto3" else computer.cli(command("cli" if tool == "console" else tool))
    return Caller(who, address, agent, tls="1.3" if computer.cli_minor > 14 else "1.2")


def sitting(org: Org, person: Person, day: int, log: Log, draw: Rng, bucket: Bucket, factor: float) -> None:
    """An ordinary sitting of a person, larger or smaller."""
    start = org.at(day, person.hour(draw) - person.offset)
    sit(person, org, day, start, person.place(day, draw), scripted(person, draw), bucket, factor, log, draw)
