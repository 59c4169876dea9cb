"""What each context file holds: its columns, what a cell may say, and which rows may not come twice."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from anomaly.context import checks
from anomaly.context.destinations import SHOWN, destination
from anomaly.globs import glob

CLOUDS = ("aws", "gcp", "azure")
RELATIONS = ("own", "partner")
# Of the kinds an identity may have, those a person may say; anonymous and signed_url are what a request is.
IDENTITY_KINDS = ("human", "workload", "service", "external")
# Kinds of networks.csv; the kinds of an address in no row (private, internet, malformed) are not for the file to say.
NETWORK_KINDS = ("office", "vpn", "onprem", "nat", "vpc", "ci", "partner", "hosting", "other")
# Our choice: a restricted object weighs as much as ten internal ones, a public one nothing, for it is public.
SENSITIVITY_WEIGHTS = {"public": 0, "internal": 1, "confidential": 4, "restricted": 10}

ByCloud = Callable[[str, str], object]


@dataclass(frozen=True)
class Field:
    """One column of a file; ``by_cloud`` also checks the value against the row's cloud."""

    name: str
    meaning: str
    check: checks.Check = checks.text
    required: bool = True
    by_cloud: ByCloud | None = None


@dataclass(frozen=True)
class Table:
    """One file: ``key`` names the columns that together may not come twice; ``example`` is a row of it.

    ``more`` are columns that a file may leave out, and a cell of theirs may be empty.
    """

    file: str
    row: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    example: tuple[str, ...]
    required: bool = True
    more: tuple[Field, ...] = ()

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns that every file has, in order."""
        return tuple(field.name for field in self.fields)


CLOUD = Field("cloud", f"{' or '.join(CLOUDS)}", checks.one_of(CLOUDS))

INVENTORY = Table(
    "inventory.csv",
    "one bucket",
    (
        Field("bucket", "bare name as the logs have it; of Azure account/container", by_cloud=checks.bucket),
        CLOUD,
        Field("account", "account or project or subscription that owns it", by_cloud=checks.account),
        Field("sensitivity", f"{' or '.join(SENSITIVITY_WEIGHTS)}", checks.one_of(SENSITIVITY_WEIGHTS)),
        Field("owner", "team or person who answers for it; may be empty", required=False),
    ),
    key=("cloud", "bucket"),
    example=("acme-payroll", "aws", "111122223333", "restricted", "hr@acme.example"),
)

ACCOUNTS = Table(
    "accounts.csv",
    "one account of yours or of a partner; every other account is foreign",
    (
        CLOUD,
        Field("account", "account or project or subscription", by_cloud=checks.account),
        Field("label", "what you call it; may be empty", required=False),
        Field("relation", f"{' or '.join(RELATIONS)}", checks.one_of(RELATIONS)),
    ),
    key=("cloud", "account"),
    example=("aws", "111122223333", "production", "own"),
)

NETWORKS = Table(
    "networks.csv",
    "one address range you know; the narrowest range that holds an address names it",
    (
        Field("cidr", "range such as 203.0.113.0/24", checks.cidr),
        Field("label", "what you call it"),
        Field("kind", f"{' or '.join(NETWORK_KINDS)}", checks.one_of(NETWORK_KINDS)),
    ),
    key=("cidr",),
    example=("203.0.113.0/24", "berlin-office", "office"),
)

WORKFLOWS = Table(
    "workflows.csv",
    "one approved way for data to move; it covers only what it names",
    (
        Field("id", "your name for it", checks.word),
        Field("identity", "glob of who may do it", glob),
        Field("bucket", "glob of the buckets read", glob),
        Field("destination", f"where to: {SHOWN.replace(', ', ' or ')}", destination),
        Field("reason", "why it is approved"),
        Field("owner", "team or person who answers for it"),
        Field("review_by", "last day it protects: YYYY-MM-DD", checks.iso_date),
    ),
    key=("id",),
    example=(
        "nightly-backup",
        "arn:aws:iam::111122223333:role/backup",
        "acme-*",
        "s3://acme-vault",
        "nightly copy to the vault",
        "ops@acme.example",
        "2027-03-31",
    ),
    more=(Field("max_bytes_per_day", "most bytes that it covers on a day", checks.size, required=False),),
)

# Written by the review page, whole, as its verdicts are given; a person's file is the one above.
REVIEW_WORKFLOWS = replace(WORKFLOWS, file="review_workflows.csv", required=False)

ASN = Table(
    "asn.csv",
    "one address range and the network operator that announces it",
    (
        Field("cidr", "range such as 198.51.100.0/24", checks.cidr),
        Field("asn", "AS number such as 64500", checks.asn),
        Field("organisation", "operator's name"),
        Field("country", "two capital letters; may be empty", checks.country, required=False),
    ),
    key=("cidr",),
    example=("198.51.100.0/24", "64500", "Example Hosting", "NL"),
    required=False,
)

IDENTITIES = Table(
    "identities.csv",
    "identities whose kind you know better than a log can tell; of several globs that fit, the longest counts",
    (
        Field("identity", "glob of identities as the logs have them", glob),
        Field("kind", f"{' or '.join(IDENTITY_KINDS)}", checks.one_of(IDENTITY_KINDS)),
        Field("label", "what you call them; may be empty", required=False),
    ),
    key=("identity",),
    example=("arn:aws:iam::111122223333:user/svc-*", "workload", "users that scripts sign in as"),
    required=False,
)

TABLES = (INVENTORY, ACCOUNTS, NETWORKS, WORKFLOWS, ASN, IDENTITIES)
"""What people write."""
READ = (*TABLES, REVIEW_WORKFLOWS)
