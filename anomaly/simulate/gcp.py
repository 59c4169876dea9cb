"""The company in Google Cloud: projects, buckets, people by mail address, service accounts, and their days."""

from datetime import timedelta

from anomaly.simulate import multicloud_life as life
from anomaly.simulate.draw import choose, hexes, rng, whole
from anomaly.simulate.gcp_pen import GcpPen
from anomaly.simulate.multicloud import PURPOSES, Estate, Hand, Pen, Who, at_work, buckets, elsewhere, hour_of, staff
from anomaly.simulate.multicloud_life import Resident
from anomaly.simulate.org import Account, Org, Workflow
from anomaly.simulate.wire import Log

CLOUD = "gcp"
SUBNET = "10.201"
REVIEW_DAYS = 200
BORROW_DAY = 2
JOBS = ("etl", "backup", "trainer", "inventory", "ci", "sync")
LIBRARY = "gcloud-python/2.{} gl-python/3.11.{} grpc/1.60.0 gccl/2.{}"


def estate(org: Org) -> Estate:
    """Draw two projects, a partner's and a stranger's, eight buckets and who works on them."""
    draw = rng(org.seed, CLOUD, "estate")
    tail = whole(draw, 999_999, 100_000)
    projects = [Account(f"{org.name}-{label}-{tail}", f"gcp-{label}", "own") for label in ("data", "apps")]
    partner = Account(f"logistics-hub-{whole(draw, 99_999, 10_000)}", "gcp-partner", "partner")
    region = "europe-west1"
    named = [(f"{org.name}-{purpose}", purpose) for purpose in PURPOSES]
    jobs = [Who(job, f"{job}@{projects[0].id}.iam.gserviceaccount.com", "key", hexes(draw, 40)) for job in JOBS]
    mail = Account(f"{org.name}.example", "mail", "own")
    return Estate(
        CLOUD, org, [*projects, mail, partner], buckets(org, named, projects, region),
        [Who(person.name, person.email, "user", person=person) for person in staff(org, CLOUD)],
        jobs, SUBNET,
        elsewhere(org, f"logistics-hub-inbox-{tail % 997}", partner.id, region),
        elsewhere(org, f"archive-{hexes(draw, 6)}", f"proj-{hexes(draw, 8)}", region),
    )  # fmt: skip


def pen(home: Estate, log: Log) -> GcpPen:
    """The pen of this cloud."""
    return GcpPen(home, log)


def residents(home: Estate) -> list[Resident]:
    """Everyone who lives here."""
    draw = home.draw("agents")
    library = LIBRARY.format(whole(draw, 19, 10), whole(draw, 9), whole(draw, 19, 10))
    habits = (life.pipeline, life.backup, life.batch, life.scan, life.build, life.partner_copy)
    jobs = [Resident(home, job, library, pen, habit) for job, habit in zip(home.machines, habits, strict=True)]
    return [*(Resident(home, who, client(home, who), pen, work) for who in home.staff), *jobs]


def work(one: Resident, log: Log, writer: Pen) -> None:
    """A colleague's day; one of them borrows a job's identity every Wednesday to look at its corpus."""
    life.work(one, log, writer)
    home, person = one.estate, one.who.person
    borrows = one.who == home.staff[0] and home.org.weekday(log.day) == BORROW_DAY
    if not borrows or person is None or not isinstance(writer, GcpPen) or not person.works(home.org, log.day):
        return
    job, hand, start = home.machine("trainer"), at_work(home, log, one.who, one.agent), hour_of(home.org, person, log)
    resource, method = f"projects/-/serviceAccounts/{job.identity}", "GenerateAccessToken"
    labels = {"type": "service_account", "project_id": home.accounts[0].id, "email_id": job.identity}
    writer.act(
        hand, "iamcredentials.googleapis.com", method, resource, labels, start, request={"name": resource}, reads=True
    )
    lent = Hand(Who("lent", job.identity, "lent", one.who.identity), hand.address, one.agent)
    corpus = home.bucket("ml-corpus")
    life.read_all(writer, lent, corpus, corpus.sample(log.draw, log.day, 1)[:20], start + 5, 2.0)


def client(home: Estate, who: Who) -> str:
    """What a colleague works with."""
    draw = home.draw("client", who.name)
    sdk = whole(draw, 500, 440)
    return choose(
        draw,
        (
            f"apitools Python/3.11.{whole(draw, 9)} gsutil/5.{whole(draw, 30, 20)} (linux) analytics/disabled "
            f"interactive/True command/cp google-cloud-sdk/{sdk}.0.0",
            f"google-cloud-sdk gcloud/{sdk}.0.0 command/gcloud.storage.cp invocation-id/{hexes(draw, 32)} "
            "environment/None client-os/MACOSX interactive/True from-script/False python/3.11.8",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            f"Chrome/{whole(draw, 132, 121)}.0.0.0 Safari/537.36",
        ),
    )


def workflows(home: Estate) -> list[Workflow]:
    """The approved ways for data to leave."""
    sync, review = home.machine("sync"), home.org.first + timedelta(days=home.org.days + REVIEW_DAYS)
    # the audit entry of a copy names the bucket it goes to and not its project
    return [
        Workflow(
            "gcp-partner-copy", sync.identity, life.partner_source(home).name, f"gs://{home.partner.name}",
            "weekly figures for the logistics partner", home.org.mail("data"), review,
        ),
    ]  # fmt: skip
