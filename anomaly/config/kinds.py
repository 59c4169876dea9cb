"""Kinds of settings that plain Python has no word for: a secret, and a place that may be a path or an address."""

from typing import NewType

Place = NewType("Place", str)
"""A path, or an address such as ``s3://bucket/prefix``; a relative path in a file starts at the file's folder."""


class Secret:
    """A text that no log, report or error may show: whatever prints it prints stars, only ``reveal`` gives it.

    >>> word = Secret("open sesame")
    >>> f"{word} {word!r} {[word]} {bool(word)} {word.reveal()}"
    "*** Secret('***') [Secret('***')] True open sesame"
    >>> bool(Secret("")), Secret("a") == Secret("a")
    (False, True)
    """

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, to be handed to whoever it is meant for and nobody else."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __str__(self) -> str:
        return "***" if self else ""

    def __repr__(self) -> str:
        return f"Secret({str(self)!r})"


NO_SECRET = Secret()
