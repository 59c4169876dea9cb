"""What the logs could not tell of a session, in words: the gaps that lower its confidence, with numbers and units."""

from collections.abc import Mapping
from typing import Any

from anomaly.words import in_count

GAPS = ("acts_unplaced", "moves_untold", "egress_untold", "hole_hours")
"""The columns of ``session_features`` that confidence is told with: gaps in the logs, no baseline."""
KNOWN_DAYS = 7
"""Active days from which an actor's habits count as known, as in ``features/signals/confidence.sql``."""

Row = Mapping[str, Any]


def gaps(row: Row) -> list[str]:
    """Say each gap of a session, a row of session_features joined with sessions; empty where there is none."""
    said = []
    if row["reads_without_bytes"]:
        said.append(f"{_share(row['reads_without_bytes'], row['reads'])} of its reads have no size in the log")
    if row["moves_untold"]:
        moves = row["copies"] + row["shares"]
        said.append(f"{_share(row['moves_untold'], moves)} of its copies and shares have no destination in the log")
    if row["acts_unplaced"]:
        said.append(f"{_share(row['acts_unplaced'], row['acts'])} of its acts have no address in the log")
    if row["hole_hours"]:
        hours = f"{in_count(row['hole_hours'])} hour{'' if row['hole_hours'] == 1 else 's'}"
        said.append(f"a log that tells of its buckets or account has a hole in delivery in {hours} of it")
    if row["egress_untold"]:
        said.append("a machine read sensitive data and no flow log of its account tells what left it that day")
    if row["active_days"] < KNOWN_DAYS:
        said.append(_newness(row["active_days"]))
    return said


def in_confidence(value: float, said: list[str]) -> str:
    """Return confidence and what lowers it as one line.

    >>> in_confidence(.68, ["80 % of its reads have no size in the log"])
    'confidence 0.68: 80 % of its reads have no size in the log'
    """
    return f"confidence {value:.2f}: {'; '.join(said) or 'nothing is known to be missing from its logs'}"


def _share(part: int, whole: int) -> str:
    percent = 100 * part / whole
    shown = "under 1 %" if percent < 1 else "over 99 %" if 99 < percent < 100 else f"{percent:.0f} %"
    return f"{shown} ({in_count(part)} of {in_count(whole)})"


def _newness(days: int) -> str:
    if days == 0:
        return "its actor was never active before: it is measured by its kind"
    return f"its actor was active on {days} day{'' if days == 1 else 's'} before: its habits are hardly known"
