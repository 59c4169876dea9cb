"""One writer a lake at a time: an advisory lock the system drops by itself when its holder dies."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from anomaly.errors import AnomalyError, LockedError


@contextlib.contextmanager
def locked(root: Path, name: str = ".lock") -> Iterator[None]:
    """Hold the lake's lock; raises LockedError (exit 75) at once when another process holds it.

    ``name`` is another lock of the same lake: one that is held over many commands' worth of work, each of which takes
    the lake's own.
    """
    path = root / name
    try:
        root.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise AnomalyError(f"cannot write to the lake {root}: {error.strerror}") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            raise LockedError(f"another run (process {holder}) holds the lake {root}; try again when it ends") from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield
