"""Install the workloads, and write down which of them are approved."""

from collections.abc import Sequence
from datetime import timedelta

from anomaly.simulate import agents, clients, identity
from anomaly.simulate.background import LogDelivery, Logins, Noise
from anomaly.simulate.draw import UPPER, Rng, choose, rng, some, text
from anomaly.simulate.errands import Builds, Integration, Links, OpenData, Partner, Queries, Scanner, Training
from anomaly.simulate.network import PARTNER
from anomaly.simulate.org import Actor, Org, Workflow
from anomaly.simulate.person import Person
from anomaly.simulate.workloads import Backup, Job, LegacyExport, Pipeline, Replication, Service, foreign_bucket

PIPES = (
    # name, source, target, runs a day, share of a partition read
    ("etl-events", "raw-events", "lake-curated", 24, 1.0),
    ("etl-payments", "raw-payments", "lake-pii", 24, 1.0),
    ("etl-marts", "lake-curated", "lake-marts", 2, 1.0),
    ("crm-sync", "sales-crm-export", "lake-curated", 1, 0.8),
    ("fraud-features", "lake-pii", "lake-marts", 2, 0.7),
    ("log-rollup", "eng-logs", "eng-logs", 6, 0.7),
)
SERVICES = (
    ("profile-api", "customer-profiles", 900),
    ("document-api", "customer-documents", 500),
    ("ticket-web", "support-tickets", 450),
)
MACHINE_USERS = tuple(f"{a}-{b}" for a in ("svc", "ext", "integration") for b in ("bi", "report", "sync", "audit"))
FOREVER, FORGOTTEN_AFTER = 10_000, 5
SAVED = ("db-dumps", "lake-curated", "finance-reports", "hr-records", "legal-contracts", "customer-documents")


def install(org: Org, staff: Sequence[Person]) -> None:
    """Add all workloads to the actors and their approvals to the workflows."""
    for part in (_pipelines, _services, _copies, _analytics, _edges, _integrations):
        org.actors += part(org, rng(org.seed, "machines", part.__name__))
    org.actors.append(Logins("logins", staff))


def job(org: Org, name: str, site: str, agent: str, session: str = "", hosts: int = 1, lifetime: int = 0) -> Job:
    """Give a workload its role, addresses and way out: through the endpoint from a VPC, else by a NAT address."""
    label, place = site.split("-")[1], next(s for s in org.sites if s.label == site)
    account = org.account("prod" if label == "tools" else label).id
    role = identity.role(rng(org.seed, "job", name), f"{org.name}-{name}-role", account)
    base, last = place.cidr.split("/")[0].rsplit(".", 1)
    if place.kind == "vpc":
        return Job(name, role, agent, base.rsplit(".", 1)[0], org.endpoints[account], session, hosts, lifetime)
    return Job(name, role, agent, f"{base}.{int(last) + 3}", "", session, hosts, lifetime)


