"""One file of logs: where it is, what it is known by, and its bytes."""

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

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
        match = DELIVERY_TIME.search(PurePosixPath(self.name).name)
        return (match.group(1) if match else "", self.name)

    @property
    def layout(self) -> str:
        """The path that may tell the file's day: what lies above the folder given says nothing."""
        return self.name

    def open(self) -> BinaryIO:
        """Open the file to look into it; raises OSError where that cannot be."""
        return self.path.open("rb")

    def read(self) -> bytes:
        """Return the file's bytes; raises OSError where they cannot be had."""
        return self.path.read_bytes()
