"""Attacks by reading: each function fixes who, where and how much, and returns the deed of a scenario."""

from anomaly.simulate import agents, clients, identity
from anomaly.simulate.buckets import GIB, MIB, Bucket
from anomaly.simulate.caller import Caller
from anomaly.simulate.deeds import (
    LATEST_START,
    MOVABLE,
    Deed,
    Loot,
    Pair,
    agent_of,
    haul,
    insiders,
    moment,
    named,
    outside,
    patience,
    people,
    scripted,
    stolen,
    take,
    volume,
)
from anomaly.simulate.draw import Rng, choose, some
from anomaly.simulate.errands import Integration
from anomaly.simulate.machines import MACHINE_USERS
from anomaly.simulate.org import Org
from anomaly.simulate.person import Person
from anomaly.simulate.wire import Log
from anomaly.simulate.workloads import Service

WEIGHT = {"restricted": 3, "confidential": 2, "internal": 1, "public": 0}
HUNTED = (".env", ".tfstate", ".tfstate.backup", ".bak", ".sql.gz", ".old")
HUNTED_STYLES = ("documents", "artifacts", "state", "media")
ASKED = {"Host": "s3.amazonaws.com"}


def s01(org: Org, draw: Rng) -> Deed:
    """Bulk read by an insider from home, of a bucket that he may read."""
    person, bucket = choose(draw, insiders(org, "documents", "media", "table", "artifacts"))
    tool, want = scripted(person, draw), volume(draw, 250 * MIB)
    return _by_insider(org, (person, bucket), tool, want, 2500, patience(draw), "home", "reads in bulk from home")


def s02(org: Org, draw: Rng) -> Deed:
    """Very many tiny objects."""
    pair = choose(draw, insiders(org, "records") or insiders(org, "documents"))
    most, tool = int(draw.integers(700, 3500)), scripted(pair[0], draw)
    return _by_insider(org, pair, tool, 1e12, most, patience(draw), "", "reads many small objects")


def s14(org: Org, draw: Rng) -> Deed:
    """A human who starts to use rclone."""
    pair = choose(draw, [(p, b) for p, b in insiders(org) if "rclone" not in p.tools])
    return _by_insider(org, pair, "rclone", volume(draw, 100 * MIB), 1500, patience(draw), "", "runs rclone")


def s25(org: Org, draw: Rng) -> Deed:
    """A little every day, at changing hours, of a bucket that this identity seldom reads."""
    pairs = some(draw, insiders(org, "documents", "table", "media", "records"), 6)
    person, bucket = min(pairs, key=lambda pair: pair[0].habits[pair[1].name])
    daily, most, tool = volume(draw, 15 * MIB, 500 * MIB), int(draw.integers(15, 90)), scripted(person, draw)

    def act(log: Log) -> None:
        start = org.at(log.day, min(float(log.draw.uniform(8, 22) - person.offset) % 24, LATEST_START))
        caller = person.caller(org, log, start, person.place(log.day, log.draw), named(tool))
        mood = float(log.draw.lognormal(0, 0.4))
        items = haul(bucket, log.draw, log.day, daily * mood, max(3, round(most * mood)))
        take(log, caller, bucket, Loot(tool, items), start)

    return Deed(f"{person.name} takes a little every day", act)


def s24(org: Org, draw: Rng) -> Deed:
    """Read, then deleted."""
    person, bucket = choose(draw, insiders(org, "documents", "media"))
    most, tool = int(draw.integers(40, 400)), "boto3" if "boto3" in person.tools else "cli"

    def act(log: Log) -> None:
        start = moment(org, person, log)
        place, items = person.place(log.day, log.draw), haul(bucket, log.draw, log.day, 3 * GIB, most)
        when = take(log, person.caller(org, log, start, place, named(tool)), bucket, Loot(tool, items), start)
        removal = person.caller(org, log, when, place, "s3.rm" if tool == "cli" else tool)
        clients.delete(log, removal, bucket, items, when + float(log.draw.uniform(30, 2000)))

    return Deed(f"{person.name} reads and deletes", act)


def _by_insider(org: Org, pair: Pair, tool: str, want: float, most: int, waits: float, place: str, what: str) -> Deed:
    person, bucket = pair

    def act(log: Log) -> None:
        start = moment(org, person, log)
        caller = person.caller(org, log, start, place or person.place(log.day, log.draw), named(tool))
        take(log, caller, bucket, Loot(tool, haul(bucket, log.draw, log.day, want, most), waits), start)

    return Deed(f"{person.name} {what}", act)


def s03(org: Org, draw: Rng) -> Deed:
    """A stolen key: look around, meet refusals, then read."""
    person = choose(draw, [p for p in people(org) if p.iam] or people(org))
    agent, network, hour = agent_of(agents.machine(draw), "cli"), outside(org, draw), float(draw.uniform(0, 22))
    want, bucket, waits = volume(draw, 40 * MIB, 3 * GIB), best(person, draw), patience(draw)

    def act(log: Log) -> None:
        start = org.at(log.day, hour)
        caller = stolen(person, log, start, network.address(log.draw), agent)
        when = look_around(org, log, caller, person, start) + 40
        take(log, caller, bucket, Loot("cli", haul(bucket, log.draw, log.day, want), waits), when)

    return Deed(f"key of {person.name} used from {network.name}", act)


