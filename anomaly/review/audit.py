"""The audit log: one entry a write, each holding the digest of the one before, so that no entry can be changed unseen.

What the chain cannot show by itself is an end that was cut off together with the row that counts the entries, or a log
written anew from its first entry. Note the last number and digest elsewhere (``anomaly review verify-audit`` prints
both) and give them to ``verify``, or the digest alone to ``entry_of``, later: then neither can pass.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from anomaly.review.schema import audit, counters

COUNTER = "audit"
BEGINNING = "0" * 64
"""What the first entry gives as the digest before it."""
BATCH = 5_000


@dataclass(frozen=True)
class Head:
    """The last entry: its number (0 for none yet) and digest."""

    seq: int
    digest: str


@dataclass(frozen=True)
class Verified:
    """What a check of the log found: entries read, the head, and every fault in words."""

    entries: int
    head: Head
    faults: tuple[str, ...]


def append(
    connection: sa.Connection, at: str, actor: str, action: str, subject: str, detail: Mapping[str, Any]
) -> None:
    """Add an entry in the transaction of the write that it tells of.

    The row that counts entries is locked first, so that of two writers one waits: the chain never forks.
    """
    held = connection.execute(
        sa.select(counters.c.value, counters.c.digest).where(counters.c.name == COUNTER).with_for_update()
    ).one()
    entry = {
        "seq": held.value + 1,
        "at": at,
        "actor": actor,
        "action": action,
        "subject": subject,
        "detail": json.dumps(detail, sort_keys=True),
        "previous": held.digest,
    }
    digest = entry_digest(entry)
    connection.execute(audit.insert().values(**entry, digest=digest))
    connection.execute(counters.update().where(counters.c.name == COUNTER).values(value=entry["seq"], digest=digest))


def entry_digest(entry: Mapping[str, Any] | sa.RowMapping) -> str:
    """Return the SHA-256 over everything that an entry says, the digest before it included."""
    names = ("seq", "at", "actor", "action", "subject", "detail", "previous")
    said = json.dumps([entry[name] for name in names])
    return hashlib.sha256(said.encode()).hexdigest()


def verify(connection: sa.Connection, noted: Head | None = None) -> Verified:
    """Read the whole log and name each entry that was altered, removed, moved or put in.

    Parameters
    ----------
    noted
        A head that was noted earlier: that entry must still be there and say the same.
    """
    faults: list[str] = []
    previous, seq, noted_digest = BEGINNING, 0, None
    for entry in _entries(connection):
        faults += _faults(entry, seq, previous)
        seq, previous = entry["seq"], entry["digest"]
        if noted and seq == noted.seq:
            noted_digest = previous
    head = _head(connection)
    if head != Head(seq, previous):
        faults.append(f"the log ends at entry {seq}, but {head.seq} entries were written: its end was changed")
    if noted and noted.seq and noted_digest != noted.digest:
        what = "is gone" if noted_digest is None else "says something else"
        faults.append(f"entry {noted.seq}, whose digest was noted, {what}")
    return Verified(seq, Head(seq, previous), tuple(faults))


def entry_of(connection: sa.Connection, digest: str) -> int | None:
    """Return the number of the entry with a digest that was noted, 0 for the beginning; None where there is none.

    In a log without faults everything up to that entry is as it was when the digest was noted.
    """
    if digest == BEGINNING:
        return 0
    found: int | None = connection.scalar(sa.select(audit.c.seq).where(audit.c.digest == digest))
    return found


def _head(connection: sa.Connection) -> Head:
    row = connection.execute(sa.select(counters.c.value, counters.c.digest).where(counters.c.name == COUNTER)).first()
    return Head(row.value, row.digest) if row else Head(-1, "")


def _entries(connection: sa.Connection) -> Iterator[sa.RowMapping]:
    """The entries in order, a batch at a time: an old log need not fit in memory."""
    last = None
    while True:
        query = sa.select(audit).order_by(audit.c.seq).limit(BATCH)
        found = connection.execute(query if last is None else query.where(audit.c.seq > last)).mappings().all()
        yield from found
        if len(found) < BATCH:
            return
        last = found[-1]["seq"]


def _faults(entry: sa.RowMapping, last_seq: int, previous: str) -> list[str]:
    seq, faults = entry["seq"], []
    if seq != last_seq + 1:
        gap = f"entry {last_seq + 1} is" if seq == last_seq + 2 else f"entries {last_seq + 1} to {seq - 1} are"
        faults.append(f"{gap} missing" if seq > last_seq else f"entry {seq} is out of place")
    elif entry["previous"] != previous:
        faults.append(f"entry {seq} does not follow the one before it: one of the two was replaced, moved or put in")
    if entry["digest"] != entry_digest(entry):
        faults.append(f"entry {seq} was altered: it does not say what it said when it was written")
    return faults
