"""Attacks by permission: data opened to an outside account or to everybody, shared, signed away, or logging blinded."""

from anomaly.simulate import agents, clients, identity
from anomaly.simulate.buckets import MIB, Bucket
from anomaly.simulate.caller import Caller
from anomaly.simulate.deeds import (
    SENSITIVE,
    Deed,
    Loot,
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
from anomaly.simulate.draw import UPPER, Rng, choose, hexes, stamp, text
from anomaly.simulate.errands import settings
from anomaly.simulate.org import Org
from anomaly.simulate.sittings import signed
from anomaly.simulate.transfers import stranger
from anomaly.simulate.wire import Log

STYLES = ("documents", "table", "media", "records")
READS = ["s3:GetObject", "s3:ListBucket"]
LINK_SECONDS = (3600, 43_200, 604_800)
SESSION_S = 3600
THAW_S = {"Expedited": 300, "Standard": 14_400}


def s08(org: Org, draw: Rng) -> Deed:
    """A bucket policy that lets an account nobody knows in, and that account's reads."""
    bucket, account = _prey(org, draw), stranger(org, draw)
    person, network = choose(draw, people(org, "platform", "engineering", "data")), outside(org, draw)
    reader = Caller(
        identity.by_stranger(account, "AIDA" + text(draw, 17, UPPER)),
        network.address(draw),
        agent_of(agents.machine(draw), "cli"),
    )
    most, tool = int(draw.integers(20, 300)), choose(draw, ("console", "s3api.put-bucket-policy"))

    def act(log: Log) -> None:
        start = moment(org, person, log)
        caller = person.caller(org, log, start, person.place(log.day, log.draw), tool)
        when = open_to(log, caller, bucket, {"AWS": f"arn:aws:iam::{account}:root"}, start)
        log.amend(destination=account)
        take(log, reader, bucket, Loot("cli", haul(bucket, log.draw, log.day, most=most)), when + 300)

    return Deed(f"{person.name} opens {bucket.name} to account {account}", act)


def open_to(log: Log, caller: Caller, bucket: Bucket, principal: object, when: float) -> float:
    """Put a policy that lets a principal read; returns when it is done."""
    arn = f"arn:aws:s3:::{bucket.name}"
    statement = {"Sid": "Read", "Effect": "Allow", "Principal": principal, "Action": READS}
    policy = {"Version": "2012-10-17", "Statement": [statement | {"Resource": [arn, f"{arn}/*"]}]}
    settings(log, caller, bucket, "GetBucketPolicy", when, policy="")
    settings(log, caller, bucket, "PutBucketPolicy", when + 45, policy="", bucketPolicy=policy)
    return when + 45


def s09(org: Org, draw: Rng) -> Deed:
    """A sensitive bucket made public: the block is taken away, then everybody may read."""
    return _published(org, draw, 0)


def s11(org: Org, draw: Rng) -> Deed:
    """Reads without a signature of a bucket that was just made public."""
    return _published(org, draw, int(draw.integers(60, 900)))


def _published(org: Org, draw: Rng, most: int) -> Deed:
    bucket, person = _prey(org, draw), choose(draw, people(org, "platform", "engineering", "data"))
    network, agent = outside(org, draw), agents.machine(draw).boto3()
    by_list, tool = draw.random() < 0.4, choose(draw, ("console", "s3api.put-bucket-acl"))

    def act(log: Log) -> None:
        start = moment(org, person, log)
        caller = person.caller(org, log, start, person.place(log.day, log.draw), tool)
        settings(log, caller, bucket, "DeleteBucketPublicAccessBlock", start, publicAccessBlock="")
        if by_list and not most:
            settings(log, caller, bucket, "PutBucketAcl", start + 40, acl="", **{"x-amz-acl": "public-read"})
        else:
            start = open_to(log, caller, bucket, "*", start + 20)
        log.amend(destination="public")
        reader = Caller(identity.anonymous(), network.address(log.draw), agent, auth="")
        if most:
            take(log, reader, bucket, Loot("boto3", haul(bucket, log.draw, log.day, most=most)), start + 400)

    what = f" and reads from {network.name} without a signature" if most else ""
    return Deed(f"{person.name} makes {bucket.name} public{what}", act)


def s10(org: Org, draw: Rng) -> Deed:
    """Presigned links, made where no log sees it, opened somewhere else."""
    person, bucket = choose(draw, insiders(org, "documents", "media", "table"))
    network, seconds, most = outside(org, draw), choose(draw, LINK_SECONDS), int(draw.integers(30, 300))
    agent, hour = agents.machine(draw).web(), float(draw.uniform(0, 21))

    def act(log: Log) -> None:
        start = org.at(log.day, hour)
        who = stolen(person, log, start, network.address(log.draw), agent)
        caller = Caller(who.credential, who.address, agent, auth="QueryString", extra=signed(seconds))
        clients.fetch(log, caller, bucket, haul(bucket, log.draw, log.day, most=most), start, clients.BROWSER)

    return Deed(f"links signed by {person.name} opened from {network.name}", act)


def s13(org: Org, draw: Rng) -> Deed:
    """The person's own client, from a network where nobody of the company ever was."""
    person, bucket = choose(draw, insiders(org, *STYLES))
    tool, want, hour = scripted(person, draw), volume(draw, 40 * MIB, 2048 * MIB), float(draw.uniform(0, 21))
    network = choose(draw, org.world.of("hosting") + org.world.of("vpn"))

    def act(log: Log) -> None:
        start = org.at(log.day, hour)
        caller = stolen(person, log, start, network.address(log.draw), person.agent(named(tool), log.day))
        take(log, caller, bucket, Loot(tool, haul(bucket, log.draw, log.day, want, 600)), start)

    return Deed(f"credential of {person.name} used from {network.name} with the usual client", act)


def s16(org: Org, draw: Rng) -> Deed:
    """A role for a vendor assumed from an outside account, a second role from the first, then reads."""
    bucket, account = _prey(org, draw), stranger(org, draw)
    first = identity.role(draw, f"{org.name}-vendor-access-role", bucket.account)
    second = identity.role(draw, f"{org.name}-reporting-role", bucket.account)
    network, agent = outside(org, draw), agents.machine(draw).boto3()
    principal, hour = "AROA" + text(draw, 17, UPPER), float(draw.uniform(0, 21))
    want, waits = volume(draw, 40 * MIB, 3072 * MIB), patience(draw)

    def act(log: Log) -> None:
        start, address = org.at(log.day, hour), network.address(log.draw)
        outsider = Caller(identity.by_stranger(account, f"{principal}:vendor"), address, agent)
        vendor = assumed(org, log, outsider, first, "vendor", start)
        reader = assumed(org, log, vendor, second, "report", start + 30)
        items = haul(bucket, log.draw, log.day, want, 900)
        take(log, reader, bucket, Loot("boto3", items, waits), start + 90)

    return Deed(f"account {account} takes role {first.name}, then {second.name}", act)


def assumed(org: Org, log: Log, caller: Caller, role: identity.Role, session: str, when: float) -> Caller:
    """Record that a caller takes a role on; returns the caller with the credential that was handed out."""
    key = identity.temporary_key(log.draw)
    log.manage(
        caller,
        "sts",
        "AssumeRole",
        org.region,
        when,
        recipientAccountId=role.account,
        requestParameters={"roleArn": role.arn, "roleSessionName": session, "durationSeconds": SESSION_S},
        responseElements=handed(role, session, key, int(when)),
        resources=[{"accountId": role.account, "type": "AWS::IAM::Role", "ARN": role.arn}],
        readOnly=True,
    )
    return Caller(identity.by_session(role, session, key, int(when)), caller.address, caller.agent)


def handed(role: identity.Role, session: str, key: str, when: int) -> dict[str, object]:
    """The answer of a role's assumption: the session, its key id, and a token that is kept out of the log."""
    arn = f"arn:aws:sts::{role.account}:assumed-role/{role.name}/{session}"
    return {
        "credentials": {
            "accessKeyId": key,
            "sessionToken": "HIDDEN_DUE_TO_SECURITY_REASONS",
            "expiration": stamp(when + SESSION_S),
        },
        "assumedRoleUser": {"assumedRoleId": f"{role.principal_id}:{session}", "arn": arn},
    }


def s21(org: Org, draw: Rng) -> Deed:
    """Snapshots of volumes shared with an account that nobody knows."""
    person, account = choose(draw, people(org, "platform", "engineering")), stranger(org, draw)
    many = int(draw.integers(1, 6))

    def act(log: Log) -> None:
        start = moment(org, person, log)
        caller = person.caller(org, log, start, person.place(log.day, log.draw), "ec2.modify-snapshot-attribute")
        log.manage(caller, "ec2", "DescribeSnapshots", org.region, start, requestParameters={"snapshotSet": {}})
        for number in range(many):
            share_snapshot(org, log, caller, account, start + 30 + 12 * number)
            log.amend(destination=account)

    return Deed(f"{person.name} shares {many} snapshots with account {account}", act)


def share_snapshot(org: Org, log: Log, caller: Caller, account: str, when: float) -> None:
    """Let another account make volumes of a snapshot."""
    asked = {
        "snapshotId": f"snap-0{hexes(log.draw, 16)}",
        "createVolumePermission": {"add": {"items": [{"userId": account}]}},
        "attributeType": "CREATE_VOLUME_PERMISSION",
    }
    log.manage(
        caller,
        "ec2",
        "ModifySnapshotAttribute",
        org.region,
        when,
        requestParameters=asked,
        responseElements={"requestId": log.ids.event(), "_return": True},
    )


def s23(org: Org, draw: Rng) -> Deed:
    """A trail stopped, the bucket's own log switched off, then reads; a second trail still records them."""
    person, bucket = choose(draw, insiders(org, *STYLES))
    network, hour, agent = outside(org, draw), float(draw.uniform(0, 21)), agent_of(agents.machine(draw), "cli")
    want, trail = volume(draw, 40 * MIB, 3072 * MIB), f"{org.name}-management"

    def act(log: Log) -> None:
        start = org.at(log.day, hour)
        caller = stolen(person, log, start, network.address(log.draw), agent)
        log.manage(caller, "cloudtrail", "DescribeTrails", org.region, start)
        arn = f"arn:aws:cloudtrail:{org.region}:{bucket.account}:trail/{trail}"
        log.manage(caller, "cloudtrail", "StopLogging", org.region, start + 20, requestParameters={"name": arn})
        settings(log, caller, bucket, "PutBucketLogging", start + 40, logging="", BucketLoggingStatus={"xmlns": ""})
        take(log, caller, bucket, Loot("cli", haul(bucket, log.draw, log.day, want, 900)), start + 120)

    return Deed(f"credential of {person.name} stops {trail} from {network.name} and reads", act)


def s29(org: Org, draw: Rng) -> Deed:
    """Archived objects thawed in a burst, then read."""
    person, bucket = choose(draw, insiders(org, "documents", "media", "table"))
    tier, most = choose(draw, tuple(THAW_S)), int(draw.integers(30, 250))
    tool = "boto3" if "boto3" in person.tools else "cli"

    def act(log: Log) -> None:
        start = min(moment(org, person, log), org.at(log.day, 16))
        caller = person.caller(org, log, start, person.place(log.day, log.draw), named(tool))
        items = haul(bucket, log.draw, log.day, most=most)
        for number, (key, _) in enumerate(items):
            thaw(log, caller, bucket, key, tier, start + number / 3)
        take(log, caller, bucket, Loot(tool, items), start + THAW_S[tier] + 120)

    return Deed(f"{person.name} thaws and reads", act)


def thaw(log: Log, caller: Caller, bucket: Bucket, key: str, tier: str, when: float) -> None:
    """Ask for an archived object to be brought back for two days."""
    body = f'"RestoreRequest":{{"Days":2,"GlacierJobParameters":{{"Tier":"{tier}"}}}}'
    log.data(caller, "RestoreObject", bucket, when, key, f',"restore":"",{body}', received=142)


def _prey(org: Org, draw: Rng) -> Bucket:
    found = [b for b in org.buckets if b.sensitivity in SENSITIVE and b.style in STYLES]
    return choose(draw, found)
