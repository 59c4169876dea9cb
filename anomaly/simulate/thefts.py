"""The attacks, one function a scenario of the catalogue: it fixes who, where and how much, and returns the deed."""

from anomaly.simulate import agents, clients, identity
from anomaly.simulate.buckets import MIB, Bucket
from anomaly.simulate.build import people
from anomaly.simulate.deeds import (
    SOURCES,
    Deed,
    command,
    haul,
    insiders,
    local_hour,
    outside,
    scripted,
    stolen,
    take,
    volume,
)
from anomaly.simulate.draw import Rng, choose, rng, some
from anomaly.simulate.errands import settings
from anomaly.simulate.org import Account, Org
from anomaly.simulate.people import HOME_BYTES_PER_S, Person
from anomaly.simulate.wire import DENIED, Caller, Log
from anomaly.simulate.workloads import Service, foreign_bucket, replicate


def stranger(org: Org, draw: Rng) -> Account:
    """An account that no file of ours names."""
    return choose(draw, [a for a in org.accounts if a.relation == "stranger"])


def s01(org: Org, draw: Rng) -> Deed:
    """Bulk read by an insider from home, of a bucket that he may read."""
    person, bucket = choose(draw, insiders(org, lambda b: b.style in ("documents", "media", "table", "artifacts")))
    tool, want = scripted(person, draw), volume(draw, 250 * MIB)

    def act(day: int, log: Log, draw: Rng) -> None:
        start = local_hour(org, person, day, draw)
        caller = person.caller(org, day, start, "home", command(tool), draw)
        take(log, caller, bucket, haul(bucket, day, want, draw), start, draw, tool, HOME_BYTES_PER_S)

    return Deed(f"{person.name} reads in bulk from home", act)


def s02(org: Org, draw: Rng) -> Deed:
    """Very many tiny objects."""
    person, bucket = choose(
        draw, insiders(org, lambda b: b.style == "records") or insiders(org, lambda b: b.style == "documents")
    )
    most, tool = int(draw.integers(700, 3500)), scripted(person, draw)

    def act(day: int, log: Log, draw: Rng) -> None:
        start = local_hour(org, person, day, draw)
        caller = person.caller(org, day, start, person.place(day, draw), command(tool), draw)
        take(log, caller, bucket, haul(bucket, day, 1e12, draw, most), start, draw, tool, HOME_BYTES_PER_S)

    return Deed(f"{person.name} reads thousands of small records", act)


def s03(org: Org, draw: Rng) -> Deed:
    """A stolen key: look around, meet refusals, then read."""
    holders = [p for p in people(org) if isinstance(p.credential_of, identity.User)] or people(org)
    person = choose(draw, holders)
    computer, network, hour = agents.machine(draw), outside(org, draw), float(draw.uniform(0, 23))
    want, bucket = volume(draw, 40 * MIB, 3000 * MIB), _best(person, draw)

    def act(day: int, log: Log, draw: Rng) -> None:
        start = org.at(day, hour)
        caller = stolen(org, person, day, start, network.address(draw), computer, scripted(person, draw), draw)
        when = _look_around(org, log, caller, person, start, draw)
        take(log, caller, bucket, haul(bucket, day, want, draw), when + 40, draw, "cli", HOME_BYTES_PER_S)

    return Deed(f"key of {person.name} used from {network.name}", act)


def _best(person: Person, draw: Rng) -> Bucket:
    weight = {"restricted": 3, "confidential": 2, "internal": 1, "public": 0}
    fit = [b for b in person.known.values() if b.style in SOURCES]
    top = max(weight[b.sensitivity] for b in fit)
    return choose(draw, [b for b in fit if weight[b.sensitivity] == top])


