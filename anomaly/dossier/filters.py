"""How the pages say a value: the filters of the templates. None of them marks anything as safe HTML."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

from anomaly.words import in_bytes, in_count, in_rate, visible

LONGEST_NAME = 60
POINTED = 10
"""Records of one log file that are named; the others are counted."""


def short(identity: object) -> str:
    """Return the part of an identity that people know it by.

    >>> short("arn:aws:iam::123456789012:user/ana"), short("ana@example.com")
    ('user/ana', 'ana@example.com')
    """
    text = str(identity)
    name = text.rpartition(":")[2] if text.startswith("arn:") else text
    shown = visible(name or text)
    return shown if len(shown) <= LONGEST_NAME else f"{shown[: LONGEST_NAME - 1]}…"


def words(name: object) -> str:
    """Return a name of the code as people write it."""
    return str(name).replace("_", " ")


def bytes_words(number: float | None) -> str:
    """Return a size; one that is not on record is unknown, never nothing."""
    return "unknown" if number is None else in_bytes(number)


def count_words(number: float | None) -> str:
    """Return a count; one that is not on record is unknown."""
    return "unknown" if number is None else in_count(number)


def objects_words(number: float | None) -> str:
    """Return a count of objects."""
    if number is None:
        return ""
    return "1 object" if number == 1 else f"{in_count(number)} objects"


def sure(confidence: float | None) -> str:
    """Return a confidence, 0 to 1, with two digits."""
    return "–" if confidence is None else f"{confidence:.2f}"


def more(number: int | None) -> str:
    """Say how many are not shown; nothing where all are."""
    return f" and {number:,} more" if number and number > 0 else ""


def moment(text: object) -> str:
    """Return a moment, ISO 8601, to the minute."""
    return str(text or "")[:16].replace("T", " ")


def clock(text: object) -> str:
    """Return the time of day of a moment, ISO 8601."""
    return str(text or "")[11:19]


def source(entry: Any) -> str:
    """Return an address with its network and country."""
    if not isinstance(entry, Mapping):
        return str(entry)
    names = ("address", "source_ip", "network", "network_kind", "country")
    parts = [str(entry[name]) for name in names if entry.get(name)]
    return ", ".join(dict.fromkeys(parts)) or "no address"


def address(entry: Any) -> str:
    """Return an address alone."""
    if not isinstance(entry, Mapping):
        return str(entry)
    return str(entry.get("address") or entry.get("source_ip") or "no address")


def whereabouts(entry: Any) -> str:
    """Return the network and country of an address, the country first: it is short, and says most."""
    if not isinstance(entry, Mapping):
        return ""
    return ", ".join(str(entry[name]) for name in ("country", "network") if entry.get(name))


def destination(entry: Any) -> str:
    """Return a destination with what the organisation knows of it; an account that it names itself is said once."""
    if not isinstance(entry, Mapping):
        return str(entry)
    name = str(entry.get("destination", ""))
    known = [str(entry[part]) for part in ("relation", "account") if entry.get(part)]
    told = ", ".join(part for part in known if part != name.rpartition(":")[2])
    return f"{name} ({told})" if told else name


def path(entry: Any) -> str:
    """Return an object's bucket and key, and its size where known."""
    if not isinstance(entry, Mapping):
        return str(entry)
    size = f"  {in_bytes(entry['bytes_read'])}" if entry.get("bytes_read") is not None else ""
    return f"{entry.get('bucket', '')}/{entry.get('object_key', '')}{size}"


def credential(entry: Any) -> str:
    """Return an access key, how long such live, and what assumed what."""
    if not isinstance(entry, Mapping):
        return str(entry)
    parts = [entry.get("access_key_id") or "no key logged", entry.get("lifetime"), entry.get("role_chain")]
    return ", ".join(str(part) for part in parts if part)


def pointer(entry: Any) -> str:
    """Return a log file and the records in it."""
    if not isinstance(entry, Mapping):
        return str(entry)
    ordinals = list(entry.get("ordinals") or ())
    rest = (entry.get("records") or len(ordinals)) - len(ordinals[:POINTED])
    return f"{entry.get('file', '')}: {', '.join(str(each) for each in ordinals[:POINTED])}{more(rest)}"


def technique(entry: Any) -> str:
    """Return an ATT&CK technique's number and name."""
    if not isinstance(entry, Mapping):
        return str(entry)
    return f"{entry.get('technique', '')} {entry.get('name', '')}".strip()


def age(day: date, now: datetime | None = None) -> str:
    """Say how long ago a day was."""
    days = ((now or datetime.now(UTC)).date() - day).days
    if days <= 0:
        return "today"
    return "yesterday" if days == 1 else f"{days:,} days old"


FILTERS: Mapping[str, Callable[..., str]] = {
    "short": short,
    "words": words,
    "bytes": bytes_words,
    "count": count_words,
    "objects": objects_words,
    "sure": sure,
    "more": more,
    "moment": moment,
    "clock": clock,
    "source": source,
    "address": address,
    "whereabouts": whereabouts,
    "destination": destination,
    "path": path,
    "credential": credential,
    "pointer": pointer,
    "technique": technique,
    "rate": in_rate,
    "urlencode": lambda value: quote(str(value), safe="", errors="replace"),
}
