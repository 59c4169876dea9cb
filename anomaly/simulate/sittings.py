"""What a person does in one sitting: look, read a few objects, read a folder, write."""

from dataclasses import dataclass

from anomaly.simulate import clients
from anomaly.simulate.buckets import Bucket, Object
from anomaly.simulate.caller import Caller
from anomaly.simulate.draw import Rng, choose, some
from anomaly.simulate.keys import decrypt
from anomaly.simulate.org import Org
from anomaly.simulate.person import Person
from anomaly.simulate.wire import Log

HOME_BYTES_PER_S = 9e6
OFFICE_BYTES_PER_S = 40e6
LOOKBACK_DAYS = 50
BY_HAND = 8


@dataclass
class Sitting:
    """Who sits down, when and where, at which bucket, and how much more than usual is wanted."""

    person: Person
    org: Org
    log: Log
    start: float
    place: str
    bucket: Bucket
    factor: float

    @property
    def pace(self) -> clients.Pace:
        """The command line on this person's line."""
        return clients.slowed(clients.CLI, OFFICE_BYTES_PER_S if self.place == "office" else HOME_BYTES_PER_S)

    def caller(self, tool: str) -> Caller:
        """The person's caller with a tool."""
        return self.person.caller(self.org, self.log, self.start, self.place, tool)


def sit(s: Sitting, tool: str) -> None:
    """Work with one tool."""
    folder, wanted = pick(s.bucket, s.log.day, s.factor, s.log.draw)
    if tool == "console":
        by_hand(s, folder, wanted[:BY_HAND])
    elif tool == "cli":
        by_command(s, folder, wanted)
    else:
        by_program(s, tool, folder, wanted)


def pick(bucket: Bucket, day: int, factor: float, draw: Rng) -> tuple[str, list[Object]]:
    """Choose a folder, recent days rather than old ones, and some of its objects."""
    if bucket.dated:
        back = int(min(draw.exponential(3.0), LOOKBACK_DAYS)) + 1
        folder = bucket.partition(choose(draw, bucket.roots), day - back)
    else:
        folder = choose(draw, bucket.folders(day))
    count = max(1, int(draw.lognormal(1.2, 0.9) * factor))
    wanted = some(draw, bucket.objects(folder), count)
    if count > len(wanted):
        wanted += some(draw, bucket.objects(choose(draw, bucket.folders(day))), count - len(wanted))
    return folder, sorted(set(wanted))


def by_command(s: Sitting, folder: str, wanted: list[Object]) -> None:
    """`aws s3 sync`, `cp` up or down, or `ls`."""
    roll = s.log.draw.random()
    if roll < 0.3:
        clients.sync(s.log, s.caller("s3.sync"), s.bucket, folder, s.bucket.objects(folder), s.start, s.pace)
    elif roll < 0.68:
        caller = s.caller("s3.cp")
        clients.fetch(s.log, caller, s.bucket, wanted, s.start, s.pace)
        twins(s, caller, wanted)
    elif roll < 0.82:
        clients.upload(s.log, s.caller("s3.cp"), s.bucket, _written(s, folder, wanted), s.start, s.pace)
    elif roll < 0.86:
        _tidy(s, folder, wanted)
    else:
        clients.listing(s.log, s.caller("s3.ls"), s.bucket, folder, len(s.bucket.objects(folder)), s.start)


def by_program(s: Sitting, tool: str, folder: str, wanted: list[Object]) -> None:
    """A script, a file browser, or a sync program."""
    caller = s.caller(tool)
    if tool == "cyberduck":
        when = clients.browse(s.log, caller, s.bucket, folder, s.start)
        clients.fetch(s.log, caller, s.bucket, wanted, when, clients.HAND)
    else:
        when = clients.listing(s.log, caller, s.bucket, folder, len(s.bucket.objects(folder)), s.start)
        clients.fetch(s.log, caller, s.bucket, wanted, when, clients.TOOLS[tool])
    twins(s, caller, wanted)


def by_hand(s: Sitting, folder: str, wanted: list[Object]) -> None:
    """The web console: list buckets, open folders, download by link."""
    console = s.caller("console")
    asked = {"Host": "s3.amazonaws.com"}
    s.log.manage(console, "s3", "ListBuckets", s.org.region, s.start, sent=4000, requestParameters=asked)
    when = clients.browse(s.log, console, s.bucket, "", s.start + 5, 20)
    when = clients.browse(s.log, console, s.bucket, folder, when + 4, len(s.bucket.objects(folder)))
    browser = s.person.agent("web", s.log.day)
    link = Caller(console.credential, console.address, browser, auth="QueryString", extra=signed(300))
    for key, size in wanted:
        if s.log.draw.random() < 0.5:
            s.log.data(console, "HeadObject", s.bucket, when, key)
        s.log.data(link, "GetObject", s.bucket, when + 2, key, sent=size)
        when += 4 + float(s.log.draw.exponential(25))
    if s.log.draw.random() < 0.15:
        stray(s, console, when)


def signed(seconds: int) -> str:
    """The parameters that a presigned link carries into the log."""
    return (
        f',"X-Amz-Algorithm":"AWS4-HMAC-SHA256","X-Amz-Expires":"{seconds}",'
        '"X-Amz-SignedHeaders":"host","x-id":"GetObject"'
    )


def stray(s: Sitting, caller: Caller, when: float) -> None:
    """A look at a bucket that is not this person's: refused."""
    other = choose(s.log.draw, s.org.buckets)
    if other.name not in s.person.known:
        clients.locked_out(s.log, caller, other, when)


def twins(s: Sitting, caller: Caller, wanted: list[Object]) -> None:
    """The KMS calls that the service makes in the reader's name, with keys and address of its own."""
    for key, _ in wanted if s.bucket.kms else ():
        decrypt(s.log, caller, s.bucket, key, s.start + 2)


def _tidy(s: Sitting, folder: str, like: list[Object]) -> None:
    made, caller = _written(s, folder, like)[:3], s.caller("s3.rm")
    clients.delete(s.log, caller, s.bucket, made, s.start)


def _written(s: Sitting, folder: str, like: list[Object]) -> list[Object]:
    name, number = s.person.name.split(".", maxsplit=1)[0], s.log.draw.integers(1, 999)
    return [(f"{folder}{name}-{number}-{key.rsplit('/', 1)[1]}", int(size * 0.8)) for key, size in like[:6]]
