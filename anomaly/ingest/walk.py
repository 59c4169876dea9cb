"""The patient way through a file: record by record, out of any known envelope, past damage to the next good record.

Used for a file that the fast path refused. Every record gets an ordinal in the order met, good or not.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from anomaly.ingest.formats import Format
from anomaly.ingest.strangers import looks_like

RECORD_LISTS = ("Records", "Events", "records", "value", "entries")
"""What envelopes call their list: CloudTrail files, LookupEvents, Azure Monitor, Azure REST, Cloud Logging REST."""

WRAPPERS = ("CloudTrailEvent", "detail", "event", "_source", "_raw", "cloudtrail_event", "LogEntry")
"""Where shippers put the record: LookupEvents, EventBridge, rule tests, Elasticsearch, Splunk."""

OTHER = "not a record of this log"
EARLY_TEXT = 1_000

LIST_NAMES = "|".join(RECORD_LISTS)
EMPTY_LIST = re.compile(rf'\ufeff?\s*(?:\{{\s*"(?:{LIST_NAMES})"\s*:\s*\[\s*\]\s*\}}|\[\s*\])\s*')
HEAD = re.compile(rf'\s*\{{\s*"(?:{LIST_NAMES})"\s*:\s*\[')
LIST = re.compile(r"\[\s*(?=[{\]])")
NOT_UTF8 = re.compile("[\udc80-\udcff]")
TAIL_KEYS = re.compile(r"\]\s*,\s*(?=\")")
SEPARATORS = re.compile(r"[\s,]*")
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
CANDIDATE = re.compile(r'\{\s*"')
MAX_DIGITS = 400
MAX_CANDIDATES = 2_000
"""Tries to find the next record after damage before the rest of a file is given up."""

DECODER = json.JSONDecoder(
    parse_constant=lambda _: None,
    parse_int=lambda digits: int(digits) if len(digits) < MAX_DIGITS else None,
)
"""NaN, Infinity and endless numbers say nothing here (no byte count is like that): they become null."""
BROKEN = (ValueError, RecursionError)


@dataclass(frozen=True)
class Found:
    """One record: the object, or what is wrong with it and the text it stands in."""

    ordinal: int
    record: Mapping[str, Any] | None
    reason: str = ""
    text: str = ""


class NoRecordError(Exception):
    """The file holds no record of the format at all; the message says what it is instead."""


def walk(data: bytes, format: Format) -> Iterator[Found]:
    """Yield every record of a document of a JSON format, in order.

    Raises
    ------
    NoRecordError
        No record in it looks like the format: raised at the end, before anything was yielded.
    """
    text = data.decode("utf-8-sig", "surrogateescape")  # bytes that are no UTF-8 become U+DC80 to U+DCFF
    if not text.strip("\0 \t\r\n"):
        raise NoRecordError("empty file" if not data else "file of blanks")
    found = (Found(ordinal, *rest) for ordinal, rest in enumerate(_Walk(text, format).elements()))
    early: list[Found] = []
    for item in found:
        if _plausible(item, format):
            yield from early
            yield item
            yield from found
            return
        early.append(_shortened(item))
    if not EMPTY_LIST.fullmatch(text):
        raise NoRecordError(_what(early, text, format))


def _shortened(item: Found) -> Found:
    """Hold back only what quarantine would show: a large file of another kind must not fill memory."""
    if item.record is None:
        return Found(item.ordinal, None, item.reason, item.text[:EARLY_TEXT])
    return Found(item.ordinal, None, OTHER, (item.text or json.dumps(item.record))[:EARLY_TEXT])


def _plausible(found: Found, format: Format) -> bool:
    if found.record is not None:
        return _looks(found.record, format)
    return format.finds.search(found.text.encode("utf-8", "surrogateescape")) is not None


def _looks(record: Any, format: Format) -> bool:
    return format.looks_like is not None and format.looks_like(record)


def _what(found: list[Found], text: str, format: Format) -> str:
    if known := looks_like(text):
        return f"looks like {known}, no {format.says} log"
    if others := sum(item.reason == OTHER for item in found):
        return f"no {format.says} record among {others:,} JSON records"
    if not found:
        return "no record in it"
    if NOT_UTF8.search(text, 0, 4096):
        return f"binary or not UTF-8, no {format.says} log"
    return f"no JSON, no {format.says} log"


class _Walk:
    """One document's text, walked element by element; resynchronises after damage."""

    def __init__(self, text: str, format: Format) -> None:
        self.text = text
        self.format = format

    def elements(self) -> Iterator[tuple[Any, str, str]]:
        """Yield (record, reason, text) of each record."""
        text = self.text
        head = HEAD.match(text)
        at = head.end() if head else SEPARATORS.match(text).end()  # type: ignore[union-attr]  # matches the empty string
        while at < len(text):
            start = _skip(text, at)
            if start >= len(text):
                return
            try:
                value, at = DECODER.raw_decode(text, start)
            except BROKEN as error:
                at = _closing(text, start) if isinstance(error, RecursionError) else self._next_record(start + 1)
                yield None, _damage(error, text, start, at), text[start : min(at, start + 4000)]
                continue
            if NOT_UTF8.search(text, start, at):
                yield None, "bytes that are not UTF-8", text[start : min(at, start + 4000)]
            else:
                yield from self._opened(value, text[start:at])

    def _next_record(self, start: int) -> int:
        """Return where the next object starts that decodes and looks like a record, the end of the text if none."""
        for tries, candidate in enumerate(CANDIDATE.finditer(self.text, start)):
            if tries >= MAX_CANDIDATES:
                break
            try:
                value, _ = DECODER.raw_decode(self.text, candidate.start())
            except BROKEN:
                continue
            if any(_looks(inner, self.format) for inner, _, _ in self._opened(value, "")):
                return candidate.start()
        return len(self.text)

    def _opened(self, value: Any, text: str, depth: int = 4) -> Iterator[tuple[Any, str, str]]:
        """Yield the records inside a decoded value: of a list, an envelope or a wrapper, or the value itself."""
        if isinstance(value, list) and depth:
            for inner in value:
                yield from self._opened(inner, "", depth - 1)
        elif isinstance(value, str) and value.lstrip().startswith("{") and depth:
            yield from self._opened_text(value, depth)
        elif not isinstance(value, Mapping):
            yield None, f"record is {_kind(value)}, not an object", text or str(value)[:4000]
        elif (inner := self._inner(value)) is not None and depth:
            yield from self._opened(inner, "", depth - 1)
        else:
            yield value, "", text

    def _opened_text(self, value: str, depth: int) -> Iterator[tuple[Any, str, str]]:
        try:
            yield from self._opened(DECODER.decode(value), value, depth - 1)
        except BROKEN:
            yield None, "wrapped record is broken JSON", value[:4000]

    def _inner(self, value: Mapping[str, Any]) -> Any:
        """Return what an envelope or wrapper holds, None for a record that stands by itself."""
        if _looks(value, self.format):
            return None
        for key in RECORD_LISTS:
            if isinstance(value.get(key), list):
                return value[key]
        for key in WRAPPERS:
            inner = value.get(key)
            if _looks(inner, self.format) or (isinstance(inner, str) and inner.lstrip().startswith("{")):
                return inner
        return None


def _skip(text: str, at: int) -> int:
    """Return where the next element starts: past separators, a closed list's tail and the next envelope's head."""
    while True:
        at = SEPARATORS.match(text, at).end()  # type: ignore[union-attr]  # matches the empty string
        if head := HEAD.match(text, at):
            at = head.end()
        elif tail := TAIL_KEYS.match(text, at):
            at = _past_keys(text, tail)
        elif text[at : at + 1] in ("]", "}"):
            at += 1
        elif opening := LIST.match(text, at):
            at = opening.end()
        else:
            return at


def _past_keys(text: str, tail: re.Match[str]) -> int:
    """Return where an envelope ends that has more keys after its list, such as NextToken."""
    try:
        _, length = DECODER.raw_decode("{" + text[tail.end() :])
    except BROKEN:
        return tail.end()
    return tail.end() + length - 1


def _closing(text: str, start: int) -> int:
    """Return where the value ends that is too deep to decode: its brackets counted, text skipped."""
    depth = 0
    for token in TOKEN.finditer(text, start):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token.group(), 0)
        if depth == 0:
            return token.end()
    return len(text)


def _damage(error: Exception, text: str, start: int, end: int) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        where = "the file ends inside the record" if end >= len(text) and error.pos >= len(text) - 1 else error.msg
        return f"broken JSON at character {error.pos - start} of the record: {where}"
    return f"broken JSON: {error}"


def _kind(value: Any) -> str:
    names = {type(None): "null", bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list"}
    return names.get(type(value), type(value).__name__)
