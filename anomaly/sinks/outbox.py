"""The outbox: every finding is written down first, sent afterwards, and kept until its receiver said that it has it.

A sender that is killed between the answer and writing it down sends again under the same ``Idempotency-Key``.
"""

import hashlib
import random
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from anomaly.config.settings import SinkSettings
from anomaly.errors import AnomalyError
from anomaly.sinks.receivers import Receiver, encoded

FILE = "outbox.sqlite"
TABLE = Path(__file__).with_suffix(".sql")
LATER = (408, 425, 429)
"""Answers of the 4xx that ask to come again; every other one refuses the finding for good."""
LONGEST_WAIT = 6 * 3600.0
"""Seconds between two tries at most, also where the receiver asks for more."""


@dataclass(frozen=True)
class Delivered:
    """What one round of sending did."""

    sent: int = 0
    failed: int = 0
    dead: int = 0


class Outbox:
    """The findings of one lake on their way to its receivers."""

    def __init__(self, root: Path, receivers: Sequence[Receiver], settings: SinkSettings) -> None:
        self.path = root / FILE
        self.receivers = {each.name: each for each in receivers}
        self.settings = settings

    def enqueue(self, documents: Iterable[Mapping[str, Any]]) -> int:
        """Write down each finding for each receiver; one that is there already in the same version is left alone."""
        rows = []
        for document in documents:
            version = hashlib.sha256(encoded(document)).hexdigest()
            for name, receiver in self.receivers.items():
                key = hashlib.sha256(f"{name} {document['case_id']} {version}".encode()).hexdigest()
                rows.append((key, name, document["case_id"], document["day"], encoded(receiver.body(document))))
        with self._open() as database:
            before = database.total_changes
            database.executemany(
                "insert or ignore into outbox (key, sink, case_id, day, body) values (?, ?, ?, ?, ?)", rows
            )
            return database.total_changes - before

    def deliver(self, now: float | None = None) -> Delivered:
        """Send what is due, for at most ``sinks.seconds``; a receiver that does not answer is left for this round."""
        start, clock = time.time() if now is None else now, time.monotonic()
        counts = {"sent": 0, "pending": 0, "dead": 0}
        with self._open() as database, closing(_Pool(self.settings.timeout_seconds)) as pool:
            for receiver in self.receivers.values():
                for key in self._due(database, receiver.name, start):
                    at = start + time.monotonic() - clock
                    if at - start >= self.settings.seconds:
                        break
                    state = self._send(database, pool, receiver, key, at)
                    counts[state or "sent"] += state is not None
                    if state == "pending":
                        break
        return Delivered(counts["sent"], counts["pending"], counts["dead"])

    def revive(self) -> int:
        """Make what is dead due again; returns how many."""
        with self._open() as database:
            return database.execute(
                "update outbox set state = 'pending', attempts = 0, due = 0 where state = 'dead'"
            ).rowcount

    def counts(self) -> dict[str, dict[str, int]]:
        """How many findings are in which state, by receiver."""
        found: dict[str, dict[str, int]] = {}
        with self._open() as database:
            for sink, state, number in database.execute("select sink, state, count(*) from outbox group by 1, 2"):
                found.setdefault(sink, {})[state] = number
        return found

    def problems(self, limit: int = 20) -> list[tuple[str, str, str, str]]:
        """Receiver, case, state and what went wrong last, of findings that are not sent."""
        sql = "select sink, case_id, state, problem from outbox where state != 'sent' and problem != '' limit ?"
        with self._open() as database:
            return database.execute(sql, (limit,)).fetchall()

    def _due(self, database: sqlite3.Connection, sink: str, now: float) -> list[str]:
        sql = "select key from outbox where sink = ? and state = 'pending' and due <= ? order by day, rowid"
        return [key for (key,) in database.execute(sql, (sink, now))]

    def _send(
        self, database: sqlite3.Connection, pool: "_Pool", receiver: Receiver, key: str, now: float
    ) -> str | None:
        """Send one; returns its new state, None where another process is at it."""
        # taken for a while: a process that is killed here leaves it due again
        lease = now + 3 * self.settings.timeout_seconds
        sql = "update outbox set due = ?, attempts = attempts + 1 where key = ? and state = 'pending' and due <= ?"
        if not database.execute(sql, (lease, key, now)).rowcount:
            return None
        database.commit()
        body, attempts = database.execute("select body, attempts from outbox where key = ?", (key,)).fetchone()
        status, problem, wait = pool.post(receiver, body, key, now)
        refused = 400 <= status < 500 and status not in LATER
        state = "sent" if not problem else "dead" if refused or attempts >= self.settings.attempts else "pending"
        due = now + max(wait, _backoff(attempts))
        database.execute("update outbox set state = ?, due = ?, problem = ? where key = ?", (state, due, problem, key))
        database.commit()
        return state

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=30)) as database:
                database.execute("pragma journal_mode = wal")
                database.execute("pragma synchronous = full")
                database.execute(TABLE.read_text(encoding="utf-8"))
                yield database
                database.commit()
        except (sqlite3.Error, OSError) as error:
            raise AnomalyError(f"the outbox {self.path} cannot be used: {error}") from error


class _Pool:
    """Connections that check certificates and follow no redirect: a finding goes to the address that was set."""

    def __init__(self, seconds: float) -> None:
        self.http = urllib3.PoolManager(timeout=urllib3.Timeout(total=seconds), retries=False)

    def post(self, receiver: Receiver, body: bytes, key: str, now: float) -> tuple[int, str, float]:
        """Return the status (0 without an answer), what is wrong in words without the address, and seconds to wait."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key, **receiver.headers(body, int(now))}
        try:
            address = receiver.address.reveal()
            # the answer's body is not read: it may be endless
            answer = self.http.request(
                "POST", address, body=body, headers=headers, redirect=False, preload_content=False
            )
            answer.close()
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            # its text may quote the address
            return 0, f"no answer: {type(error).__name__}", 0.0
        if 200 <= answer.status < 300:
            return answer.status, "", 0.0
        asked = answer.headers.get("Retry-After", "")
        wait = min(float(asked), LONGEST_WAIT) if asked.isascii() and asked.isdigit() else 0.0
        return answer.status, f"answered {answer.status}", wait

    def close(self) -> None:
        """Close all connections."""
        self.http.clear()


def _backoff(attempts: int) -> float:
    """Seconds to the next try: a minute, doubled each time, and somewhere between half of it and all."""
    return min(LONGEST_WAIT, 60.0 * 2.0 ** (attempts - 1)) * random.uniform(0.5, 1)
