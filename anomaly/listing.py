"""What was scored, read back from the lake: the cases of a day, its sessions, and a session by a part of its id."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from anomaly.engines.duckdb import EPOCH
from anomaly.errors import DataQualityError, UnknownNameError
from anomaly.pipeline import FEATURES
from anomaly.pruned import check_kept
from anomaly.store import Lake, Store
from anomaly.words import in_time

SCORES = "scores"
ID_LENGTH = 32
"""Characters of a session's id, an MD5 in hexadecimal."""
SESSION_TABLES = (SCORES, "sessions", FEATURES, "flows")
CASES = Path(__file__).with_suffix(".sql")
SESSIONS = """
select
    scores.*,
    sessions.* exclude (session_id, day, identity, actor),
    features.workflow_id,
    features.workflow_state
from scores
inner join sessions on scores.session_id = sessions.session_id
inner join session_features as features on scores.session_id = features.session_id
order by scores.rank
"""

Record = dict[str, Any]


def scored_days(lake: Lake) -> list[date]:
    """The days that were scored, oldest first; raises DataQualityError saying what to run where there is none."""
    days = lake.days(SCORES)
    if days:
        return days
    if lake.days("events"):
        raise DataQualityError(f"no day of the lake {lake.root} was scored: run `anomaly score --day DAY`")
    raise DataQualityError(f"the lake {lake.root} holds no events: run `anomaly ingest PATH` first")


def check_scored(lake: Lake, day: date) -> date:
    """Return the day; raises UnknownNameError with the nearest scored day where it was not scored."""
    days = scored_days(lake)
    if day in days:
        return day
    near = min(days, key=lambda known: abs(known - day))
    raise UnknownNameError(
        f"{day} was not scored; scored are {_span(days)}, the nearest is {near}: run `anomaly score --day {day}`"
    )


def cases(lake: Lake, day: date) -> list[Record]:
    """The cases of a scored day, most unusual first, those that a workflow covers at the end (rank None)."""
    with _store(lake, check_scored(lake, day)) as store:
        return store.records(CASES.read_text(encoding="utf-8"))


def sessions(lake: Lake, day: date) -> list[Record]:
    """The sessions of a scored day, most unusual first: their scores, sums and workflow."""
    with _store(lake, check_scored(lake, day)) as store:
        return store.records(SESSIONS)


def session_of_rank(lake: Lake, day: date, rank: int) -> str:
    """The most unusual session of the case with this rank; raises UnknownNameError for a rank there is not."""
    ranked = {row["case_rank"]: row["session_id"] for row in reversed(sessions(lake, day)) if row["case_rank"]}
    if rank not in ranked:
        raise UnknownNameError(f"no case of rank {rank} on {day}: the ranks are 1 to {len(ranked)}")
    return str(ranked[rank])


def find_session(lake: Lake, prefix: str, day: date | None = None) -> tuple[str, date]:
    """Return the one scored session whose id starts so, and its day.

    Raises
    ------
    UnknownNameError
        None does, or more than one; the nearest ids and the days known are given.
    """
    days = [check_scored(lake, day)] if day else scored_days(lake)
    wanted = prefix.lower()
    with Store() as store:
        store.view(SCORES, lake.files(SCORES, days[0], days[-1]))
        found = _starting(store, wanted) if wanted else []
        if len(found) == 1:
            return found[0]
        raise UnknownNameError(_ambiguous(prefix, found) if found else _unknown(store, prefix, days))


def _starting(store: Store, prefix: str, limit: int = 1000) -> list[tuple[str, date]]:
    rows = store.rows(
        f"select session_id, day from {SCORES} where starts_with(session_id, $prefix) order by day, rank limit $limit",
        {"prefix": prefix, "limit": limit},
    )
    return [(session, EPOCH + timedelta(days=day)) for session, day in rows]


def _ambiguous(prefix: str, found: Sequence[tuple[str, date]]) -> str:
    shown = ", ".join(f"{session[: len(prefix) + 6]}… ({day})" for session, day in found[:5])
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return f"{len(found)} sessions start with {prefix!r}: {shown}{more}"


def _unknown(store: Store, prefix: str, days: Sequence[date]) -> str:
    # the ids that share the longest beginning with what was asked for
    shorter = (prefix.lower()[:length] for length in range(min(len(prefix), ID_LENGTH), -1, -1))
    nearest = next(found for part in shorter if (found := _starting(store, part, 3)))
    shown = ", ".join(f"{session[:12]}… ({day})" for session, day in nearest)
    return f"no scored session starts with {prefix!r}; nearest: {shown}; days scored: {_span(days)}"


def _span(days: Sequence[date]) -> str:
    return str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]} ({len(days)} days)"


def _store(lake: Lake, day: date) -> Store:
    check_kept(lake.root, day)
    store = Store()
    for name in SESSION_TABLES:
        store.view(name, lake.files(name, day))
    return store


def plain_case(case: Record) -> Record:
    """A case as JSON has it: the day and moments as ISO 8601, bytes None where no read has a size."""
    moments = {"start": in_time(case["start_us"]), "end": in_time(case["end_us"])}
    plain = {name: value for name, value in case.items() if name not in ("start_us", "end_us")}
    return plain | moments | {"day": iso_day(case["day"]), "bytes_read": known_bytes(case)}


def iso_day(day: int) -> str:
    """A day counted from 1970-01-01 as ISO 8601."""
    return (EPOCH + timedelta(days=day)).isoformat()


def known_bytes(session: Mapping[str, Any]) -> int | None:
    """Bytes read, None where the log tells the size of none of the reads: unknown, never a guess."""
    unknown = session["reads"] > 0 and session["reads_without_bytes"] == session["reads"]
    return None if unknown else session["bytes_read"]


def workflow(session: Mapping[str, Any]) -> str:
    """How the session stands to the approved workflows, such as ``covered: nightly-backup``."""
    name = session["workflow_id"]
    return f"{session['workflow_state']}: {name}" if name else str(session["workflow_state"])
