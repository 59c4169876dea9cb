"""Which logs the simulator can write, and who lives only where they are written."""

from collections.abc import Sequence

from anomaly.errors import UsageError, nearest
from anomaly.simulate.forms import AZURE, CLOUDTRAIL, GCP, S3_ACCESS, VPC_FLOW

CONTROL = "control"
DEFAULT = (CLOUDTRAIL,)
SOURCES = {
    CLOUDTRAIL: "CloudTrail's object and management events",
    CONTROL: "CloudTrail's further rows and the attacks by permission, assumed roles, thawing and blinded logs",
    S3_ACCESS: "server access logs of some buckets; of two buckets there is nothing else",
    VPC_FLOW: "flow logs of the virtual private networks, versions 2 and 5",
    GCP: "Google Cloud's audit entries of storage and flows of machines, as a log sink writes them",
    AZURE: "Azure's storage resource logs, activity log and virtual network flow logs",
}
EVERY = tuple(SOURCES)
"""What the demo and the evaluation draw; one source alone is the default, as a test or a small study wants it."""


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """Return the sources in the order of ``SOURCES``; raises UsageError for an unknown one or for none."""
    for name in names:
        if name not in SOURCES:
            raise UsageError(f"no log source {name!r} can be simulated: {nearest(name, SOURCES)}")
    if not names:
        raise UsageError(f"name at least one log source: {', '.join(SOURCES)}")
    return tuple(name for name in SOURCES if name in names)
