"""A person: where from, when, with which client and credential, on which buckets."""

from dataclasses import dataclass, field

from anomaly.simulate import agents, identity
from anomaly.simulate.buckets import Bucket
from anomaly.simulate.caller import Caller, Credential
from anomaly.simulate.draw import Rng, rng
from anomaly.simulate.network import Provider
from anomaly.simulate.org import Org
from anomaly.simulate.wire import Log

LEASE_DAYS = 19
DAY_OFF_SESSIONS = 0.05
LATE_SHARE = 0.06


@dataclass
class Person:
    """Somebody who works here. ``offset`` is hours from UTC; ``start`` the first day; days count from 0."""

    name: str
    email: str
    team: str
    country: str
    offset: float
    principal: identity.User | identity.Role
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
    tunnel: Provider | None = None
    on_call: frozenset[int] = frozenset()
    known: dict[str, Bucket] = field(default_factory=dict, repr=False)

    @property
    def iam(self) -> bool:
        """Whether it is an IAM user rather than a single sign-on role."""
        return isinstance(self.principal, identity.User)

    def eagerness(self, org: Org, day: int) -> float:
        """Sessions to expect on a day."""
        if not self.works(org, day):
            return DAY_OFF_SESSIONS
        return self.sessions * (1.6 if self.closes_books(org, day) else 1.0)

    def works(self, org: Org, day: int) -> bool:
        """Weekdays, but for holidays and absences."""
        return not org.weekend(day) and day not in org.holidays and day not in self.away

    def closes_books(self, org: Org, day: int) -> bool:
        """Whether this is finance at the end of a month: its last days and its first two."""
        return self.team == "finance" and (org.day_of_month(day) <= 2 or org.day_of_month(day) >= 29)

    def hour(self, draw: Rng) -> float:
        """A local hour of work: mornings and afternoons, few at lunch, some late."""
        if draw.random() < LATE_SHARE:
            return float(draw.uniform(18, 21.5))
        return float(draw.normal(10.4, 1.0) if draw.random() < 0.5 else draw.normal(15.2, 1.3))

    def place(self, day: int, draw: Rng) -> str:
        """Where the person works from this day."""
        if self.travel and self.travel[0] <= day < self.travel[0] + self.travel[1]:
            return "travel"
        if self.tunnel and draw.random() < 0.15:
            return "tunnel"
        return "home" if draw.random() < self.remote else "office"

    def address(self, org: Org, day: int, place: str) -> str:
        """The public address that the service sees; home addresses change every few weeks."""
        if place == "travel" and self.travel:
            return self.travel[2].address(rng(org.seed, "hotel", self.name, self.travel[0]), self.subnet)
        if place == "tunnel" and self.tunnel:
            return self.tunnel.address(rng(org.seed, "tunnel", self.name, day))
        if place == "office":
            return self.office
        lease = (day + self.subnet) // LEASE_DAYS
        return self.isp.address(rng(org.seed, "lease", self.name, lease), self.subnet)

    def credential(self, day: int, when: float, draw: Rng, console: bool) -> Credential:
        """The credential of a session: a single sign-on role, an IAM user's key, or its console login."""
        created = int(when) - int(draw.integers(20, 5400))
        who = self.principal
        if isinstance(who, identity.Role):
            return identity.by_session(who, self.email, identity.temporary_key(draw), created)
        if console:
            return identity.by_console(who, identity.temporary_key(draw), created)
        return identity.by_key(who, who.keys[self.rotation is not None and day >= self.rotation])

    def caller(self, org: Org, log: Log, when: float, place: str, tool: str) -> Caller:
        """A session's caller with one of the person's clients."""
        who = self.credential(log.day, when, log.draw, tool == "console")
        tls = "1.2" if self.machine.cli_minor < 15 else "1.3"
        # the console reaches storage through an endpoint of the provider's: an endpoint proves no private path
        endpoint = org.console if tool == "console" else ""
        return Caller(who, self.address(org, log.day, place), self.agent(tool, log.day), endpoint, tls=tls)

    def agent(self, tool: str, day: int) -> str:
        """The user agent of a tool; versions move on a day of the person's own."""
        later = 1 if self.upgrade is not None and day >= self.upgrade else 0
        machine = self.machine
        named = {"boto3": machine.boto3(later), "console": agents.CONSOLE, "web": machine.web()}
        named |= {"cyberduck": machine.cyberduck(), "rclone": machine.rclone()}
        return named.get(tool) or machine.cli(tool, later)
