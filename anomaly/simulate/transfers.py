"""Attacks that never download: the storage service itself carries the data to a foreign account."""

from anomaly.simulate import clients, identity
from anomaly.simulate.buckets import Bucket
from anomaly.simulate.caller import Caller
from anomaly.simulate.deeds import SENSITIVE, Deed, haul, insiders, moment, people, scripted, volume
from anomaly.simulate.draw import Rng, choose
from anomaly.simulate.errands import settings
from anomaly.simulate.org import Org, Workflow
from anomaly.simulate.person import Person
from anomaly.simulate.wire import Log
from anomaly.simulate.workloads import foreign_bucket, replicate

SCHEMA = "http://s3.amazonaws.com/doc/2006-03-01/"
# teams whose people set up replication
MOVERS = ("platform", "engineering", "data")


def stranger(org: Org, draw: Rng) -> str:
    """The id of an account that no file of ours names."""
    return choose(draw, org.related("stranger")[:-1]).id


def s04(org: Org, draw: Rng) -> Deed:
    """Copies on the server into a bucket of an account that nobody knows."""
    person, bucket = choose(draw, insiders(org, "documents", "media", "table", "artifacts", "feed"))
    target, most, want = foreign_bucket(org, stranger(org, draw), "store"), int(draw.integers(25, 500)), volume(draw)
    prefix, tool = choose(draw, ("", "in/", "2026/")), scripted(person, draw)

    def act(log: Log) -> None:
        start = moment(org, person, log)
        agent = tool if tool in ("boto3", "rclone") else "s3.cp"
        caller = person.caller(org, log, start, person.place(log.day, log.draw), agent)
        items = haul(bucket, log.draw, log.day, want, most)
        folder = items[0][0].rsplit("/", 1)[0] + "/"
        when = clients.listing(log, caller, bucket, folder, len(items), start)
        clients.copies(log, caller, bucket, items, target, prefix, when)

    return Deed(f"{person.name} copies to account {target.account}", act)


def s05(org: Org, draw: Rng) -> Deed:
    """Replication switched on to a foreign account; the service then carries the data."""
    styles = ("documents", "table", "media")
    bucket = choose(draw, [b for b in org.buckets if b.sensitivity in SENSITIVE and b.style in styles])
    target = foreign_bucket(org, stranger(org, draw), "sync")
    return replication(org, draw, bucket, target)


def replication(org: Org, draw: Rng, bucket: Bucket, target: Bucket) -> Deed:
    """Somebody of the platform, engineering or data team replicates a bucket to another account."""
    person = mover(org, draw)
    role = identity.role(draw, f"s3crr_role_for_{bucket.name}", bucket.account)
    return replicated(org, draw, person, role, bucket, target)


def mover(org: Org, draw: Rng) -> Person:
    """Who sets up a replication: the first that ``replication`` draws."""
    return choose(draw, people(org, *MOVERS))


def replicated(
    org: Org,
    draw: Rng,
    person: Person,
    role: identity.Role,
    bucket: Bucket,
    target: Bucket,
    approvals: tuple[Workflow, ...] = (),
) -> Deed:
    """One person switches replication on, and a role carries 30 to 300 objects."""
    many, tool = int(draw.integers(30, 300)), choose(draw, ("console", "s3api.put-bucket-replication"))

    def act(log: Log) -> None:
        start = moment(org, person, log)
        caller = person.caller(org, log, start, person.place(log.day, log.draw), tool)
        switch_on(log, caller, bucket, target, role, start)
        carry(org, log, role, bucket, target, many, start + 600)

    note = f"{person.name} replicates to account {target.account}, carried by role {role.name}"
    return Deed(note, act, approvals=approvals)


def switch_on(log: Log, caller: Caller, bucket: Bucket, target: Bucket, role: identity.Role, start: float) -> None:
    """Versioning, which replication needs, then the rule that names the other account."""
    versions = {"xmlns": SCHEMA, "Status": "Enabled"}
    place = {"Bucket": f"arn:aws:s3:::{target.name}", "Account": target.account}
    rule = {
        "Status": "Enabled",
        "Destination": place | {"AccessControlTranslation": {"Owner": "Destination"}},
        "Filter": "",
        "Priority": 0,
        "ID": choose(log.draw, ("dr", "replicate-all", "sync", "rule-1")),
        "DeleteMarkerReplication": {"Status": "Disabled"},
    }
    body = {"Role": role.arn, "xmlns": SCHEMA, "Rule": rule}
    settings(log, caller, bucket, "GetBucketVersioning", start, versioning="")
    settings(log, caller, bucket, "PutBucketVersioning", start + 20, versioning="", VersioningConfiguration=versions)
    settings(log, caller, bucket, "PutBucketReplication", start + 90, replication="", ReplicationConfiguration=body)
    log.amend(destination=f"{target.account}/{target.name}")


def carry(org: Org, log: Log, role: identity.Role, bucket: Bucket, target: Bucket, many: int, start: float) -> None:
    """The objects that replication moves until the UTC day ends."""
    span = max(org.at(log.day + 1, 0) - 60 - start, 3600.0)
    for item in haul(bucket, log.draw, log.day, most=many):
        replicate(log, role, bucket, target, item, start + float(log.draw.random()) * span)
