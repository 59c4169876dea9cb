"""Drawing: one generator a (seed, subject), so that adding an actor or a day changes nobody else; ids, clock text."""

import base64
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

T = TypeVar("T")
Rng = np.random.Generator

DAY_S = 86_400
CLOCK = [f"T{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}Z" for s in range(DAY_S)]
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
MIXED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ab"

_dates: dict[int, str] = {}


def _table(letters: str) -> bytes:
    return (letters * (256 // len(letters))).encode()


_TABLES = {letters: _table(letters) for letters in (UPPER, MIXED)}


class _Seed(np.random.bit_generator.ISeedSequence):
    """A digest as a seed. It is uniform already, and numpy's own mixing would cost four times the rest."""

    def __init__(self, digest: bytes) -> None:
        self._digest = digest

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> npt.NDArray[Any]:
        """The first words of the digest; PCG64 asks for four of 64 bits."""
        return np.frombuffer(self._digest, dtype=dtype)[:n_words]


def rng(seed: int, *what: object) -> Rng:
    """Return the generator of one subject, such as ``rng(seed, "person", name, day)``."""
    subject = "/".join([str(part) for part in (seed, *what)])
    digest = blake2b(subject.encode(), digest_size=64).digest()
    # numpy takes any ISeedSequence here; its stubs name fewer types
    return np.random.Generator(np.random.PCG64(cast("Any", _Seed(digest))))


def choose(draw: Rng, items: Sequence[T]) -> T:
    """Pick one item, each as likely."""
    return items[whole(draw, len(items))]


def whole(draw: Rng, below: int, start: int = 0) -> int:
    """A whole number from ``start`` and below ``below``; ten times cheaper than ``draw.integers`` for a single one."""
    return start + int(draw.random() * (below - start))


def weighted(draw: Rng, items: Sequence[T], weights: Sequence[float]) -> T:
    """Pick one item by weight."""
    point = float(draw.random()) * sum(weights)
    for item, weight in zip(items, weights, strict=True):
        point -= weight
        if point < 0:
            return item
    return items[-1]


def some(draw: Rng, items: Sequence[T], count: int) -> list[T]:
    """Pick up to ``count`` different items, in their own order."""
    take = min(count, len(items))
    return [items[i] for i in sorted(draw.permutation(len(items))[:take].tolist())]


def text(draw: Rng, length: int, letters: str = MIXED) -> str:
    """Random text of 32 or 64 letters."""
    return draw.bytes(length).translate(_TABLES[letters]).decode()


def hexes(draw: Rng, length: int) -> str:
    """Random lower-case hexadecimal digits."""
    return draw.bytes((length + 1) // 2).hex()[:length]


def uuid(digits: str) -> str:
    """32 hexadecimal digits as a version 4 uuid."""
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def stamp(epoch: int) -> str:
    """UTC seconds since 1970 as CloudTrail writes time: ``2026-01-05T09:30:00Z``."""
    day, second = divmod(epoch, DAY_S)
    name = _dates.get(day)
    if name is None:
        name = _dates[day] = str(np.datetime64(day, "D"))
    return name + CLOCK[second]


class Ids:
    """Request and event ids from one generator, drawn in growing blocks because single draws are slow."""

    SMALLEST, LARGEST = 16, 512

    def __init__(self, draw: Rng) -> None:
        self._draw = draw
        self._ready: list[tuple[str, str, str]] = []
        self._events: list[str] = []
        self._block = self.SMALLEST

    def next(self) -> tuple[str, str, str]:
        """Return (requestID of 16 letters, x-amz-id-2 of 76 letters, eventID as a version 4 uuid)."""
        if not self._ready:
            self._refill()
        return self._ready.pop()

    def event(self) -> str:
        """An event id alone."""
        if not self._events:
            digits = self._draw.bytes(self._block * 16).hex()
            self._events = [uuid(digits[i : i + 32]) for i in range(0, len(digits), 32)]
        return self._events.pop()

    def _refill(self) -> None:
        count, self._block = self._block, min(2 * self._block, self.LARGEST)
        digits = self._draw.bytes(count * 16).hex()
        asked = text(self._draw, count * 16, UPPER)
        id2 = base64.b64encode(self._draw.bytes(count * 57)).decode()
        self._ready = [
            (asked[16 * i : 16 * i + 16], id2[76 * i : 76 * i + 75] + "=", uuid(digits[32 * i : 32 * i + 32]))
            for i in range(count)
        ]
