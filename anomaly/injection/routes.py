"""What is injected: the ways out of a bucket that are tried, and one campaign: who, which way, how much, when."""

from dataclasses import dataclass
from datetime import date

USUAL, ELSEWHERE, COPY, TINY = "usual network", "new network", "foreign copy", "tiny objects"
ROUTES = {
    USUAL: "reads in bulk from the network it always comes from",
    ELSEWHERE: "reads in bulk from an address that nobody here came from before",
    COPY: "copies on the server's side into a bucket of an unknown account; no log tells the size of that",
    TINY: "reads many small objects, the smallest third of the bucket, from its usual network",
}
READER, OTHER, NEW = "reads it", "does not read it", "new"


@dataclass(frozen=True)
class CopyForm:
    """How a log writes the source side of a server-side copy: the call, and what it tells of the destination."""

    api: str
    tells_bucket: bool
    tells_account: bool


COPY_FORMS = {
    "cloudtrail": CopyForm("CopyObject", tells_bucket=True, tells_account=True),
    "s3_access": CopyForm("REST.COPY.OBJECT_GET", tells_bucket=False, tells_account=False),
    "gcs_audit": CopyForm("storage.objects.get", tells_bucket=True, tells_account=False),
    "azure_storage": CopyForm("CopyBlobSource", tells_bucket=True, tells_account=True),
}
"""As docs/ingest.md says of each log; a log that is not here tells of no copy."""


@dataclass(frozen=True)
class Caller:
    """Somebody with habits of its own.

    ``event_id`` is the event that an injected one takes its credential, client, network and time of day from: its own
    last read of the bucket, or its last read of another. ``relation`` says whether it reads the bucket.
    """

    actor: str
    identity: str
    kind: str
    relation: str
    event_id: str

    @property
    def who(self) -> str:
        """Kind and relation, in words."""
        return f"{self.kind}, {self.relation}"


@dataclass(frozen=True)
class Campaign:
    """So much from one bucket on one day by one caller over one route.

    ``amount`` is in bytes, or in objects where no log tells the size of any; ``seed`` draws its objects. ``name`` is
    written into the evidence of every row, and names the identity of a caller that is new.
    """

    name: str
    caller: Caller
    route: str
    amount: float
    day: date
    seed: int
