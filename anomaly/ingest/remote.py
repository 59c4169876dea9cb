"""Logs where providers deliver them: S3, Google Cloud Storage and Azure, listed by day and read as bytes.

An object is fetched whole when its batch begins, several at once, and let go when the batch is read: memory stays that
of a batch. Each is asked for as it was listed (``If-Match``), and once more if it changed since.
"""

import errno
import io
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from anomaly.ingest.log_file import LogFile
from anomaly.ingest.remote_errors import refusal, said

if TYPE_CHECKING:
    from obstore import ObjectMeta

SCHEMES = {"s3": "s3", "gs": "gs", "az": "az", "abfs": "az", "abfss": "az"}
URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[^/]*)(?:/(?P<path>.*))?", re.DOTALL)
USUAL_HOST = re.compile(r"[\w.-]+(?:@[\w-]+\.(?:dfs|blob)\.[\w.]+)?")
"""A bucket, or ``container@account.dfs.core.windows.net``; a name and password before an @ look otherwise."""

PAGE = 1_000
"""Keys that a store gives in one answer."""

FETCHES = 16
"""Objects fetched at once by a worker: they are small and far, so most of the time is waiting."""

RETRIES: Any = {
    "max_retries": 6,
    "backoff": {"init_backoff": timedelta(seconds=0.2), "max_backoff": timedelta(seconds=10), "base": 2},
    "retry_timeout": timedelta(minutes=3),
}
"""About 13 seconds of waiting in all before a store counts as unreachable; a 5xx is asked again too."""

CLIENT: Any = {"connect_timeout": timedelta(seconds=10), "timeout": timedelta(minutes=5)}


def is_remote(path: Path | str) -> bool:
    """Whether a path is an address such as ``s3://bucket/prefix``."""
    return isinstance(path, str) and "://" in path


@dataclass(frozen=True)
class Bucket:
    """One bucket and the objects of it that are held in memory: bytes, or why an object cannot be read."""

    root: str
    scheme: str
    store: Any
    held: dict[str, bytes | OSError] = field(default_factory=dict)

    def pages(self, prefix: str, after: str | None = None) -> Iterator[Sequence["ObjectMeta"]]:
        """List what lies below a folder, in the order of names, about 1,000 at a time."""
        import obstore

        with self._asking():
            yield from obstore.list(self.store, prefix or None, offset=after, chunk_size=PAGE)

    def level(self, folder: str) -> tuple[Sequence["ObjectMeta"], Sequence[str]]:
        """List the objects and folders right below a folder."""
        import obstore

        with self._asking():
            found = obstore.list_with_delimiter(self.store, folder or None)
            return found["objects"], found["common_prefixes"]

    def find(self, key: str) -> "ObjectMeta | None":
        """Look one object up."""
        import obstore

        with self._asking():
            try:
                return obstore.head(self.store, key) if key else None
            except FileNotFoundError:
                return None

    def get(self, key: str, etag: str | None) -> bytes:
        """Fetch an object as it was listed, or as it is now where it changed since.

        Raises
        ------
        OSError
            This object cannot be read; others may.
        """
        import obstore
        from obstore.exceptions import BaseError, PermissionDeniedError, PreconditionError

        try:
            try:
                return bytes(obstore.get(self.store, key, options={"if_match": etag} if etag else {}).bytes())
            except PreconditionError:
                return bytes(obstore.get(self.store, key).bytes())
        except FileNotFoundError:
            raise OSError(errno.ENOENT, "the object vanished after it was listed") from None
        except PermissionDeniedError as error:
            raise OSError(errno.EACCES, f"the store refuses this object ({said(error)})") from None
        except BaseError as error:
            raise refusal(error, self.root, self.scheme) from None

    @contextmanager
    def _asking(self) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, FileNotFoundError) as error:
            raise refusal(error, self.root, self.scheme) from None


@dataclass(frozen=True, kw_only=True)
class RemoteFile(LogFile):
    """One object: known by its address and etag, so that a changed object is another."""

    bucket: Bucket
    object_key: str
    etag: str | None

    @property
    def key(self) -> str:
        """The address and the etag."""
        return f"{self.bucket.root}/{self.object_key}#{(self.etag or '').strip(chr(34))}"

    @property
    def layout(self) -> str:
        """The whole name: in a bucket of logs every folder is the provider's."""
        return self.object_key

    def open(self) -> BinaryIO:
        """Open the object to look into it."""
        return io.BytesIO(self.read())

    def read(self) -> bytes:
        """Return the object's bytes: those held, else fetched now."""
        data = self.bucket.held.get(self.key)
        if isinstance(data, OSError):
            raise data
        return self.bucket.get(self.object_key, self.etag) if data is None else data

    def fetch(self) -> bytes | OSError:
        """Fetch the object; return why where it cannot be read."""
        try:
            return self.bucket.get(self.object_key, self.etag)
        except OSError as error:
            return error


@contextmanager
def holding(files: Sequence[LogFile]) -> Iterator[None]:
    """Hold the objects among these files in memory, fetched several at once, until the block ends."""
    remote = [file for file in files if isinstance(file, RemoteFile)]
    try:
        if remote:
            with ThreadPoolExecutor(min(FETCHES, len(remote)), thread_name_prefix="fetch") as pool:
                for file, data in zip(remote, pool.map(RemoteFile.fetch, remote), strict=True):
                    file.bucket.held[file.key] = data
        yield
    finally:
        for file in remote:
            file.bucket.held.pop(file.key, None)
