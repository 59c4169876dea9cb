"""Each event once: two 64-bit hashes of every event id already loaded, by day.

An event counts as loaded when both hashes are known on its day or a neighbour day; 128 bits leave no chance of
losing an event to a collision. 16 bytes an event: a day of a million events and its neighbours take 48 MB.
"""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from anomaly.store import Lake, Store

EPOCH = date(1970, 1, 1)
DAYS_KEPT = 12
"""Days held in memory; files come in by delivery time, so a day is done with soon."""

IDLE_BATCHES = 8
"""A day is let go only when this many batches, and twice as many as there are workers, did not touch it: by then its
rows are in the lake, to be read again."""

CHUNKS = 8
Hashes = tuple[np.ndarray, np.ndarray]


def day_number(day: date) -> int:
    """Return days since 1970-01-01."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """Return the date of a day number."""
    return EPOCH + timedelta(days=int(number))


class Seen:
    """The event ids of a lake, day by day as they are asked for."""

    def __init__(self, lake: Lake, workers: int = 1) -> None:
        self.lake = lake
        self.idle = max(IDLE_BATCHES, 2 * workers)
        self.store = Store(threads=1)
        self.days: dict[int, list[Hashes]] = {}
        self.touched: dict[int, int] = {}
        self.batch = 0

    def close(self) -> None:
        """Close the connection."""
        self.store.connection.close()

    def repeated(self, keys: pd.DataFrame) -> np.ndarray:
        """Say which rows repeat an event, and remember the others.

        Parameters
        ----------
        keys
            Columns rn, day, h1, h2, in the order in which the first of several wins.

        Returns
        -------
        numpy.ndarray
            One boolean a row.
        """
        self.batch += 1
        h1, h2 = keys["h1"].to_numpy(np.uint64), keys["h2"].to_numpy(np.uint64)
        days = keys["day"].to_numpy(np.int64)
        again = _repeats_within(h1, h2)
        for day in np.unique(days):
            rows = np.flatnonzero(days == day)
            for near in (int(day) - 1, int(day), int(day) + 1):
                again[rows] |= _known(self._day(near), h1[rows], h2[rows])
        for day in np.unique(days):
            fresh = (days == day) & ~again
            self._remember(int(day), h1[fresh], h2[fresh])
        self._let_go()
        return again

    def _day(self, day: int) -> list[Hashes]:
        self.touched[day] = self.batch
        if day not in self.days:
            files = self.lake.files("events", day_of(day))
            self.days[day] = [self._from_lake(files)] if files else []
        return self.days[day]

    def _from_lake(self, files: list[Path]) -> Hashes:
        self.store.view("events", files)
        frame = self.store.df("select hash(event_id) as h1, hash(event_id || '~') as h2 from events")
        return _sorted(frame["h1"].to_numpy(np.uint64), frame["h2"].to_numpy(np.uint64))

    def _remember(self, day: int, h1: np.ndarray, h2: np.ndarray) -> None:
        chunks = self.days[day]
        chunks.append(_sorted(h1, h2))
        if len(chunks) > CHUNKS:
            self.days[day] = [_sorted(*(np.concatenate(part) for part in zip(*chunks, strict=True)))]

    def _let_go(self) -> None:
        for day in sorted(self.days, key=lambda day: self.touched[day])[:-DAYS_KEPT]:
            if self.touched[day] < self.batch - self.idle:
                del self.days[day], self.touched[day]


def _sorted(h1: np.ndarray, h2: np.ndarray) -> Hashes:
    order = np.argsort(h1, kind="stable")
    return h1[order], h2[order]


def _repeats_within(h1: np.ndarray, h2: np.ndarray) -> np.ndarray:
    """Mark every row but the first of those that share both hashes."""
    order = np.lexsort((np.arange(len(h1)), h2, h1))
    same = (h1[order][1:] == h1[order][:-1]) & (h2[order][1:] == h2[order][:-1])
    marks = np.zeros(len(h1), dtype=bool)
    marks[order[1:][same]] = True
    return marks


def _known(chunks: list[Hashes], h1: np.ndarray, h2: np.ndarray) -> np.ndarray:
    found = np.zeros(len(h1), dtype=bool)
    for first, second in chunks:
        if len(first):
            at = np.searchsorted(first, h1)
            at[at == len(first)] = 0
            found |= (first[at] == h1) & (second[at] == h2)
    return found
