"""Which files there are to read, in an order that brings the days in one after another."""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from anomaly.errors import UsageError, nearest

DELIVERY_TIME = re.compile(r"_(\d{8}T\d{4}Z)_")
"""CloudTrail puts the delivery minute in a file's name; regions and accounts interleave in its order."""


@dataclass(frozen=True)
class LogFile:
    """One file: ``name`` is its path relative to the folder given, ``problem`` says why it cannot be opened at all."""

    path: Path
    name: str
    size: int = 0
    mtime_ns: int = 0
    problem: str | None = None

    @property
    def key(self) -> str:
        """The real path: what a file is known by in the ledger, and listed once by."""
        return os.path.realpath(self.path)

    @property
    def order(self) -> tuple[str, str]:
        """Delivery time first, then the name: the same order whatever the file system says."""
        match = DELIVERY_TIME.search(self.path.name)
        return (match.group(1) if match else "", self.name)


def discover(paths: Sequence[Path], skip: Path | None = None) -> list[LogFile]:
    """List every file under ``paths``, each once, oldest delivery first.

    Parameters
    ----------
    paths
        Files and folders. Symbolic links are followed, loops are not.
    skip
        A folder to stay out of: the lake, should it lie inside a folder given.

    Raises
    ------
    UsageError
        A path does not exist.
    """
    found: dict[str, LogFile] = {}
    away = skip.resolve() if skip else None
    for path in paths:
        _must_exist(path)
        for file in _walk(path, path, away, set()) if path.is_dir() else [_look(path, path.name)]:
            found.setdefault(file.key, file)
    return sorted(found.values(), key=lambda file: file.order)


def _must_exist(path: Path) -> None:
    if not path.exists() and not path.is_symlink():
        siblings = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        raise UsageError(f"no log file or folder {path}: {nearest(path.name, siblings)}")


def _walk(folder: Path, top: Path, away: Path | None, seen: set[tuple[int, int]]) -> Iterator[LogFile]:
    try:
        facts = folder.stat()
        if (facts.st_dev, facts.st_ino) in seen or folder.resolve() == away:
            return
        seen.add((facts.st_dev, facts.st_ino))
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield LogFile(folder, _name(folder, top), problem=f"folder cannot be opened: {error.strerror}")
        return
    for entry in entries:
        path = Path(entry.path)
        if path.is_dir():
            yield from _walk(path, top, away, seen)
        else:
            yield _look(path, _name(path, top))


def _name(path: Path, top: Path) -> str:
    """Return the relative path as text that can be written down, odd bytes escaped."""
    return str(path.relative_to(top)).encode("utf-8", "backslashreplace").decode("utf-8")


def _look(path: Path, name: str) -> LogFile:
    try:
        facts = path.stat()
    except OSError as error:
        return LogFile(path, name, problem=f"file cannot be opened: {error.strerror}")
    if not stat.S_ISREG(facts.st_mode):
        return LogFile(path, name, problem="not a regular file")
    return LogFile(path, name, facts.st_size, facts.st_mtime_ns)
