"""Text of unknown origin: what a database can hold of it, and the words it is found by."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

WORD = re.compile(r"[^\W_]+")
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
LONGEST_WORD = 200
"""Characters of a word that count; PostgreSQL takes words of up to 2,046 bytes."""
MOST_WORDS = 3_000
"""Words of a case that are searched; PostgreSQL counts places up to 16,383."""
SHORTEST_BEGINNING = 3
"""Characters a word has to have before ``*``; fewer would match half of all words, and slowly."""


def storable(text: str) -> str:
    r"""Return the text with NUL and lone surrogates, which PostgreSQL and UTF-8 refuse, written as escapes.

    >>> storable("a\0b")
    'a\\x00b'
    """
    return UNSTORABLE.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)


def words(text: str) -> list[str]:
    """Return the words of a text: runs of letters and digits, without regard to capitals.

    >>> words("arn:aws:iam::1111:user/Ana_B")
    ['arn', 'aws', 'iam', '1111', 'user', 'ana', 'b']
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return [word[:LONGEST_WORD] for word in WORD.findall(folded)]


def searched(texts: Iterable[str]) -> list[str]:
    """Return the words that a case is found by, in order, so that neighbours can be asked for together.

    A text that was given before adds nothing and is left out.
    """
    found: list[str] = []
    for text in dict.fromkeys(texts):
        found += words(text)
        if len(found) >= MOST_WORDS:
            break
    return found[:MOST_WORDS]


@dataclass(frozen=True)
class Search:
    """What is searched: phrases, each some neighbouring words and whether the last of them is only a beginning."""

    phrases: tuple[tuple[tuple[str, ...], bool], ...]

    def fts_query(self, spelled: Callable[[str], Sequence[str]]) -> str:
        """Return the search as SQLite's FTS5 reads it.

        ``spelled`` returns the words that begin so, or none where they are too many to be written out.
        """
        return " AND ".join(
            self._fts_phrase(found, spelled(found[-1]) if starts else None) for found, starts in self.phrases
        )

    @staticmethod
    def _fts_phrase(found: tuple[str, ...], endings: Sequence[str] | None) -> str:
        if endings:
            return f"({' OR '.join(_quoted((*found[:-1], each)) for each in endings)})"
        return _quoted(found) + ("" if endings is None else " *")

    def tsquery(self) -> str:
        """Return the search as PostgreSQL reads it."""
        parts = [(" <-> ".join(f"'{word}'" for word in found), starts) for found, starts in self.phrases]
        return " & ".join(part + (":*" if starts else "") for part, starts in parts)

    def spaced(self) -> list[str]:
        """Return the phrases as they stand in a case's words, a blank around and between them."""
        return [f" {' '.join(found)}" + ("" if starts else " ") for found, starts in self.phrases]


def _quoted(found: Sequence[str]) -> str:
    return f'"{" ".join(found)}"'


def search(asked: str) -> Search | None:
    """Return what each part between spaces asks for, None where it holds no word.

    >>> search("user/ana  customers*").phrases
    ((('user', 'ana'), False), (('customers',), True))
    """
    parts = [(tuple(words(part)), part.endswith("*")) for part in asked.split()]
    found = tuple((each, starts and len(each[-1]) >= SHORTEST_BEGINNING) for each, starts in parts if each)
    return Search(found) if found else None


def tsvector(found: Iterable[str]) -> str:
    """Return words and their places as PostgreSQL reads them; of letters and digits none needs escaping."""
    return " ".join(f"'{word}':{place}" for place, word in enumerate(found, start=1))
