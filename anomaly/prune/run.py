"""The prune itself: the marker first, then partition after partition, oldest first.

Killed at any moment it leaves a lake that is whole: from the marker on nothing is read of a pruned day but what is kept
of it, and the next prune removes what is left.
"""

import shutil
from collections.abc import Callable
from datetime import date

from anomaly.config import Settings
from anomaly.context import Context
from anomaly.daily.run import LOCK
from anomaly.errors import AnomalyError
from anomaly.lock import locked
from anomaly.prune.planned import Going, Plan, plan
from anomaly.pruned import FILE, Pruned, as_text, pruned
from anomaly.score import pipeline_for
from anomaly.sinks.file import forget
from anomaly.stage import stages
from anomaly.store import Lake, replacing

Progress = Callable[[date], None]


def prune(
    lake: Lake,
    context: Context,
    settings: Settings,
    keep_days: int,
    today: date,
    *,
    progress: Progress | None = None,
) -> Plan:
    """Remove what is older than the last ``keep_days`` days, and return what that was.

    What later days look back to is brought up to date first, as it can never be made again.

    Raises
    ------
    UsageError
        Too few days would stay.
    DataQualityError
        The lake holds no events.
    LockedError
        A night's work, or another run, holds the lake.
    AnomalyError
        A partition cannot be removed; those before it are gone, and the next prune goes on.
    """
    with locked(lake.root, LOCK), locked(lake.root):
        found = plan(lake, settings, keep_days, today)
        carry_out(lake, context, settings, found, progress)
    return found


def carry_out(lake: Lake, context: Context, settings: Settings, found: Plan, progress: Progress | None = None) -> None:
    """Do what was planned; the caller holds the lake's lock."""
    if found.going:
        _freeze(lake, context, settings, found, progress)
    for each in found.going:
        _remove(each)
    _remove_seals(lake, found)
    forget(lake.root, found.before)


def _freeze(lake: Lake, context: Context, settings: Settings, found: Plan, progress: Progress | None) -> None:
    """Bring what is kept of the days that go up to date, then write the marker."""
    marker = pruned(lake.root)
    if marker and marker.before >= found.before:
        return
    pipeline = pipeline_for(lake, context, settings)
    kept = next(day for day in pipeline.days if day >= found.before)
    # the first day that stays looks back to all that any later day does
    pipeline.build([kept], tuple(stages()), progress)
    events = {day: pipeline.fingerprint("events", day) for day in pipeline.history if day < found.before}
    with replacing(lake.root / FILE) as temporary:
        temporary.write_text(as_text(Pruned(found.before, events)), encoding="utf-8")


def _remove(each: Going) -> None:
    try:
        shutil.rmtree(each.folder)
    except OSError as error:
        raise AnomalyError(f"cannot remove {each.folder}: {error.strerror or error}; run it again to go on") from error


def _remove_seals(lake: Lake, found: Plan) -> None:
    for path in (lake.root / "ledger" / "features").glob("*.json"):
        if path.stem < found.before.isoformat():
            path.unlink(missing_ok=True)
