"""Hire the staff: who works where, with what, on which buckets, and what is special about some."""

from anomaly.simulate import agents, identity, words
from anomaly.simulate.buckets import Bucket
from anomaly.simulate.draw import Rng, choose, rng, some, weighted
from anomaly.simulate.network import Provider
from anomaly.simulate.org import Org
from anomaly.simulate.people import Employee

Place = tuple[str, float]
PLACE_WEIGHTS = (0.6, 0.25, 0.15)
SSO_SHARE = 0.72
JOINERS = 3
JOINING_TEAMS = ("engineering", "sales", "support", "data", "marketing")


def hire(org: Org, places: tuple[Place, Place, Place]) -> list[Employee]:
    """Draw all people; each from a generator of its own."""
    draw = rng(org.seed, "staff")
    names: list[str] = []
    staff = []
    for team, size in zip(words.TEAMS, words.TEAM_SIZES, strict=True):
        account = org.account("data" if team in ("data", "science") else "prod").id
        role = identity.sso_role(rng(org.seed, "sso", team), words.PERMISSIONS[team], account, org.region)
        for _ in range(max(1, round(size * float(draw.uniform(0.7, 1.35))))):
            names.append(_name(draw, names))
            staff.append(employ(org, names[-1], team, role, places))
    _rota(org, [p for p in staff if p.team == "platform"])
    for person in some(draw, [p for p in staff if p.team in JOINING_TEAMS], JOINERS):
        _join(org, person, draw)
    return staff


def _name(draw: Rng, taken: list[str]) -> str:
    while (name := f"{choose(draw, words.GIVEN)}.{choose(draw, words.FAMILY)}") in taken:
        pass
    return name


def employ(org: Org, name: str, team: str, role: identity.Role, places: tuple[Place, Place, Place]) -> Employee:
    """Draw one person."""
    draw = rng(org.seed, "person", name)
    country, offset = weighted(draw, places, PLACE_WEIGHTS)
    sso = draw.random() < SSO_SHARE
    buckets = _habits(org, team, draw)
    return Employee(
        name=name,
        email=org.mail(name),
        team=team,
        country=country,
        offset=offset,
        principal=role if sso else identity.user(draw, name, role.account, keys=2),
        machine=agents.machine(draw),
        isp=choose(draw, org.world.of("residential", country)),
        subnet=int(draw.integers(16)),
        office=_office(org, country, draw),
        remote=float(draw.beta(1.2, 1.5)),
        tools=_tools(team, sso, draw),
        habits={bucket.name: weight for bucket, weight in buckets},
        appetite=float(draw.lognormal(0.3, 0.6)),
        sessions=float(draw.lognormal(0.85, 0.5)),
        away=_away(org, draw),
        rotation=_someday(org, draw, 0.35 if not sso else 0),
        upgrade=_someday(org, draw, 0.5),
        travel=_travel(org, country, draw),
        tunnel=choose(draw, org.world.of("vpn")) if draw.random() < 0.12 else None,
        known={bucket.name: bucket for bucket, _ in buckets},
    )


def _habits(org: Org, team: str, draw: Rng) -> list[tuple[Bucket, float]]:
    others = [b for b in org.buckets if b.owner != team]
    ours = [b for b in org.buckets if b.owner == team and not b.name.rsplit("-", 1)[0].endswith(words.NOBODYS)]
    public = [b for b in others if b.sensitivity in ("internal", "public")]
    lent = [b for b in others if b.sensitivity == "confidential" and b.style != "state"]
    chosen = [(b, 0.25 if b.sensitivity == "restricted" else 1.0) for b in ours]
    chosen += [(b, 0.15 if ours else 1.0) for b in some(draw, public, 2)]
    chosen += [(b, 0.06) for b in some(draw, lent, int(draw.integers(0, 3)))]
    return [(bucket, weight * float(draw.lognormal(0, 0.7))) for bucket, weight in chosen]


def _office(org: Org, country: str, draw: Rng) -> str:
    wanted = "staff-vpn" if draw.random() < 0.15 else f"office-{country.lower()}"
    site = next(s for s in org.sites if s.label == wanted)
    base, last = site.cidr.split("/")[0].rsplit(".", 1)
    return f"{base}.{int(last) + int(draw.integers(1, 4))}"


def _tools(team: str, sso: bool, draw: Rng) -> dict[str, float]:
    tools = {tool: weight * float(draw.lognormal(0, 0.7)) for tool, weight in words.TOOLS[team].items()}
    if draw.random() < 0.07:
        tools["rclone"] = 2.0
    if not sso:
        tools["cli"] = tools.get("cli", 0) + 2
    return tools


def _someday(org: Org, draw: Rng, share: float) -> int | None:
    day = int(draw.integers(0, max(org.days, 1)))
    return day if draw.random() < share else None


def _away(org: Org, draw: Rng) -> frozenset[int]:
    first = _someday(org, draw, 0.55)
    return frozenset() if first is None else frozenset(range(first, first + int(draw.integers(2, 12))))


def _travel(org: Org, country: str, draw: Rng) -> tuple[int, int, Provider] | None:
    first = _someday(org, draw, 0.3)
    if first is None:
        return None
    abroad = [p for p in org.world.of("mobile") if p.country != country]
    return first, int(draw.integers(2, 6)), choose(draw, abroad)


def _rota(org: Org, platform: list[Employee]) -> None:
    for week in range(org.days // 7 + 1):
        platform[week % len(platform)].on_call |= frozenset(range(7 * week, 7 * week + 7))


def _join(org: Org, person: Employee, draw: Rng) -> None:
    """Someone whose first day lies inside the history, with nothing restricted yet."""
    early = org.days // 4
    person.start = int(draw.integers(early, max(org.days - 4, early + 1)))
    for name in [n for n, bucket in person.known.items() if bucket.sensitivity == "restricted"]:
        del person.known[name], person.habits[name]
