"""Which days of a lake were pruned: their events are gone on purpose, and nothing may be made from them again.

``ROOT/ledger/pruned.json`` is written before anything is removed, so that a prune that was killed leaves no day about
which one could be in doubt: a day before the one it names is frozen, whatever of it still lies there.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from anomaly.errors import AnomalyError, DataQualityError

FILE = Path("ledger") / "pruned.json"


@dataclass(frozen=True)
class Pruned:
    """The first day that is kept and, of each day before it that had events, the fingerprint these had."""

    before: date
    events: Mapping[date, str]

    @property
    def days(self) -> list[date]:
        """The days whose events are gone, oldest first."""
        return sorted(self.events)


def pruned(root: Path) -> Pruned | None:
    """What was pruned of a lake, None where nothing ever was.

    Raises
    ------
    AnomalyError
        The marker is there and cannot be understood: nobody may guess which days are frozen.
    """
    path = root / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        events = {date.fromisoformat(day): str(fingerprint) for day, fingerprint in found["events"].items()}
        return Pruned(date.fromisoformat(found["before"]), events)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise AnomalyError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise AnomalyError(
            f"{path} says which days were pruned and is damaged ({error}): bring it back from a backup"
        ) from error


def as_text(marker: Pruned) -> str:
    """The marker as it is written."""
    events = {day.isoformat(): marker.events[day] for day in marker.days}
    return json.dumps({"before": marker.before.isoformat(), "events": events}, indent=1) + "\n"


def first_kept(root: Path) -> date | None:
    """The first day that is kept, None where nothing was pruned."""
    marker = pruned(root)
    return marker.before if marker else None


def check_kept(root: Path, day: date) -> None:
    """Refuse what needs the tables of a pruned day; raises DataQualityError saying what is left of it."""
    first = first_kept(root)
    if first and day < first:
        raise gone(first, day)


def gone(first: date, day: date) -> DataQualityError:
    """The error for a day that was pruned; ``first`` is the first day that is kept."""
    return DataQualityError(
        f"{day} was pruned: the lake keeps {first} and later. Of the days before it there are the scores "
        "(table scores) and what the review database holds of their cases"
    )
