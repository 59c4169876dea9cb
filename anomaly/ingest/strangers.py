"""Files that often lie beside logs and are none that is read here: what one looks like, for the entry in quarantine."""

import re

from anomaly.ingest.formats import PREFIX_BYTES

# the services' own documents show these beginnings
LOOKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("an AWS Config snapshot or history", re.compile(r'"configurationItems"\s*:|"configSnapshotId"\s*:')),
    (
        "an S3 inventory manifest",
        re.compile(r'"fileSchema"\s*:[\s\S]*"files"\s*:|"sourceBucket"\s*:[\s\S]*"files"\s*:'),
    ),
    ("the checksum of an S3 inventory manifest", re.compile(r"\s*[0-9a-f]{32}\s*\Z")),
    (
        "an Elastic Load Balancing access log",
        re.compile(r"(?:(?:https?|h2|grpcs|wss?) |tls 2\.0 |)\d{4}-\d\d-\d\dT[\d:.]+Z? \S+ (?:\S+ )?\S+:\d+ \S+:\d+ "),
    ),
    ("a CloudFront access log", re.compile(r"#Version: [\d.]+\s+#Fields: date\s+time\s")),
    ("an AWS WAF log", re.compile(r'\{"timestamp"\s*:[\s\S]*"webaclId"\s*:')),
    ("GuardDuty findings", re.compile(r'"detectorId"\s*:|"type"\s*:\s*"[A-Z]\w+:\w+/\w+[.!]?\w*"')),
    ("a Route 53 resolver query log", re.compile(r'"query_name"\s*:[\s\S]*"query_type"\s*:')),
    ("a Parquet file", re.compile(r"PAR1")),
    ("an ORC file", re.compile(r"ORC")),
    ("a ZIP archive", re.compile(r"PK\x03\x04")),
)


def looks_like(text: str) -> str | None:
    r"""Return what a file of no known format looks like by its beginning; None where nothing shows it.

    >>> looks_like("#Version: 1.0\n#Fields: date time x-edge-location")
    'a CloudFront access log'
    """
    beginning = text[:PREFIX_BYTES]
    return next((says for says, pattern in LOOKS if _fits(pattern, beginning)), None)


def _fits(pattern: re.Pattern[str], beginning: str) -> bool:
    """A pattern of JSON members may match anywhere, any other only where the file begins."""
    return (pattern.search if pattern.pattern.startswith('"') else pattern.match)(beginning) is not None