def _pipelines(org: Org, draw: Rng) -> list[Actor]:
    pipes: list[Actor] = []
    for name, source, target, runs, share in PIPES:
        site = "vpc-data" if draw.random() < 0.7 else "nat-data"
        first = int(draw.integers(0, 5))
        hours = tuple((first + i * 24 // runs) % 24 for i in range(runs))
        heavy = runs <= 2 and draw.random() < 0.6
        agent = agents.spark(draw) if heavy else agents.server_boto3(draw)
        worker = job(org, name, site, agent, session=choose(draw, ("", name)))
        pace = clients.SPARK if heavy else clients.LOOP
        share *= float(draw.uniform(0.5, 1.2))
        pipes.append(Pipeline(worker, org.bucket(source), org.bucket(target), hours, pace, share))
    return pipes


def _services(org: Org, draw: Rng) -> list[Actor]:
    made: list[Actor] = []
    for name, purpose, reads in SERVICES:
        agent = agents.server_java(draw) if draw.random() < 0.5 else agents.server_boto3(draw)
        hosts, lifetime = int(draw.integers(2, 5)), int(draw.integers(9, 25))
        worker = job(org, name, "vpc-prod", agent, hosts=hosts, lifetime=lifetime)
        mean, peak = reads * float(draw.uniform(0.5, 1.4)), float(draw.uniform(11, 16))
        made.append(Service(worker, org.bucket(purpose), mean, peak))
    return made


def _copies(org: Org, draw: Rng) -> list[Actor]:
    backup = job(org, "nightly-backup", "vpc-tools", agents.server_cli(draw, "s3.sync"), session="backup")
    legacy = job(org, "legacy-export", "vpc-data", agents.server_cli(draw, "s3.cp"), session="export")
    vault, replica, source = org.bucket("backup-vault"), org.bucket("replica-docs"), org.bucket("customer-documents")
    carrier = identity.role(draw, f"s3crr_role_for_{source.name}", source.account)
    marts, partner = org.bucket("lake-marts"), org.related("partner")[0].id
    _approve(org, "backup-nightly", backup.role.arn, "*", f"aws-account:{vault.account}", "nightly backup", 400)
    _approve(org, "replica-docs", carrier.arn, source.name, f"s3://{replica.name}", "disaster recovery", 300)
    _approve(org, "legacy-export", legacy.role.arn, marts.name, f"aws-account:{partner}", "weekly marts", -30)
    return [
        Backup(backup, [org.bucket(purpose) for purpose in SAVED], vault, float(draw.uniform(0.5, 4))),
        Replication("replica-docs", carrier, source, replica, float(draw.uniform(20, 60))),
        LegacyExport(legacy, marts, foreign_bucket(org, partner, "inbound"), int(draw.integers(0, 5))),
    ]


def _analytics(org: Org, draw: Rng) -> list[Actor]:
    analysts = [org.mail(f"analyst-{i}") for i in range(1, 4)]
    role = identity.role(draw, f"{org.name}-analyst-role", org.account("data").id)
    tables = [org.bucket(purpose) for purpose in ("lake-curated", "lake-marts", "lake-pii")]
    service = choose(draw, ("athena.amazonaws.com", "redshift.amazonaws.com"))
    results, mean = org.bucket("query-results"), float(draw.uniform(18, 34))
    trainer = job(org, "model-training", "vpc-data", agents.server_boto3(draw), session="SageMaker")
    opener = job(org, "open-data", "nat-data", agents.server_boto3(draw), session="open-data")
    public = foreign_bucket(org, org.related("stranger")[-1].id, "open")
    return [
        Queries("queries", role, service, analysts, tables, results, mean, 1.0),
        Training(trainer, org.bucket("ml-datasets"), int(draw.integers(2, 5)), int(draw.integers(7))),
        OpenData(opener, public, org.bucket("research-papers"), int(draw.integers(4, 9))),
    ]


def _edges(org: Org, draw: Rng) -> list[Actor]:
    scanner = job(org, "security-audit", "nat-prod", agents.server_boto3(draw), session="audit")
    links = job(org, "share-links", "vpc-prod", agents.server_boto3(draw), session="share-links")
    noise = job(org, "monitoring", "nat-prod", agents.server_boto3(draw), session="monitor")
    ci = identity.role(draw, f"{org.name}-ci-deploy", org.account("prod").id)
    crowd = org.world.of("residential") + org.world.of("mobile")
    hosting, artifacts, state = org.world.of("hosting"), org.bucket("eng-artifacts"), org.bucket("infra-state")
    return [
        Scanner(scanner, int(draw.integers(7)), float(draw.uniform(1, 6)), int(draw.integers(400, 900))),
        LogDelivery("log-delivery", org.bucket("audit-trail"), float(draw.uniform(350, 700))),
        Links(links, org.bucket("app-uploads"), crowd, float(draw.uniform(150, 330))),
        Noise(noise, float(draw.uniform(90, 200))),
        Builds("ci", ci, hosting[:2], artifacts, state, float(draw.uniform(8, 25)), agents.server_cli(draw, "s3.cp")),
        _partner(org, draw),
    ]


def _integrations(org: Org, draw: Rng) -> list[Actor]:
    """Four machine users: two old ones, one that comes during the history, one that was forgotten after a week."""
    later = org.days // 2 + int(draw.integers(0, 9))
    plans = [("lake-marts", 0, FOREVER), ("sales-crm-export", 0, FOREVER), ("eng-wiki", later, FOREVER)]
    plans.append(("research-papers", 0, FORGOTTEN_AFTER))
    names = some(draw, MACHINE_USERS, len(plans))
    users: list[Actor] = []
    for name, (purpose, first, last) in zip(names, plans, strict=True):
        bucket, network = org.bucket(purpose), choose(draw, org.world.of("hosting"))
        user = identity.user(rng(org.seed, "integration", name), name, bucket.account)
        agent = agents.machine(draw).boto3() if draw.random() < 0.5 else agents.machine(draw).cli("s3.sync")
        users.append(Integration(user, network.address(draw), agent, bucket, float(draw.uniform(1, 22)), first, last))
    return users


def _partner(org: Org, draw: Rng) -> Partner:
    account, exchange = org.related("partner")[0].id, org.bucket("partner-exchange")
    why = "managed transfer of the partner"
    _approve(org, "partner-transfer", f"aws-account:{account}", exchange.name, f"cidr:{PARTNER}", why, 200)
    pool = [str(PARTNER.network_address + int(i)) for i in draw.integers(2, 60, 2)]
    hour, agent = float(draw.uniform(2, 9)), agents.server_boto3(draw)
    most = int(draw.integers(40, 160))
    return Partner("partner", account, "AIDA" + text(draw, 17, UPPER), pool, exchange, hour, agent, most)


def _approve(org: Org, name: str, who: str, bucket: str, destination: str, reason: str, days: int) -> None:
    review = org.first + timedelta(days=days)
    org.workflows.append(Workflow(name, who, bucket, destination, reason, org.mail("platform"), review))
