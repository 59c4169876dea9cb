"""A batch of files through one worker: sorted by format, read, framed or walked, transformed, and what it came to.

The files of one format make a lot. All files of a JSON lot go into one JSON array; when the strict reader refuses it,
each file is tried alone; a file that fails alone, or holds a record that cannot stand, is walked record by record and
the lot is read again. The lines of a text lot go into one table.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from anomaly.ingest.conform import MisshapenError
from anomaly.ingest.detect import format_of, prefix_of
from anomaly.ingest.formats import Format
from anomaly.ingest.frame import records_in
from anomaly.ingest.inflate import MAX_INFLATED, inflate
from anomaly.ingest.ledger import Ledger
from anomaly.ingest.log_file import LogFile
from anomaly.ingest.quarantine import Quarantined, excerpt_of
from anomaly.ingest.report import Counts
from anomaly.ingest.transform import LINES, RefusedError, Segment, Transform
from anomaly.ingest.walk import Found, NoRecordError, walk

RUN_BYTES = 8 << 20
"""Bytes of walked records handed on at a time."""


@dataclass
class FileResult:
    """What became of one file: ``status`` is loaded, quarantined, unreadable or skipped."""

    file: LogFile
    format: str = ""
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
class Lot:
    """The files of a batch that are of one format and, once read, their results and where their records stand."""

    format: Format
    files: Sequence[LogFile]
    results: list[FileResult] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)


@dataclass
class Batch:
    """The files of one group."""

    number: int
    files: Sequence[LogFile]

    def lots(self, formats: Sequence[Format], limit: int) -> list[Lot]:
        """Sort the files by format, in the order of ``formats``; what shows none counts as the first."""
        sorted_files: dict[str, list[LogFile]] = {format.name: [] for format in formats}
        for file in self.files:
            sorted_files[_format(file, formats, limit).name].append(file)
        return [Lot(format, sorted_files[format.name]) for format in formats if sorted_files[format.name]]


def _format(file: LogFile, formats: Sequence[Format], limit: int) -> Format:
    if file.problem:
        return formats[0]
    try:
        with file.open() as handle:
            return format_of(prefix_of(handle, limit), formats) or formats[0]
    except OSError:  # told when the file is read
        return formats[0]


def read_lot(lot: Lot, transform: Transform, ledger: Ledger, limit: int = MAX_INFLATED) -> None:
    """Read a lot into the transform's ``raw`` table; every record of it is then there, counted or in an entry."""
    patient: set[int] = set()
    hopeless: dict[int, str] = {}
    while True:
        try:
            _attempt(lot, transform, ledger, limit, patient, hopeless)
        except RefusedError as error:
            _blame(lot, transform, ledger, limit, patient, hopeless, str(error))
            continue
        flawed = {lot.owners[defect.segment] for defect in transform.defects()} - patient
        if not flawed:
            return
        patient |= flawed


def _blame(
    lot: Lot,
    transform: Transform,
    ledger: Ledger,
    limit: int,
    patient: set[int],
    hopeless: dict[int, str],
    reason: str,
) -> None:
    """Find the files that the reader refuses by themselves: they are walked next, or given up when they were."""
    suspects = [n for n in range(len(lot.files)) if n not in hopeless]
    refused = {}
    for n in suspects:
        try:
            _attempt(Lot(lot.format, [lot.files[n]]), transform, ledger, limit, {0} if n in patient else set(), {})
        except RefusedError as error:
            refused[n] = str(error)
    refused = refused or dict.fromkeys(set(suspects) - patient or suspects, reason)
    hopeless.update({n: why for n, why in refused.items() if n in patient})
    patient.update(refused)


def _attempt(
    lot: Lot, transform: Transform, ledger: Ledger, limit: int, patient: set[int], hopeless: dict[int, str]
) -> None:
    lot.results, lot.segments, lot.owners = [], [], []
    if lot.format.lines:
        _read_lines(lot, transform, ledger, limit)
        return
    with transform.array as out:
        for number, result in enumerate(_results(lot)):
            if number in hopeless:
                result.refuse(f"the reader does not take it: {hopeless[number]}")
                continue
            for first, text in _pieces(result, lot.format, ledger, limit, number in patient):
                out.write(transform.marker(len(lot.segments)) + b",")
                out.write(text)
                out.write(b"," if len(text) else b"")
                lot.segments.append(Segment(result.file.name, first))
                lot.owners.append(number)
        out.end(transform.marker(len(lot.segments)))
    lot.seen = transform.read(out.path, lot.segments)


