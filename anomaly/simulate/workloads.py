"""Machines that move data every day: pipelines, services, backup, replication."""

from dataclasses import dataclass, field

from anomaly.simulate import clients, identity
from anomaly.simulate.buckets import Bucket, Object
from anomaly.simulate.caller import Caller
from anomaly.simulate.draw import choose, hexes, rng, some
from anomaly.simulate.keys import decrypt
from anomaly.simulate.org import Org
from anomaly.simulate.wire import Log

FAILS = 0.05
KEY_LIFE_S = 21_600
UPLOADS = 7
SERVICE = "s3.amazonaws.com"


@dataclass
class Job:
    """A role that works inside a VPC: its client, addresses (several when ``hosts`` > 1) and way out.

    ``site`` is two octets of a VPC or one whole public address; with ``lifetime`` in days the hosts are instances,
    which are replaced when it ends, and sessions are named after them.
    """

    name: str
    role: identity.Role
    agent: str
    site: str
    endpoint: str = ""
    session: str = ""
    hosts: int = 1
    lifetime: int = 0
    _callers: dict[tuple[int, int], Caller] = field(default_factory=dict, repr=False)

    def caller(self, org: Org, when: float, host: int = 0) -> Caller:
        """The caller of a run; a new key every six hours."""
        created = int(when) // KEY_LIFE_S * KEY_LIFE_S
        if (created, host) not in self._callers:
            self._callers[created, host] = self._fresh(org, created, host)
        return self._callers[created, host]

    def _fresh(self, org: Org, created: int, host: int) -> Caller:
        life = (created // 86_400 + 7 * host) // self.lifetime if self.lifetime else 0
        slot = rng(org.seed, "slot", self.name, host, life)
        instance, address = "i-0" + hexes(slot, 16), f"{self.site}.{slot.integers(16)}.{slot.integers(4, 250)}"
        name = instance if self.lifetime else self.session or f"{self.name}-{created}"
        key = identity.temporary_key(rng(org.seed, "key", self.name, host, created))
        who = identity.by_session(self.role, name, key, created, ec2=bool(self.lifetime))
        place = self.site if self.site.count(".") == 3 else address
        return Caller(who, place, self.agent, self.endpoint, self.role.account if self.endpoint else "")


@dataclass
class OfJob:
    """An actor that is one job, and is called as it is."""

    job: Job

    @property
    def name(self) -> str:
        """The job's name."""
        return self.job.name


@dataclass
class Pipeline(OfJob):
    """Reads partitions of a source, writes to a target, at its hours; ``share`` of each partition is read."""

    source: Bucket
    target: Bucket
    hours: tuple[int, ...]
    pace: clients.Pace
    share: float = 1.0

    @property
    def often(self) -> bool:
        """Whether it follows the day rather than working on yesterday."""
        return len(self.hours) > 2

    def live(self, org: Org, log: Log) -> None:
        """A day of runs; on a bad day they fail, or do nothing."""
        luck = log.draw.random()
        if luck < FAILS / 2:
            return
        for hour in self.hours:
            start = org.at(log.day, hour + 0.05 + 0.1 * float(log.draw.random()))
            if luck < FAILS:
                self.fail(org, log, start)
            else:
                self.run(org, log, hour, start)

    def fail(self, org: Org, log: Log, start: float) -> None:
        """A run that finds nothing or is not let in."""
        marker = self.source.folders(log.day)[-1] + "_SUCCESS"
        act = clients.missed if log.draw.random() < 0.5 else clients.refused
        act(log, self.job.caller(org, start), self.source, marker, start)

    def run(self, org: Org, log: Log, hour: int, start: float) -> None:
        """One run over the objects of its hour, or over yesterday."""
        for folder in self.source.partitions(log.day if self.often else log.day - 1):
            items = self.source.objects(folder)
            if self.often:
                items = [item for i, item in enumerate(items) if self.hours[i % len(self.hours)] == hour]
            start = self.step(org, log, folder, items, start)

    def step(self, org: Org, log: Log, folder: str, items: list[Object], start: float) -> float:
        """List a partition, read it, write what comes of it; returns when it ends."""
        caller = self.job.caller(org, start)
        items = some(log.draw, items, max(1, round(len(items) * self.share * org.scale)))
        when = clients.listing(log, caller, self.source, folder, len(items), start)
        when = clients.fetch(log, caller, self.source, items, when, self.pace)
        out = self.target.partition(choose(log.draw, self.target.roots), log.day)
        made = [
            (f"{out}part-{i:05d}-{hexes(log.draw, 8)}-c000.snappy.parquet", s // 3)
            for i, (_, s) in enumerate(items[::4])
        ]
        return clients.upload(log, caller, self.target, made, when + 5, self.pace) + 20


@dataclass
class Service(OfJob):
    """Instances behind a web application: small reads and writes that follow the day."""

    bucket: Bucket
    reads: float
    peak: float

    def live(self, org: Org, log: Log) -> None:
        """A day of requests."""
        pool = self.bucket.sample(rng(org.seed, "hot", self.name, log.day // 5), log.day, 12)
        mean = self.reads * (0.6 if org.weekend(log.day) else 1.0) / self.job.hosts
        for host in range(self.job.hosts):
            count = org.count(mean, log.draw)
            hours = (log.draw.normal(self.peak, 3.6, count) % 24).tolist()
            picks = log.draw.integers(len(pool), size=count).tolist()
            for hour, pick in zip(hours, picks, strict=True):
                when = org.at(log.day, hour)
                self.serve(log, self.job.caller(org, when, host), when, pool[pick], write=pick % 9 == 0)

    def serve(self, log: Log, caller: Caller, when: float, item: Object, *, write: bool) -> None:
        """One request."""
        key, size = item
        if write:
            log.data(caller, "PutObject", self.bucket, when, key, received=size)
        else:
            log.data(caller, "GetObject", self.bucket, when, key, sent=size)


@dataclass
class Backup(OfJob):
    """Copies what is new into the vault, every night."""

    sources: list[Bucket]
    vault: Bucket
    hour: float

    def live(self, org: Org, log: Log) -> None:
        """A night's copies; about one night in thirty is missed."""
        if log.draw.random() < 1 / 30:
            return
        start = org.at(log.day, self.hour + 0.2 * float(log.draw.random()))
        for source in self.sources:
            items = source.changed(log.day)
            start = self.save(org, log, source, items[: max(1, round(len(items) * org.scale))], start)

    def save(self, org: Org, log: Log, source: Bucket, items: list[Object], start: float) -> float:
        """Copy objects of one bucket; returns when it ends."""
        caller = self.job.caller(org, start)
        start = clients.listing(log, caller, source, "", len(items), start)
        return clients.copies(log, caller, source, items, self.vault, f"{source.name}/", start) + 30


@dataclass
class LegacyExport(OfJob):
    """A weekly copy of marts to a partner whose approval nobody has renewed."""

    source: Bucket
    target: Bucket
    weekday: int

    def live(self, org: Org, log: Log) -> None:
        """Once a week, yesterday's marts."""
        if org.weekday(log.day) != self.weekday:
            return
        start = org.at(log.day, 5 + float(log.draw.random()))
        items = self.source.changed(log.day)
        clients.copies(log, self.job.caller(org, start), self.source, items, self.target, "in/", start)


@dataclass
class Replication:
    """S3's own replication of a bucket to our second account."""

    name: str
    role: identity.Role
    source: Bucket
    target: Bucket
    mean: float

    def live(self, org: Org, log: Log) -> None:
        """The objects of a day, soon after each of its uploads."""
        uploads = log.draw.uniform(0, 24, UPLOADS).tolist()
        for item in self.source.changed(log.day)[: org.count(self.mean, log.draw)]:
            when = org.at(log.day, choose(log.draw, uploads)) + float(log.draw.uniform(0, 300))
            replicate(log, self.role, self.source, self.target, item, when)


def replicate(log: Log, role: identity.Role, source: Bucket, target: Bucket, item: Object, when: float) -> None:
    """One replicated object: a KMS call where the source is encrypted, and the write at the destination."""
    key, size = item
    who = identity.by_session(
        role, "s3-replication", identity.temporary_key(log.draw), int(when) - 30, invoked_by=SERVICE
    )
    caller = Caller(who, SERVICE, SERVICE)
    decrypt(log, caller, source, key, when)
    log.amend(bucket=source.name)
    log.data(caller, "PutObject", target, when + 1, key, ',"x-amz-storage-class":"STANDARD"', received=size)
    log.amend(bucket=source.name, key=key, destination=f"{target.account}/{target.name}")


def foreign_bucket(org: Org, account: str, purpose: str) -> Bucket:
    """A bucket of somebody else's account; it stands in no inventory of ours."""
    draw = rng(org.seed, "foreign", account, purpose)
    name = f"{choose(draw, ('share', 'data', 'drop', 'store', 'sync', 'media'))}-{purpose}-{hexes(draw, 8)}"
    return Bucket(org.seed, name, account, org.region, "", "", "documents", org.first)