def _look_around(org: Org, log: Log, caller: Caller, person: Person, when: float, draw: Rng) -> float:
    log.manage(caller, "s3", "ListBuckets", org.region, when, sent=4000, requestParameters={"Host": "s3.amazonaws.com"})
    for bucket in some(draw, [b for b in org.buckets if not b.foreign], int(draw.integers(3, 9))):
        when += float(draw.exponential(9)) + 1
        if bucket.name in person.known:
            clients.browse(log, caller, bucket, "", when)
        else:
            log.data(caller, "ListObjects", bucket, when, "", sent=243, error=DENIED)
    return when


def s04(org: Org, draw: Rng) -> Deed:
    """Copies on the server into a bucket of an account that nobody knows."""
    person, bucket = choose(draw, insiders(org, lambda b: b.style in SOURCES and b.style != "records"))
    target, most, want = foreign_bucket(org, stranger(org, draw).id, "store"), int(draw.integers(25, 500)), volume(draw)

    def act(day: int, log: Log, draw: Rng) -> None:
        start = local_hour(org, person, day, draw)
        caller = person.caller(
            org, day, start, person.place(day, draw), "s3.cp" if "cli" in person.tools else scripted(person, draw), draw
        )
        items = haul(bucket, day, want, draw, most)
        when = clients.listing(log, caller, bucket, items[0][0].rsplit("/", 1)[0] + "/", len(items), start, draw)
        clients.copies(log, caller, bucket, items, target, choose(draw, ("", "in/", "2026/")), when, draw)

    return Deed(f"{person.name} copies to account {target.account}", act)


def s05(org: Org, draw: Rng) -> Deed:
    """Replication switched on to a foreign account; the service then carries the data."""
    person = choose(draw, [p for p in people(org) if p.team in ("platform", "engineering", "data") and p.start < 0])
    rich = [
        b
        for b in org.buckets
        if b.sensitivity in ("restricted", "confidential") and b.style in ("documents", "table", "media")
    ]
    bucket = choose(draw, rich)
    target = foreign_bucket(org, stranger(org, draw).id, "sync")
    role = identity.role(draw, f"s3crr_role_for_{bucket.name}", bucket.account)
    many, tool = int(draw.integers(30, 300)), choose(draw, ("console", "s3api.put-bucket-replication"))

    def act(day: int, log: Log, draw: Rng) -> None:
        start = local_hour(org, person, day, draw)
        caller = person.caller(org, day, start, person.place(day, draw), tool, draw)
        switch_on(log, caller, bucket, target, role, start, draw)
        carry(org, day, log, role, bucket, target, many, start + 600, draw)

    return Deed(f"{person.name} replicates to account {target.account}; the service's role {role.name} carries it", act)


def switch_on(
    log: Log, caller: Caller, bucket: Bucket, target: Bucket, role: identity.Role, start: float, draw: Rng
) -> None:
    """Versioning, which replication needs, then the rule that names the other account."""
    settings(log, caller, bucket, "GetBucketVersioning", start, draw, versioning="")
    versions = {"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/", "Status": "Enabled"}
    settings(
        log, caller, bucket, "PutBucketVersioning", start + 20, draw, versioning="", VersioningConfiguration=versions
    )
    rule = {
        "Status": "Enabled",
        "Destination": {
            "Bucket": f"arn:aws:s3:::{target.name}",
            "Account": target.account,
            "AccessControlTranslation": {"Owner": "Destination"},
        },
        "Filter": "",
        "Priority": 0,
        "ID": choose(draw, ("dr", "replicate-all", "sync", "rule-1")),
        "DeleteMarkerReplication": {"Status": "Disabled"},
    }
    body = {"Role": role.arn, "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/", "Rule": rule}
    settings(
        log, caller, bucket, "PutBucketReplication", start + 90, draw, replication="", ReplicationConfiguration=body
    )
    log.note_destination(f"{target.account}/{target.name}")


def carry(
    org: Org,
    day: int,
    log: Log,
    role: identity.Role,
    bucket: Bucket,
    target: Bucket,
    many: int,
    start: float,
    draw: Rng,
) -> None:
    """The objects that replication moves until the day ends."""
    last = org.at(day + 1, 0) - 60
    span = max(last - start, 3600.0)
    for key, size in haul(bucket, day, 1e12, draw, many):
        replicate(log, role, bucket, target, key, size, start + float(draw.random()) * span, draw)


def s12(org: Org, draw: Rng) -> Deed:
    """An instance's credential used from outside, without its endpoint."""
    service = choose(draw, [a for a in org.actors if isinstance(a, Service)])
    computer, network, hour, host = (
        agents.machine(draw),
        outside(org, draw),
        float(draw.uniform(0, 22)),
        int(draw.integers(service.job.hosts)),
    )
    most, tool = int(draw.integers(80, 900)), choose(draw, ("cli", "boto3"))

    def act(day: int, log: Log, draw: Rng) -> None:
        start = org.at(day, hour)
        inside = service.job.caller(org, day, start, draw, host)
        agent = computer.cli("s3.sync") if tool == "cli" else computer.boto3()
        caller = Caller(inside.credential, network.address(draw), agent)
        items = haul(service.bucket, day, 1e12, draw, most)
        take(log, caller, service.bucket, items, start, draw, tool, HOME_BYTES_PER_S)

    return Deed(f"instance credential of {service.name} used from {network.name}", act)


def s14(org: Org, draw: Rng) -> Deed:
    """A human who starts to use rclone."""
    person, bucket = choose(
        draw, [(p, b) for p, b in insiders(org, lambda b: b.style in SOURCES) if "rclone" not in p.tools]
    )
    want = volume(draw, 100 * MIB)

    def act(day: int, log: Log, draw: Rng) -> None:
        start = local_hour(org, person, day, draw)
        caller = person.caller(org, day, start, person.place(day, draw), "rclone", draw)
        take(log, caller, bucket, haul(bucket, day, want, draw, 1500), start, draw, "rclone", HOME_BYTES_PER_S)

    return Deed(f"{person.name} runs rclone", act)


def s15(org: Org, draw: Rng) -> Deed:
    """An identity without a past reads a restricted bucket."""
    bucket = choose(
        draw, [b for b in org.buckets if b.sensitivity == "restricted" and b.style in ("documents", "records", "table")]
    )
    name = f"{choose(draw, ('svc', 'tmp', 'ext', 'integration'))}-{choose(draw, ('report', 'sync', 'audit', 'migration', 'export'))}"
    user = identity.user(draw, name, bucket.account)
    computer, hour = agents.machine(draw), float(draw.uniform(6, 22))
    network, want = (
        choose(draw, [*org.world.of("residential")[:6], *org.world.of("hosting")]),
        volume(draw, 20 * MIB, 2500 * MIB),
    )
    tool = choose(draw, ("cli", "boto3"))

    def act(day: int, log: Log, draw: Rng) -> None:
        start = org.at(day, hour)
        agent = computer.cli("s3.sync") if tool == "cli" else computer.boto3()
        caller = Caller(identity.by_key(user, user.keys[0]), network.address(draw), agent)
        take(log, caller, bucket, haul(bucket, day, want, draw, 900), start, draw, tool, HOME_BYTES_PER_S)

    return Deed(f"user {name} has no past", act)


def s24(org: Org, draw: Rng) -> Deed:
    """Read, then deleted."""
    person, bucket = choose(draw, insiders(org, lambda b: b.style in ("documents", "media")))
    most, tool = int(draw.integers(40, 400)), "boto3" if "boto3" in person.tools else "cli"

    def act(day: int, log: Log, draw: Rng) -> None:
        start = local_hour(org, person, day, draw)
        caller = person.caller(org, day, start, person.place(day, draw), command(tool), draw)
        items = haul(bucket, day, 1e12, draw, most)
        when = take(log, caller, bucket, items, start, draw, tool, HOME_BYTES_PER_S)
        clients.delete(log, caller, bucket, items, when + float(draw.uniform(30, 2000)), draw)

    return Deed(f"{person.name} reads and deletes", act)


