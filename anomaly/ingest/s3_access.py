"""S3 server access logs: a line a request, by fields that real lines do not always keep to.

A line is split on its quotes when there are exactly as many as there should be; user agents and addresses with quotes
of their own go through a pattern that is anchored on the numbers between them. New fields at the end are no matter.
"""

import re
from fnmatch import translate
from functools import cache
from typing import Any

import pyarrow as pa

from anomaly.data import source_rows
from anomaly.ingest.addresses import IP_ADDRESS
from anomaly.ingest.formats import Format, Learned
from anomaly.ingest.identity import identity_of
from anomaly.ingest.text_lines import lines_of
from anomaly.ingest.tools import AGENTS, tool_of

FINDS = re.compile(rb"(?m)^\S+ +\S+ +\[\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}\] ")
LINE = (
    r"^\S+ +(?P<bucket>\S+) +\[(?P<time>[^\]]+)\] +(?P<address>\S+) +(?P<requester>\S+) +(?P<request_id>\S+)"
    r" +(?P<operation_name>\S+) +(?P<object_key>\S+) +(?:\"(?P<uri>.*?)\"|-) +(?P<status>\d{3}|-) +(?P<error>\S+)"
    r" +(?P<bytes_sent>\d+|-) +(?P<object_size>\d+|-) +(?:\d+|-) +(?:\d+|-) +(?:\".*?\"|-)"
    r" +(?:\"(?P<agent>.*)\"|-)(?: +\S+)?(?: +(?P<tail>\S+ .*?))? *$"
)
"""The line of the S3 user guide; the tail begins with the host id. DuckDB's engine does not backtrack."""

FIELDS = re.findall(r"\?P<(\w+)>", LINE)

CANONICAL_ID = re.compile(r"[0-9a-f]{64}")

TEXT = pa.string()
REQUESTERS = pa.schema(
    [(name, TEXT) for name in ("requester", "identity", "identity_kind", "identity_account", "session_name")]
)
HOSTS = pa.schema([("host", TEXT), ("region", TEXT)])
REGION = re.compile(r"(?:^|\.)s3[.-](?:dualstack\.)?([a-z]{2}-[a-z-]+-\d)\.amazonaws")
CALLS = pa.schema([(name, TEXT) for name in ("operation_name", "operation", "bytes")])


def _requester_row(requester: str) -> tuple[Any, ...]:
    """Read the requester: an arn, a canonical user id, a service, or nobody."""
    if requester == "-":
        return requester, "anonymous", "anonymous", None, None
    if requester.startswith("svc:") or requester == "AmazonS3":
        return requester, f"service:{requester.removeprefix('svc:')}", "service", None, None
    if CANONICAL_ID.fullmatch(requester):
        return requester, f"canonical:{requester}", "external", None, None
    kind = "AssumedRole" if ":assumed-role/" in requester else "Root" if requester.endswith(":root") else "IAMUser"
    who = identity_of({"type": kind, "arn": requester} if requester.startswith("arn:") else {"userName": requester})
    return requester, who.identity, who.kind, who.account, who.session_name


def _agent_row(agent: str) -> tuple[Any, ...]:
    known = agent if agent not in ("", "-") else None
    return agent, known, tool_of(known)


def _host_row(host: str) -> tuple[Any, ...]:
    """Read the region out of the host that the request named; most old ones name none."""
    found = REGION.search(host)
    return host, found.group(1) if found else None


def _call_row(operation_name: str) -> tuple[Any, ...]:
    operation, moved = next(row[1:] for row in _operations() if row[0].match(operation_name))
    return operation_name, operation, moved


@cache
def _operations() -> tuple[tuple[re.Pattern[str], str, str], ...]:
    rows = source_rows("s3_access_operations.csv")
    return tuple((re.compile(translate(row["operation_name"])), row["operation"], row["bytes"]) for row in rows)


FORMAT = Format(
    name="s3_access",
    says="S3 server access",
    finds=FINDS,
    read_parameters=lambda: {"line_pattern": LINE, "fields": FIELDS},
    events_parameters=lambda: {"ip_address": IP_ADDRESS},
    learned=(
        Learned("requesters", REQUESTERS, ("requester",), "requester", _requester_row),
        Learned("agents", AGENTS, ("agent",), "agent", _agent_row),
        Learned("hosts", HOSTS, ("host",), "coalesce(host, '') as host", _host_row),
        Learned("calls", CALLS, ("operation_name",), "operation_name", _call_row),
    ),
    lines=lines_of,
)
