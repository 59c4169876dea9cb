"""Which format a file is, by its content; its name says nothing."""

import zlib
from collections.abc import Sequence
from typing import BinaryIO

import pyarrow as pa

from anomaly.ingest.formats import PREFIX_BYTES, Format
from anomaly.ingest.inflate import GZIP, ZSTD, inflate
from anomaly.ingest.parquet_lines import MAGIC, header_of

RAW_BYTES = 4 << 10
"""Bytes at the beginning of a gzip file that are inflated to see what it is; logs compress at least fourfold."""


def format_of(prefix: bytes, formats: Sequence[Format]) -> Format | None:
    """Return the first format that a file's first decompressed bytes show; None where none does."""
    return next((format for format in formats if format.finds.search(prefix)), None)


def prefix_of(handle: BinaryIO, limit: int) -> bytes:
    """Return a file's first decompressed bytes, about ``PREFIX_BYTES``; of a damaged one what comes out.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    raw = handle.read(RAW_BYTES)
    if raw.startswith(GZIP):
        try:
            return zlib.decompressobj(31).decompress(raw, PREFIX_BYTES)
        except zlib.error:
            return inflate(raw + handle.read(), limit).data[:PREFIX_BYTES]
    if raw.startswith(ZSTD):
        return _zstd(handle, limit)
    if raw.startswith(MAGIC):  # its columns are named at its end
        return header_of(raw + handle.read()) or raw
    return raw + handle.read(PREFIX_BYTES - len(raw))


def _zstd(handle: BinaryIO, limit: int) -> bytes:
    handle.seek(0)
    try:
        with pa.CompressedInputStream(pa.PythonFile(handle, "r"), "zstd") as stream:
            return bytes(stream.read(PREFIX_BYTES))
    except OSError:
        handle.seek(0)
        return inflate(handle.read(), limit).data[:PREFIX_BYTES]
