"""The run ledger: one line of JSON a step under ``ROOT/ledger/daily.jsonl``, added and flushed to disk before the next.

A run is told by its number, one more than the highest there is: a clock that is set back renames nothing. A process
killed while it writes leaves at most one torn line at the end, which the next run cuts off before it writes; a reader
passes over it.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from anomaly.errors import AnomalyError
from anomaly.store import Lake

CODE = Path(__file__).parent.parent
SOURCES = (".py", ".sql", ".toml", ".csv")

Line = dict[str, Any]


def ledger_file(lake: Lake) -> Path:
    """Where a lake's run ledger lies."""
    return lake.root / "ledger" / "daily.jsonl"


def lines(lake: Lake) -> list[Line]:
    """Every whole line, oldest first; a torn last line is passed over.

    Raises
    ------
    AnomalyError
        A line other than the last is no JSON: somebody edited the file.
    """
    path = ledger_file(lake)
    if not path.exists():
        return []
    whole = path.read_bytes().split(b"\n")[:-1]
    try:
        return [json.loads(line) for line in whole]
    except ValueError as error:
        raise AnomalyError(f"{path} holds a line that is no JSON ({error}): remove that line") from error


@dataclass
class History:
    """What earlier runs left on record."""

    last_number: int = 0
    last_begin: datetime | None = None
    last_success: datetime | None = None
    sent: dict[date, str] = field(default_factory=dict)
    """Day to the token of what was last handed on of it."""
    cut_off: int | None = None
    """Number of the last run when it never came to an end: it was killed."""


def history(lake: Lake) -> History:
    """Read the ledger once, oldest line first."""
    found = History()
    for line in lines(lake):
        at = datetime.fromisoformat(line["at"])
        if line["event"] == "begin":
            found.last_number = found.cut_off = max(found.last_number, line["run"])
            found.last_begin = at
        elif line["event"] == "sent":
            found.sent[date.fromisoformat(line["day"])] = line["token"]
        elif line["event"] == "end":
            found.cut_off = None
            found.last_success = at if line["outcome"] == "done" else found.last_success
    return found


class RunLedger:
    """One run's lines. Only the holder of the daily lock may write."""

    def __init__(self, lake: Lake, number: int) -> None:
        self.number = number
        self._path = ledger_file(lake)

    def begin(self, at: datetime, facts: Mapping[str, Any]) -> None:
        """Say that the run begins; what a killed run left of a line is cut off first."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _cut_torn(self._path)
        except OSError as error:
            raise AnomalyError(f"cannot write {self._path}: {error.strerror}") from error
        self.say("begin", at, facts)

    def say(self, event: str, at: datetime, facts: Mapping[str, Any]) -> None:
        """Add a line; raises AnomalyError when it cannot be written whole, and then the ledger is as before."""
        line = {"run": self.number, "event": event, "at": at.isoformat(timespec="seconds"), **facts}
        _append(self._path, json.dumps(line, ensure_ascii=False).encode() + b"\n")


def _append(path: Path, data: bytes) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise AnomalyError(f"cannot write {path}: {error.strerror}") from error
    try:
        before = os.fstat(handle).st_size
        try:
            if os.write(handle, data) != len(data):
                raise OSError("No space left on device")
            os.fsync(handle)
        except OSError as error:
            os.ftruncate(handle, before)
            raise AnomalyError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        os.close(handle)


def _cut_torn(path: Path) -> None:
    if not path.exists():
        return
    with path.open("r+b") as handle:
        data = handle.read()
        if data and not data.endswith(b"\n"):
            handle.truncate(data.rfind(b"\n") + 1)


def code_digest() -> str:
    """SHA-256 of the package's own files: which code a run was made by, whatever its version says."""
    digest = hashlib.sha256()
    for path in _sources(CODE):
        digest.update(path.relative_to(CODE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.suffix in SOURCES)
