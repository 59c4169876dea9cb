"""Which objects of a bucket there are to read: below a prefix, of the days asked for, with as few listings as may be.

S3 and Google Cloud list in the order of names and begin anywhere, so a listing jumps over the days that are not wanted,
once a page ends in them; it never asks for more pages than listing everything would. Azure does not begin anywhere in
every kind of account, so there folders are opened one by one and those of other months and days are left shut.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from anomaly.errors import UsageError, nearest
from anomaly.ingest.dated import Days, dated
from anomaly.ingest.remote import CLIENT, PAGE, RETRIES, SCHEMES, URL, USUAL_HOST, Bucket, RemoteFile
from anomaly.ingest.remote_errors import CREDENTIALS

if TYPE_CHECKING:
    from obstore import ObjectMeta

EXTRA = "reading {url} needs an extra: pip install 'anomaly[object-stores]'"


def listed(url: str, days: Days) -> Iterator[RemoteFile]:
    """Yield the objects at or below an address that may hold records of ``days``.

    Raises
    ------
    UsageError
        The address is none, names nothing, or its bucket or credentials are wrong; or the extra is not installed.
    UnreachableError
        The store does not answer.
    """
    bucket, prefix = opened(url)
    found = False
    for meta in _skipping(bucket, prefix, days) if bucket.scheme != "az" else _descending(bucket, prefix, days):
        found = True
        if days.want(meta["path"]) and not _is_folder(meta):
            yield _file(bucket, meta, prefix)
    if not found and next(bucket.pages(prefix), None) is None:
        yield _file(bucket, _single(bucket, prefix, url), prefix.rpartition("/")[0])


def opened(url: str) -> tuple[Bucket, str]:
    """Return the bucket and the prefix of an address, the prefix without slashes around it."""
    parts = URL.fullmatch(url)
    scheme = parts["scheme"] if parts else ""
    if not parts or scheme not in SCHEMES:
        raise UsageError(f"no object store is known by {scheme}://: {nearest(scheme, SCHEMES)}")
    if not USUAL_HOST.fullmatch(parts["host"]):
        raise UsageError(f"{scheme}:// takes a bucket and a prefix, such as {scheme}://logs/AWSLogs, and no password")
    root = f"{scheme}://{parts['host']}"
    return Bucket(root, SCHEMES[scheme], _store(root, SCHEMES[scheme], url)), (parts["path"] or "").strip("/")


def _store(root: str, scheme: str, url: str) -> object:
    try:
        from obstore.exceptions import BaseError
        from obstore.store import from_url
    except ImportError:
        raise UsageError(EXTRA.format(url=url)) from None
    try:
        return from_url(root, client_options=CLIENT | {"allow_http": _plain(scheme)}, retry_config=RETRIES)
    except (BaseError, ValueError):
        raise UsageError(f"{root} cannot be opened: set {CREDENTIALS[scheme]}") from None


def _plain(scheme: str) -> bool:
    """Whether the operator named an endpoint without encryption, such as a server of his own on the same machine."""
    names = {"s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"), "az": ("AZURE_STORAGE_ENDPOINT",)}
    endpoint = next((os.environ[name] for name in names.get(scheme, ()) if os.environ.get(name)), "")
    return endpoint.startswith("http://")


def _skipping(bucket: Bucket, prefix: str, days: Days) -> Iterator["ObjectMeta"]:
    after: str | None = None
    while True:
        for page in bucket.pages(prefix, after):
            yield from page
            after = _jump(page[-1]["path"], days) if len(page) == PAGE else None
            if after:
                break
        else:
            return


def _jump(key: str, days: Days) -> str | None:
    """Return where to go on from a key of a day not wanted; None where the next page is as good."""
    found = dated(key)
    if found is None or found.day in days:
        return None
    return found.at(days.since) if found.day < days.since else found.after


def _descending(bucket: Bucket, folder: str, days: Days) -> Iterator["ObjectMeta"]:
    objects, folders = bucket.level(folder)
    yield from objects
    for below in folders:
        if dated(f"{below.rstrip('/')}/"):
            if days.want_folder(below):
                for page in bucket.pages(below):
                    yield from page
        elif days.want_folder(below):
            yield from _descending(bucket, below, days)


def _is_folder(meta: "ObjectMeta") -> bool:
    """Whether an object is the empty marker that consoles write for a folder: no log has such a name."""
    name = meta["path"].rpartition("/")[2]
    return meta["size"] == 0 and "." not in name and dated(name) is None


def _file(bucket: Bucket, meta: "ObjectMeta", prefix: str) -> RemoteFile:
    key = meta["path"]
    return RemoteFile(
        path=Path(key),
        name=key.removeprefix(prefix).lstrip("/"),
        size=meta["size"],
        mtime_ns=int(meta["last_modified"].timestamp()) * 10**9,
        bucket=bucket,
        object_key=key,
        etag=meta["e_tag"],
    )


def _single(bucket: Bucket, key: str, url: str) -> "ObjectMeta":
    meta = bucket.find(key)
    if meta is not None:
        return meta
    parent = key.rpartition("/")[0]
    around = next(bucket.pages(parent), ())
    names = {m["path"].removeprefix(parent).lstrip("/").partition("/")[0] for m in around}
    raise UsageError(f"there is no object at or below {url}: {nearest(key.rpartition('/')[2], names)}")
