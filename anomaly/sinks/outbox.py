"""The outbox: every finding is written down first, handed over afterwards, and kept until its sink has it.

A sender that is killed between the answer and writing it down sends again under the same ``Idempotency-Key``; the
files of a folder are written again, the same.
"""

import hashlib
import json
import random
import sqlite3
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from anomaly.config.settings import SinkSettings
from anomaly.sinks.file import FILE, opened, query
from anomaly.sinks.folders import Folder
from anomaly.sinks.post import LONGEST_WAIT, Poster, clock
from anomaly.sinks.receivers import Receiver, encoded, notice

GONE = "gone"
"""Stands for the content of a case that its day has no longer."""

Finding = Mapping[str, Any]
Sink = Receiver | Folder
Rows = dict[str, sqlite3.Row]


@dataclass(frozen=True)
class Delivered:
    """What one round of sending did."""

    sent: int = 0
    failed: int = 0
    dead: int = 0


class Outbox:
    """The findings of one lake on their way to its sinks."""

    def __init__(self, root: Path, sinks: Sequence[Sink], settings: SinkSettings) -> None:
        self.path = root / FILE
        self.receivers: dict[str, Sink] = {each.name: each for each in sinks}
        self.settings = settings

    def enqueue(self, documents: Iterable[Finding], now: float | None = None, *, days: Iterable[date] = ()) -> int:
        """Write down each finding for each sink; one whose newest version there is the same is left alone.

        The documents are all of their days, and of ``days``, which may have none: of a case that its day has no longer
        every sink is told once.
        """
        at = clock(now)
        by_day: dict[str, list[Finding]] = {day.isoformat(): [] for day in days}
        for document in documents:
            by_day.setdefault(document["day"], []).append(document)
        with opened(self.path) as database:
            # whoever else writes waits here, so that the newest version stays the newest
            database.execute("begin immediate")
            return sum(
                self._take(database, sink, day, found, at)
                for day, found in sorted(by_day.items())
                for sink in self.receivers.values()
            )

    def deliver(self, now: float | None = None) -> Delivered:
        """Hand over what is due, for at most ``sinks.seconds``; a sink that fails is left for this round."""
        start, begun = clock(now), time.monotonic()
        counts = {"sent": 0, "pending": 0, "dead": 0}
        with opened(self.path) as database, closing(Poster(self.settings.timeout_seconds)) as poster:
            for sink in self.receivers.values():
                for due in self._due(database, sink, start):
                    at = start + time.monotonic() - begun
                    if at - start >= self.settings.seconds:
                        break
                    if isinstance(sink, Folder):
                        state, number = self._write(database, sink, due, at)
                    else:
                        state, number = self._send(database, poster, sink, due, at)
                    counts[state] += number
                    if state == "pending" and number:
                        break
        return Delivered(counts["sent"], counts["pending"], counts["dead"])

    def revive(self) -> int:
        """Make what is dead due again; returns how many."""
        with opened(self.path) as database:
            return database.execute(query("revive")).rowcount

    def counts(self) -> dict[str, dict[str, int]]:
        """How many findings are in which state, by sink."""
        found: dict[str, dict[str, int]] = {}
        with opened(self.path) as database:
            for sink, state, number in database.execute("select sink, state, count(*) from outbox group by 1, 2"):
                found.setdefault(sink, {})[state] = number
        return found

    def problems(self, limit: int = 20) -> list[tuple[str, str, str, str]]:
        """Sink, case, state and what went wrong last, of findings that are not handed over."""
        sql = "select sink, case_id, state, problem from outbox where state != 'sent' and problem != '' limit ?"
        with opened(self.path) as database:
            return [tuple(row) for row in database.execute(sql, (limit,))]

    def _take(self, database: sqlite3.Connection, sink: Sink, day: str, found: list[Finding], now: float) -> int:
        """Write down a day's findings for one sink; returns how many rows that took."""
        newest = _newest(database, sink.name, day)
        rows = []
        for document in found:
            case = document["case_id"]
            version = hashlib.sha256(encoded(document)).hexdigest()
            if key := _new_key(sink.name, case, version, newest):
                body = _packed(sink.body(document, now)) if isinstance(sink, Folder) else encoded(sink.body(document))
                rows.append((key, sink.name, case, day, body))
        for case in sorted(newest.keys() - {document["case_id"] for document in found}):
            if key := _new_key(sink.name, case, GONE, newest):
                rows.append((key, sink.name, case, day, _gone(sink, newest[case], day, now)))
        if isinstance(sink, Folder) and not sink.has(day):
            # never written, or somebody took the files away
            again = "update outbox set state = 'pending', due = 0 where key = ?"
            database.executemany(again, [(row["key"],) for row in newest.values()])
        database.executemany("insert into outbox (key, sink, case_id, day, body) values (?, ?, ?, ?, ?)", rows)
        return len(rows)

    def _due(self, database: sqlite3.Connection, sink: Sink, now: float) -> list[str]:
        """The keys that are due, or of a folder the days."""
        what = "day" if isinstance(sink, Folder) else "key"
        sql = f"select {what} from outbox where sink = ? and state = 'pending' and due <= ? order by day, rowid"
        return list(dict.fromkeys(row[0] for row in database.execute(sql, (sink.name, now))))

    def _send(
        self, database: sqlite3.Connection, poster: Poster, receiver: Receiver, key: str, now: float
    ) -> tuple[str, int]:
        """Send one; returns its new state, and 0 where another process is at it, or an earlier one is to come first."""
        # taken for a while: a process that is killed here leaves it due again
        lease = now + 3 * self.settings.timeout_seconds
        if not database.execute(query("take"), {"lease": lease, "key": key, "now": now}).rowcount:
            return "pending", 0
        database.commit()
        body, attempts = database.execute("select body, attempts from outbox where key = ?", (key,)).fetchone()
        answer = poster.post(receiver, body, key, now)
        gives_up = answer.is_refused or attempts >= self.settings.attempts
        state = "sent" if not answer.problem else "dead" if gives_up else "pending"
        due = now + max(answer.wait, _backoff(attempts))
        # what its receiver has is not kept twice; the lake can tell it again
        kept = b"" if state == "sent" else body
        sql = "update outbox set state = ?, due = ?, problem = ?, body = ? where key = ?"
        database.execute(sql, (state, due, answer.problem, kept, key))
        database.commit()
        return state, 1

    def _write(self, database: sqlite3.Connection, folder: Folder, day: str, now: float) -> tuple[str, int]:
        """Write a day's files; a folder gives nothing up: whoever empties the disk finds all of it there."""
        # held until the files are there: an older day's text never takes the place of a newer one's
        database.execute("begin immediate")
        bodies = [_unpacked(row) for row in _newest(database, folder.name, day).values()]
        problem = folder.write(day, [body for body in bodies if body is not None])
        waiting = "where sink = ? and day = ? and state = 'pending'"
        tries = f"select max(attempts) from outbox {waiting}"
        attempts = (database.execute(tries, (folder.name, day)).fetchone()[0] or 0) + 1
        state = "pending" if problem else "sent"
        changed = database.execute(
            f"update outbox set state = ?, attempts = ?, due = ?, problem = ? {waiting}",
            (state, attempts, now + _backoff(attempts), problem, folder.name, day),
        ).rowcount
        database.commit()
        return state, changed


