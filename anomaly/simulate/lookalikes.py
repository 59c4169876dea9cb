"""Hard benign days: what looks like theft and is work. They stand in the truth file as benign."""

from anomaly.simulate import clients
from anomaly.simulate.buckets import MIB, Bucket
from anomaly.simulate.deeds import Deed, Loot, haul, named, people, scripted, take, volume
from anomaly.simulate.draw import Rng, choose
from anomaly.simulate.errands import Scanner, scan
from anomaly.simulate.org import Org, Workflow
from anomaly.simulate.person import Person
from anomaly.simulate.transfers import replication
from anomaly.simulate.wire import Log
from anomaly.simulate.workloads import Backup, Pipeline

CATCH_UP_DAYS = 12
QUARTER_BYTES = 100 * MIB, 1500 * MIB


def backup_catch_up(org: Org, draw: Rng) -> Deed:
    """The approved backup makes up for lost nights."""
    backup = next(actor for actor in org.actors if isinstance(actor, Backup))
    nights, hour = int(draw.integers(4, CATCH_UP_DAYS)), float(draw.uniform(6, 18))

    def act(log: Log) -> None:
        start = org.at(log.day, hour)
        for source in backup.sources:
            items = [item for night in range(nights) for item in source.changed(log.day - night)]
            items = sorted(set(items))[: max(1, round(len(items) * min(org.scale, 1)))]
            start = backup.save(org, log, source, items, start)

    return Deed(f"approved backup catches up {nights} nights", act)


def quarter_end(org: Org, draw: Rng) -> Deed:
    """Finance exports a quarter, and nobody has written down that it may."""
    person = closer(org, draw)
    return quarter(org, draw, person, volume(draw, *QUARTER_BYTES))


def closer(org: Org, draw: Rng) -> Person:
    """Who closes the books without an approval: the first that ``quarter_end`` draws."""
    return choose(draw, people(org, "finance"))


def quarter(org: Org, draw: Rng, person: Person, want: float, approvals: tuple[Workflow, ...] = ()) -> Deed:
    """One person's export of about ``want`` bytes from the office."""
    bucket, tool = org.bucket("finance-reports"), scripted(person, draw)

    def act(log: Log) -> None:
        start = org.at(log.day, person.hour(log.draw) - person.offset)
        caller = person.caller(org, log, start, "office", named(tool))
        take(log, caller, bucket, Loot(tool, haul(bucket, log.draw, log.day, want, 900)), start)

    return Deed(f"{person.name} of {person.team} exports the quarter", act, approvals=approvals)


def reprocessing(org: Org, draw: Rng) -> Deed:
    """A pipeline reads many past days again after an incident."""
    pipe = choose(draw, [actor for actor in org.actors if isinstance(actor, Pipeline)])
    back, hour = int(draw.integers(6, 16)), float(draw.uniform(7, 17))

    def act(log: Log) -> None:
        start = org.at(log.day, hour)
        for day in range(log.day - back, log.day):
            for folder in pipe.source.partitions(day):
                items = pipe.source.objects(folder)[:60]
                start = pipe.step(org, log, folder, items, start)

    return Deed(f"{pipe.name} processes {back} days again", act)


def migration(org: Org, draw: Rng) -> Deed:
    """A one-off copy of a bucket to our own other account."""
    person = choose(draw, people(org, "platform"))
    source, home = org.bucket("eng-artifacts"), org.account("dev" if draw.random() < 0.5 else "backup").id
    target = Bucket(org.seed, f"{source.name}-moved", home, org.region, "internal", "platform", source.style, org.first)
    most = int(draw.integers(60, 240))

    def act(log: Log) -> None:
        start = org.at(log.day, person.hour(log.draw) - person.offset)
        caller = person.caller(org, log, start, "office", "s3.sync")
        items = haul(source, log.draw, log.day, most=most)
        start = clients.listing(log, caller, source, "", len(items), start)
        clients.copies(log, caller, source, items, target, "", start)

    return Deed(f"{person.name} moves {source.name} to our account {home}", act)


def own_replication(org: Org, draw: Rng) -> Deed:
    """Replication switched on to our own second account."""
    source, target = org.bucket("legal-contracts"), org.bucket("replica-docs")
    return replication(org, draw, source, target)


def full_scan(org: Org, draw: Rng) -> Deed:
    """The security scanner looks at everything, out of turn."""
    scanner = next(actor for actor in org.actors if isinstance(actor, Scanner))
    hour = float(draw.uniform(6, 20))

    def act(log: Log) -> None:
        scan(org, log, scanner.job, org.at(log.day, hour), round(2.5 * scanner.heads * org.scale))

    return Deed("security scan of all buckets out of turn", act)


def onboarding(org: Org, draw: Rng) -> Deed:
    """A new colleague reads in, much of it, on the first days."""
    joiner = choose(draw, [actor for actor in org.actors if isinstance(actor, Person) and actor.start >= 0])
    tool, want = scripted(joiner, draw), volume(draw, 80 * MIB, 900 * MIB)

    def act(log: Log) -> None:
        start = org.at(log.day, 10.5 - joiner.offset)
        caller = joiner.caller(org, log, start, joiner.place(log.day, log.draw), named(tool))
        for bucket in list(joiner.known.values())[:3]:
            start = take(log, caller, bucket, Loot(tool, haul(bucket, log.draw, log.day, want / 3, 200)), start) + 200

    return Deed(f"{joiner.name} joins and reads in", act, day=joiner.start)


LOOKALIKES = {
    "backup-catch-up": backup_catch_up,
    "quarter-end": quarter_end,
    "reprocessing": reprocessing,
    "migration": migration,
    "own-replication": own_replication,
    "full-scan": full_scan,
    "onboarding": onboarding,
}
