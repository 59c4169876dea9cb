"""What the company keeps in other clouds: buckets, principals, partners, and one way to write any cloud's log."""

from dataclasses import dataclass, field
from typing import Protocol

from anomaly.simulate.buckets import Bucket
from anomaly.simulate.deeds import people
from anomaly.simulate.draw import Rng, choose, rng, some, whole
from anomaly.simulate.org import Account, Org
from anomaly.simulate.person import Person
from anomaly.simulate.wire import Log, Touch

LAST_SECOND = 86_399.9
STAFF = 9
# purpose: style, sensitivity, owning team, which of the accounts
PURPOSES = {
    "analytics-raw": ("feed", "internal", "data", 0),
    "analytics-curated": ("table", "confidential", "data", 0),
    "customer-exports": ("table", "restricted", "product", 0),
    "ml-corpus": ("records", "internal", "science", 0),
    "claims-archive": ("documents", "restricted", "legal", 1),
    "invoices": ("documents", "confidential", "finance", 1),
    "app-assets": ("artifacts", "public", "marketing", 1),
    "backups": ("documents", "restricted", "platform", -1),
}


@dataclass(frozen=True)
class Who:
    """A principal: ``identity`` as readers of the log name it, ``kind`` how it signs, ``id`` the log's own id of it."""

    name: str
    identity: str
    kind: str
    id: str = ""
    person: Person | None = None


@dataclass(frozen=True)
class Hand:
    """A principal at work from one address with one client."""

    who: Who
    address: str
    agent: str


class Pen(Protocol):
    """Writes what a hand does into one cloud's log; ``when`` is UTC seconds since 1970."""

    log: Log

    def open(self, hand: Hand, bucket: Bucket, when: float) -> None:
        """What a person's client asks before it shows a bucket."""

    def read(self, hand: Hand, bucket: Bucket, key: str, size: int, when: float, denied: bool = False) -> None:
        """One object read; ``size`` in bytes."""

    def list(self, hand: Hand, bucket: Bucket, when: float, prefix: str = "") -> None:
        """One page of a listing."""

    def write(self, hand: Hand, bucket: Bucket, key: str, size: int, when: float) -> None:
        """One upload; ``size`` in bytes."""

    def copy(self, hand: Hand, source: Bucket, key: str, target: Bucket, when: float) -> None:
        """One copy within the service."""

    def flow(self, machine: str, address: str, remote: str, sent: int, when: float) -> None:
        """One minute of a connection from a machine of ours; ``sent`` in bytes."""


@dataclass
class Estate:
    """One cloud's part of the company. ``subnet`` holds its machines; ``partner`` is where an approved copy goes."""

    cloud: str
    org: Org
    accounts: list[Account]
    buckets: list[Bucket]
    staff: list[Who]
    machines: list[Who]
    subnet: str
    partner: Bucket
    stranger: Bucket
    outsiders: list[Who] = field(default_factory=list)

    @property
    def own(self) -> frozenset[str]:
        """Projects or storage accounts of ours."""
        return frozenset(b.account for b in self.buckets)

    def bucket(self, purpose: str) -> Bucket:
        """The bucket of a purpose."""
        return next(b for b in self.buckets if b.name.endswith(purpose))

    def machine(self, name: str) -> Who:
        """The principal of a job."""
        return next(m for m in self.machines if m.name == name)

    def inside(self, who: Who) -> str:
        """The private address of a job's machine."""
        draw = rng(self.org.seed, self.cloud, "inside", who.name)
        return f"{self.subnet}.{whole(draw, 4)}.{whole(draw, 250, 4)}"

    def draw(self, *what: object) -> Rng:
        """A generator that no other cloud and no actor of another cloud shares."""
        return rng(self.org.seed, self.cloud, *what)


def staff(org: Org, cloud: str) -> list[Person]:
    """The colleagues who work in this cloud too."""
    return some(rng(org.seed, cloud, "staff"), people(org), STAFF)


def buckets(org: Org, names: list[tuple[str, str]], accounts: list[Account], region: str) -> list[Bucket]:
    """One bucket a purpose; ``names`` pairs a bucket's name with its purpose."""
    made = []
    for name, purpose in names:
        style, sensitivity, team, place = PURPOSES[purpose]
        account = accounts[min(place, len(accounts) - 1)].id
        made.append(Bucket(org.seed, name, account, region, sensitivity, team, style, org.first))
    return made


def elsewhere(org: Org, name: str, account: str, region: str) -> Bucket:
    """A bucket of somebody else, into which ours can be copied."""
    return Bucket(org.seed, name, account, region, "internal", "platform", "documents", org.first)


def within(org: Org, log: Log, when: float) -> float:
    """The moment, or the last of the log's day: an hour's file of these clouds is written once, by one day."""
    return min(when, org.at(log.day, 0) + LAST_SECOND)


def touch(log: Log, hand: Hand, bucket: str, when: float, key: str = "", read: int = 0, destination: str = "") -> None:
    """Note what was done, for the truth of a campaign."""
    log.touches.append(Touch(int(when), hand.who.identity, "", hand.address, bucket, key, read, destination))


def at_work(estate: Estate, log: Log, who: Who, agent: str) -> Hand:
    """A colleague from where they work today."""
    person = who.person
    if person is None:
        return Hand(who, estate.inside(who), agent)
    place = person.place(log.day, estate.draw("place", who.name, log.day))
    return Hand(who, person.address(estate.org, log.day, place), agent)


def hour_of(org: Org, person: Person, log: Log) -> float:
    """UTC seconds of a working hour of a colleague on the log's day."""
    hour = (person.hour(log.draw) - person.offset) % 24
    return org.at(log.day, min(hour, 22.0))


def outside_address(org: Org, draw: Rng) -> str:
    """An address of a provider that anybody can rent."""
    return choose(draw, org.world.of("hosting")).address(draw)
