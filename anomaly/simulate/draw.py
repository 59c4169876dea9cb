"""Drawing: one generator a (seed, subject), so that adding an actor or a day changes nobody else; ids and clock text."""

import base64
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

import numpy as np

T = TypeVar("T")
Rng = np.random.Generator

DAY_S = 86_400
CLOCK = [f"T{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}Z" for s in range(DAY_S)]
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
ALNUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

_dates: dict[int, str] = {}


def rng(seed: int, *what: object) -> Rng:
    """Return the generator of one subject, such as ``rng(seed, "person", name, day)``."""
    text = "/".join(str(part) for part in (seed, *what))
    digest = blake2b(text.encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))


def choose(draw: Rng, items: Sequence[T]) -> T:
    """Pick one item, each as likely."""
    return items[int(draw.integers(len(items)))]


def weighted(draw: Rng, items: Sequence[T], weights: Sequence[float]) -> T:
    """Pick one item by weight."""
    edges = np.cumsum(np.asarray(weights, dtype=float))
    return items[int(np.searchsorted(edges, draw.random() * edges[-1], side="right"))]


def some(draw: Rng, items: Sequence[T], count: int) -> list[T]:
    """Pick up to ``count`` different items, in their own order."""
    take = min(count, len(items))
    return [items[i] for i in sorted(draw.permutation(len(items))[:take].tolist())]


def text(draw: Rng, length: int, letters: str = ALNUM) -> str:
    """Random text of these letters."""
    return "".join(letters[i] for i in draw.integers(len(letters), size=length).tolist())


def hexes(draw: Rng, length: int) -> str:
    """Random lower-case hexadecimal digits."""
    return draw.bytes((length + 1) // 2).hex()[:length]


def stamp(epoch: int) -> str:
    """UTC seconds since 1970 as CloudTrail writes time: ``2026-01-05T09:30:00Z``."""
    day, second = divmod(epoch, DAY_S)
    name = _dates.get(day)
    if name is None:
        name = _dates[day] = str(np.datetime64(day, "D"))
    return name + CLOCK[second]


class Ids:
    """Request and event ids from one generator, drawn in blocks of 512 because single draws are slow."""

    BLOCK = 512

    def __init__(self, draw: Rng) -> None:
        self._draw = draw
        self._left = 0

    def next(self) -> tuple[str, str, str]:
        """Return (requestID of 16 letters, x-amz-id-2 of 76 letters, eventID as a version 4 uuid)."""
        if not self._left:
            self._hex = self._draw.bytes(self.BLOCK * 16).hex()
            self._b32 = base64.b32encode(self._draw.bytes(self.BLOCK * 10)).decode()
            self._b64 = base64.b64encode(self._draw.bytes(self.BLOCK * 57)).decode()
            self._left = self.BLOCK
        self._left -= 1
        i = self._left
        a, b, c = self._hex[i * 32 : i * 32 + 32], i * 16, i * 76
        uuid = f"{a[:8]}-{a[8:12]}-4{a[13:16]}-a{a[17:20]}-{a[20:]}"
        return self._b32[b : b + 16], self._b64[c : c + 75] + "=", uuid
