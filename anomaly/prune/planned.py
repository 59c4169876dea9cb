"""What a prune would remove, reckoned before anything is touched."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from anomaly.config import Settings
from anomaly.errors import DataQualityError, UsageError
from anomaly.prune.kept import Kept, going, longest
from anomaly.pruned import pruned
from anomaly.sinks.file import settled
from anomaly.store import Lake


@dataclass(frozen=True)
class Going:
    """One partition that goes."""

    day: date
    table: str
    folder: Path
    bytes: int


@dataclass(frozen=True)
class Plan:
    """What goes, oldest first. ``before`` is the first day that is kept; the lake holds ``first`` to ``newest``.

    ``outbox`` counts the findings of the days before that are handed over.
    """

    first: date
    before: date
    newest: date
    going: tuple[Going, ...]
    outbox: int

    @property
    def bytes(self) -> int:
        """Bytes on disk that are freed."""
        return sum(each.bytes for each in self.going)

    @property
    def days(self) -> list[date]:
        """The days whose events go, oldest first."""
        return sorted({each.day for each in self.going if each.table == "events"})

    @property
    def tables(self) -> dict[str, tuple[int, int]]:
        """Table to partitions and bytes that go, the largest first."""
        found: dict[str, tuple[int, int]] = {}
        for each in self.going:
            count, size = found.get(each.table, (0, 0))
            found[each.table] = (count + 1, size + each.bytes)
        return dict(sorted(found.items(), key=lambda item: (-item[1][1], item[0])))

    def as_dict(self) -> dict[str, Any]:
        """The plan as JSON has it."""
        return {
            "before": self.before.isoformat(),
            "newest": self.newest.isoformat(),
            "days": [day.isoformat() for day in self.days],
            "bytes": self.bytes,
            "tables": {name: {"partitions": count, "bytes": size} for name, (count, size) in self.tables.items()},
            "outbox": self.outbox,
        }


def smallest(settings: Settings) -> int:
    """The fewest days that must stay: what a retraining and a night look at, up to the newest day itself."""
    window = max(longest(), settings.train.window_days)
    return window + settings.retrain.gate_days + settings.daily.lookback_days + 1


def check_days(keep_days: int, settings: Settings) -> None:
    """Refuse to keep too few days; raises UsageError with the smallest number."""
    least = smallest(settings)
    if keep_days < least:
        raise UsageError(
            f"--keep-days {keep_days} is too few: the smallest is {least}, for a retraining looks back "
            f"{max(longest(), settings.train.window_days)} days (train.window_days; baselines {longest()}) before "
            f"its {settings.retrain.gate_days} days of comparison (retrain.gate_days), and a night "
            f"{settings.daily.lookback_days} days (daily.lookback_days)"
        )


def plan(lake: Lake, settings: Settings, keep_days: int, today: date) -> Plan:
    """Reckon what goes so that the last ``keep_days`` days stay, counted back from the newest day with events.

    Parameters
    ----------
    today
        No day after it counts as the newest: an event of a clock that ran ahead must not empty the lake.

    Raises
    ------
    UsageError
        Too few days would stay.
    DataQualityError
        The lake holds no events.
    """
    check_days(keep_days, settings)
    known = lake.days("events")
    if not known:
        raise DataQualityError(f"the lake {lake.root} holds no events: there is nothing to prune")
    newest = max((day for day in known if day <= today), default=known[0])
    return reckon(lake, newest - timedelta(days=keep_days - 1))


def reckon(lake: Lake, before: date) -> Plan:
    """What goes so that no event before a day stays; a day further back than the last prune's changes nothing."""
    marker = pruned(lake.root)
    before = max(before, marker.before) if marker else before
    known = lake.days("events")
    earlier = [*(marker.days if marker else []), *(day for day in known if day < before)]
    found = going(Kept(before, max(earlier)), lake.held) if earlier else []
    folders = [(day, table, lake.folder(table, day)) for day, table in found]
    parts = tuple(Going(*each, size_of(each[2])) for each in folders)
    return Plan(known[0], before, known[-1], parts, settled(lake.root, before))


def size_of(folder: Path) -> int:
    """Bytes of the files in a folder."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
