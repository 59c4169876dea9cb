"""Access logs switched on: on some buckets beside the trail, and on two that no trail records."""

from dataclasses import dataclass

from anomaly.simulate import agents, clients, identity
from anomaly.simulate.access_log import logged
from anomaly.simulate.buckets import Bucket
from anomaly.simulate.caller import MISSING, Caller
from anomaly.simulate.draw import choose, rng, some, whole
from anomaly.simulate.network import Provider
from anomaly.simulate.org import Org
from anomaly.simulate.wire import Log

SHARE = 0.3
OLD_SHARE = 0.3
ALWAYS = ("app-uploads", "customer-documents")
UNCHANGED, BROKEN_LINK, QUOTED, HEADS = 0.12, 0.05, 0.01, 0.06
QUOTED_AGENT = '[Mozilla/5.0 (compatible; "link checker" 2.1; +https://checker.example)]'


def switch_on(org: Org) -> None:
    """Choose the buckets with access logs, add the two older ones and those who use them."""
    draw = rng(org.seed, "access")
    for bucket in org.buckets:
        if draw.random() < SHARE or any(purpose in bucket.name for purpose in ALWAYS):
            bucket.access = "old" if draw.random() < OLD_SHARE else "new"
    site = _older(org, "www-downloads", "public", "marketing", "media")
    archive = _older(org, "records-archive", "confidential", "finance", "documents")
    org.untrailed += [site, archive]
    crowd = org.world.of("residential") + org.world.of("mobile")
    who = identity.user(draw, "svc-archive", archive.account)
    worker = Caller(identity.by_key(who, who.keys[0]), "203.0.113.9", agents.server_boto3(draw))
    org.actors += [
        Visitors("www-visitors", site, crowd, float(draw.uniform(150, 400))),
        Archive("records-archive", archive, worker, float(draw.uniform(1, 22))),
    ]


def _older(org: Org, purpose: str, sensitivity: str, owner: str, style: str) -> Bucket:
    account = org.account("prod").id
    name = f"{org.name}-{purpose}"
    return Bucket(org.seed, name, account, org.region, sensitivity, owner, style, org.first, access="old", trail=False)


@dataclass
class Visitors:
    """Anybody who downloads from a public bucket, without a signature.

    Answers that nothing has changed, and agents with raw quotes, stand where the access log is the only one.
    """

    name: str
    bucket: Bucket
    crowd: list[Provider]
    mean: float

    def live(self, org: Org, log: Log) -> None:
        """A day of visits."""
        items = self.bucket.everything(log.day)
        for hour in (log.draw.normal(15, 5, org.count(self.mean, log.draw)) % 24).tolist():
            odd = log.draw.random() < QUOTED and not self.bucket.trail
            agent = QUOTED_AGENT if odd else agents.machine(log.draw).web()
            caller = Caller(identity.anonymous(), choose(log.draw, self.crowd).address(log.draw), agent, auth="")
            self.visit(log, caller, choose(log.draw, items), org.at(log.day, hour))

    def visit(self, log: Log, caller: Caller, item: tuple[str, int], when: float) -> None:
        """One request: a download, a page that has not changed, a link that leads nowhere, a look at the headers."""
        luck, (key, size) = log.draw.random(), item
        if luck < UNCHANGED and not self.bucket.trail:
            request, id2, _ = log.ids.next()
            line = logged(caller, self.bucket, "GetObject", int(when), (request, id2), key, received=size, status=304)
            log.rows.append(line)
        elif luck < UNCHANGED + BROKEN_LINK:
            log.data(caller, "GetObject", self.bucket, when, f"{key}.old", sent=291, error=MISSING)
        elif luck < UNCHANGED + BROKEN_LINK + HEADS:
            log.data(caller, "HeadObject", self.bucket, when, key, received=size)
        else:
            log.data(caller, "GetObject", self.bucket, when, key, sent=size)


@dataclass
class Archive:
    """A machine user who files papers on weekdays, looks some up, and clears out old ones once a week."""

    name: str
    bucket: Bucket
    caller: Caller
    hour: float

    def live(self, org: Org, log: Log) -> None:
        """A day of it."""
        if org.weekend(log.day):
            return
        items = self.bucket.changed(log.day)
        count = max(1, round(len(items) * min(org.scale, 1)))
        start = org.at(log.day, self.hour)
        start = clients.upload(log, self.caller, self.bucket, items[:count], start)
        start = clients.sync(log, self.caller, self.bucket, "", items[: whole(log.draw, 12, 1)], start, clients.LOOP)
        if org.weekday(log.day) == 4:
            self.clear(log, some(log.draw, items, 20), start + 60)

    def clear(self, log: Log, items: list[tuple[str, int]], when: float) -> None:
        """Delete many objects with one request: a line for the request and one for each object."""
        request, id2, _ = log.ids.next()
        ids = (request, id2)
        log.rows.append(logged(self.caller, self.bucket, "DeleteObjects", int(when), ids, "", sent=200 + len(items)))
        for key, size in items:
            log.rows.append(logged(self.caller, self.bucket, "BatchDelete", int(when), ids, key, received=size))
