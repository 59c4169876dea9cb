"""Machines that move data every day: pipelines, services, backup, replication."""

from dataclasses import dataclass

from anomaly.simulate import clients, identity
from anomaly.simulate.buckets import STYLES, Bucket, Object
from anomaly.simulate.draw import Rng, choose, hexes, rng, some
from anomaly.simulate.org import Org
from anomaly.simulate.wire import Caller, Log

FAILS = 0.05
NEW_OBJECT_BYTES = 180_000


@dataclass
class Job:
    """A role that works inside a VPC: its client, addresses (several when ``hosts`` > 1) and way out."""

    name: str
    role: identity.Role
    agent: str
    subnet: str
    endpoint: str = ""
    session: str = ""
    hosts: int = 1
    lifetime: int = 0

    def instance(self, org: Org, day: int, host: int) -> str:
        """The instance id that stands in a slot; instances are replaced now and then."""
        age = (day + 7 * host) // self.lifetime if self.lifetime else 0
        return "i-0" + hexes(rng(org.seed, "instance", self.name, host, age), 16)

    def caller(self, org: Org, day: int, when: float, draw: Rng, host: int = 0) -> Caller:
        """The caller of a run; instances get a new key every six hours."""
        created = int(when) // 21_600 * 21_600 + 60 * host
        slot = rng(org.seed, "slot", self.name, host, (day + 7 * host) // self.lifetime if self.lifetime else 0)
        ec2 = bool(self.lifetime)
        name = self.instance(org, day, host) if ec2 else self.session or f"{self.name}-{created}"
        key = identity.temporary_key(rng(org.seed, "key", self.name, host, created))
        who = identity.by_session(self.role, name, key, created, ec2=ec2)
        address = (
            self.subnet if self.subnet.count(".") == 3 else f"{self.subnet}.{slot.integers(16)}.{slot.integers(4, 250)}"
        )
        return Caller(who, address, self.agent, self.endpoint, self.role.account if self.endpoint else "")


@dataclass
class Pipeline:
    """Reads partitions of a source, writes to a target, at its hours."""

    job: Job
    source: Bucket
    target: Bucket
    hours: tuple[int, ...]
    pace: clients.Pace
    share: float = 1.0

    @property
    def name(self) -> str:
        """The job's name."""
        return self.job.name

    def live(self, org: Org, day: int, log: Log, draw: Rng) -> None:
        """A day of runs; on a bad day they fail, or do nothing."""
        luck = draw.random()
        for hour in self.hours:
            start = org.at(day, hour + 0.05 + 0.1 * float(draw.random()))
            if luck < FAILS / 2:
                continue
            if luck < FAILS:
                self.fail(org, day, start, log, draw)
            else:
                self.run(org, day, hour, start, log, draw)

    def fail(self, org: Org, day: int, start: float, log: Log, draw: Rng) -> None:
        """A run that finds nothing or is not let in."""
        caller = self.job.caller(org, day, start, draw)
        folder = self.source.folders(day)[-1]
        if draw.random() < 0.5:
            clients.missed(log, caller, self.source, folder + "_SUCCESS", start)
        else:
            clients.refused(log, caller, self.source, folder + "_SUCCESS", start, draw)

    def run(self, org: Org, day: int, hour: int, start: float, log: Log, draw: Rng) -> None:
        """One run over the partitions of its hour, or of yesterday."""
        caller = self.job.caller(org, day, start, draw)
        back = 0 if len(self.hours) > 2 else 1
        for folder in self.source.partitions(day - back):
            items = self.source.objects(folder)
            if len(self.hours) > 2:
                items = [item for i, item in enumerate(items) if self.hours[i % len(self.hours)] == hour]
            self.step(org, day, caller, folder, items, start, log, draw)
            start += 60

    def step(
        self, org: Org, day: int, caller: Caller, folder: str, items: list[Object], start: float, log: Log, draw: Rng
    ) -> None:
        """List a partition, read it, write what comes of it."""
        items = some(draw, items, max(1, round(len(items) * self.share * org.scale)))
        when = clients.listing(log, caller, self.source, folder, len(items), start, draw)
        when = clients.fetch(log, caller, self.source, items, when, draw, self.pace)
        target = self.target.partition(choose(draw, self.target.roots), day)
        made = [
            (f"{target}part-{i:05d}-{hexes(draw, 8)}-c000.snappy.parquet", size // 3 + 900)
            for i, (_, size) in enumerate(items[::4])
        ]
        clients.upload(log, caller, self.target, made, when + 5, draw, self.pace)


@dataclass
class Service:
    """Instances behind a web application: small reads and writes that follow the day."""

    job: Job
    bucket: Bucket
    reads: float
    peak: float

    @property
    def name(self) -> str:
        """The job's name."""
        return self.job.name

    def live(self, org: Org, day: int, log: Log, draw: Rng) -> None:
        """A day of requests."""
        pool = self.bucket.sample(rng(org.seed, "hot", self.name, day // 5), day, 12)
        weekend = 0.6 if org.weekday(day) > 4 else 1.0
        for host in range(self.job.hosts):
            count = org.count(self.reads * weekend / self.job.hosts, draw)
            hours = (draw.normal(self.peak, 3.6, count) % 24).tolist()
            callers = [self.job.caller(org, day, org.at(day, h), draw, host) for h in (0, 6, 12, 18)]
            for hour, index in zip(hours, draw.integers(len(pool), size=count).tolist(), strict=True):
                self.serve(callers[int(hour) // 6], org.at(day, hour), pool[index], log, index)

    def serve(self, caller: Caller, when: float, item: Object, log: Log, index: int) -> None:
        """One request: mostly a read, sometimes a write."""
        key, size = item
        if index % 9 == 0:
            log.data(caller, "PutObject", self.bucket, when, key, received=size)
        else:
            log.data(caller, "GetObject", self.bucket, when, key, sent=size)


@dataclass
class Backup:
    """Copies yesterday's partitions and a few static folders into the vault, every night."""

    job: Job
    sources: list[Bucket]
    vault: Bucket
    hour: float

    @property
    def name(self) -> str:
        """The job's name."""
        return self.job.name

    def live(self, org: Org, day: int, log: Log, draw: Rng) -> None:
        """A night's copies; about one night in thirty is missed."""
        if draw.random() < 1 / 30:
            return
        start = org.at(day, self.hour + 0.2 * float(draw.random()))
        caller = self.job.caller(org, day, start, draw)
        for source in self.sources:
            items = changed(source, org, day)
            items = items[: max(1, round(len(items) * org.scale))]
            start = clients.listing(log, caller, source, "", len(items), start, draw)
            start = clients.copies(log, caller, source, items, self.vault, f"{source.name}/", start, draw) + 30


@dataclass
class LegacyExport:
    """A weekly copy of marts to a partner whose approval nobody has renewed."""

    job: Job
    source: Bucket
    target: Bucket
    weekday: int

    @property
    def name(self) -> str:
        """The job's name."""
        return self.job.name

    def live(self, org: Org, day: int, log: Log, draw: Rng) -> None:
        """Once a week, yesterday's marts."""
        if org.weekday(day) != self.weekday:
            return
        start = org.at(day, 5 + float(draw.random()))
        items = changed(self.source, org, day)
        clients.copies(log, self.job.caller(org, day, start, draw), self.source, items, self.target, "in/", start, draw)


def foreign_bucket(org: Org, account: str, purpose: str) -> Bucket:
    """A bucket of somebody else's account; it stands in no inventory of ours."""
    draw = rng(org.seed, "foreign", account, purpose)
    name = f"{choose(draw, ('share', 'data', 'drop', 'store', 'sync', 'media'))}-{purpose}-{hexes(draw, 8)}"
    return Bucket(org.seed, name, account, org.region, "", "", "documents", org.first, foreign=True)


def changed(source: Bucket, org: Org, day: int) -> list[Object]:
    """What a night's backup finds new in a bucket."""
    if STYLES[source.style].dated:
        return [item for folder in source.partitions(day - 1) for item in source.objects(folder)]
    return source.sample(rng(org.seed, "changed", source.name, day), day, 2)[:60]


@dataclass
class Replication:
    """S3's own replication of a bucket to our second account: decrypts here, writes there."""

    name: str
    role: identity.Role
    source: Bucket
    target: Bucket
    mean: float

    def live(self, org: Org, day: int, log: Log, draw: Rng) -> None:
        """The objects of a day, as they come."""
        items = changed(self.source, org, day)
        for key, size in items[: org.count(self.mean, draw)]:
            replicate(
                log, self.role, self.source, self.target, key, size, org.at(day, float(draw.uniform(0, 24))), draw
            )


def replicate(
    log: Log, role: identity.Role, source: Bucket, target: Bucket, key: str, size: int, when: float, draw: Rng
) -> None:
    """One replicated object: a KMS call for the source, then the write at the destination."""
    key_id = identity.temporary_key(draw)
    who = identity.by_session(role, "s3-replication", key_id, int(when) - 30, invoked_by="s3.amazonaws.com")
    caller = Caller(who, "s3.amazonaws.com", "s3.amazonaws.com")
    decrypt(log, caller, source, key, when)
    log.data(caller, "PutObject", target, when + 1, key, ',"x-amz-storage-class":"STANDARD"', received=size)
    log.note_destination(f"{target.account}/{target.name}")


def decrypt(log: Log, caller: Caller, bucket: Bucket, key: str, when: float) -> None:
    """The KMS twin of a read of an encrypted object."""
    key_arn = f"arn:aws:kms:{bucket.region}:{bucket.account}:key/{key_uuid(bucket)}"
    log.manage(
        caller,
        "kms",
        "Decrypt",
        bucket.region,
        when,
        requestParameters={
            "encryptionContext": {"aws:s3:arn": f"arn:aws:s3:::{bucket.name}/{key}"},
            "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
        },
        readOnly=True,
        resources=[{"accountId": bucket.account, "type": "AWS::KMS::Key", "ARN": key_arn}],
    )


def key_uuid(bucket: Bucket) -> str:
    """The id of a bucket's KMS key."""
    raw = hexes(rng(bucket.seed, "kms", bucket.name), 32)
    return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:]}"
