"""A published document as the database keeps it: what the queue shows, what it is found by, the document itself."""

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from anomaly.context.tables import SENSITIVITY_WEIGHTS
from anomaly.errors import DataQualityError
from anomaly.review.schema import LAST_PLACE
from anomaly.review.text import searched, storable

Document = Mapping[str, Any]

NEEDED = (
    "case_id",
    "day",
    "rank",
    "cases",
    "alert",
    "covered",
    "score",
    "identity",
    "buckets",
    "destinations",
    "sources",
)
SHOWN = 3
"""Sources, buckets and destinations that a row of the queue shows; the others are counted."""
COVERED_FROM = LAST_PLACE // 2
"""Place of the first case without a rank: behind all ranked ones, also those that come later."""
MOST_TERMS = 100
"""Names of one kind that a case is found by; what goes beyond is in its document."""


@dataclass(frozen=True)
class Term:
    """One name that a case is found by, such as a bucket."""

    kind: str
    value: str

    @property
    def key(self) -> str:
        """Kind and value in 32 characters."""
        return term_key(self.kind, self.value)


@dataclass(frozen=True)
class Record:
    """A document taken apart; ``place`` is where its day's queue has it, ranked cases first."""

    document: Document
    place: int

    @property
    def case_id(self) -> str:
        """The case's stable id."""
        return str(self.document["case_id"])

    @property
    def day(self) -> date:
        """The day it is of."""
        return date.fromisoformat(self.document["day"])

    @cached_property
    def body(self) -> str:
        """The document as JSON in ASCII, the same for the same content."""
        return json.dumps(self.document, sort_keys=True)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the document; where others put it in the queue is not of it."""
        return hashlib.sha256(self.body.encode()).hexdigest()

    def packed(self) -> bytes:
        """The document as the evidence table holds it."""
        return zlib.compress(self.body.encode("ascii"))

    def terms(self) -> list[Term]:
        """The names that the case is found by, each once."""
        named = self._names().items()
        return [Term(kind, value) for kind, values in named for value in _first(map(storable, values), MOST_TERMS)]

    def words(self) -> list[str]:
        """The words that a search finds the case by."""
        return searched(storable(text) for text in self._texts())

    def columns(self) -> dict[str, Any]:
        """What the table of cases holds of the document."""
        said, confidence = self.document, self.document.get("confidence") or {}
        return {
            "day": self.day,
            "rank": said["rank"],
            "cases_of_day": said["cases"],
            "alert": bool(said["alert"]),
            "covered": bool(said["covered"]),
            "score": float(said["score"]),
            "expected_per_day": said.get("expected_per_day"),
            "confidence": confidence.get("value"),
            "identity": storable(said["identity"]),
            "identity_kind": _text(said, "identity_kind"),
            "headline": _text(said, "headline"),
            "workflow": _text(said, "workflow"),
            "sensitivity": max(self._sensitivities(), key=lambda name: SENSITIVITY_WEIGHTS.get(name, -1), default=""),
            "bytes_read": said.get("bytes_read"),
            "objects_taken": said.get("objects_taken"),
            "start": _text(said, "start"),
            "shown": json.dumps(self._shown()),
            "model_version": _text(said, "model_version"),
            "digest": self.digest,
        }

    def _names(self) -> dict[str, list[str]]:
        said = self.document
        return {
            "identity": [said["identity"], *(each["identity"] for each in said.get("sessions", ()))],
            "bucket": [each["bucket"] for each in said["buckets"]],
            "owner": [each["owner"] for each in said["buckets"] if each.get("owner")],
            "sensitivity": self._sensitivities(),
            "destination": [destination_name(each) for each in said["destinations"]],
            "network": [each["network"] for each in said["sources"] if each.get("network")],
        }

    def _sensitivities(self) -> list[str]:
        return [each["sensitivity"] for each in self.document["buckets"] if each.get("sensitivity")]

    def _texts(self) -> Iterator[str]:
        said = self.document
        yield from (self.case_id, _text(said, "headline"), _text(said, "session_name"), _text(said, "workflow"))
        for values in self._names().values():
            yield from _first(values, MOST_TERMS)
        yield from (str(each["address"]) for each in said["sources"] if each.get("address"))
        for name in ("actors", "tools", "reasons"):
            yield from map(str, said.get(name) or ())
        yield from map(str, (said.get("objects") or {}).get("largest") or ())

    def _shown(self) -> dict[str, Any]:
        lists = {name: self.document[name] for name in ("sources", "buckets", "destinations")}
        return {name: values[:SHOWN] for name, values in lists.items()} | {
            "more": {name: max(0, len(values) - SHOWN) for name, values in lists.items()},
            "tools": list(self.document.get("tools") or ())[:SHOWN],
        }


def term_key(kind: str, value: str) -> str:
    """Return the digest under which a name of a kind is kept, as asked for or as published."""
    said = json.dumps([kind, storable(value)])
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def records(documents: Sequence[Document], day: date) -> list[Record]:
    """Return the documents of a day with their places: by rank, then the covered ones as they come.

    Raises
    ------
    DataQualityError
        A document lacks what every case has, is of another day, or comes twice.
    """
    seen: set[str] = set()
    found = []
    for nth, said in enumerate(documents, start=1):
        _check(said, nth, day, seen)
        found.append(Record(said, said["rank"] or min(COVERED_FROM + nth, LAST_PLACE)))
    return found


def destination_name(entry: Any) -> str:
    """Return what a destination is called, given with what is known of it or as its name alone."""
    return str(entry["destination"] if isinstance(entry, Mapping) else entry)


def unpacked(packed: bytes) -> dict[str, Any]:
    """Return a document that the evidence table holds."""
    found: dict[str, Any] = json.loads(zlib.decompress(packed))
    return found


def _check(said: Document, nth: int, day: date, seen: set[str]) -> None:
    missing = [name for name in NEEDED if name not in said]
    if missing:
        raise DataQualityError(f"document {nth} of {day} has no {', '.join(missing)}; nothing was published")
    if said["day"] != day.isoformat():
        raise DataQualityError(f"document {nth} is of {said['day']}, not of {day}; nothing was published")
    if said["case_id"] in seen:
        raise DataQualityError(f"case {said['case_id']} comes twice on {day}; nothing was published")
    seen.add(said["case_id"])


def _text(said: Document, name: str) -> str:
    return storable(str(said.get(name) or ""))


def _first(values: Iterable[str], limit: int) -> list[str]:
    return list(dict.fromkeys(values))[:limit]
