"""Every log format there is a reader for, in the order in which a file's content is compared with them."""

from anomaly.ingest.cloudtrail import FORMAT as CLOUDTRAIL
from anomaly.ingest.formats import Format

FORMATS: tuple[Format, ...] = (CLOUDTRAIL,)
"""The first also takes what shows no format at all, to say what is wrong with it."""
