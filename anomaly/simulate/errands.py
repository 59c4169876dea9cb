"""The rest of a company's day: analytics, training, CI, security scans, links for customers, partners."""

from dataclasses import dataclass, replace

from anomaly.simulate import agents, clients, identity
from anomaly.simulate.buckets import MIB, Bucket
from anomaly.simulate.caller import Caller
from anomaly.simulate.draw import choose, hexes, some, whole
from anomaly.simulate.network import Provider
from anomaly.simulate.org import Org
from anomaly.simulate.sittings import signed
from anomaly.simulate.wire import Log
from anomaly.simulate.workloads import Job, OfJob

TRAINING = clients.Pace(lanes=8, part=32 * MIB, speed=60e6, latency=0.05)
SPECTRUM = replace(clients.SPARK, part=0)


@dataclass
class Queries:
    """Athena or Redshift Spectrum under a role: the service reads slices of many files."""

    name: str
    role: identity.Role
    service: str
    analysts: list[str]
    sources: list[Bucket]
    results: Bucket
    mean: float
    offset: float

    def live(self, org: Org, log: Log) -> None:
        """A day of queries, fewer at the weekend."""
        mean = self.mean * (0.15 if org.weekend(log.day) else 1.0)
        for _ in range(org.count(mean, log.draw)):
            self.query(log, org.at(log.day, float(log.draw.normal(13, 2.6)) - self.offset))

    def query(self, log: Log, start: float) -> None:
        """One query over some days of a table, and its result."""
        key = identity.temporary_key(log.draw)
        analyst = choose(log.draw, self.analysts)
        who = identity.by_session(self.role, analyst, key, int(start) - 900, invoked_by=self.service)
        caller = Caller(who, self.service, self.service)
        source = choose(log.draw, self.sources)
        root, days = choose(log.draw, source.roots), min(int(log.draw.exponential(3)) + 1, 20)
        items = source.of([source.partition(root, d) for d in range(log.day - days, log.day)])
        when = clients.listing(log, caller, source, f"{root}/", len(items), start)
        slices = [(key, max(size // whole(log.draw, 30, 4), 4096)) for key, size in some(log.draw, items, 40)]
        when = clients.fetch(log, caller, source, slices, when, SPECTRUM)
        answer = (f"results/{hexes(log.draw, 24)}.csv", int(log.draw.lognormal(10, 2)))
        clients.upload(log, caller, self.results, [answer], when)


@dataclass
class Training(OfJob):
    """A training job that reads whole data sets, on some days."""

    source: Bucket
    every: int
    phase: int

    def live(self, org: Org, log: Log) -> None:
        """On its days, one burst of big reads."""
        if (log.day + self.phase) % self.every or log.draw.random() < 0.15:
            return
        start = org.at(log.day, float(log.draw.uniform(0, 23)))
        folder = choose(log.draw, self.source.folders(log.day))
        items = self.source.objects(folder)
        items = items[: max(2, round(len(items) * org.scale))]
        clients.sync(log, self.job.caller(org, start), self.source, folder, items, start, TRAINING)


@dataclass
class Builds:
    """A CI provider's runners under web identity: addresses change with every run."""

    name: str
    role: identity.Role
    clouds: list[Provider]
    artifacts: Bucket
    state: Bucket
    mean: float
    cli: str

    def live(self, org: Org, log: Log) -> None:
        """Builds of a day: fetch what is needed, publish what was made."""
        mean = self.mean * (0.2 if org.weekend(log.day) else 1.0)
        for _ in range(org.count(mean, log.draw)):
            self.build(log, org.at(log.day, float(log.draw.normal(13, 4)) % 24))

    def build(self, log: Log, start: float) -> None:
        """One build."""
        issuer, key = "token.actions.githubusercontent.com", identity.temporary_key(log.draw)
        who = identity.by_session(self.role, "GitHubActions", key, int(start) - 5, issuer=issuer)
        caller = Caller(who, choose(log.draw, self.clouds).address(log.draw), self.cli)
        items = self.artifacts.objects(choose(log.draw, self.artifacts.folders(log.day)))
        when = clients.fetch(log, caller, self.artifacts, some(log.draw, items, 2), start)
        state = some(log.draw, self.state.sample(log.draw, log.day, 1), 1)
        when = clients.fetch(log, caller, self.state, state, when)
        clients.upload(log, caller, self.artifacts, some(log.draw, items, 3), when + 90)


@dataclass
class Scanner(OfJob):
    """A security scanner that lists and heads everything, once a week."""

    weekday: int
    hour: float
    heads: int

    def live(self, org: Org, log: Log) -> None:
        """The weekly round."""
        if org.weekday(log.day) == self.weekday:
            scan(org, log, self.job, org.at(log.day, self.hour), round(self.heads * org.scale))


def scan(org: Org, log: Log, job: Job, start: float, heads: int) -> None:
    """List all buckets, ask for their settings, head ``heads`` objects in all."""
    asked = {"Host": "s3.amazonaws.com"}
    caller = job.caller(org, start)
    log.manage(caller, "s3", "ListBuckets", org.region, start, sent=4000, requestParameters=asked)
    for bucket in org.buckets:
        for api in ("GetBucketAcl", "GetBucketPolicy", "GetBucketReplication", "GetBucketVersioning"):
            settings(log, caller, bucket, api, start)
        items = some(log.draw, bucket.sample(log.draw, log.day, 6), heads // len(org.buckets))
        start = clients.listing(log, caller, bucket, "", len(bucket.folders(log.day)) * 30, start + 1)
        start = clients.head(log, caller, bucket, items, start)


def settings(log: Log, caller: Caller, bucket: Bucket, api: str, when: float, **more: object) -> None:
    """A management call on a bucket; ``more`` are request parameters."""
    ask = api.startswith("Get")
    body = {"bucketName": bucket.name, "Host": f"{bucket.name}.s3.{bucket.region}.amazonaws.com", **more}
    log.manage(
        caller,
        "s3",
        api,
        bucket.region,
        when,
        sent=int(log.draw.integers(200, 900)) if ask else 0,
        received=0 if ask else int(log.draw.integers(120, 700)),
        requestParameters=body,
        resources=[{"accountId": bucket.account, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket.name}"}],
    )


@dataclass
class Links(OfJob):
    """An application that hands out presigned links: its role, the whole world's addresses."""

    bucket: Bucket
    crowd: list[Provider]
    mean: float

    def live(self, org: Org, log: Log) -> None:
        """Customers who open what they were sent."""
        for hour in (log.draw.normal(14, 5, org.count(self.mean, log.draw)) % 24).tolist():
            self.visit(org, log, org.at(log.day, hour))

    def visit(self, org: Org, log: Log, when: float) -> None:
        """One customer."""
        who, where = self.job.caller(org, when).credential, choose(log.draw, self.crowd).address(log.draw)
        visitor = Caller(who, where, agents.machine(log.draw).web(), auth="QueryString", extra=signed(900))
        folder = choose(log.draw, self.bucket.folders(log.day))
        for key, size in some(log.draw, self.bucket.objects(folder), whole(log.draw, 4, 1)):
            log.data(visitor, "GetObject", self.bucket, when, key, sent=size)
            when += float(log.draw.exponential(20))


@dataclass
class Partner:
    """Another company's managed transfer, reading the bucket we share with it."""

    name: str
    account: str
    principal_id: str
    addresses: list[str]
    bucket: Bucket
    hour: float
    agent: str
    most: int

    def live(self, org: Org, log: Log) -> None:
        """Once a day, the beginning of yesterday's partitions."""
        who = identity.by_stranger(self.account, self.principal_id)
        caller = Caller(who, choose(log.draw, self.addresses), self.agent)
        start = org.at(log.day, self.hour + 0.3 * float(log.draw.random()))
        for folder in self.bucket.partitions(log.day - 1):
            items = self.bucket.objects(folder)
            items = items[: max(1, round(self.most * org.scale))]
            start = clients.sync(log, caller, self.bucket, folder, items, start, clients.LOOP)


@dataclass
class OpenData(OfJob):
    """A job that reads a public data set of an account we do not know, and copies some of it to us."""

    source: Bucket
    target: Bucket
    every: int

    def live(self, org: Org, log: Log) -> None:
        """On its days, a few folders."""
        if log.day % self.every:
            return
        start = org.at(log.day, float(log.draw.uniform(1, 20)))
        caller, items = self.job.caller(org, start), self.source.sample(log.draw, log.day, 2)
        start = clients.sync(log, caller, self.source, "", items, start, clients.LOOP)
        clients.copies(log, caller, self.source, items[:20], self.target, "open/", start)


@dataclass
class Integration:
    """A machine user of another company's software, with a long-lived key, on the days from first to last."""

    user: identity.User
    address: str
    agent: str
    bucket: Bucket
    hour: float
    first: int = 0
    last: int = 10_000

    @property
    def name(self) -> str:
        """The user's name."""
        return self.user.name

    def live(self, org: Org, log: Log) -> None:
        """Once on a weekday, what is new."""
        if org.weekend(log.day) or not self.first <= log.day <= self.last:
            return
        start = org.at(log.day, self.hour + 0.2 * float(log.draw.random()))
        caller = Caller(identity.by_key(self.user, self.user.keys[0]), self.address, self.agent)
        items = self.bucket.changed(log.day)[:30]
        clients.sync(log, caller, self.bucket, "", items, start, clients.LOOP)
