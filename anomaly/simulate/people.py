"""People: where they work from, when, with which client and credential, on which buckets."""

from dataclasses import dataclass, field

from anomaly.simulate import agents, clients, identity
from anomaly.simulate.buckets import STYLES, Bucket, Object
from anomaly.simulate.draw import Rng, choose, rng, some, weighted
from anomaly.simulate.network import Provider
from anomaly.simulate.org import Org
from anomaly.simulate.wire import DENIED, Caller, Credential, Log

LEASE_DAYS = 19
HOME_BYTES_PER_S = 9e6
OFFICE_BYTES_PER_S = 40e6
MONTH_END_FACTOR = 4.0


@dataclass
class Person:
    """One employee."""

    name: str
    email: str
    team: str
    country: str
    offset: float
    credential_of: identity.User | identity.Role
    machine: agents.Machine
    isp: Provider
    subnet: int
    office: str
    remote: float
    tools: dict[str, float]
    habits: dict[str, float]
    appetite: float
    sessions: float
    start: int = -999
    away: frozenset[int] = frozenset()
    rotation: int | None = None
    upgrade: int | None = None
    travel: tuple[int, int, Provider] | None = None
    on_call: frozenset[int] = frozenset()
    known: dict[str, Bucket] = field(default_factory=dict, repr=False)

    @property
    def arn(self) -> str:
        """The stable principal."""
        return self.credential_of.arn

    def live(self, org: Org, day: int, log: Log, draw: Rng) -> None:
        """A day at work, or the rare look on a day off."""
        if day < self.start:
            return
        busy = self.works(org, day)
        mean = self.sessions if busy else 0.05
        if self.team == "finance" and busy and month_end(org, day):
            mean *= 1.6
        place = self.place(day, draw)
        for _ in range(org.count(mean, draw)):
            hour = self.hour(draw) if busy else float(draw.uniform(9, 22))
            self.session(org, day, org.at(day, hour - self.offset), place, log, draw)
        if day in self.on_call:
            for _ in range(org.count(1.2, draw)):
                hour = float(draw.choice([draw.uniform(0, 6), draw.uniform(20, 24)]))
                self.session(org, day, org.at(day, hour - self.offset), "home", log, draw)

    def works(self, org: Org, day: int) -> bool:
        """Weekdays, but holidays and absences."""
        return org.weekday(day) < 5 and day not in org.holidays and day not in self.away

    def hour(self, draw: Rng) -> float:
        """A local hour of work: mornings and afternoons, few at lunch, some late."""
        if draw.random() < 0.06:
            return float(draw.uniform(18, 21.5))
        return float(draw.normal(10.4, 1.0) if draw.random() < 0.5 else draw.normal(15.2, 1.3))

    def place(self, day: int, draw: Rng) -> str:
        """Where the person works from this day."""
        if self.travel and self.travel[0] <= day < self.travel[0] + self.travel[1]:
            return "travel"
        return "home" if draw.random() < self.remote else "office"

    def address(self, org: Org, day: int, place: str, draw: Rng) -> str:
        """The public address the service sees."""
        if place == "travel" and self.travel:
            return self.travel[2].address(rng(org.seed, "hotel", self.name, self.travel[0]), self.subnet)
        if place == "office":
            return self.office
        lease = (day + self.subnet) // LEASE_DAYS
        return self.isp.address(rng(org.seed, "lease", self.name, lease), self.subnet)

    def credential(self, day: int, when: float, draw: Rng, console: bool) -> Credential:
        """The credential of a session: an SSO role, an IAM user's key, or its console login."""
        created = int(when) - int(draw.integers(20, 5400))
        who = self.credential_of
        if isinstance(who, identity.Role):
            return identity.by_session(who, self.email, identity.temporary_key(draw), created, mfa=False)
        if console:
            return identity.by_console(who, identity.temporary_key(draw), created)
        rotated = self.rotation is not None and day >= self.rotation
        return identity.by_key(who, who.keys[1 if rotated else 0])

    def caller(self, org: Org, day: int, when: float, place: str, tool: str, draw: Rng) -> Caller:
        """A session's caller with one of the person's clients."""
        console = tool in ("console", "web")
        return Caller(
            self.credential(day, when, draw, console),
            self.address(org, day, place, draw),
            self.agent(tool, day),
            tls=self.tls,
        )

    @property
    def tls(self) -> str:
        """Older clients negotiate TLS 1.2."""
        return "1.2" if self.machine.cli_minor < 15 else "1.3"

    def agent(self, tool: str, day: int) -> str:
        """The user agent of a tool; versions move on a day of the person's own."""
        later = 1 if self.upgrade is not None and day >= self.upgrade else 0
        machine = self.machine
        plain = {"boto3": machine.boto3(later), "console": agents.CONSOLE, "web": machine.web()}
        plain |= {"cyberduck": machine.cyberduck(), "rclone": machine.rclone()}
        return plain.get(tool) or machine.cli(tool, later)

    def pace(self, place: str) -> clients.Pace:
        """The command line on this person's line."""
        return clients.slowed(clients.CLI, OFFICE_BYTES_PER_S if place == "office" else HOME_BYTES_PER_S)

    def session(self, org: Org, day: int, start: float, place: str, log: Log, draw: Rng) -> None:
        """One sitting with one bucket."""
        bucket = self.known[weighted(draw, list(self.habits), list(self.habits.values()))]
        tool = weighted(draw, list(self.tools), list(self.tools.values()))
        factor = self.appetite * (MONTH_END_FACTOR if self.team == "finance" and month_end(org, day) else 1.0)
        sit(self, org, day, start, place, tool, bucket, factor, log, draw)


