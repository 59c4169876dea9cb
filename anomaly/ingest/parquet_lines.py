"""Flow logs delivered as Parquet, as the text that the same flow log has when it is delivered as text.

AWS names the columns alike but for the hyphens (srcaddr, log_status, pkt_srcaddr). No other Parquet is touched.
"""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MAGIC = b"PAR1"
MARK = "srcaddr"
"""The column without which a Parquet file is no flow log."""

BROKEN: tuple[type[Exception], ...] = (pa.ArrowException, OSError)


class TooLargeError(Exception):
    """The text would be larger than the limit."""


def header_of(raw: bytes) -> bytes | None:
    """Return the line that names the columns; None for what is no Parquet file of a flow log."""
    try:
        names = pq.read_schema(pa.BufferReader(raw)).names if raw.startswith(MAGIC) else []
    except BROKEN:
        return None
    return " ".join(names).replace("_", "-").encode() + b"\n" if MARK in names else None


def text_of(raw: bytes, header: bytes, limit: int) -> bytes:
    """Return header and records, a line each; a value that is missing or empty is a hyphen.

    Parameters
    ----------
    raw
        A Parquet file.
    header
        Its ``header_of``.
    limit
        Most bytes of text.

    Raises
    ------
    TooLargeError
        The limit is passed.
    pyarrow.ArrowException, OSError
        The file is damaged, or holds lists.
    """
    out = bytearray(header)
    for batch in pq.ParquetFile(pa.BufferReader(raw)).iter_batches():
        lines = pc.binary_join_element_wise(*map(_words, batch.columns), " ")
        out += "".join(f"{line}\n" for line in lines.to_pylist()).encode()
        if len(out) > limit:
            raise TooLargeError
    return bytes(out)


def _words(column: pa.Array) -> pa.Array:
    """Return a column as text that has no blank in it, so that the fields of a line stay in their places."""
    words = pc.replace_substring_regex(column.cast(pa.string()), r"\s", "_")
    return pc.if_else(pc.equal(words, ""), "-", words).fill_null("-")
