"""The company in Azure: a tenant, storage accounts and containers, people, managed identities, a key, a signature."""

from datetime import timedelta

from anomaly.simulate import multicloud_life as life
from anomaly.simulate.azure_pen import AzurePen
from anomaly.simulate.buckets import Bucket
from anomaly.simulate.draw import Rng, choose, hexes, rng, uuid, whole
from anomaly.simulate.multicloud import PURPOSES, Estate, Who, buckets, elsewhere, staff
from anomaly.simulate.multicloud_life import Resident
from anomaly.simulate.network import PARTNER
from anomaly.simulate.org import Account, Org, Workflow
from anomaly.simulate.wire import Log

CLOUD = "azure"
SUBNET = "10.202"
REVIEW_DAYS = 200
REGION = "westeurope"
JOBS = ("etl", "backup", "trainer", "inventory", "sync")


def estate(org: Org) -> Estate:
    """Draw a tenant with three storage accounts, a partner's and a stranger's account, and who works on them."""
    draw = rng(org.seed, CLOUD, "estate")
    # a storage account's name is 3 to 24 small letters and digits
    short = org.name.replace("-", "")[:14]
    stores = [
        Account(f"{short}{label}{hexes(draw, 2)}", f"azure-{label}", "own") for label in ("data", "docs", "vault")
    ]
    tenant = Account(uuid(hexes(draw, 32)), "azure-tenant", "own")
    subscription = Account(uuid(hexes(rng(org.seed, CLOUD, "subscription"), 32)), "azure-subscription", "own")
    partner = Account(f"logihub{hexes(draw, 6)}", "azure-partner", "partner")
    stranger, last = f"st{hexes(draw, 10)}", len(stores) - 1
    named = [(f"{stores[min(place % 3, last)].id}/{purpose}", purpose) for purpose, (*_, place) in PURPOSES.items()]
    colleagues = [Who(p.name, p.email, "user", uuid(hexes(draw, 32)), p) for p in staff(org, CLOUD)]
    jobs = [_managed(job, draw) for job in JOBS]
    return Estate(
        CLOUD, org, [tenant, subscription, *stores, partner], _places(org, named),
        colleagues, [*jobs, *_signers(draw)], SUBNET,
        elsewhere(org, f"{partner.id}/inbox", partner.id, REGION),
        elsewhere(org, f"{stranger}/data", stranger, REGION),
    )  # fmt: skip


def pen(home: Estate, log: Log) -> AzurePen:
    """The pen of this cloud."""
    return AzurePen(home, log)


def residents(home: Estate) -> list[Resident]:
    """Everyone who lives here."""
    draw = home.draw("agents")
    library = f"azsdk-python-storage-blob/12.{whole(draw, 23, 14)}.0 Python/3.11.{whole(draw, 9)} (Linux-5.15-azure)"
    habits = (life.pipeline, life.backup, life.batch, life.scan, life.partner_copy, life.build, life.pickup)
    jobs = [
        Resident(home, job, azcopy(home, job) if job.name in ("backup", "sync", "partner") else library, pen, habit)
        for job, habit in zip(home.machines, habits, strict=True)
    ]
    return [*(Resident(home, who, client(home, who), pen, life.work) for who in home.staff), *jobs]


def client(home: Estate, who: Who) -> str:
    """What a colleague works with."""
    draw = home.draw("client", who.name)
    return choose(
        draw,
        (
            f"Microsoft Azure Storage Explorer, 1.{whole(draw, 37, 30)}.0, win32, azcopy-node, 2.0.0",
            f"AZURECLI/2.{whole(draw, 70, 50)}.0 (MSI) azsdk-python-storage-blob/12.16.0 Python/3.11.8",
            azcopy(home, who),
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            f"Chrome/{whole(draw, 132, 121)}.0.0.0 Safari/537.36",
        ),
    )


def azcopy(home: Estate, who: Who) -> str:
    """The copy program."""
    minor = whole(home.draw("azcopy", who.name), 28, 18)
    return f"AzCopy/10.{minor}.0 azsdk-go-azblob/v1.{minor % 5}.0 (go1.21; linux)"


def workflows(home: Estate) -> list[Workflow]:
    """The approved ways for data to leave: a copy, and reads with a signature from the partner's network."""
    review, owner = home.org.first + timedelta(days=home.org.days + REVIEW_DAYS), home.org.mail("data")
    source = life.partner_source(home).name
    copy = f"azure-account:{home.partner.account}"
    return [
        Workflow(
            "azure-partner-copy", home.machine("sync").identity, source, copy,
            "weekly figures for the logistics partner", owner, review,
        ),
        Workflow(
            "azure-partner-sas", home.machine("partner").identity, source, f"cidr:{PARTNER}",
            "daily pickup by the logistics partner", owner, review,
        ),
    ]  # fmt: skip


def signature(draw: Rng, name: str) -> Who:
    """Somebody who holds a shared access signature; the log tells its hash and that of the key that signed it."""
    key, token = hexes(draw, 64).upper(), hexes(draw, 64).upper()
    return Who(name, f"sas:{token}", "sas", f"{key} {token}")


def _managed(name: str, draw: Rng) -> Who:
    oid = uuid(hexes(draw, 32))
    return Who(name, f"object:{oid}", "app", oid)


def _signers(draw: Rng) -> list[Who]:
    key = hexes(draw, 64).upper()
    return [Who("ci", f"account-key:{key}", "key", key), signature(draw, "partner")]


def _places(org: Org, named: list[tuple[str, str]]) -> list[Bucket]:
    return [
        bucket
        for name, purpose in named
        for bucket in buckets(org, [(name, purpose)], [Account(name.partition("/")[0], "", "own")], REGION)
    ]
