"""Reading loose JSON: what a call asked for has as many shapes as there are services."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

MAX_DEPTH = 12
"""Levels that are looked into; no request seen has half as many."""


def leaves(value: Any, key: str = "", depth: int = MAX_DEPTH) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of each text inside, a list's members under the list's name."""
    if isinstance(value, Mapping) and depth:
        for name, inner in value.items():
            yield from leaves(inner, str(name), depth - 1)
    elif isinstance(value, list) and depth:
        for inner in value:
            yield from leaves(inner, key, depth - 1)
    elif isinstance(value, str):
        yield key, value


def objects(value: Any, depth: int = MAX_DEPTH) -> Iterator[tuple[str, Any]]:
    """Yield (name in lower case, value) of each member of each object inside."""
    if isinstance(value, Mapping) and depth:
        for name, inner in value.items():
            yield str(name).lower(), inner
            yield from objects(inner, depth - 1)
    elif isinstance(value, list) and depth:
        for inner in value:
            yield from objects(inner, depth - 1)


def parsed(document: Any) -> Mapping[str, Any]:
    """Return a JSON document as an object, written as an object, as text or as text with URL escapes."""
    if isinstance(document, str):
        text = document.strip()
        try:
            document = json.loads(unquote(text) if text.startswith("%7B") else text)
        except (ValueError, RecursionError):
            return {}
    return document if isinstance(document, Mapping) else {}


def listed(value: Any) -> list[Any]:
    """Return a list as it is, nothing as an empty list, anything else as a list of one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def member(raw: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Return the first of the named members that is an object; an empty one if none is."""
    return next((value for key in keys if isinstance(value := raw.get(key), Mapping)), {})


def text(value: Any) -> str | None:
    """Return text that is not empty."""
    return value or None if isinstance(value, str) else None
