"""Which files are loaded: one Parquet file a committed group under ``ROOT/ledger/ingest``.

A group is a batch of files. Its event parts (GROUP~FORMAT.parquet), its quarantine entries and last its ledger file get
their final names; whatever bears a group's name without a ledger file belongs to a killed run and is removed at the
next start.
"""

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from anomaly.ingest.report import Counts
from anomaly.store import TEMPORARY, Lake, replacing, sweep

PREFIX = "part-"
SCHEMA = pa.schema(
    [("path", pa.string()), ("name", pa.string()), ("size", pa.int64()), ("mtime_ns", pa.int64())]
    + [("digest", pa.string()), ("format", pa.string()), ("status", pa.string())]
    + [(name, pa.int64()) for name in ("seen", "loaded", "duplicate", "not_relevant", "quarantined")]
    + [("parts", pa.list_(pa.string()))]
)


@dataclass(frozen=True)
class Entry:
    """A file as it was read: ``status`` is loaded, quarantined or unreadable."""

    path: str
    name: str
    size: int
    mtime_ns: int
    digest: str
    format: str
    status: str
    counts: Counts


class Ledger:
    """What a lake has read of the files asked about, the latest reading of each path.

    Of the others nothing is held: after a year of nights they are millions, of which a night brings thousands.
    """

    def __init__(self, lake: Lake, asked: Collection[str]) -> None:
        self.lake = lake
        self.folder = lake.root / "ledger" / "ingest"
        self.groups = {path.stem for path in self.folder.glob(f"{PREFIX}*.parquet")}
        self.known: dict[str, tuple[int, int, str, str]] = {}
        if self.groups and asked:
            files = [self.folder / f"{group}.parquet" for group in sorted(self.groups)]
            # the ends of the range let files be passed over by their footers
            wanted = [("path", ">=", min(asked)), ("path", "<=", max(asked)), ("path", "in", set(asked))]
            table = pq.read_table(files, columns=["path", "size", "mtime_ns", "digest", "status"], filters=wanted)
            rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
            self.known = {path: (size, mtime, digest, status) for path, size, mtime, digest, status in rows}

    def next_number(self) -> int:
        """Return the number of the next group."""
        return max((int(group.removeprefix(PREFIX)) for group in self.groups), default=0) + 1

    def loaded(self, path: str, size: int, mtime_ns: int) -> bool:
        """Whether a file is known with this size and time, and was readable."""
        known = self.known.get(path)
        return known is not None and known[:2] == (size, mtime_ns) and known[3] != "unreadable"

    def same_content(self, path: str, digest: str) -> bool:
        """Whether a file's content is what was read under this path before."""
        known = self.known.get(path)
        return known is not None and known[2] == digest

    def clean(self) -> None:
        """Remove what killed runs left: temporary files, and parts and quarantine of groups without a ledger file."""
        for folder in ("events", "quarantine", "ledger/ingest"):
            sweep(self.lake.root / folder)
        for pattern in (f"events/date=*/{PREFIX}*.parquet", f"quarantine/{PREFIX}*.jsonl"):
            for path in self.lake.root.glob(pattern):
                if path.stem.partition("~")[0] not in self.groups:
                    path.unlink()

    def commit(self, group: str, staged: Iterable[Path], entries: Sequence[Entry]) -> None:
        """Give the staged files their names, then the group its ledger file: from then on it counts."""
        parts = [path.with_name(path.name.removeprefix(TEMPORARY)) for path in staged]
        for path in parts:
            os.replace(path.with_name(TEMPORARY + path.name), path)
        names = [str(part.relative_to(self.lake.root)) for part in parts]
        rows = [_row(entry, names) for entry in entries]
        with replacing(self.folder / f"{group}.parquet") as temporary:
            pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), temporary)
        self.groups.add(group)


def _row(entry: Entry, parts: list[str]) -> dict[str, object]:
    facts = {name: getattr(entry, name) for name in ("path", "name", "size", "mtime_ns", "digest", "format", "status")}
    return facts | vars(entry.counts) | {"parts": parts}
