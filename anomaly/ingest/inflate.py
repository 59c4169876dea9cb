"""A file's bytes, decompressed: what it is shows in its first bytes, never in its name."""

import contextlib
import io
import zlib
from dataclasses import dataclass

import pyarrow as pa
from isal import igzip, igzip_lib

from anomaly.ingest import parquet_lines

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
MAX_INFLATED = 1 << 30
"""Default cap on one file's decompressed size. CloudTrail's own files stay under about 100 MB; a bomb does not.
A file is held whole, so this also bounds memory."""

BREAKS: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, igzip_lib.IsalError)  # type: ignore[assignment]
"""What a damaged gzip raises. The ignore can go when isal's stub types IsalError as a class, not as an instance."""


SALVAGE_STEP = 16 << 10


@dataclass(frozen=True)
class Inflated:
    """A document's bytes and, where it is not whole, what is wrong with it."""

    data: bytes
    damage: str | None = None


def inflate(raw: bytes, limit: int = MAX_INFLATED) -> Inflated:
    """Decompress gzip (all members) or zstd, or pass plain bytes on; what can be saved of a damaged file is kept.

    A flow log in Parquet gives the text that it has when delivered as text.
    """
    if raw.startswith(GZIP):
        return _gzip(raw, limit)
    if raw.startswith(ZSTD):
        return _zstd(raw, limit)
    if header := parquet_lines.header_of(raw):
        return _parquet(raw, header, limit)
    return _capped(raw, limit)


def _capped(data: bytes, limit: int) -> Inflated:
    return _too_large(limit) if len(data) > limit else Inflated(data)


def _too_large(limit: int) -> Inflated:
    return Inflated(b"", f"larger than {limit:,} bytes once decompressed (max_inflated)")


def _parquet(raw: bytes, header: bytes, limit: int) -> Inflated:
    try:
        return Inflated(parquet_lines.text_of(raw, header, limit))
    except parquet_lines.TooLargeError:
        return _too_large(limit)
    except parquet_lines.BROKEN as error:
        return Inflated(b"", f"Parquet file is damaged: {str(error).partition(chr(10))[0]}")


def _gzip(raw: bytes, limit: int) -> Inflated:
    try:
        with igzip.open(io.BytesIO(raw)) as stream:  # type: ignore[no-untyped-call]  # isal states no types for it
            return _capped(stream.read(limit + 1), limit)
    except BREAKS as error:
        saved = _salvage(raw, limit)
        return _capped(saved, limit) if len(saved) > limit else Inflated(saved, f"gzip stream is damaged: {error}")


def _salvage(raw: bytes, limit: int) -> bytes:
    """Return what comes out before the damage, member by member."""
    out = bytearray()
    while raw.startswith(GZIP) and len(out) <= limit:
        member = zlib.decompressobj(31)
        for start in range(0, len(raw), SALVAGE_STEP):
            step, before = raw[start : start + SALVAGE_STEP], member.copy()
            try:
                out += member.decompress(step, limit + 1)
            except zlib.error:
                return bytes(out + _last_bytes(before, step))
            if member.eof or len(out) > limit:
                break
        else:
            return bytes(out)
        raw = member.unused_data + raw[start + SALVAGE_STEP :]
    return bytes(out)


def _last_bytes(member: "zlib._Decompress", step: bytes) -> bytes:
    """Go through the step that failed byte by byte: zlib keeps back the output of a call that fails."""
    out = bytearray()
    with contextlib.suppress(zlib.error):
        for byte in step:
            out += member.decompress(bytes((byte,)))
    return bytes(out)


def _zstd(raw: bytes, limit: int) -> Inflated:
    out = bytearray()
    try:
        with pa.CompressedInputStream(pa.BufferReader(raw), "zstd") as stream:
            while len(out) <= limit and (chunk := stream.read(1 << 20)):
                out += chunk
    except OSError as error:
        return Inflated(bytes(out), f"zstd stream is damaged: {error}")
    return _capped(bytes(out), limit)