def s25(org: Org, draw: Rng) -> Deed:
    """A little every day, at changing hours, of a bucket that this identity seldom reads."""
    pairs = insiders(org, lambda b: b.style in ("documents", "table", "media", "records"))
    person, bucket = min(some(draw, pairs, 6), key=lambda pair: pair[0].habits[pair[1].name])
    daily, tool = volume(draw, 15 * MIB, 500 * MIB), scripted(person, draw)

    def act(day: int, log: Log, draw: Rng) -> None:
        start = org.at(day, float(draw.uniform(8, 22)) - person.offset)
        caller = person.caller(org, day, start, person.place(day, draw), command(tool), draw)
        items = haul(bucket, day, daily * float(draw.lognormal(0, 0.4)), draw, int(draw.integers(15, 90)))
        take(log, caller, bucket, items, start, draw, tool, HOME_BYTES_PER_S)

    return Deed(f"{person.name} takes a little every day", act)


def s26(org: Org, draw: Rng) -> Deed:
    """One outside address, several people's credentials, each a modest read."""
    crew = some(draw, [p for p in people(org) if p.start < 0], int(draw.integers(3, 6)))
    network, hour, computer = outside(org, draw), float(draw.uniform(0, 20)), agents.machine(draw)
    address = network.address(draw)

    def act(day: int, log: Log, draw: Rng) -> None:
        start = org.at(day, hour)
        for person in crew:
            bucket = _best(person, draw)
            caller = stolen(org, person, day, start, address, computer, "cli", draw)
            items = haul(bucket, day, volume(draw, 10 * MIB, 400 * MIB), draw, 150)
            start = take(log, caller, bucket, items, start, draw, "cli", HOME_BYTES_PER_S) + float(
                draw.uniform(60, 3000)
            )

    return Deed(f"{len(crew)} credentials used from one address at {network.name}", act)


def s30(org: Org, draw: Rng) -> Deed:
    """Hunting for credentials and dumps across buckets."""
    person = choose(
        draw, [p for p in people(org) if p.team in ("engineering", "platform", "product", "data") and p.start < 0]
    )
    computer, network, hour = agents.machine(draw), outside(org, draw), float(draw.uniform(0, 22))

    def act(day: int, log: Log, draw: Rng) -> None:
        start = org.at(day, hour)
        caller = stolen(org, person, day, start, network.address(rng(org.seed, "hunt")), computer, "boto3", draw)
        log.manage(
            caller, "s3", "ListBuckets", org.region, start, sent=4000, requestParameters={"Host": "s3.amazonaws.com"}
        )
        for bucket in list(person.known.values()) + [b for b in org.buckets if b.style == "state"]:
            found = [item for item in bucket.everything(day) if hunted(item[0])] if bucket.style in HUNTED else []
            start = clients.listing(log, caller, bucket, "", len(bucket.folders(day)) * 30, start + 3, draw)
            start = clients.fetch(log, caller, bucket, some(draw, found, 25), start, draw, clients.LOOP)

    return Deed(f"credential of {person.name} looks for secrets from {network.name}", act)


HUNTED = ("documents", "artifacts", "state", "media")


def hunted(key: str) -> bool:
    """Whether a key looks like a credential, a state file or a dump."""
    name = key.rsplit("/", 1)[1]
    return name.endswith((".env", ".tfstate", ".tfstate.backup", ".bak", ".sql.gz", ".old"))


THEFTS = {
    "S01": s01, "S02": s02, "S03": s03, "S04": s04, "S05": s05, "S12": s12, "S14": s14,
    "S15": s15, "S24": s24, "S25": s25, "S26": s26, "S30": s30,
}  # fmt: skip
ALWAYS = ("S01", "S04", "S05", "S12", "S15", "S25")
