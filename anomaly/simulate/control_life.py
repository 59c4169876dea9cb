"""Ordinary life in the control plane: policies as code, snapshots for the backup account, thawing, open downloads."""

from dataclasses import dataclass

from anomaly.simulate import agents
from anomaly.simulate.access_only import Visitors
from anomaly.simulate.buckets import Bucket
from anomaly.simulate.caller import Caller
from anomaly.simulate.draw import choose, hexes, rng, some, whole
from anomaly.simulate.errands import settings
from anomaly.simulate.machines import job
from anomaly.simulate.org import Org
from anomaly.simulate.shares import open_to, share_snapshot, thaw
from anomaly.simulate.wire import Log
from anomaly.simulate.workloads import OfJob

BLOCK = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


def switch_on(org: Org) -> None:
    """Add those who change settings every day, and the public who reads what is meant to be public."""
    draw = rng(org.seed, "control")
    code = job(org, "infrastructure", "nat-prod", agents.server_boto3(draw), session="apply")
    open_data = org.bucket("product-assets")
    crowd = org.world.of("residential") + org.world.of("mobile")
    org.actors += [
        Infrastructure(code, float(draw.uniform(3, 8))),
        Snapshots(job(org, "snapshots", "vpc-tools", agents.server_boto3(draw), session="snapshots"), 3),
        Thaw(job(org, "audit-thaw", "nat-data", agents.server_boto3(draw), session="thaw"), org.bucket("db-dumps"), 6),
        Visitors("downloads", open_data, crowd, float(draw.uniform(30, 90))),
    ]


@dataclass
class Infrastructure(OfJob):
    """Settings written as code: on weekdays some buckets' policies, blocks and logging are put again."""

    mean: float

    def live(self, org: Org, log: Log) -> None:
        """A day's runs."""
        if org.weekend(log.day):
            return
        for hour in log.draw.uniform(7, 18, org.count(self.mean, log.draw)).tolist():
            start = org.at(log.day, hour)
            caller = self.job.caller(org, start)
            for bucket in some(log.draw, org.buckets, whole(log.draw, 4, 1)):
                start = self.apply(org, log, caller, bucket, start + 20)

    def apply(self, org: Org, log: Log, caller: Caller, bucket: Bucket, when: float) -> float:
        """One bucket's settings: read, then one of them put again; returns when it is done."""
        luck = log.draw.random()
        if luck < 0.4:
            friend = choose(log.draw, org.related("own") + org.related("partner")[:1])
            return open_to(log, caller, bucket, {"AWS": f"arn:aws:iam::{friend.id}:root"}, when)
        if luck < 0.6 and bucket.sensitivity != "public":
            asked = {"PublicAccessBlockConfiguration": {"xmlns": "", **BLOCK}, "publicAccessBlock": ""}
            settings(log, caller, bucket, "PutBucketPublicAccessBlock", when, **asked)
        elif luck < 0.8:
            target = {"TargetBucket": org.bucket("audit-trail").name, "TargetPrefix": "S3Access/"}
            body = {"xmlns": "", "LoggingEnabled": target}
            settings(log, caller, bucket, "PutBucketLogging", when, logging="", BucketLoggingStatus=body)
        else:
            settings(log, caller, bucket, "PutBucketAcl", when, acl="", **{"x-amz-acl": "private"})
        return when + 5


@dataclass
class Snapshots(OfJob):
    """Every night, snapshots of volumes are shared with our own backup account."""

    mean: float

    def live(self, org: Org, log: Log) -> None:
        """One night."""
        start, ours = org.at(log.day, 2.5), org.account("backup").id
        caller = self.job.caller(org, start)
        log.manage(caller, "ec2", "DescribeSnapshots", org.region, start, requestParameters={"snapshotSet": {}})
        for number in range(1 + org.count(self.mean, log.draw)):
            asked = {"volumeId": f"vol-0{hexes(log.draw, 16)}"}
            log.manage(caller, "ec2", "CreateSnapshot", org.region, start + 60 * number, requestParameters=asked)
            share_snapshot(org, log, caller, ours, start + 60 * number + 30)


@dataclass
class Thaw(OfJob):
    """Auditors who have some archived dumps brought back now and then, and read them."""

    bucket: Bucket
    every: int

    def live(self, org: Org, log: Log) -> None:
        """On its days, a handful of objects."""
        if log.day % self.every:
            return
        start = org.at(log.day, float(log.draw.uniform(8, 14)))
        caller, items = self.job.caller(org, start), self.bucket.sample(log.draw, log.day - 1, 4)[:8]
        for number, (key, size) in enumerate(items):
            thaw(log, caller, self.bucket, key, "Standard", start + number)
            log.data(caller, "GetObject", self.bucket, start + 15_000 + 9 * number, key, sent=size)