def best(person: Person, draw: Rng) -> Bucket:
    """One of the most sensitive buckets that the person may read."""
    fit = [b for b in person.known.values() if b.style in MOVABLE] or list(person.known.values())
    top = max(WEIGHT[b.sensitivity] for b in fit)
    return choose(draw, [b for b in fit if WEIGHT[b.sensitivity] == top])


def look_around(org: Org, log: Log, caller: Caller, person: Person, when: float) -> float:
    """List the buckets and try some; returns when it ends."""
    log.manage(caller, "s3", "ListBuckets", org.region, when, sent=4000, requestParameters=ASKED)
    for bucket in some(log.draw, org.buckets, int(log.draw.integers(3, 9))):
        when += float(log.draw.exponential(9)) + 1
        if bucket.name in person.known:
            clients.browse(log, caller, bucket, "", when)
        else:
            clients.locked_out(log, caller, bucket, when)
    return when


def s12(org: Org, draw: Rng) -> Deed:
    """An instance's credential used from outside, without its endpoint."""
    service = choose(draw, [actor for actor in org.actors if isinstance(actor, Service)])
    tool, network, hour = choose(draw, ("cli", "boto3")), outside(org, draw), float(draw.uniform(0, 22))
    agent, host = agent_of(agents.machine(draw), tool), int(draw.integers(service.job.hosts))
    most, waits = int(draw.integers(80, 900)), patience(draw)

    def act(log: Log) -> None:
        start = org.at(log.day, hour)
        caller = Caller(service.job.caller(org, start, host).credential, network.address(log.draw), agent)
        items = haul(service.bucket, log.draw, log.day, most=most)
        take(log, caller, service.bucket, Loot(tool, items, waits), start)

    return Deed(f"instance credential of {service.name} used from {network.name}", act)


def s15(org: Org, draw: Rng) -> Deed:
    """An identity without a past reads a restricted bucket."""
    styles = ("documents", "records", "table")
    bucket = choose(draw, [b for b in org.buckets if b.sensitivity == "restricted" and b.style in styles])
    user = _nobody(org, bucket.account, draw)
    tool, hour = choose(draw, ("cli", "boto3")), float(draw.uniform(6, 22))
    network = choose(draw, org.world.of("residential")[:6] + org.world.of("hosting"))
    agent, want, waits = agent_of(agents.machine(draw), tool), volume(draw, 20 * MIB, 2 * GIB), patience(draw)

    def act(log: Log) -> None:
        start = org.at(log.day, hour)
        caller = Caller(identity.by_key(user, user.keys[0]), network.address(log.draw), agent)
        take(log, caller, bucket, Loot(tool, haul(bucket, log.draw, log.day, want, 900), waits), start)

    return Deed(f"user {user.name}, new or long silent", act)


def _nobody(org: Org, account: str, draw: Rng) -> identity.User:
    """A machine user that is new, or one that has been silent since the first week."""
    users = [actor for actor in org.actors if isinstance(actor, Integration)]
    if draw.random() < 0.4:
        return min(users, key=lambda actor: actor.last).user
    taken = {actor.name for actor in users}
    return identity.user(draw, choose(draw, [name for name in MACHINE_USERS if name not in taken]), account)


def s26(org: Org, draw: Rng) -> Deed:
    """One outside address, several people's credentials, each a modest read."""
    crew = some(draw, people(org), int(draw.integers(3, 6)))
    network, hour, agent = outside(org, draw), float(draw.uniform(0, 19)), agent_of(agents.machine(draw), "cli")
    address = network.address(draw)

    def act(log: Log) -> None:
        start = org.at(log.day, hour)
        for person in crew:
            bucket, want = best(person, log.draw), volume(log.draw, 10 * MIB, 400 * MIB)
            caller = stolen(person, log, start, address, agent)
            items = haul(bucket, log.draw, log.day, want, 150)
            start = take(log, caller, bucket, Loot("cli", items), start) + float(log.draw.uniform(60, 2000))

    return Deed(f"{len(crew)} credentials used from one address at {network.name}", act)


def s30(org: Org, draw: Rng) -> Deed:
    """Hunting for credentials and dumps across buckets."""
    person = choose(draw, people(org, "engineering", "platform", "product", "data"))
    agent, network, hour = agents.machine(draw).boto3(), outside(org, draw), float(draw.uniform(0, 21))
    address, extra = network.address(draw), [b for b in org.buckets if b.style == "state"]

    def act(log: Log) -> None:
        start = org.at(log.day, hour)
        caller = stolen(person, log, start, address, agent)
        log.manage(caller, "s3", "ListBuckets", org.region, start, sent=4000, requestParameters=ASKED)
        for bucket in {b.name: b for b in [*person.known.values(), *extra]}.values():
            start = clients.listing(log, caller, bucket, "", len(bucket.folders(log.day)) * 30, start + 3)
            items = bucket.everything(log.day) if bucket.style in HUNTED_STYLES else []
            found = [item for item in items if item[0].endswith(HUNTED)]
            start = clients.fetch(log, caller, bucket, some(log.draw, found, 25), start, clients.LOOP)

    return Deed(f"credential of {person.name} looks for secrets from {network.name}", act)