def _results(lot: Lot) -> Iterator[FileResult]:
    for file in lot.files:
        lot.results.append(FileResult(file, lot.format.name))
        yield lot.results[-1]


def _read_lines(lot: Lot, transform: Transform, ledger: Ledger, limit: int) -> None:
    """Put the lines of all files into one table; a damaged file gives those that came out of it."""
    parts: list[pa.Table] = []
    rows = 0
    for number, result in enumerate(_results(lot)):
        text = _text(result, ledger, limit)
        if text is None:
            continue
        data, damage = text
        assert lot.format.lines is not None
        found = lot.format.lines(data)
        if not found.num_rows:
            result.refuse(
                damage or ("no record in it" if data.strip() else "empty file"), data[:2000].decode("utf-8", "replace")
            )
            continue
        if damage:
            result.entries.append(Quarantined(result.file.name, None, damage, "", result.digest))
        counted = np.arange(rows + 1, rows + 1 + found.num_rows)
        segment = np.full(found.num_rows, len(lot.segments))
        parts.append(pa.table([counted, segment, *found.columns], schema=LINES))
        lot.segments.append(Segment(result.file.name, 0))
        lot.owners.append(number)
        rows += found.num_rows
    lot.seen = transform.read_lines(pa.concat_tables(parts) if parts else LINES.empty_table(), lot.segments)


def _text(result: FileResult, ledger: Ledger, limit: int) -> tuple[bytes, str | None] | None:
    """Return a file's decompressed bytes and their damage; None where it cannot be read or is known."""
    raw = _bytes(result)
    if raw is None:
        return None
    result.size, result.digest = len(raw), hashlib.sha256(raw).hexdigest()
    if ledger.same_content(result.file.key, result.digest):
        result.status = "skipped"
        return None
    document = inflate(raw, limit)
    return document.data, document.damage


def _pieces(
    result: FileResult, format: Format, ledger: Ledger, limit: int, patient: bool
) -> Iterator[tuple[int, bytes | memoryview]]:
    """Yield (ordinal of the first, comma-separated records) of a file; refuses it where there is nothing to yield."""
    text = _text(result, ledger, limit)
    if text is None:
        return
    data, damage = text
    del text
    framed = None if patient or damage else records_in(data, format)
    if framed is not None:
        yield 0, framed
    else:
        yield from _walked(result, format, data, damage)


def _bytes(result: FileResult) -> bytes | None:
    if result.file.problem:
        result.refuse(result.file.problem, status="unreadable")
        return None
    try:
        return result.file.read()
    except OSError as error:
        result.refuse(f"file cannot be read: {error.strerror}", status="unreadable")
        return None


def _walked(result: FileResult, format: Format, data: bytes, damage: str | None) -> Iterator[tuple[int, bytes]]:
    """Yield runs of consecutive good records; the others go to quarantine."""
    run: list[bytes] = []
    first = size = 0
    try:
        for item in walk(data, format):
            text = _conformed(result, format, item)
            if run and (text is None or size > RUN_BYTES):
                yield first, b",".join(run)
                run, size = [], 0
            if text is not None:
                first = first if run else item.ordinal
                run.append(text)
                size += len(text)
    except NoRecordError as error:
        result.refuse(damage or str(error), data[:2000].decode("utf-8", "replace"))
        return
    if run:
        yield first, b",".join(run)
    if damage:
        result.entries.insert(0, Quarantined(result.file.name, None, damage, "", result.digest))


def _conformed(result: FileResult, format: Format, item: Found) -> bytes | None:
    if item.record is None:
        result.refuse_record(item.ordinal, item.reason, item.text)
        return None
    try:
        assert format.conform is not None
        return format.conform(item.record)
    except MisshapenError as error:
        result.refuse_record(item.ordinal, str(error), item.text or json.dumps(item.record))
        return None
