"""What thieves do in any other cloud, and the honest work that looks like it."""

from anomaly.simulate.buckets import MIB, Bucket
from anomaly.simulate.deeds import SENSITIVE, Act, Deed, haul, patience
from anomaly.simulate.draw import Rng, choose, whole
from anomaly.simulate.multicloud import Estate, Hand, Who, at_work, hour_of, outside_address
from anomaly.simulate.multicloud_life import PenOf, deliver, read_all
from anomaly.simulate.wire import Log

Agents = dict[str, str]


class Stage:
    """Where a campaign plays: an estate, its pen, and the client each principal is known by."""

    def __init__(self, home: Estate, pen: PenOf, agents: Agents) -> None:
        self.home = home
        self.pen = pen
        self.agents = agents

    def sensitive(self, draw: Rng) -> Bucket:
        """A bucket that is worth stealing."""
        return choose(draw, [b for b in self.home.buckets if b.sensitivity in SENSITIVE and "backup" not in b.name])

    def hand(self, log: Log, who: Who) -> Hand:
        """A principal where it works today, with its own client."""
        return at_work(self.home, log, who, self.agents[who.name])

    def start(self, log: Log, who: Who) -> float:
        """A colleague's working hour, else a moment of the day."""
        if who.person is not None:
            return hour_of(self.home.org, who.person, log)
        return self.home.org.at(log.day, float(log.draw.uniform(2, 20)))


def bulk(stage: Stage, draw: Rng) -> Deed:
    """S01: a colleague reads much of a sensitive bucket with the usual client."""
    who, bucket = choose(draw, stage.home.staff), stage.sensitive(draw)
    most, wait = whole(draw, 900, 250), 0.6 * patience(draw)

    def act(log: Log) -> None:
        pen, hand, start = stage.pen(stage.home, log), stage.hand(log, who), stage.start(log, who)
        for page in range(1 + most // 200):
            pen.list(hand, bucket, start + page)
        read_all(pen, hand, bucket, haul(bucket, log.draw, log.day, most=most), start + 9, min(wait, 6.0))

    return Deed(f"{who.name} reads {most} objects of {bucket.name}", act)


def copied(stage: Stage, draw: Rng) -> Deed:
    """S04: a colleague copies a sensitive bucket into somebody else's."""
    who, bucket = choose(draw, stage.home.staff), stage.sensitive(draw)
    return Deed(
        f"{who.name} copies {bucket.name} to the foreign account {stage.home.stranger.account}",
        _copies(stage, who, bucket, stage.home.stranger, whole(draw, 400, 60)),
    )


def carried(stage: Stage, draw: Rng, who: Who) -> Deed:
    """S10, S12: a job's credential in other hands, on a rented address, with the client that the job has."""
    address, bucket = outside_address(stage.home.org, draw), stage.sensitive(draw)
    most = whole(draw, 500, 120)

    def act(log: Log) -> None:
        pen, hand = stage.pen(stage.home, log), Hand(who, address, stage.agents[who.name])
        start = stage.start(log, who)
        for other in stage.home.buckets[:4]:
            pen.list(hand, other, start)
            start += 6
        read_all(pen, hand, bucket, haul(bucket, log.draw, log.day, most=most), start, 1.2)

    return Deed(f"the credential of {who.name} is used from {address} on {bucket.name}", act)


def moved(stage: Stage, draw: Rng) -> Deed:
    """Benign: a colleague copies a bucket into our own backup account."""
    who, source = choose(draw, stage.home.staff), stage.home.bucket("invoices")
    target = stage.home.bucket("backups")
    act = _copies(stage, who, source, target, whole(draw, 160, 40))
    return Deed(f"{who.name} moves {source.name} to our account {target.account}", act)


def exported(stage: Stage, draw: Rng) -> Deed:
    """Benign: a colleague exports the quarter's invoices from the office."""
    who, bucket = choose(draw, stage.home.staff), stage.home.bucket("invoices")
    want, office = float(draw.uniform(40, 300)) * MIB, stage.home.org.sites[0]

    def act(log: Log) -> None:
        pen, start = stage.pen(stage.home, log), stage.start(log, who)
        hand = Hand(who, office.cidr.rpartition(".")[0] + ".5", stage.agents[who.name])
        pen.list(hand, bucket, start)
        read_all(pen, hand, bucket, haul(bucket, log.draw, log.day, want, 300), start + 4, 1.5)

    return Deed(f"{who.name} exports the quarter", act)


def caught_up(stage: Stage, draw: Rng) -> Deed:
    """Benign: the approved copy to the partner makes up for lost weeks."""
    who, days = stage.home.machine("sync"), whole(draw, 12, 4)

    def act(log: Log) -> None:
        start = stage.start(log, who)
        deliver(stage.home, log, stage.pen(stage.home, log), who, stage.agents[who.name], start, days)

    return Deed(f"the approved copy to the partner catches up {days} days", act)


def _copies(stage: Stage, who: Who, source: Bucket, target: Bucket, most: int) -> Act:
    def act(log: Log) -> None:
        pen, hand, when = stage.pen(stage.home, log), stage.hand(log, who), stage.start(log, who)
        pen.list(hand, source, when)
        for key, _ in haul(source, log.draw, log.day, most=most):
            when += 0.4 + float(log.draw.exponential(0.6))
            pen.copy(hand, source, key, target, when)

    return act
