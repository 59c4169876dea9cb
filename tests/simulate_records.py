"""What the simulator's tests share: one small simulation a session of tests, and its records read back."""

import csv
import functools
import gzip
import json
import re
from pathlib import Path
from typing import Any

Record = dict[str, Any]


@functools.lru_cache(maxsize=2)
def records(folder: Path) -> list[tuple[Path, Record]]:
    """Every record below a folder with the file it stands in, files in the order of their names; read once."""
    return [
        (path, record)
        for path in sorted(folder.rglob("*.json.gz"))
        for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]
    ]


def once(folder: Path) -> list[Record]:
    """The records without second deliveries and without the second trail's copy of a cross-account call."""
    seen: dict[str, Record] = {}
    for _, record in records(folder):
        seen.setdefault(record.get("sharedEventID") or record["eventID"], record)
    return list(seen.values())


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file's rows."""
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def principal(record: Record) -> tuple[str, str]:
    """Stable identity and session name of a record."""
    who = record["userIdentity"]
    issuer = who.get("sessionContext", {}).get("sessionIssuer", {}).get("arn")
    if issuer:
        # a role of single sign-on goes without its path
        stable = re.sub(r"/aws-reserved/sso\.amazonaws\.com/[^/]+/", "/", issuer)
        return stable, who["arn"].rsplit("/", 1)[1]
    return who.get("arn", who["type"]), ""


def reads(record: Record) -> bool:
    """Whether a record is a successful read of an object."""
    return record["eventName"] == "GetObject" and "errorCode" not in record
