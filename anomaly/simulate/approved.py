"""Hard benign days that somebody has approved: as large as those that nobody did, and covered by rows of workflows.csv.

Who is approved is an IAM user where there is one: a row that names a role of single sign-on approves everybody who
takes it, and then no truth could say who was meant.
"""

from collections.abc import Iterable
from datetime import timedelta

from anomaly.simulate import identity
from anomaly.simulate.buckets import GIB, Bucket
from anomaly.simulate.deeds import Deed, people, volume
from anomaly.simulate.draw import Rng, choose, rng
from anomaly.simulate.lookalikes import QUARTER_BYTES, closer, quarter
from anomaly.simulate.org import Org, Workflow
from anomaly.simulate.person import Person
from anomaly.simulate.transfers import MOVERS, mover, replicated

REVIEWED_AFTER_DAYS = 90
# sensitive, and none that replication of the company or of another look-alike carries
REPLICABLE = ("finance-payroll", "hr-records", "research-papers", "sales-crm-export")
REPLICATED = "replication-approved"


def quarter_end_approved(org: Org, draw: Rng) -> Deed:
    """Finance exports a quarter from the office, and the approver said how much a day may take."""
    bucket, other = org.bucket("finance-reports"), closer(org, rng(org.seed, "lookalike", "quarter-end"))
    person = _chosen(draw, other, people(org, "finance"), _readers(org, bucket), people(org))
    want = volume(draw, *QUARTER_BYTES)
    # who approves an export says a round figure that leaves room
    allowed = (2 * int(want) // GIB + 1) * GIB
    row = _row(org, "quarter-end", person.principal, bucket, "internal", "export of the quarter", "finance", allowed)
    return quarter(org, draw, person, want, (row,))


def replication_approved(org: Org, draw: Rng) -> Deed:
    """Replication to our backup account: both who switches it on and the role that carries it are approved."""
    other = mover(org, rng(org.seed, "lookalike", "own-replication"))
    person = _chosen(draw, other, people(org, *MOVERS), people(org))
    source = org.bucket(choose(draw, REPLICABLE))
    home = org.account("backup").id
    target = Bucket(
        org.seed, f"{source.name}-copy", home, org.region, source.sensitivity, "platform", source.style, org.first
    )
    role = identity.role(draw, f"s3crr_role_for_{source.name}", source.account)
    place, why = f"s3://{target.name}", "second copy in our backup account"
    rows = tuple(
        _row(org, f"{REPLICATED}-{part}", who, source, place, why, "platform")
        for part, who in (("rule", person.principal), ("carrier", role))
    )
    return replicated(org, draw, person, role, source, target, rows)


def _readers(org: Org, bucket: Bucket) -> list[Person]:
    return [person for person in people(org) if bucket.name in person.known]


def _chosen(draw: Rng, other: Person, *pools: Iterable[Person]) -> Person:
    """Somebody with a principal of their own from the first pool that has one, and never ``other``."""
    known = [[p for p in pool if p.principal is not other.principal] for pool in pools]
    own = [[p for p in pool if p.iam] for pool in known]
    return choose(draw, next(pool for pool in (*own, *reversed(known)) if pool))


def _row(
    org: Org,
    name: str,
    who: identity.User | identity.Role,
    bucket: Bucket,
    destination: str,
    reason: str,
    team: str,
    allowed: int | None = None,
) -> Workflow:
    principal = who.principal if isinstance(who, identity.Role) else who.arn
    review = org.first + timedelta(days=org.days + REVIEWED_AFTER_DAYS)
    return Workflow(name, principal, bucket.name, destination, reason, org.mail(team), review, allowed)


APPROVED = {"quarter-end-approved": quarter_end_approved, REPLICATED: replication_approved}
