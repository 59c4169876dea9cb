"""Ordinary days in another cloud: people at work, jobs by the clock, a partner with a signature, a listing scanner."""

from collections.abc import Callable
from dataclasses import dataclass

from anomaly.simulate.buckets import Bucket, Object
from anomaly.simulate.draw import choose, some, whole
from anomaly.simulate.multicloud import Estate, Hand, Pen, Who, at_work, hour_of
from anomaly.simulate.network import PARTNER
from anomaly.simulate.org import Org
from anomaly.simulate.wire import Log

PenOf = Callable[[Estate, Log], Pen]
WEEKLY_BATCH_DAY = 6


@dataclass
class Resident:
    """One principal of an estate: its ``habit`` writes a day with the pen of its cloud."""

    estate: Estate
    who: Who
    agent: str
    pen: PenOf
    habit: Callable[["Resident", Log, Pen], None]

    @property
    def name(self) -> str:
        """Its generator's name; no actor of another cloud has it."""
        return f"{self.estate.cloud}-{self.who.name}"

    def live(self, org: Org, log: Log) -> None:
        """A day of it."""
        self.habit(self, log, self.pen(self.estate, log))

    def at(self, log: Log, hour: float) -> float:
        """UTC seconds of an hour of the log's day."""
        return self.estate.org.at(log.day, hour)


def work(one: Resident, log: Log, pen: Pen) -> None:
    """A colleague's sessions of a working day: a listing, some objects of a few familiar buckets."""
    person, org = one.who.person, one.estate.org
    if person is None or not person.works(org, log.day):
        return
    familiar = some(one.estate.draw("familiar", one.who.name), one.estate.buckets, 3)
    for _ in range(org.count(2.2, log.draw)):
        hand, bucket = at_work(one.estate, log, one.who, one.agent), choose(log.draw, familiar)
        start = hour_of(org, person, log)
        pen.open(hand, bucket, start)
        pen.list(hand, bucket, start + 1)
        items = bucket.sample(log.draw, log.day, 1)[: 1 + int(log.draw.lognormal(1.6, 0.9))]
        end = read_all(pen, hand, bucket, items, start + 2, 3.0)
        if log.draw.random() < 0.04:
            pen.read(hand, bucket, items[0][0], items[0][1], end, denied=True)
        if log.draw.random() < 0.3:
            pen.write(hand, bucket, f"{items[0][0]}.new", whole(log.draw, 900_000, 4_000), end + 30)


def pipeline(one: Resident, log: Log, pen: Pen) -> None:
    """Each night yesterday's raw partitions are read and a table written; its machine talks to a mirror outside."""
    source, target = one.estate.bucket("analytics-raw"), one.estate.bucket("analytics-curated")
    hand, start = Hand(one.who, one.estate.inside(one.who), one.agent), one.at(log, 2.2)
    end = read_all(pen, hand, source, _scaled(one, source.changed(log.day)[:400]), start, 0.7)
    for key, size in target.of(target.partitions(log.day))[:8]:
        pen.write(hand, target, key, size, end)
    remote = one.estate.org.world.of("hosting")[0].address(one.estate.draw("mirror"))
    for hour in some(log.draw, range(24), 12):
        pen.flow(one.who.name, hand.address, remote, int(log.draw.lognormal(9, 1)), one.at(log, hour + 0.4))


def backup(one: Resident, log: Log, pen: Pen) -> None:
    """Copies of what changed go to our own backup account, each night."""
    target = one.estate.bucket("backups")
    hand, when = Hand(one.who, one.estate.inside(one.who), one.agent), one.at(log, 4.1)
    for purpose in ("claims-archive", "invoices"):
        source = one.estate.bucket(purpose)
        for key, _ in _scaled(one, source.changed(log.day)):
            pen.copy(hand, source, key, target, when)
            when += 0.9


def batch(one: Resident, log: Log, pen: Pen) -> None:
    """A weekly training run reads the whole corpus."""
    if one.estate.org.weekday(log.day) != WEEKLY_BATCH_DAY:
        return
    corpus = one.estate.bucket("ml-corpus")
    hand = Hand(one.who, one.estate.inside(one.who), one.agent)
    items = _scaled(one, corpus.everything(log.day)[:1500])
    read_all(pen, hand, corpus, items, one.at(log, 6.0), 0.4)


def scan(one: Resident, log: Log, pen: Pen) -> None:
    """Every bucket listed, nothing read, every few hours."""
    hand = Hand(one.who, one.estate.inside(one.who), one.agent)
    for hour in range(1, 24, 6):
        for i, bucket in enumerate(one.estate.buckets):
            for page in range(3):
                pen.list(hand, bucket, one.at(log, hour) + 20 * i + page)


def build(one: Resident, log: Log, pen: Pen) -> None:
    """Continuous integration fetches and puts artifacts, on working days, from the company's address translation."""
    if one.estate.org.weekend(log.day):
        return
    site = next(site for site in one.estate.org.sites if site.label == "nat-prod")
    hand = Hand(one.who, site.cidr.rpartition(".")[0] + ".21", one.agent)
    assets = one.estate.bucket("app-assets")
    for hour in log.draw.uniform(7, 19, one.estate.org.count(9, log.draw)).tolist():
        items = assets.sample(log.draw, log.day, 1)
        end = read_all(pen, hand, assets, items, one.at(log, hour), 0.5)
        pen.write(hand, assets, f"{items[0][0]}.{log.day}", items[0][1], end)


def pickup(one: Resident, log: Log, pen: Pen) -> None:
    """The partner fetches its weekday exports from its own network."""
    if one.estate.org.weekend(log.day):
        return
    bucket = one.estate.bucket("analytics-curated")
    hand = Hand(one.who, str(PARTNER.network_address + 17), one.agent)
    start = one.at(log, 8.5 + float(log.draw.uniform(0, 0.5)))
    pen.list(hand, bucket, start)
    read_all(pen, hand, bucket, bucket.of(bucket.partitions(log.day - 1))[:10], start + 1, 1.5)


def partner_copy(one: Resident, log: Log, pen: Pen) -> None:
    """The approved copy to the partner's bucket, on Mondays."""
    if one.estate.org.weekday(log.day) == 0:
        deliver(one.estate, log, pen, one.who, one.agent, one.at(log, 5.5))


def deliver(estate: Estate, log: Log, pen: Pen, who: Who, agent: str, when: float, days: int = 1) -> None:
    """Copy the newest days of what the partner gets into its bucket."""
    source, hand = partner_source(estate), Hand(who, estate.inside(who), agent)
    for back in range(days):
        for key, _ in source.changed(log.day - back)[:12]:
            pen.copy(hand, source, key, estate.partner, when)
            when += 1.2


def partner_source(estate: Estate) -> Bucket:
    """What the partner gets."""
    return estate.bucket("analytics-curated")


def read_all(pen: Pen, hand: Hand, bucket: Bucket, items: list[Object], start: float, wait: float) -> float:
    """Read objects one after the other, ``wait`` seconds apart on average; returns when it ends."""
    for (key, size), pause in zip(items, pen.log.draw.exponential(wait, len(items)).tolist(), strict=True):
        pen.read(hand, bucket, key, size, start)
        start += 0.05 + pause
    return start


def _scaled(one: Resident, items: list[Object]) -> list[Object]:
    return items[: max(1, round(len(items) * min(one.estate.org.scale, 1)))]
