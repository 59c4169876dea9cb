"""Draw the organisation from the seed: accounts, buckets, networks, people."""

from datetime import date

from anomaly.simulate import words
from anomaly.simulate.buckets import Bucket
from anomaly.simulate.draw import Rng, choose, hexes, rng, some
from anomaly.simulate.machines import install
from anomaly.simulate.network import PARTNER, Site, World
from anomaly.simulate.org import Account, Org
from anomaly.simulate.people import Person
from anomaly.simulate.staff import hire

STRANGERS = 4


def build(seed: int, first: date, days: int, scale: float) -> Org:
    """Draw everything that does not change from day to day."""
    draw = rng(seed, "org")
    name = f"{choose(draw, words.COMPANY)}{choose(draw, ('', '-group', '-labs', '-io'))}"
    places = (choose(draw, words.HOMES), choose(draw, words.WESTS), choose(draw, words.EASTS))
    countries = tuple(country for country, _ in places)
    region = words.REGIONS[countries[0]]
    accounts = _accounts(draw)
    org = Org(
        seed=seed,
        first=first,
        days=days,
        scale=scale,
        name=name,
        region=region,
        accounts=accounts,
        buckets=_buckets(seed, draw, name, accounts, region, first),
        world=World(seed, countries, tuple(some(draw, words.ELSEWHERE, 6))),
        sites=_sites(draw, countries),
        holidays=frozenset(draw.integers(0, max(days, 2), 2).tolist()),
        endpoints={a.id: f"vpce-0{hexes(draw, 16)}" for a in accounts if a.relation == "own"},
    )
    org.actors += hire(org, places)
    install(org)
    return org


def _accounts(draw: Rng) -> list[Account]:
    labels = (
        ["prod", "data", "backup"]
        + (["security"] if draw.random() < 0.7 else [])
        + (["dev"] if draw.random() < 0.6 else [])
    )
    ids = {str(n) for n in draw.integers(200_000_000_000, 999_999_999_999, 40).tolist()}
    pool = sorted(ids)
    order = draw.permutation(len(pool)).tolist()
    own = [Account(pool[order[i]], label, "own") for i, label in enumerate(labels)]
    partners = [
        Account(pool[order[10 + i]], f"partner-{c}", "partner")
        for i, c in enumerate(("logistics", "analytics")[: 1 + int(draw.random() < 0.6)])
    ]
    strangers = [Account(pool[order[20 + i]], f"stranger-{i}", "stranger") for i in range(STRANGERS)]
    return own + partners + strangers


def _buckets(seed: int, draw: Rng, name: str, accounts: list[Account], region: str, first: date) -> list[Bucket]:
    by_label = {a.label: a.id for a in accounts if a.relation == "own"}
    second = "us-east-1" if draw.random() < 0.5 else "eu-west-1"
    suffix = choose(draw, ("prod", "prd", "live", "main"))
    encrypted = {"lake-pii", "finance-payroll"} if draw.random() < 0.5 else {"hr-records", "lake-pii"}
    made = []
    for purpose, (style, sensitivity, team, label, always) in words.BUCKETS.items():
        if not always and draw.random() < 0.4:
            continue
        where = second if label == "backup" and second != region else region
        account = by_label.get(label, by_label["prod"])
        made.append(
            Bucket(
                seed,
                f"{name}-{purpose}-{suffix}",
                account,
                where,
                sensitivity,
                team,
                style,
                first,
                purpose in encrypted,
            )
        )
    return made


def _sites(draw: Rng, countries: tuple[str, ...]) -> list[Site]:
    offices = [
        Site(f"203.0.113.{32 * i}/28", f"office-{country.lower()}-{i + 1}", "office")
        for i, country in enumerate(countries)
    ]
    return [
        *offices,
        Site("203.0.113.128/27", "staff-vpn", "vpn"),
        Site("198.51.100.16/28", "nat-prod", "nat"),
        Site("198.51.100.32/28", "nat-data", "nat"),
        Site(f"10.{draw.integers(10, 60)}.0.0/16", "vpc-prod", "vpc"),
        Site(f"10.{draw.integers(70, 120)}.0.0/16", "vpc-data", "vpc"),
        Site(f"10.{draw.integers(130, 200)}.0.0/16", "vpc-tools", "vpc"),
        Site(str(PARTNER), "partner-transfer", "partner"),
    ]


def people(org: Org) -> list[Person]:
    """The employees among the actors."""
    return [actor for actor in org.actors if isinstance(actor, Person)]
