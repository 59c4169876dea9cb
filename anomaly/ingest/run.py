"""The run: files into batches, batches through workers, results into the lake in the files' order.

Workers read and transform at the same time; which event is a repeat, and what is committed, is decided strictly in
order, so that the lake's content does not depend on the number of threads or on where a run was killed.
"""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from anomaly.ingest.batch import Batch, FileResult, Lot, read_lot
from anomaly.ingest.dated import Days, without_day
from anomaly.ingest.dedupe import Seen, day_of
from anomaly.ingest.discover import discover
from anomaly.ingest.inflate import MAX_INFLATED
from anomaly.ingest.known import FORMATS
from anomaly.ingest.ledger import PREFIX, Entry, Ledger
from anomaly.ingest.log_file import LogFile
from anomaly.ingest.quarantine import Quarantined, quarantine_file, write_quarantine
from anomaly.ingest.remote import holding
from anomaly.ingest.report import IngestReport
from anomaly.ingest.transform import Transform
from anomaly.lock import locked
from anomaly.pruned import first_kept
from anomaly.store import TEMPORARY, Lake, must_fit

BATCH_BYTES = 64 << 20
"""Decompressed bytes in flight a worker, estimated."""

RATIO = 10
"""Decompressed size of a .gz by its own size: CloudTrail compresses 8 to 15 times."""

PLAIN = re.compile(r"\.(?:json|jsonl|log|txt|csv)$|(?:^|/)\d{4}(?:-\d\d){5}-[0-9A-F]{16}$")
"""Names of files that are not compressed as a rule; the second are S3 server access logs."""

BATCH_FILES = 2_000

Progress = Callable[[int, int], None]


def ingest(
    paths: Sequence[Path | str],
    lake: Lake,
    *,
    days: tuple[date | None, date | None] = (None, None),
    threads: int | None = None,
    progress: Progress | None = None,
    max_inflated: int = MAX_INFLATED,
) -> IngestReport:
    """Load log files of every known format into the lake's event table.

    Parameters
    ----------
    paths
        Files and folders, or addresses of object stores as text (``s3://bucket/prefix``); what is loaded is skipped.
    lake
        Where to; its lock is held meanwhile.
    days
        First and last day wanted, None for an open end: files whose path tells of another day are not listed or read.
    threads
        Workers, by default one a processor.
    progress
        Called with bytes done and bytes in all, from any thread but never from two at once.
    max_inflated
        Bytes that one file may decompress to; a larger one is quarantined.

    Raises
    ------
    UsageError
        A path does not exist, or a bucket or its credentials are wrong.
    UnreachableError
        An object store does not answer; what was loaded is kept.
    LockedError
        Another run is writing to the lake.
    AnomalyError
        The lake was made by an older version.
    """
    started = time.monotonic()
    files = discover(paths, skip=lake.root, days=Days(*days))
    with locked(lake.root):
        ledger = Ledger(lake, [file.key for file in files])
        ledger.clean()
        must_fit("events", lake.files("events", lake.days("events")[-1])[:1] if lake.days("events") else [])
        todo = [file for file in files if not ledger.loaded(file.key, file.size, file.mtime_ns)]
        report = IngestReport(files_seen=len(files), files_skipped=len(files) - len(todo))
        report.files_undated = without_day(file.layout for file in files) if any(days) else 0
        run = _Run(lake, ledger, report, sum(file.size for file in todo), progress, max_inflated)
        run.work(list(_batches(todo, ledger.next_number())), threads or os.cpu_count() or 1)
    report.seconds = time.monotonic() - started
    return report


def _batches(files: Sequence[LogFile], number: int) -> Iterator[Batch]:
    """Group files, in order, by the bytes they are expected to take in memory."""
    held: list[LogFile] = []
    size = 0
    for file in files:
        expected = file.size * (1 if PLAIN.search(file.name) else RATIO)
        if held and (size + expected > BATCH_BYTES or len(held) >= BATCH_FILES):
            yield Batch(number, held)
            held, size, number = [], 0, number + 1
        held.append(file)
        size += expected
    if held:
        yield Batch(number, held)


class _Turns:
    """A gate that batches pass one by one in the order of their numbers; opened for all when a worker fails."""

    def __init__(self, first: int) -> None:
        self.now = first
        self.broken = False
        self.condition = threading.Condition()

    def wait(self, number: int) -> None:
        with self.condition:
            self.condition.wait_for(lambda: self.broken or self.now == number)
            if self.broken:
                raise _StoppedError

    def done(self) -> None:
        with self.condition:
            self.now += 1
            self.condition.notify_all()

    def fail(self) -> None:
        with self.condition:
            self.broken = True
            self.condition.notify_all()


class _StoppedError(Exception):
    """Another worker failed; this one gives up quietly."""


