"""Azure flow logs: of virtual networks (version 4) and of network security groups (version 2), a record a tuple.

A tuple is one line of commas inside a record that says whose traffic it is; both are put on one line here. Damage costs
the record that it is in.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from anomaly.ingest.addresses import IP_ADDRESS, NOT_OUTSIDE
from anomaly.ingest.conform import SURROGATE
from anomaly.ingest.formats import Format
from anomaly.ingest.text_lines import rows_of

FINDS = re.compile(rb'"(?:FlowLogFlowEvent|NetworkSecurityGroupFlowEvents?)"|"flowTuples"\s*:')

VNET, NSG, OTHER, DAMAGED = "vnet", "nsg", "other", "damaged"
"""First field of a line."""

BETWEEN = re.compile(r'(?:[\s,\[\]}]|\{\s*"records"\s*:\s*\[)*')
NEXT_RECORD = re.compile(r'\{\s*"(?:time|records)"')
SUBSCRIPTION = re.compile(r"^/subscriptions/([^/]+)", re.IGNORECASE)
MACHINE = re.compile(r"/(?:networkInterfaces|virtualMachines)/([^/]+)", re.IGNORECASE)
WATCHER = re.compile(r"/networkWatchers/NetworkWatcher_([^/]+)", re.IGNORECASE)
SHOWN = 1_000
DECODER = json.JSONDecoder()
BROKEN = (ValueError, RecursionError)


def flow_lines(data: bytes) -> pa.Table:
    """Return ``kind TAB subscription TAB machine TAB region TAB mac TAB tuple`` of each flow tuple.

    What is no flow gives one line of kind ``other``; what cannot be read ``damaged TAB reason TAB text``.
    """
    found = (line for record in _records(data.decode("utf-8-sig", "replace")) for line in _lines(record))
    return rows_of(enumerate(line if line.isascii() else SURROGATE.sub("\ufffd", line) for line in found))


def _records(text: str) -> Iterator[Any]:
    """Yield decoded records; a text for what is damaged, as its line."""
    at = BETWEEN.match(text).end()  # type: ignore[union-attr]  # matches the empty string
    while at < len(text):
        try:
            value, end = DECODER.raw_decode(text, at)
        except BROKEN as error:
            following = NEXT_RECORD.search(text, at + 1)
            end = following.start() if following else len(text)
            yield _damaged("nested too deeply" if isinstance(error, RecursionError) else "broken JSON", text[at:end])
        else:
            yield from _opened(value)
        at = BETWEEN.match(text, end).end()  # type: ignore[union-attr]  # matches the empty string


def _opened(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping) and isinstance(value.get("records"), list):
        yield from value["records"]
    else:
        yield value


def _lines(record: Any) -> Iterator[str]:
    if isinstance(record, str):
        yield record if record.startswith(DAMAGED) else _damaged("the record is no object", record)
    elif not isinstance(record, Mapping):
        yield _damaged("the record is no object", str(record)[:SHOWN])
    elif isinstance(flows := _mapping(record.get("flowRecords")).get("flows"), list):
        yield from _tuples(VNET, record, flows, "flowGroups")
    elif isinstance(flows := _mapping(record.get("properties")).get("flows"), list):
        yield from _tuples(NSG, record, flows, "flows")
    elif str(record.get("category")).endswith(("FlowEvent", "FlowEvents")):
        yield _damaged("a flow record without flows", json.dumps(record))
    else:
        yield OTHER


def _tuples(kind: str, record: Mapping[str, Any], flows: list[Any], inner: str) -> Iterator[str]:
    """Yield a record's tuples, each behind what the record says of them all."""
    resource = str(record.get("targetResourceID") or record.get("resourceId") or "")
    watcher = str(record.get("flowLogResourceID") or "")
    about = [_group(SUBSCRIPTION, resource), _group(MACHINE, resource), _group(WATCHER, watcher)]
    for flow in flows:
        groups = _mapping(flow).get(inner)
        if not isinstance(groups, list):
            yield _damaged("a flow without groups of tuples", str(flow)[:SHOWN])
            continue
        for group in map(_mapping, groups):
            mac = str(group.get("mac") or record.get("macAddress") or "")
            before = "\t".join([kind, *about, mac.replace("\t", " "), ""])
            tuples = group.get("flowTuples")
            if not isinstance(tuples, list):
                yield _damaged("a group without tuples", str(group)[:SHOWN])
                continue
            for written in tuples:
                yield before + written if isinstance(written, str) else _damaged("the tuple is no text", str(written))


def _group(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match.group(1).lower().replace("\t", " ") if match else ""


def _damaged(reason: str, text: str) -> str:
    return f"{DAMAGED}\t{reason}\t{text[:SHOWN]}"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


FORMAT = Format(
    name="azure_flow",
    says="Azure flow",
    finds=FINDS,
    read_parameters=lambda: {"not_outside": NOT_OUTSIDE, "ip_address": IP_ADDRESS},
    lines=flow_lines,
)
