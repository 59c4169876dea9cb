"""A batch of files through one worker: read, framed or walked, transformed, and what it came to.

All files of a batch go into one JSON array. When the strict reader refuses it, each file is tried alone; a file that
fails alone, or holds a record that cannot stand, is walked record by record and the batch is read again.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from anomaly.ingest.conform import MisshapenError, conform
from anomaly.ingest.discover import LogFile
from anomaly.ingest.frame import records_in
from anomaly.ingest.inflate import MAX_INFLATED, inflate
from anomaly.ingest.ledger import Ledger
from anomaly.ingest.quarantine import Quarantined, excerpt_of
from anomaly.ingest.report import Counts
from anomaly.ingest.transform import RefusedError, Segment, Transform
from anomaly.ingest.walk import Found, NotCloudTrailError, walk

RUN_BYTES = 8 << 20
"""Bytes of walked records handed on at a time."""


@dataclass
class FileResult:
    """What became of one file: ``status`` is loaded, quarantined, unreadable or skipped."""

    file: LogFile
    digest: str = ""
    size: int = 0
    status: str = "loaded"
    counts: Counts = field(default_factory=Counts)
    entries: list[Quarantined] = field(default_factory=list)

    def refuse(self, reason: str, text: str = "", status: str = "quarantined") -> None:
        """Quarantine the whole file."""
        self.status, self.counts = status, Counts()
        self.entries = [Quarantined(self.file.name, None, reason, excerpt_of(text), self.digest)]

    def refuse_record(self, ordinal: int, reason: str, text: str) -> None:
        """Quarantine one record."""
        self.counts.seen += 1
        self.counts.quarantined += 1
        self.entries.append(Quarantined(self.file.name, ordinal, reason, excerpt_of(text), self.digest))


@dataclass
class Batch:
    """The files of one group and, once read, their results and where their records stand in the array."""

    number: int
    files: Sequence[LogFile]
    results: list[FileResult] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)


def read_batch(batch: Batch, transform: Transform, ledger: Ledger, limit: int = MAX_INFLATED) -> None:
    """Read a batch into the transform's ``raw`` table; every record of it is then there, counted or in an entry."""
    patient: set[int] = set()
    hopeless: dict[int, str] = {}
    while True:
        try:
            _attempt(batch, transform, ledger, limit, patient, hopeless)
        except RefusedError as error:
            _blame(batch, transform, ledger, limit, patient, hopeless, str(error))
            continue
        flawed = {batch.owners[defect.segment] for defect in transform.defects()} - patient
        if not flawed:
            return
        patient |= flawed


def _blame(
    batch: Batch,
    transform: Transform,
    ledger: Ledger,
    limit: int,
    patient: set[int],
    hopeless: dict[int, str],
    reason: str,
) -> None:
    """Find the files that the reader refuses by themselves: they are walked next, or given up when they were."""
    suspects = [n for n in range(len(batch.files)) if n not in hopeless]
    refused = {}
    for n in suspects:
        try:
            _attempt(Batch(0, [batch.files[n]]), transform, ledger, limit, {0} if n in patient else set(), {})
        except RefusedError as error:
            refused[n] = str(error)
    refused = refused or dict.fromkeys(set(suspects) - patient or suspects, reason)
    hopeless.update({n: why for n, why in refused.items() if n in patient})
    patient.update(refused)


def _attempt(
    batch: Batch, transform: Transform, ledger: Ledger, limit: int, patient: set[int], hopeless: dict[int, str]
) -> None:
    batch.results, batch.segments, batch.owners = [], [], []
    with transform.array as out:
        for number, file in enumerate(batch.files):
            result = FileResult(file)
            batch.results.append(result)
            if number in hopeless:
                result.refuse(f"the reader does not take it: {hopeless[number]}")
                continue
            for first, text in _pieces(result, ledger, limit, number in patient):
                out.write(transform.marker(len(batch.segments)) + b",")
                out.write(text)
                out.write(b"," if len(text) else b"")
                batch.segments.append(Segment(file.name, first))
                batch.owners.append(number)
        out.end(transform.marker(len(batch.segments)))
    batch.seen = transform.read(out.path, batch.segments)


def _pieces(result: FileResult, ledger: Ledger, limit: int, patient: bool) -> Iterator[tuple[int, bytes | memoryview]]:
    """Yield (ordinal of the first, comma-separated records) of a file; refuses it where there is nothing to yield."""
    raw = _bytes(result)
    if raw is None:
        return
    result.size, result.digest = len(raw), hashlib.sha256(raw).hexdigest()
    if ledger.same_content(result.file.key, result.digest):
        result.status = "skipped"
        return
    document = inflate(raw, limit)
    del raw
    framed = None if patient or document.damage else records_in(document.data)
    if framed is not None:
        yield 0, framed
    else:
        yield from _walked(result, document.data, document.damage)


def _bytes(result: FileResult) -> bytes | None:
    if result.file.problem:
        result.refuse(result.file.problem, status="unreadable")
        return None
    try:
        return result.file.path.read_bytes()
    except OSError as error:
        result.refuse(f"file cannot be read: {error.strerror}", status="unreadable")
        return None


def _walked(result: FileResult, data: bytes, damage: str | None) -> Iterator[tuple[int, bytes]]:
    """Yield runs of consecutive good records; the others go to quarantine."""
    run: list[bytes] = []
    first = size = 0
    try:
        for item in walk(data):
            text = _conformed(result, item)
            if run and (text is None or size > RUN_BYTES):
                yield first, b",".join(run)
                run, size = [], 0
            if text is not None:
                first = first if run else item.ordinal
                run.append(text)
                size += len(text)
    except NotCloudTrailError as error:
        result.refuse(damage or str(error), data[:2000].decode("utf-8", "replace"))
        return
    if run:
        yield first, b",".join(run)
    if damage:
        result.entries.insert(0, Quarantined(result.file.name, None, damage, "", result.digest))


def _conformed(result: FileResult, item: Found) -> bytes | None:
    if item.record is None:
        result.refuse_record(item.ordinal, item.reason, item.text)
        return None
    try:
        return conform(item.record)
    except MisshapenError as error:
        result.refuse_record(item.ordinal, str(error), item.text or json.dumps(item.record))
        return None
