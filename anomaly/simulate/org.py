"""The organisation as everyone in the simulator sees it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from anomaly.simulate.buckets import Bucket
from anomaly.simulate.draw import DAY_S, Ids, Rng, rng
from anomaly.simulate.network import Site, World
from anomaly.simulate.wire import Log

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Account:
    """A row of accounts.csv; ``relation`` is own or partner, or stranger (then it stands in no file)."""

    id: str
    label: str
    relation: str


@dataclass(frozen=True)
class Workflow:
    """A row of workflows.csv; ``allowed`` is the most bytes that it covers on a day, None where it does not say."""

    id: str
    identity: str
    bucket: str
    destination: str
    reason: str
    owner: str
    review_by: date
    allowed: int | None = None

    @property
    def cells(self) -> tuple[object, ...]:
        """Its cells, in the order of the file's header."""
        most = "" if self.allowed is None else self.allowed
        review = self.review_by.isoformat()
        return self.id, self.identity, self.bucket, self.destination, self.reason, self.owner, review, most


class Actor(Protocol):
    """Someone or something that lives one day after the other, each drawn by itself."""

    @property
    def name(self) -> str:
        """What its generator is named after."""

    def live(self, org: "Org", log: Log) -> None:
        """Write the calls of the log's day."""


@dataclass
class Org:
    """Accounts, buckets, networks, and everyone who acts; ``console`` is the endpoint of the provider's own console.

    ``sources`` are the logs written. ``untrailed`` are buckets whose objects no trail records; ``more_papers`` are rows
    that context files get beside those drawn from the rest, by file name.
    """

    seed: int
    first: date
    days: int
    scale: float
    name: str
    region: str
    accounts: list[Account]
    buckets: list[Bucket]
    world: World
    sites: list[Site]
    holidays: frozenset[int]
    endpoints: dict[str, str]
    console: str
    actors: list[Actor] = field(default_factory=list)
    workflows: list[Workflow] = field(default_factory=list)
    sources: tuple[str, ...] = ("cloudtrail",)
    untrailed: list[Bucket] = field(default_factory=list)
    more_papers: dict[str, list[Sequence[object]]] = field(default_factory=dict)

    def at(self, day: int, hour: float) -> float:
        """UTC seconds since 1970 of an hour of a day of the simulation."""
        return ((self.first - EPOCH).days + day) * DAY_S + hour * 3600

    @property
    def span(self) -> tuple[float, float]:
        """The first moment simulated, and the first after the end."""
        return self.at(0, 0), self.at(self.days, 0)

    def weekday(self, day: int) -> int:
        """Monday is 0."""
        return (self.first.weekday() + day) % 7

    def weekend(self, day: int) -> bool:
        """Saturday or Sunday."""
        return self.weekday(day) > 4

    def day_of_month(self, day: int) -> int:
        """Counts from 1."""
        return date.fromordinal(self.first.toordinal() + day).day

    def bucket(self, purpose: str) -> Bucket:
        """The bucket of a purpose, such as ``lake-curated``."""
        return next(b for b in self.buckets if purpose in b.name)

    @property
    def own(self) -> frozenset[str]:
        """Ids of our own accounts."""
        return frozenset(a.id for a in self.accounts if a.relation == "own")

    def account(self, label: str) -> Account:
        """The account of a label, or the main one where the company has none of that label."""
        return next((a for a in self.accounts if a.label == label), self.accounts[0])

    def related(self, relation: str) -> list[Account]:
        """The accounts of a relation."""
        return [a for a in self.accounts if a.relation == relation]

    def mail(self, name: str) -> str:
        """An address at the company."""
        return f"{name}@{self.name}.example"

    def count(self, mean: float, draw: Rng) -> int:
        """A Poisson count at the simulation's scale."""
        return int(draw.poisson(mean * self.scale))

    def log(self, name: str, day: int, tally: bool = False) -> Log:
        """An empty log for an actor's day, with generators of its own."""
        ids = Ids(rng(self.seed, "ids", name, day))
        log = Log(day, rng(self.seed, "life", name, day), ids, self.own, tally)
        if "control" in self.sources:
            log.watched = frozenset({self.endpoints[self.account("prod").id]})
        return log
