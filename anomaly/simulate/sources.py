"""Which logs the simulator can write, and who lives only where they are written."""

from collections.abc import Sequence

from anomaly.errors import UsageError, nearest
from anomaly.simulate.forms import CLOUDTRAIL, S3_ACCESS

DEFAULT = (CLOUDTRAIL,)
SOURCES = {
    CLOUDTRAIL: "CloudTrail's object and management events",
    S3_ACCESS: "server access logs of some buckets; of two buckets there is nothing else",
}


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """Return the sources in the order of ``SOURCES``; raises UsageError for an unknown one or for none."""
    for name in names:
        if name not in SOURCES:
            raise UsageError(f"no log source {name!r} can be simulated: {nearest(name, SOURCES)}")
    if not names:
        raise UsageError(f"name at least one log source: {', '.join(SOURCES)}")
    return tuple(name for name in SOURCES if name in names)
