"""What a run says while it works, on stderr: a line of text for people, or of JSON for a collector.

A message is a fixed word or two; what varies is a field (``extra={"facts": {...}}``), so that a collector can count.
"""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from anomaly.words import visible

FORMATS = ("text", "json")
LOGGER = logging.getLogger("anomaly.daily")


def note(message: str, level: int = logging.INFO, **facts: Any) -> None:
    """Say what happened, with the facts of it."""
    LOGGER.log(level, message, extra={"facts": facts})


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, message, and the facts beside them."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON; a fact that JSON does not know is written as text."""
        line = {"at": _moment(record), "level": record.levelname.lower(), "message": record.getMessage()}
        return json.dumps(line | _facts(record), default=str, ensure_ascii=True)


class Text(logging.Formatter):
    """Time, level, message, and the facts as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line; what came from a log cannot move the terminal."""
        facts = " ".join(f"{name}={value}" for name, value in _facts(record).items() if value not in (None, "", [], {}))
        return visible(f"{_moment(record)} {record.levelname.lower():7} {record.getMessage()} {facts}".rstrip())


@contextmanager
def logging_to_stderr(form: str) -> Iterator[None]:
    """Write this product's log lines to stderr meanwhile, in one of ``FORMATS``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else Text())
    before = LOGGER.level, LOGGER.propagate
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.level, LOGGER.propagate = before


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = getattr(record, "facts", {})
    return found


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
