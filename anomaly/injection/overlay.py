"""A lake beside the real one: links to its files, some days replaced by others. The real lake is never written.

The pipeline knows a day by the names and sizes of its event files, so days that are only linked stand as they are, and
what is built anew takes the place of the link, not of the file behind it.
"""

import contextlib
import itertools
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from anomaly.pruned import FILE as MARKER
from anomaly.store import TEMPORARY, Lake, Store, day_of, write_parquet

PREFIX = "anomaly-overlay-"
SEALS = Path("ledger") / "features"


class Overlay:
    """The lake's days up to ``last``, in a folder of its own."""

    def __init__(self, real: Lake, root: Path, last: date) -> None:
        self.real = real
        self.lake = Lake(root)
        self._aside = root.with_name(f"{root.name}-aside")
        self._made = itertools.count()
        for folder in sorted(real.root.glob("*/date=*")):
            if day_of(folder) <= last:
                _link(folder, root / folder.parent.name / folder.name, "*.parquet")
        _link(real.root / MARKER.parent, root / MARKER.parent, MARKER.name)
        _link(real.root / SEALS, root / SEALS, "*.json")

    @contextlib.contextmanager
    def replacing(self, days: set[date]) -> Iterator[None]:
        """Everything of these days may be written anew; on leaving, it is as it was."""
        folders = [path for day in sorted(days) for path in self.lake.root.glob(f"*/date={day}")]
        seals = [path for day in sorted(days) if (path := self.lake.root / SEALS / f"{day}.json").exists()]
        kept = [(path, self._aside / path.relative_to(self.lake.root)) for path in [*folders, *seals]]
        for path, place in kept:
            place.parent.mkdir(parents=True, exist_ok=True)
            path.rename(place)
        try:
            yield
        finally:
            for day in days:
                self._remove(day)
            for path, place in kept:
                place.rename(path)

    def write_day(self, day: date, store: Store, own: str, added: str | None) -> None:
        """Give a day that is being replaced its events: one query for its own, one for what is added, if anything."""
        folder = self.lake.folder("events", day)
        for path in folder.glob("*.parquet"):
            path.unlink()
        # a name of its own each time: files of one size and name would be taken for the same events
        number = next(self._made)
        write_parquet(store, own, folder / f"own-{number}.parquet")
        if added:
            write_parquet(store, added, folder / f"added-{number}.parquet")

    def own_files(self, day: date) -> list[Path]:
        """The event files of a day as the real lake holds them."""
        return self.real.files("events", day)

    def _remove(self, day: date) -> None:
        for folder in self.lake.root.glob(f"*/date={day}"):
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
        (self.lake.root / SEALS / f"{day}.json").unlink(missing_ok=True)


@contextlib.contextmanager
def overlay(real: Lake, last: date) -> Iterator[Overlay]:
    """An overlay in a temporary folder, removed on leaving."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        yield Overlay(real, Path(folder) / "lake", last)


def _link(source: Path, target: Path, pattern: str) -> None:
    target.mkdir(parents=True)
    for path in source.glob(pattern):
        if not path.name.startswith(TEMPORARY):
            (target / path.name).symlink_to(path.resolve())