def month_end(org: Org, day: int) -> bool:
    """The last two and first two days of a month."""
    number = org.first.fromordinal(org.first.toordinal() + day).day
    return number <= 2 or number >= 29


def sit(
    person: Person,
    org: Org,
    day: int,
    start: float,
    place: str,
    tool: str,
    bucket: Bucket,
    factor: float,
    log: Log,
    draw: Rng,
) -> None:
    """Do what people do with a tool: look, read a few, read a folder, or write."""
    folder, wanted = pick(bucket, day, factor, draw)
    pace = person.pace(place)
    if tool == "console":
        when = by_hand(person, org, day, start, place, bucket, folder, wanted[:8], log, draw)
        if draw.random() < 0.15:
            _denied_look(person, org, day, when, place, log, draw)
        return
    roll = draw.random()
    command = {"cli": "s3.sync" if roll < 0.35 else "s3.cp" if roll < 0.85 else "s3.ls"}.get(tool, tool)
    caller = person.caller(org, day, start, place, command, draw)
    if command == "s3.sync":
        clients.sync(log, caller, bucket, folder, bucket.objects(folder), start, draw, pace)
    elif command == "s3.ls":
        clients.listing(log, caller, bucket, folder, len(bucket.objects(folder)), start, draw)
    elif command == "s3.cp" and roll > 0.72:
        clients.upload(log, caller, bucket, _written(person, folder, wanted, draw), start, draw, pace)
    elif tool == "cyberduck":
        clients.fetch(
            log, caller, bucket, wanted, clients.browse(log, caller, bucket, folder, start), draw, clients.HAND
        )
    else:
        when = (
            clients.listing(log, caller, bucket, folder, len(bucket.objects(folder)), start, draw)
            if tool != "cli"
            else start
        )
        clients.fetch(log, caller, bucket, wanted, when, draw, clients.LOOP if tool == "boto3" else pace)


def pick(bucket: Bucket, day: int, factor: float, draw: Rng) -> tuple[str, list[Object]]:
    """Choose a folder and how many of its objects someone wants; recent days rather than old ones."""
    if STYLES[bucket.style].dated:
        back = int(min(draw.exponential(3.0), 50)) + 1
        folder = bucket.partition(choose(draw, bucket.roots), day - back)
    else:
        folder = choose(draw, bucket.folders(day))
    count = max(1, int(draw.lognormal(1.2, 0.9) * factor))
    wanted = some(draw, bucket.objects(folder), count)
    while len(wanted) < count and count > 40:
        more = some(draw, bucket.objects(choose(draw, bucket.folders(day))), count - len(wanted))
        wanted += more
        count -= len(more)
    return folder, wanted


def by_hand(
    person: Person,
    org: Org,
    day: int,
    start: float,
    place: str,
    bucket: Bucket,
    folder: str,
    wanted: list[Object],
    log: Log,
    draw: Rng,
) -> float:
    """The web console: list buckets, open folders, download by link."""
    console = person.caller(org, day, start, place, "console", draw)
    log.manage(
        console,
        "s3",
        "ListBuckets",
        org.region,
        start,
        sent=4000 + 90 * len(org.buckets),
        requestParameters={"Host": "s3.amazonaws.com"},
    )
    when = clients.browse(log, console, bucket, "", start + 5, 20)
    when = clients.browse(log, console, bucket, folder, when + 4, len(bucket.objects(folder)))
    link = Caller(
        console.credential,
        console.address,
        person.agent("web", day),
        auth="QueryString",
        tls="1.3",
        extra=signed(when, 300),
    )
    for key, size in wanted:
        if draw.random() < 0.5:
            log.data(console, "HeadObject", bucket, when, key)
        log.data(link, "GetObject", bucket, when + 2, key, sent=size)
        when += 4 + float(draw.exponential(25))
    return when


def signed(when: float, seconds: int) -> str:
    """The parameters that a presigned link carries into the log."""
    return f',"X-Amz-Algorithm":"AWS4-HMAC-SHA256","X-Amz-Expires":"{seconds}","X-Amz-SignedHeaders":"host","x-id":"GetObject"'


def _denied_look(person: Person, org: Org, day: int, when: float, place: str, log: Log, draw: Rng) -> None:
    stranger = choose(draw, org.buckets)
    if stranger.name in person.known or stranger.foreign:
        return
    console = person.caller(org, day, when, place, "console", draw)
    log.data(console, "ListObjects", stranger, when, "", sent=243, error=DENIED)


def _written(person: Person, folder: str, like: list[Object], draw: Rng) -> list[Object]:
    name = person.name.split(".", maxsplit=1)[0]
    return [
        (f"{folder}{name}-{draw.integers(1, 999)}-{key.rsplit('/', 1)[1]}", int(size * 0.8)) for key, size in like[:6]
    ]
