"""Install the workloads and write down which of them are approved."""

from datetime import timedelta

from anomaly.simulate import agents, clients, identity
from anomaly.simulate.draw import Rng, choose, rng, text
from anomaly.simulate.errands import Builds, Links, LogDelivery, Noise, Partner, Queries, Scanner, Training
from anomaly.simulate.network import PARTNER
from anomaly.simulate.org import Actor, Org, Workflow
from anomaly.simulate.workloads import Backup, Job, LegacyExport, Pipeline, Replication, Service, foreign_bucket

PIPES = (
    # name, source, target, runs a day, share of the partition read
    ("etl-events", "raw-events", "lake-curated", 24, 1.0),
    ("etl-payments", "raw-payments", "lake-pii", 24, 1.0),
    ("etl-marts", "lake-curated", "lake-marts", 2, 1.0),
    ("crm-sync", "sales-crm-export", "lake-curated", 1, 0.8),
    ("fraud-features", "lake-pii", "lake-marts", 2, 0.7),
    ("log-rollup", "eng-logs", "eng-logs", 6, 0.7),
)


def job(
    org: Org,
    name: str,
    label: str,
    agent: str,
    *,
    site: str,
    private: bool,
    session: str = "",
    hosts: int = 1,
    lifetime: int = 0,
) -> Job:
    """Give a workload its role, addresses and way out of the VPC."""
    draw = rng(org.seed, "job", name)
    known = next((a for a in org.accounts if a.label == label), org.account("prod"))
    role = identity.role(draw, f"{org.name}-{name}-role", known.id)
    place = next(s for s in org.sites if s.label == site)
    base = place.cidr.split("/")[0]
    subnet = (
        ".".join(base.split(".")[:2])
        if place.kind == "vpc"
        else base[: base.rfind(".") + 1] + str(int(base.rsplit(".", 1)[1]) + 3)
    )
    return Job(name, role, agent, subnet, org.endpoints[known.id] if private else "", session, hosts, lifetime)


def install(org: Org) -> None:
    """Add all workloads to the actors and their approvals to the workflows."""
    draw = rng(org.seed, "machines")
    org.actors += [
        *_pipelines(org, draw),
        *_services(org, draw),
        *_copies(org, draw),
        *_analytics(org, draw),
        *_edges(org, draw),
    ]


