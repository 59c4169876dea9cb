"""AWS VPC flow logs, version 2 to 5: which column is where stands in each file's own header."""

import re
from collections.abc import Iterator

import pyarrow as pa

from anomaly.ingest.addresses import IP_ADDRESS, NOT_OUTSIDE
from anomaly.ingest.formats import Format
from anomaly.ingest.text_lines import lines_of, rows_of

FINDS = re.compile(
    rb"(?m)^(?:[a-z0-9-]+ )*srcaddr(?: [a-z0-9-]+)*\r?$|^(?:\S+Z )?\d+ (?:\d{12}|unknown) (?:eni-[0-9a-f]+|-) \S+ \S+ "
)
DEFAULT = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
"""Columns of a record without a header: the default format."""

ALL = (
    f"{DEFAULT} vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type"
    " sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path"
)
"""Columns of a record without a header that has all of version 5, in the order of AWS's own table."""

NEEDED = (
    "account-id srcaddr dstaddr dstport bytes start end action log-status instance-id pkt-srcaddr flow-direction region"
)
MUST = frozenset(("srcaddr", "dstaddr", "bytes", "start", "end"))
"""Columns without which a record says nothing of volume."""

SHIPPED = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z ")
"""CloudWatch exports put their own time before each record."""


def flow_lines(data: bytes) -> pa.Table:
    """Return each record as ``layout|record``: the layout says at which place, from 1, each needed column stands."""
    return rows_of(_laid_out(lines_of(data)))


def _laid_out(lines: pa.Table) -> Iterator[tuple[int, str]]:
    layout = None
    for number, line in zip(lines["record"].to_pylist(), lines["line"].to_pylist(), strict=True):
        record = SHIPPED.sub("", line.strip())
        if "srcaddr" in record:
            layout = _layout(record)
            continue
        yield number, f"{_guess(record) if layout is None else layout}|{record}"


def _layout(header: str) -> str:
    """Return the places of the needed columns, empty where one that must be there is missing."""
    columns = header.split()
    if not MUST.issubset(columns):
        return ""
    return ",".join(str(columns.index(name) + 1 if name in columns else 0) for name in NEEDED.split())


def _guess(record: str) -> str:
    fields = record.split()
    for header in (DEFAULT, ALL):
        if len(fields) == len(header.split()) and fields[13] in ("OK", "NODATA", "SKIPDATA"):
            return _layout(header)
    return ""


FORMAT = Format(
    name="vpc_flow",
    says="VPC flow",
    finds=FINDS,
    read_parameters=lambda: {"not_outside": NOT_OUTSIDE, "ip_address": IP_ADDRESS},
    lines=flow_lines,
)
