"""Which files there are to read, in an order that brings the days in one after another."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from anomaly.errors import UsageError, nearest
from anomaly.ingest.dated import ALWAYS, Days
from anomaly.ingest.log_file import LogFile
from anomaly.ingest.remote import is_remote
from anomaly.ingest.remote_list import listed


def discover(paths: Sequence[Path | str], skip: Path | None = None, days: Days = ALWAYS) -> list[LogFile]:
    """List every file under ``paths``, each once, oldest delivery first.

    Parameters
    ----------
    paths
        Files and folders, or addresses such as ``s3://bucket/prefix`` as text. Links are followed, loops are not.
    skip
        A folder to stay out of: the lake, should it lie inside a folder given.
    days
        Days whose records are wanted; a file whose path tells of another is left out.

    Raises
    ------
    UsageError
        A path does not exist.
    UnreachableError
        An object store does not answer.
    """
    found: dict[str, LogFile] = {}
    away = skip.resolve() if skip else None
    for path in paths:
        for file in listed(str(path), days) if is_remote(path) else _local(Path(path), away):
            found.setdefault(file.key, file)
    wanted = (file for file in found.values() if days.want(file.layout))
    return sorted(wanted, key=lambda file: file.order)


def _local(path: Path, away: Path | None) -> Iterator[LogFile]:
    _must_exist(path)
    yield from _walk(path, path, away, set()) if path.is_dir() else [_look(path, path.name)]


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