def _pipelines(org: Org, draw: Rng) -> list[Actor]:
    pipes: list[Actor] = []
    for name, source, target, runs, share in PIPES:
        private = draw.random() < 0.7
        first = int(draw.integers(0, 5))
        hours = tuple((first + i * 24 // runs) % 24 for i in range(runs))
        agent = agents.spark(draw) if runs <= 2 and draw.random() < 0.6 else agents.server_boto3(draw)
        # a NAT gateway's public address is seen where there is no endpoint
        worker = job(
            org,
            name,
            "data",
            agent,
            site="vpc-data" if private else "nat-data",
            private=private,
            session=choose(draw, ("", name)),
        )
        pace = clients.SPARK if "Hadoop" in agent else clients.LOOP
        pipes.append(
            Pipeline(worker, org.bucket(source), org.bucket(target), hours, pace, share * float(draw.uniform(0.5, 1.2)))
        )
    return pipes


def _services(org: Org, draw: Rng) -> list[Actor]:
    made: list[Actor] = []
    for name, purpose, reads in (
        ("profile-api", "customer-profiles", 900),
        ("document-api", "customer-documents", 500),
        ("ticket-web", "support-tickets", 450),
    ):
        worker = job(
            org,
            name,
            "prod",
            agents.server_java(draw) if draw.random() < 0.5 else agents.server_boto3(draw),
            site="vpc-prod",
            private=True,
            hosts=int(draw.integers(2, 5)),
            lifetime=int(draw.integers(9, 25)),
        )
        made.append(
            Service(worker, org.bucket(purpose), reads * float(draw.uniform(0.5, 1.3)), float(draw.uniform(11, 16)))
        )
    return made


def _copies(org: Org, draw: Rng) -> list[Actor]:
    backup = job(
        org,
        "nightly-backup",
        "prod",
        agents.server_cli(draw, "s3.sync"),
        site="vpc-tools",
        private=True,
        session="backup",
    )
    sources = [
        org.bucket(p)
        for p in ("db-dumps", "lake-curated", "finance-reports", "hr-records", "legal-contracts", "customer-documents")
    ]
    vault = org.bucket("backup-vault")
    replica_role = identity.role(rng(org.seed, "replica"), f"s3crr_role_for_{org.name}", org.account("prod").id)
    replica_source = org.bucket("customer-documents")
    target = org.bucket("replica-docs")
    owner = f"platform@{org.name}.example"
    soon, past = org.first + timedelta(days=400), org.first - timedelta(days=30)
    org.workflows += [
        Workflow("backup-nightly", backup.role.arn, "*", f"aws-account:{vault.account}", "nightly backup", owner, soon),
        Workflow(
            "replica-docs",
            replica_role.arn,
            replica_source.name,
            f"s3://{target.name}",
            "disaster recovery",
            owner,
            soon,
        ),
    ]
    legacy = job(
        org, "legacy-export", "data", agents.server_cli(draw, "s3.cp"), site="vpc-data", private=True, session="export"
    )
    partner = next(a for a in org.accounts if a.relation == "partner")
    org.workflows.append(
        Workflow(
            "legacy-export",
            legacy.role.arn,
            org.bucket("lake-marts").name,
            f"aws-account:{partner.id}",
            "weekly marts for the partner",
            owner,
            past,
        )
    )
    return [
        Backup(backup, sources, vault, float(draw.uniform(0.5, 4))),
        Replication("replica-docs", replica_role, replica_source, target, float(draw.uniform(20, 60))),
        LegacyExport(
            legacy, org.bucket("lake-marts"), foreign_bucket(org, partner.id, "inbound"), int(draw.integers(0, 5))
        ),
    ]


def _analytics(org: Org, draw: Rng) -> list[Actor]:
    analysts = [f"{text(draw, 5).lower()}.analyst@{org.name}.example" for _ in range(3)]
    role = identity.role(draw, f"{org.name}-analyst-role", org.account("data").id)
    tables = [org.bucket(p) for p in ("lake-curated", "lake-marts", "lake-pii")]
    service = choose(draw, ("athena.amazonaws.com", "redshift.amazonaws.com"))
    trainer = job(
        org, "model-training", "data", agents.server_boto3(draw), site="vpc-data", private=True, session="SageMaker"
    )
    return [
        Queries(
            "queries", role, service, analysts, tables, org.bucket("query-results"), float(draw.uniform(18, 34)), 1.0
        ),
        Training(trainer, org.bucket("ml-datasets"), int(draw.integers(2, 5)), int(draw.integers(7))),
    ]


def _edges(org: Org, draw: Rng) -> list[Actor]:
    scanner = job(
        org, "security-audit", "prod", agents.server_boto3(draw), site="vpc-tools", private=False, session="audit"
    )
    links = job(
        org, "share-links", "prod", agents.server_boto3(draw), site="vpc-prod", private=True, session="share-links"
    )
    noise = job(org, "monitoring", "prod", agents.server_boto3(draw), site="nat-prod", private=False, session="monitor")
    ci = identity.role(draw, f"{org.name}-ci-deploy", org.account("prod").id)
    partner = next(a for a in org.accounts if a.relation == "partner")
    exchange = org.bucket("partner-exchange")
    org.workflows.append(
        Workflow(
            "partner-transfer",
            f"aws-account:{partner.id}",
            exchange.name,
            f"cidr:{PARTNER}",
            "managed transfer of the partner",
            f"data@{org.name}.example",
            org.first + timedelta(days=200),
        )
    )
    pool = [str(PARTNER.network_address + int(i)) for i in draw.integers(2, 60, 2)]
    crowd = [p for p in org.world.providers if p.kind in ("residential", "mobile")]
    return [
        Scanner(scanner, int(draw.integers(7)), float(draw.uniform(1, 6)), int(draw.integers(400, 900))),
        LogDelivery("log-delivery", org.bucket("audit-trail"), float(draw.uniform(350, 700))),
        Links(links, org.bucket("app-uploads"), crowd, float(draw.uniform(150, 330))),
        Noise(noise, float(draw.uniform(150, 350))),
        Builds(
            "ci",
            ci,
            org.world.of("hosting")[:2],
            org.bucket("eng-artifacts"),
            org.bucket("infra-state"),
            float(draw.uniform(8, 25)),
            agents.server_cli(draw, "s3.cp"),
        ),
        Partner(
            "partner",
            partner.id,
            "AIDA" + text(draw, 17).upper(),
            pool,
            exchange,
            float(draw.uniform(2, 9)),
            agents.server_boto3(draw),
        ),
    ]
