"""One CSV file into clean rows; every mistake is noted with file, row and column, and reading goes on."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from anomaly.context.tables import Field, Table
from anomaly.errors import nearest

Row = dict[str, object]

DELIMITERS = ",;\t"  # a spreadsheet writes semicolons in many countries
# A row whose first cell starts so is a comment; with the space, for "#1234" may well be a workflow's id.
COMMENT = "# "
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Mistake:
    """One thing to put right; ``row`` counts as a spreadsheet does (header 1; 0 means the whole file)."""

    file: str
    row: int
    column: str
    text: str

    def __str__(self) -> str:
        where = (f" row {self.row}" if self.row else "") + (f" column {self.column}" if self.column else "")
        return f"{self.file}{where}: {self.text}"


class Reader:
    """Reads one file of a known table, gathering ``rows`` and ``mistakes``."""

    def __init__(self, table: Table, path: Path) -> None:
        self.table = table
        self.path = path
        self.rows: list[Row] = []
        self.mistakes: list[Mistake] = []
        self._seen: dict[tuple[object, ...], int] = {}
        content = self._content()
        if content is not None:
            self._read(content)

    def _note(self, row: int, column: str, text: str) -> None:
        self.mistakes.append(Mistake(self.table.file, row, column, text))

    def _content(self) -> str | None:
        header = ",".join(self.table.header)
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            if self.table.required:
                self._note(0, "", f"is missing; it may be empty but for its header: {header}")
            return None
        except OSError as error:
            self._note(0, "", f"cannot be read: {error.strerror}")
            return None
        if raw.startswith(UTF16_MARKS):
            self._note(0, "", "is UTF-16, not UTF-8; save it as 'CSV UTF-8'")
            return None
        # Bad bytes become surrogates here and are found again, with row and column, as each cell is checked.
        return raw.decode("utf-8-sig", errors="surrogateescape")

    def _read(self, content: str) -> None:
        records = self._records(content)
        header = self._header(records)
        if header is None:
            return
        for row, cells in records:
            if any(cells) and not f"{cells[0]} ".startswith(COMMENT):
                self._row(row, header, cells)

    def _records(self, content: str) -> Iterator[tuple[int, list[str]]]:
        delimiter = max(DELIMITERS, key=re.split(r"[\r\n]", content, maxsplit=1)[0].count)
        # Strict: else an unclosed quote would swallow the rest of the file without a word.
        reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
        row = 0
        try:
            for row, cells in enumerate(reader, start=1):
                yield row, [cell.strip() for cell in cells]
        except csv.Error as error:
            self._note(row + 1, "", f"its quotes do not pair up or it is no CSV ({error}); nothing after it was read")

    def _header(self, records: Iterator[tuple[int, list[str]]]) -> list[str] | None:
        _, header = next(records, (1, []))
        missing = [name for name in self.table.header if name not in header]
        others = [cell for cell in header if cell and cell not in self.table.header]
        for name in missing:
            hint = _misspelt(name, others)
            self._note(1, name, f"the header has no {name!r}{hint}; it is to be {','.join(self.table.header)}")
        optional = [field.name for field in self.table.more]
        for name in (each for each in optional if each not in header and _misspelt(each, others)):
            missing.append(name)
            self._note(1, name, f"the header has no {name!r}{_misspelt(name, others)}; it may do without, but not so")
        known = {*self.table.header, *optional}
        twice = sorted({name for name in header if name in known and header.count(name) > 1})
        for name in twice:
            self._note(1, name, "the header names it twice")
        return None if missing or twice else header

    def _row(self, row: int, header: list[str], cells: list[str]) -> None:
        if len(cells) < len(header) or any(cells[len(header) :]):
            self._note(row, "", f"has {len(cells)} cells, the header {len(header)}; quote a cell that holds a comma")
            return
        found = dict(zip(header, cells, strict=False))
        before = len(self.mistakes)
        clean = {field.name: self._cell(row, field, found) for field in self.table.fields}
        # what a file may leave out is no part of its rows where it does: their digest stays what it was
        more = {each.name: self._cell(row, each, found) for each in self.table.more if each.name in found}
        clean |= {name: value for name, value in more.items() if value is not None}
        if self._is_new(row, clean) and len(self.mistakes) == before:
            self.rows.append(clean)

    def _cell(self, row: int, field: Field, found: dict[str, str]) -> object:
        value = found[field.name]
        try:
            if not value and not field.required:
                return None
            _readable(field, value)
            clean = field.check(value)
            return field.by_cloud(found["cloud"], value) if field.by_cloud else clean
        except ValueError as error:
            self._note(row, field.name, f"{_shown(value)} {error}")
            return None

    def _is_new(self, row: int, clean: Row) -> bool:
        key = tuple(clean[name] for name in self.table.key)
        if None in key:  # a cell of it is a mistake already
            return False
        first = self._seen.setdefault(key, row)
        if first != row:
            column = self.table.key[-1]
            self._note(row, column, f"{str(clean[column])!r} stands in row {first} already")
        return first == row


def _readable(field: Field, value: str) -> None:
    if not value:
        raise ValueError(f"is empty; wanted: {field.meaning}")
    if not value.isprintable() and any(0xDC80 <= ord(letter) <= 0xDCFF for letter in value):
        raise ValueError("is not UTF-8; save the file as 'CSV UTF-8'")
    if "\0" in value:
        raise ValueError("holds a NUL byte, which no text has")


def _shown(value: str) -> str:
    return ascii(value) if not value.isprintable() else repr(value)


def _misspelt(name: str, others: list[str]) -> str:
    close = [other for other in others if nearest(other.lower(), [name]).startswith("did")]
    return f"; is {close[0]!r} meant to be it?" if close else ""
