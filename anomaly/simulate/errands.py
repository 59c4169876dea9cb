"""The rest of a company's day: analytics, training, CI, scanner, log delivery, links, partners, management noise."""

from dataclasses import dataclass, replace

from anomaly.simulate import agents, clients, identity
from anomaly.simulate.buckets import MIB, Bucket
from anomaly.simulate.draw import Rng, choose, hexes, rng, some
from anomaly.simulate.network import Provider
from anomaly.simulate.org import Org
from anomaly.simulate.people import signed
from anomaly.simulate.wire import Caller, Log
from anomaly.simulate.workloads import Job


@dataclass
class Queries:
    """Athena or Redshift Spectrum under a role: the service reads ranges of many files."""

    name: str
    role: identity.Role
    service: str
    analysts: list[str]
    sources: list[Bucket]
    results: Bucket
    mean: float
    offset: float

    def live(self, org: Org, day: int, log: Log, draw: Rng) -> None:
        """A day of queries, fewer at the weekend."""
        mean = self.mean * (0.15 if org.weekday(day) > 4 else 1.0)
        for _ in range(org.count(mean, draw)):
            start = org.at(day, float(draw.normal(13, 2.6)) - self.offset)
            self.query(org, day, start, log, draw)

    def query(self, org: Org, day: int, start: float, log: Log, draw: Rng) -> None:
        """One query over some days of a table, and its result."""
        who = identity.by_session(
            self.role,
            choose(draw, self.analysts),
            identity.temporary_key(draw),
            int(start) - 900,
            invoked_by=self.service,
        )
        caller = Caller(who, self.service, self.service)
        source = choose(draw, self.sources)
        root = choose(draw, source.roots)
        days = min(int(draw.exponential(3)) + 1, 20)
        items = [item for d in range(day - days, day) for item in source.objects(source.partition(root, d))]
        when = clients.listing(log, caller, source, f"{root}/", len(items), start, draw)
        slices = [(key, max(size // int(draw.integers(4, 30)), 4096)) for key, size in some(draw, items, 40)]
        when = clients.fetch(log, caller, source, slices, when, draw, replace(clients.SPARK, part=0))
        clients.upload(
            log, caller, self.results, [(f"results/{hexes(draw, 24)}.csv", int(draw.lognormal(10, 2)))], when, draw
        )


@dataclass
class Training:
    """A training job that reads whole data sets, on some days."""

    job: Job
    source: Bucket
    every: int
    phase: int

    @property
    def name(self) -> str:
        """The job's name."""
        return self.job.name

    def live(self, org: Org, day: int, log: Log, draw: Rng) -> None:
        """On its days, one burst of big reads."""
        if (day + self.phase) % self.every or draw.random() < 0.15:
            return
        start = org.at(day, float(draw.uniform(0, 23)))
        caller = self.job.caller(org, day, start, draw)
        folder = choose(draw, self.source.folders(day))
        items = self.source.objects(folder)
        items = items[: max(2, round(len(items) * org.scale))]
        pace = clients.Pace(lanes=8, part=32 * MIB, speed=60e6, latency=0.05)
        clients.sync(log, caller, self.source, folder, items, start, draw, pace)


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

    def live(self, org: Org, day: int, log: Log, draw: Rng) -> None:
        """Builds of a day: fetch what is needed, publish what was made."""
        mean = self.mean * (0.2 if org.weekday(day) > 4 else 1.0)
        for _ in range(org.count(mean, draw)):
            start = org.at(day, float(draw.normal(13, 4)) % 24)
            who = identity.by_session(
                self.role,
                "GitHubActions",
                identity.temporary_key(draw),
                int(start) - 5,
                issuer="token.actions.githubusercontent.com",
            )
            caller = Caller(who, choose(draw, self.clouds).address(draw), self.cli)
            folder = choose(draw, self.artifacts.folders(day))
            items = self.artifacts.objects(folder)
            when = clients.fetch(log, caller, self.artifacts, some(draw, items, 2), start, draw)
            when = clients.fetch(log, caller, self.state, some(draw, self.state.sample(draw, day, 1), 1), when, draw)
            clients.upload(log, caller, self.artifacts, some(draw, items, 3), when + 90, draw)


@dataclass
class Scanner:
    """A security scanner that lists and heads everything, once a week."""

    job: Job
    weekday: int
    hour: float
    heads: int = 700

    @property
    def name(self) -> str:
        """The job's name."""
        return self.job.name

    def live(self, org: Org, day: int, log: Log, draw: Rng) -> None:
        """The weekly round."""
        if org.weekday(day) == self.weekday:
            scan(org, day, self.job, org.at(day, self.hour), round(self.heads * org.scale), log, draw)


def scan(org: Org, day: int, job: Job, start: float, heads: int, log: Log, draw: Rng) -> float:
    """List all own buckets, ask for settings, head objects."""
    caller = job.caller(org, day, start, draw)
    own = [b for b in org.buckets if not b.foreign]
    log.manage(
        caller, "s3", "ListBuckets", org.region, start, sent=4000, requestParameters={"Host": "s3.amazonaws.com"}
    )
    for bucket in own:
        for api in ("GetBucketAcl", "GetBucketPolicy", "GetBucketReplication"):
            settings(log, caller, bucket, api, start, draw)
        items = bucket.sample(draw, day, 6)
        start = clients.listing(log, caller, bucket, "", len(bucket.folders(day)) * 30, start + 1, draw)
        start = clients.head(log, caller, bucket, some(draw, items, heads // len(own)), start, draw)
    return start


def settings(log: Log, caller: Caller, bucket: Bucket, api: str, when: float, draw: Rng, **more: object) -> None:
    """A management call on a bucket."""
    body: dict[str, object] = {"bucketName": bucket.name, "Host": f"{bucket.name}.s3.{bucket.region}.amazonaws.com"}
    body |= more
    log.manage(
        caller,
        "s3",
        api,
        bucket.region,
        when,
        sent=int(draw.integers(200, 900)) if api.startswith("Get") else 0,
        received=0 if api.startswith("Get") else int(draw.integers(120, 700)),
        requestParameters=body,
        resources=[{"accountId": bucket.account, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket.name}"}],
    )


@dataclass
class LogDelivery:
    """AWS services that write logs into our bucket, all day long."""

    name: str
    target: Bucket
    mean: float

    def live(self, org: Org, day: int, log: Log, draw: Rng) -> None:
        """A file every few minutes."""
        for service in ("cloudtrail.amazonaws.com", "delivery.logs.amazonaws.com", "logging.s3.amazonaws.com"):
            caller = Caller(identity.by_service(service), service, service)
            for hour in sorted(draw.uniform(0, 24, org.count(self.mean / 3, draw)).tolist()):
                key = f"AWSLogs/{self.target.account}/{service.split('.')[0]}/{int(hour):02d}/{hexes(draw, 16)}.json.gz"
                size = int(draw.lognormal(9, 1))
                log.data(
                    caller,
                    "PutObject",
                    self.target,
                    org.at(day, hour),
                    key,
                    ',"x-amz-acl":"bucket-owner-full-control"',
                    received=size,
                )


@dataclass
class Links:
    """An application that hands out presigned links: its role, the whole world's addresses."""

    job: Job
    bucket: Bucket
    crowd: list[Provider]
    mean: float

    @property
    def name(self) -> str:
        """The job's name."""
        return self.job.name

    def live(self, org: Org, day: int, log: Log, draw: Rng) -> None:
        """Customers who open what they were sent."""
        for hour in (draw.normal(14, 5, org.count(self.mean, draw)) % 24).tolist():
            when = org.at(day, hour)
            inner = self.job.caller(org, day, when, draw)
            visitor = agents.machine(draw)
            outer = Caller(
                inner.credential,
                choose(draw, self.crowd).address(draw),
                visitor.web(),
                auth="QueryString",
                extra=signed(when, 900),
            )
            folder = choose(draw, self.bucket.folders(day))
            for key, size in some(draw, self.bucket.objects(folder), int(draw.integers(1, 4))):
                log.data(outer, "GetObject", self.bucket, when, key, sent=size)
                when += float(draw.exponential(20))


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

    def live(self, org: Org, day: int, log: Log, draw: Rng) -> None:
        """Once a day, yesterday's partition."""
        who = identity.by_stranger(self.account, self.principal_id)
        caller = Caller(who, choose(draw, self.addresses), self.agent)
        start = org.at(day, self.hour + 0.3 * float(draw.random()))
        for folder in self.bucket.partitions(day - 1):
            items = self.bucket.objects(folder)
            start = clients.sync(log, caller, self.bucket, folder, items, start, draw, clients.LOOP)


@dataclass
class Noise:
    """Management calls that have nothing to do with data leaving."""

    job: Job
    mean: float

    @property
    def name(self) -> str:
        """The job's name."""
        return self.job.name

    def live(self, org: Org, day: int, log: Log, draw: Rng) -> None:
        """A day of Describe calls, and roles handed to instances."""
        calls = (
            ("ec2", "DescribeInstances"),
            ("ec2", "DescribeVolumes"),
            ("iam", "ListRoles"),
            ("cloudwatch", "DescribeAlarms"),
        )
        for hour in draw.uniform(0, 24, org.count(self.mean, draw)).tolist():
            when = org.at(day, hour)
            service, api = choose(draw, calls)
            log.manage(self.job.caller(org, day, when, draw), service, api, org.region, when)
        service_caller = Caller(identity.by_service("ec2.amazonaws.com"), "ec2.amazonaws.com", "ec2.amazonaws.com")
        for hour in range(0, 24, 6):
            self.hand_out(org, day, service_caller, org.at(day, hour + 0.01), log)

    def hand_out(self, org: Org, day: int, caller: Caller, when: float, log: Log) -> None:
        """An instance gets its role's credential."""
        role = self.job.role
        name = "i-0" + hexes(rng(org.seed, "idle", self.name, day // 20), 16)
        log.manage(
            caller,
            "sts",
            "AssumeRole",
            org.region,
            when,
            recipientAccountId=role.account,
            readOnly=True,
            requestParameters={"roleArn": role.arn, "roleSessionName": name},
            responseElements={
                "credentials": {"accessKeyId": identity.temporary_key(rng(org.seed, "handed", self.name, when))}
            },
            resources=[{"accountId": role.account, "type": "AWS::IAM::Role", "ARN": role.arn}],
        )