class _Run:
    """One run's shared state."""

    def __init__(
        self, lake: Lake, ledger: Ledger, report: IngestReport, total: int, progress: Progress | None, limit: int
    ) -> None:
        self.lake, self.ledger, self.report, self.limit = lake, ledger, report, limit
        self.total, self.progress, self.bytes_done = total, progress, 0
        self.first_kept = first_kept(lake.root)

    def work(self, batches: Sequence[Batch], threads: int) -> None:
        """Put all batches through; raises what a worker raised first."""
        if not batches:
            return
        self.queue = iter(batches)
        self.seen = Seen(self.lake, threads)
        self.taking = threading.Lock()
        self.order, self.commits = _Turns(batches[0].number), _Turns(batches[0].number)
        try:
            with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="ingest") as pool:
                futures = [pool.submit(self._worker) for _ in range(min(threads, len(batches)))]
                try:
                    errors = [error for future in futures if (error := future.exception())]
                except BaseException:  # such as Ctrl-C: the workers end with the batch at hand
                    self._stop()
                    raise
        finally:
            self.seen.close()
        for error in sorted(errors, key=lambda error: isinstance(error, _StoppedError)):
            raise error

    def _worker(self) -> None:
        transforms: dict[str, Transform] = {}
        try:
            while (batch := self._next()) is not None:
                self._through(batch, transforms)
        except BaseException:
            self._stop()
            raise
        finally:
            for transform in transforms.values():
                transform.close()

    def _stop(self) -> None:
        self.order.fail()
        self.commits.fail()

    def _next(self) -> Batch | None:
        with self.taking:
            return None if self.order.broken else next(self.queue, None)

    def _through(self, batch: Batch, transforms: dict[str, Transform]) -> None:
        with holding(batch.files):
            lots = batch.lots(FORMATS, self.limit)
            read = [self._read(lot, transforms) for lot in lots]
        self.order.wait(batch.number)
        repeats = [self.seen.repeated(keys) for _, _, keys in read]
        self.order.done()
        group = f"{PREFIX}{batch.number:08d}"
        staged: list[Path] = []
        days: set[date] = set()
        for (lot, transform, keys), repeated in zip(read, repeats, strict=True):
            _count(lot, transform, keys["segment"].to_numpy(np.int64), repeated)
            transform.prepare(keys["rn"][repeated].tolist())
            for day in map(day_of, sorted(set(keys["day"][~repeated].tolist()))):
                path = self.lake.folder("events", day) / f"{TEMPORARY}{group}~{lot.format.name}.parquet"
                transform.write(day, path)
                staged.append(path)
                days.add(day)
        self.commits.wait(batch.number)
        self._commit([result for lot in lots for result in lot.results], group, staged)
        self.report.days |= days
        self.commits.done()

    def _read(self, lot: Lot, transforms: dict[str, Transform]) -> tuple[Lot, Transform, pd.DataFrame]:
        if lot.format.name not in transforms:
            transforms[lot.format.name] = Transform(lot.format, self.first_kept)
        transform = transforms[lot.format.name]
        read_lot(lot, transform, self.ledger, self.limit)
        return lot, transform, transform.keys()

    def _commit(self, results: Sequence[FileResult], group: str, staged: list[Path]) -> None:
        results = sorted(results, key=lambda result: result.file.order)
        new = [result for result in results if not self._told_before(result)]
        entries = [entry for result in new for entry in sorted(result.entries, key=_by_record)]
        if entries:
            final = quarantine_file(self.lake, group)
            write_quarantine(final.with_name(TEMPORARY + final.name), entries)
            staged.append(final.with_name(TEMPORARY + final.name))
        if new:
            self.ledger.commit(group, staged, [_entry(result) for result in new])
        for result in results:
            self._report(result)

    def _told_before(self, result: FileResult) -> bool:
        """A file still unreadable for a reason already written down adds no second entry."""
        known = self.ledger.known.get(result.file.key)
        return result.status == "unreadable" and known is not None and known[3] == "unreadable"

    def _report(self, result: FileResult) -> None:
        report = self.report
        report.files_loaded += result.status == "loaded"
        report.files_skipped += result.status == "skipped"
        report.files_quarantined += result.status in ("quarantined", "unreadable")
        report.records.add(result.counts)
        report.bytes += result.size
        self.bytes_done += result.file.size
        if self.progress:
            self.progress(self.bytes_done, self.total)


def _count(lot: Lot, transform: Transform, segment: np.ndarray, repeated: np.ndarray) -> None:
    """Fill in every file's counts."""
    size = len(lot.segments)
    kept = np.bincount(segment, minlength=size)
    again = np.bincount(segment[repeated], minlength=size)
    defects = np.zeros(size, dtype=np.int64)
    for defect in transform.defects():
        defects[defect.segment] += 1
        lot.results[lot.owners[defect.segment]].refuse_record(defect.ordinal, defect.reason, defect.text)
    for number, owner in enumerate(lot.owners):
        counts = lot.results[owner].counts
        counts.seen += lot.seen[number] - int(defects[number])
        counts.loaded += int(kept[number] - again[number])
        counts.duplicate += int(again[number])
        counts.not_relevant += lot.seen[number] - int(kept[number]) - int(defects[number])


def _by_record(entry: Quarantined) -> int:
    return -1 if entry.record is None else entry.record


def _entry(result: FileResult) -> Entry:
    file = result.file
    return Entry(
        file.key, file.name, result.size, file.mtime_ns, result.digest, result.format, result.status, result.counts
    )
