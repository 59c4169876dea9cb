"""The lines of a text log, cut at their ends without a Python object a line."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

ROWS = pa.schema([("record", pa.int64()), ("line", pa.large_string())])
"""``record`` is the ordinal in the file, from 0. Offsets of 64 bits: a file may be larger than 2 GiB."""

BOM = b"\xef\xbb\xbf"
NEWLINE = ord("\n")
BLANKS = b"\0 \t"


def lines_of(data: bytes) -> pa.Table:
    r"""Return the lines of a text that are not blank; blank ones count in the ordinals.

    Parameters
    ----------
    data
        Text whose lines end in ``\n`` or ``\r\n``. Bytes that are no UTF-8 become U+FFFD.

    Returns
    -------
    pyarrow.Table
        Columns of ``ROWS``.

    >>> lines_of(b"a\n\n \t\nb\r\nc").to_pydict()
    {'record': [0, 3, 4], 'line': ['a', 'b', 'c']}
    """
    text = _unix(_utf8(data))
    codes = np.frombuffer(text, np.uint8)
    ends = np.append(np.flatnonzero(codes == NEWLINE), len(text))
    starts = np.append(0, ends[:-1] + 1)
    # once the newlines are out, each line begins where the one before it ends, and an empty one takes no room
    offsets = starts - np.arange(len(starts))
    full = np.flatnonzero(ends > starts)
    bounds = np.append(offsets[full], len(text) - len(starts) + 1)
    joined = text.translate(None, b"\n")
    lines = pa.LargeStringArray.from_buffers(len(full), pa.py_buffer(bounds), pa.py_buffer(joined))
    table = pa.table([pa.array(full), lines], schema=ROWS)
    blank = [row for row in np.flatnonzero(np.isin(codes[starts[full]], list(BLANKS))) if _is_blank(lines, int(row))]
    return table.filter(pa.array(~np.isin(np.arange(len(full)), blank))) if blank else table


def rows_of(lines: Iterable[tuple[int, str]]) -> pa.Table:
    """Return (ordinal, line) pairs as a table of columns of ``ROWS``."""
    records, texts = tuple(zip(*lines, strict=True)) or ((), ())
    return pa.table([pa.array(records, pa.int64()), pa.array(texts, pa.large_string())], schema=ROWS)


def _utf8(data: bytes) -> bytes:
    if data.isascii():
        return data
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("utf-8-sig", "replace").encode()
    return data.removeprefix(BOM)


def _unix(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n") if b"\r" in text else text


def _is_blank(lines: pa.LargeStringArray, row: int) -> bool:
    return not lines[row].as_py().strip(BLANKS.decode())
