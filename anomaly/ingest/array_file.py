"""The JSON array that a batch becomes: an anonymous file in memory that the reader opens by path."""

import os
from types import TracebackType


class ArrayFile:
    """One worker's array, written anew for each batch.

    The memory is kept from batch to batch (fresh pages cost as much as copying into them), and it is gone with the
    process, even a killed one.
    """

    def __init__(self) -> None:
        self.descriptor = os.memfd_create("anomaly-ingest")
        self.path = f"/proc/self/fd/{self.descriptor}"
        self.size = 0

    def __enter__(self) -> "ArrayFile":
        """Begin a new array."""
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        self.size = 0
        self.write(b"[")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave it as it is, to be read or written anew."""

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes."""
        view = memoryview(data)
        while len(view):
            written = os.write(self.descriptor, view)
            self.size += written
            view = view[written:]

    def end(self, marker: bytes) -> None:
        """Add the last element and close the array."""
        self.write(marker + b"]")
        os.ftruncate(self.descriptor, self.size)

    def close(self) -> None:
        """Give the memory back."""
        os.close(self.descriptor)
