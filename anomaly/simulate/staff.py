"""Hire the staff: who works where, with what, on which buckets, and what is special about some."""

from anomaly.simulate import agents, identity, words
from anomaly.simulate.buckets import Bucket
from anomaly.simulate.draw import Rng, choose, rng, some, weighted
from anomaly.simulate.network import Provider
from anomaly.simulate.org import Org
from anomaly.simulate.people import Person

Place = tuple[str, float]
SSO_SHARE = 0.72


def hire(org: Org, places: tuple[Place, Place, Place]) -> list[Person]:
    """Draw all people; each from a generator of its own."""
    draw = rng(org.seed, "staff")
    roles = {
        (team, label): identity.sso_role(
            rng(org.seed, "sso", team, label), permission, org.account(label).id, org.region
        )
        for team, permission in words.PERMISSIONS.items()
        for label in ("prod", "data")
    }
    names: list[str] = []
    staff = []
    for team, size in zip(words.TEAMS, words.TEAM_SIZES, strict=True):
        for _ in range(max(1, round(size * float(draw.uniform(0.7, 1.35))))):
            name = _name(draw, names)
            label = "data" if team in ("data", "science") else "prod"
            staff.append(employ(org, name, team, roles[team, label], places))
    _special(org, staff, draw)
    return staff


def _name(draw: Rng, taken: list[str]) -> str:
    while (name := f"{choose(draw, words.GIVEN)}.{choose(draw, words.FAMILY)}") in taken:
        pass
    taken.append(name)
    return name


def employ(org: Org, name: str, team: str, role: identity.Role, places: tuple[Place, Place, Place]) -> Person:
    """Draw one person."""
    draw = rng(org.seed, "person", name)
    country, offset = weighted(draw, places, (0.6, 0.25, 0.15))
    sso = draw.random() < SSO_SHARE
    habits, known = _habits(org, team, draw)
    computer = agents.machine(draw)
    return Person(
        name=name,
        email=f"{name}@{org.name}.example",
        team=team,
        country=country,
        offset=offset,
        credential_of=role if sso else identity.user(draw, name, role.account, keys=2),
        machine=computer,
        isp=choose(draw, org.world.of("residential", country)),
        subnet=int(draw.integers(16)),
        office=_office(org, country, draw),
        remote=float(draw.beta(1.2, 1.5)),
        tools=_tools(team, sso, draw),
        habits=habits,
        appetite=float(draw.lognormal(0.3, 0.6)),
        sessions=float(draw.lognormal(0.55, 0.5)),
        away=_away(org, draw),
        rotation=int(draw.integers(3, max(org.days, 4))) if not sso and draw.random() < 0.35 else None,
        upgrade=int(draw.integers(0, max(org.days, 1))) if draw.random() < 0.5 else None,
        travel=_travel(org, country, draw),
        known=known,
    )


def _habits(org: Org, team: str, draw: Rng) -> tuple[dict[str, float], dict[str, Bucket]]:
    ours = [
        b
        for b in org.buckets
        if b.owner == team and b.style != "dumps" and "audit" not in b.name and "replica" not in b.name
    ]
    open_to_all = [b for b in org.buckets if b.sensitivity in ("internal", "public") and b.owner != team]
    lent = [b for b in org.buckets if b.sensitivity == "confidential" and b.owner != team and b.style != "state"]
    if not ours:
        ours = some(draw, open_to_all, 2)
    chosen = {b.name: (float(draw.lognormal(0, 0.8)) * (0.25 if b.sensitivity == "restricted" else 1), b) for b in ours}
    chosen |= {b.name: (0.15 * float(draw.lognormal(0, 0.6)), b) for b in some(draw, open_to_all, 2)}
    chosen |= {b.name: (0.06 * float(draw.lognormal(0, 0.6)), b) for b in some(draw, lent, int(draw.integers(0, 3)))}
    return {name: weight for name, (weight, _) in chosen.items()}, {
        name: bucket for name, (_, bucket) in chosen.items()
    }


def _office(org: Org, country: str, draw: Rng) -> str:
    site = next((s for s in org.sites if s.kind == "office" and f"-{country.lower()}-" in s.label), org.sites[0])
    if draw.random() < 0.15:
        site = next(s for s in org.sites if s.kind == "vpn")
    base, last = site.cidr.split("/")[0].rsplit(".", 1)
    return f"{base}.{int(last) + int(draw.integers(1, 4))}"


def _tools(team: str, sso: bool, draw: Rng) -> dict[str, float]:
    tools = {tool: weight * float(draw.lognormal(0, 0.7)) for tool, weight in words.TOOLS[team].items()}
    if draw.random() < 0.07:
        tools["rclone"] = 2.0
    if not sso:
        tools["cli"] = tools.get("cli", 0) + 2
    return tools


def _away(org: Org, draw: Rng) -> frozenset[int]:
    if draw.random() < 0.45:
        return frozenset()
    first = int(draw.integers(0, max(org.days, 1)))
    return frozenset(range(first, first + int(draw.integers(2, 12))))


def _travel(org: Org, country: str, draw: Rng) -> tuple[int, int, Provider] | None:
    if draw.random() > 0.3:
        return None
    abroad = [p for p in org.world.of("mobile") if p.country != country]
    return int(draw.integers(0, max(org.days, 1))), int(draw.integers(2, 6)), choose(draw, abroad)


def _special(org: Org, staff: list[Person], draw: Rng) -> None:
    platform = [p for p in staff if p.team == "platform"]
    for week in range(org.days // 7 + 1):
        person = platform[week % len(platform)]
        person.on_call |= frozenset(range(7 * week, 7 * week + 7))
    late = [p for p in staff if p.team in ("engineering", "sales", "support", "data", "marketing")]
    for person in some(draw, late, 3):
        person.start = int(draw.integers(org.days // 4, max(org.days - 4, org.days // 4 + 1)))
    for person in staff:
        if isinstance(person.credential_of, identity.User) and draw.random() < 0.1:
            person.sessions *= 0.1