def _newest(database: sqlite3.Connection, sink: str, day: str) -> Rows:
    """The newest version of each case of a day, by case."""
    rows = database.execute(query("versions"), {"sink": sink, "day": day})
    return {row["case_id"]: row for row in rows}


def _packed(body: Any) -> bytes:
    """What a folder's files are made of: kept for good, so that they can be made again."""
    return zlib.compress(encoded(body))


def _unpacked(row: sqlite3.Row) -> Any:
    return json.loads(zlib.decompress(row["body"]))


def _gone(sink: Sink, newest: sqlite3.Row, day: str, now: float) -> bytes:
    """What a sink is told of a case that its day has no longer."""
    if isinstance(sink, Receiver):
        return encoded(sink.gone(notice(newest["case_id"], day, now)))
    last = _unpacked(newest)
    # a sink that keeps nothing of it
    return _packed(None if last is None else sink.gone(last, now))


def _new_key(sink: str, case: str, version: str, newest: Rows) -> str:
    """The key of a version; empty where it is the newest one already. A content that comes back has another key."""
    before = newest[case]["versions"] if case in newest else 0
    if before and newest[case]["key"] == _key(sink, case, version, before - 1):
        return ""
    return _key(sink, case, version, before)


def _key(sink: str, case: str, version: str, number: int) -> str:
    return hashlib.sha256(f"{sink} {case} {version}{f' {number}' if number else ''}".encode()).hexdigest()


def _backoff(attempts: int) -> float:
    """Seconds to the next try: a minute, doubled each time, and somewhere between half of it and all."""
    return min(LONGEST_WAIT, 60.0 * 2.0 ** min(attempts - 1, 20)) * random.uniform(0.5, 1)
