"""Calls that have nothing to do with data leaving: log delivery, logins, roles handed out, descriptions."""

from collections.abc import Sequence
from dataclasses import dataclass

from anomaly.simulate import agents, identity
from anomaly.simulate.buckets import Bucket
from anomaly.simulate.caller import Caller
from anomaly.simulate.draw import choose, hexes, rng
from anomaly.simulate.org import Org
from anomaly.simulate.person import Person
from anomaly.simulate.wire import Log
from anomaly.simulate.workloads import OfJob

WRITERS = ("cloudtrail.amazonaws.com", "delivery.logs.amazonaws.com", "logging.s3.amazonaws.com")
DESCRIBE = (
    ("ec2", "DescribeInstances"),
    ("ec2", "DescribeVolumes"),
    ("iam", "ListRoles"),
    ("monitoring", "DescribeAlarms"),
    ("rds", "DescribeDBInstances"),
)
HAND_OUT_HOURS = range(0, 24, 6)


@dataclass
class LogDelivery:
    """AWS services that write logs into our bucket, all day long."""

    name: str
    target: Bucket
    mean: float

    def live(self, org: Org, log: Log) -> None:
        """A file every few minutes."""
        for service in WRITERS:
            caller = Caller(identity.by_service(service), service, service)
            for hour in log.draw.uniform(0, 24, org.count(self.mean / len(WRITERS), log.draw)).tolist():
                folder = f"AWSLogs/{self.target.account}/{service.split('.')[0]}/{int(hour):02d}/"
                key = f"{folder}{hexes(log.draw, 16)}.json.gz"
                size, when = int(log.draw.lognormal(9, 1)), org.at(log.day, hour)
                log.data(
                    caller,
                    "PutObject",
                    self.target,
                    when,
                    key,
                    ',"x-amz-acl":"bucket-owner-full-control"',
                    received=size,
                )


@dataclass
class Noise(OfJob):
    """A monitoring job's descriptions, and the roles that instances are given."""

    mean: float

    def live(self, org: Org, log: Log) -> None:
        """A day of it."""
        for hour in log.draw.uniform(0, 24, org.count(self.mean, log.draw)).tolist():
            when = org.at(log.day, hour)
            service, api = choose(log.draw, DESCRIBE)
            log.manage(self.job.caller(org, when), service, api, org.region, when)
        for hour in HAND_OUT_HOURS:
            self.hand_out(org, log, org.at(log.day, hour + 0.01))

    def hand_out(self, org: Org, log: Log, when: float) -> None:
        """An instance gets its role's credential."""
        role, service = self.job.role, "ec2.amazonaws.com"
        name = "i-0" + hexes(rng(org.seed, "idle", self.name, log.day // 20), 16)
        assume(org, log, Caller(identity.by_service(service), service, service), role, name, when)


def assume(org: Org, log: Log, caller: Caller, role: identity.Role, session: str, when: float) -> None:
    """A role is taken on."""
    handed = {"accessKeyId": identity.temporary_key(log.draw), "sessionToken": "HIDDEN_DUE_TO_SECURITY_REASONS"}
    log.manage(
        caller,
        "sts",
        "AssumeRole",
        org.region,
        when,
        recipientAccountId=role.account,
        readOnly=True,
        requestParameters={"roleArn": role.arn, "roleSessionName": session},
        responseElements={"credentials": handed},
        resources=[{"accountId": role.account, "type": "AWS::IAM::Role", "ARN": role.arn}],
    )


@dataclass
class Logins:
    """Morning logins to the console, of those at work; very rarely the root user."""

    name: str
    people: Sequence[Person]

    def live(self, org: Org, log: Log) -> None:
        """A day's logins."""
        for person in self.people:
            if log.day >= person.start and person.works(org, log.day) and log.draw.random() < 0.6 * min(org.scale, 1):
                when = org.at(log.day, float(log.draw.normal(9, 0.7)) - person.offset)
                place = person.place(log.day, log.draw)
                login(org, log, person.caller(org, log, when, place, "console"), person.agent("web", log.day), when)
        if log.draw.random() < 0.02:
            root(org, log, self.people[0])


def login(org: Org, log: Log, caller: Caller, browser: str, when: float) -> None:
    """A console login that succeeded, with a second factor."""
    seen = Caller(caller.credential, caller.address, browser.strip("[]"))
    more = {"MobileVersion": "No", "MFAUsed": "Yes", "LoginTo": "https://console.aws.amazon.com/s3"}
    done = {"ConsoleLogin": "Success"}
    log.manage(
        seen,
        "signin",
        "ConsoleLogin",
        org.region,
        when,
        responseElements=done,
        additionalEventData=more,
        eventType="AwsConsoleSignIn",
    )


def root(org: Org, log: Log, person: Person) -> None:
    """The root user looks at the bill."""
    when = org.at(log.day, 10 - person.offset)
    who = identity.by_root(org.accounts[0].id, identity.temporary_key(log.draw), int(when) - 60)
    caller = Caller(who, person.address(org, log.day, "office"), agents.CONSOLE)
    log.manage(caller, "ce", "GetCostAndUsage", "us-east-1", when)
