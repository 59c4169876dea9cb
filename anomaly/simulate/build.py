"""Draw the organisation from the seed: accounts, buckets, networks; then hire people and install machines."""

from datetime import date

from anomaly.simulate import access_only, control_life, traffic, words
from anomaly.simulate.buckets import Bucket
from anomaly.simulate.draw import Rng, choose, hexes, rng, some
from anomaly.simulate.forms import S3_ACCESS, VPC_FLOW
from anomaly.simulate.machines import install
from anomaly.simulate.network import PARTNER, Site, World
from anomaly.simulate.org import Account, Org
from anomaly.simulate.sources import CONTROL, DEFAULT
from anomaly.simulate.staff import hire

PARTNERS = ("partner-logistics", "partner-analytics")
STRANGERS = 5
SPARE_BUCKET_SHARE = 0.6


def build(seed: int, first: date, days: int, scale: float, sources: tuple[str, ...] = DEFAULT) -> Org:
    """Draw everything that does not change from day to day."""
    draw = rng(seed, "org")
    name = choose(draw, words.COMPANY) + choose(draw, ("", "-group", "-labs", "-io"))
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
        console=f"vpce-{hexes(draw, 8)}",
        sources=sources,
    )
    staff = hire(org, places)
    org.actors += staff
    install(org, staff)
    if CONTROL in sources:
        control_life.switch_on(org)
    if S3_ACCESS in sources:
        access_only.switch_on(org)
    if VPC_FLOW in sources:
        traffic.switch_on(org)
    return org


def _accounts(draw: Rng) -> list[Account]:
    labels = ["prod", "data", "backup"]
    labels += [label for label, share in (("security", 0.7), ("dev", 0.6)) if draw.random() < share]
    partners = PARTNERS[: 1 + int(draw.random() < 0.6)]
    rows = [(label, "own") for label in labels] + [(label, "partner") for label in partners]
    rows += [(f"stranger-{i}", "stranger") for i in range(STRANGERS)]
    first, last = 10**11, 10**12
    ids = {str(number) for number in draw.integers(2 * first, last, 4 * len(rows)).tolist()}
    drawn = some(draw, sorted(ids), len(ids))
    order = draw.permutation(len(drawn)).tolist()
    return [Account(drawn[order[i]], label, relation) for i, (label, relation) in enumerate(rows)]


def _buckets(seed: int, draw: Rng, name: str, accounts: list[Account], region: str, first: date) -> list[Bucket]:
    ids = {a.label: a.id for a in accounts}
    second = choose(draw, [r for r in ("us-east-1", "eu-west-1", "eu-south-1") if r != region])
    suffix = choose(draw, ("prod", "prd", "live", "main"))
    encrypted = {"lake-pii", choose(draw, ("finance-payroll", "hr-records", "legal-contracts"))}
    made = []
    for purpose, (style, sensitivity, team, label, always) in words.BUCKETS.items():
        if always or draw.random() < SPARE_BUCKET_SHARE:
            full, account = f"{name}-{purpose}-{suffix}", ids.get(label, ids["prod"])
            where = second if label == "backup" else region
            kms = purpose in encrypted
            made.append(Bucket(seed, full, account, where, sensitivity, team, style, first, kms))
    return made


def _sites(draw: Rng, countries: tuple[str, ...]) -> list[Site]:
    offices = [
        Site(f"203.0.113.{32 * i}/28", f"office-{country.lower()}", "office") for i, country in enumerate(countries)
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
