"""The report on one session: who, from where, with what, which data, where to, and why that is unusual."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from anomaly.catalog import table
from anomaly.confidence import GAPS
from anomaly.context import Context
from anomaly.errors import DataQualityError, NoModelError, UnsafeModelError
from anomaly.investigate.attack import techniques
from anomaly.investigate.counterfactual import counterfactual, standing
from anomaly.investigate.workflow import differs
from anomaly.listing import iso_day, known_bytes
from anomaly.model.detector import ExfilDetector
from anomaly.model.registry import Registry
from anomaly.pipeline import FEATURES
from anomaly.pruned import check_kept
from anomaly.reasons import said
from anomaly.store import Lake, Store
from anomaly.words import in_time

FOLDER = Path(__file__).parent
LONG_LIVED = ("AKIA", "ABIA")
TEMPORARY = "ASIA"
"""How AWS begins a long-lived key (of a user, of a bearer token), and that of a role session."""
MOST_OBJECTS, MOST_LINES, MOST_FILES = 20, 100, 50

Record = dict[str, Any]

SESSION = f"""
select * from scores
inner join sessions using (session_id, day, identity, actor)
inner join {FEATURES} as features using (session_id, day, identity, actor)
where session_id = $session
"""
CASE = """
select session_id, identity, rank, headline from scores
where case_id = (select case_id from scores where session_id = $session) and session_id != $session
order by rank
"""


def investigate(
    lake: Lake,
    session_id: str,
    day: date,
    context: Context | None = None,
    scorer: ExfilDetector | str | None = None,
) -> Record:
    """Gather what is on record of a scored session; values are plain, moments ISO 8601 in UTC.

    Parameters
    ----------
    context
        Where given, the approved workflow and the buckets' owners are quoted from it.
    scorer
        What ``scorer`` returned for the session's model version, for who asks of many sessions; loaded where not given.

    Raises
    ------
    DataQualityError
        The day's tables do not hold the session: they were rebuilt after it was scored.
    """
    with Store() as store:
        session = _session(store, lake, session_id, day)
        store.view("acts", lake.files("acts", day))
        report = _report(store, session, context)
    asked = loaded(lake, session["model_version"]) if scorer is None else scorer
    return report | {"counterfactual": _counterfactual(lake, day, session, asked)}


def judged(lake: Lake, session_id: str, day: date, context: Context | None, scorer: ExfilDetector | str) -> Record:
    """Return the part of a report that does not tell its acts one by one; raises as ``investigate`` does."""
    with Store() as store:
        session = _session(store, lake, session_id, day)
    return _judged(session, context) | {"counterfactual": _counterfactual(lake, day, session, scorer)}


def _session(store: Store, lake: Lake, session_id: str, day: date) -> Record:
    check_kept(lake.root, day)
    for name in ("scores", "sessions", FEATURES):
        store.view(name, lake.files(name, day))
    rows = store.records(SESSION, {"session": session_id})
    if not rows:
        raise DataQualityError(
            f"session {session_id} was scored, but the tables of {day} no longer hold it: "
            f"run `anomaly score --day {day}` again"
        )
    return rows[0]


def loaded(lake: Lake, version: str) -> ExfilDetector | str:
    """The model of a version, or in words why it cannot be asked: the rest of a report does without one."""
    try:
        return Registry(lake.root).load(int(version))
    except (NoModelError, UnsafeModelError) as error:
        return f"the model that scored it cannot be asked: {error}"


def _counterfactual(lake: Lake, day: date, session: Record, scorer: ExfilDetector | str) -> Record:
    """What would have kept it off the queue, by the model that scored it."""
    if isinstance(scorer, str):
        return standing(scorer)
    if gone := [name for name in scorer.columns if name not in session]:
        return standing(f"the model that scored it reads signals that the features no longer hold: {', '.join(gone)}")
    return counterfactual(lake, day, session["session_id"], scorer)


def of_acts(store: Store, key: str, context: Context | None) -> Record:
    """What the acts of one session tell: credentials, sources, clients, buckets, objects, destinations, times, records.

    The store's ``acts`` is what is read, and ``key`` a ``session_id`` there.
    """
    session = {"session": key}
    return {
        "credentials": [_credential(row) for row in _ask(store, "credentials", session)],
        "sources": _ask(store, "sources", session),
        "clients": _ask(store, "clients", session),
        "buckets": _owned(_ask(store, "buckets", session), context),
        "largest": _ask(store, "objects", session | {"most": MOST_OBJECTS}),
        "destinations": _ask(store, "destinations", session),
        "timeline": _ask(store, "timeline", session | {"most": MOST_LINES}),
        "evidence": _ask(store, "evidence", session | {"most": MOST_FILES}),
    }


def _report(store: Store, session: Record, context: Context | None) -> Record:
    key = {"session": session["session_id"]}
    told, acts = _judged(session, context), of_acts(store, session["session_id"], context)
    return {
        **_of(told, ("session_id", "day", "start", "end", "attack", "score", "confidence")),
        "case": _of(session, ("case_id", "case_rank", "alert")) | {"other_sessions": store.records(CASE, key)},
        **_of(told, ("why", "who")),
        **_of(acts, ("credentials", "sources", "clients", "buckets")),
        "objects": {"taken": session["objects"], "largest": acts["largest"]},
        "destinations": acts["destinations"],
        **_of(told, ("volume", "workflow")),
        **_of(acts, ("timeline", "evidence")),
    }


def _judged(session: Record, context: Context | None) -> Record:
    return {
        "session_id": session["session_id"],
        "day": iso_day(session["day"]),
        "start": in_time(session["start_us"]),
        "end": in_time(session["end_us"]),
        "attack": techniques(session),
        "score": _of(session, SCORE),
        "confidence": {"value": session["confidence"], "gaps": session["confidence_reasons"]},
        "why": {
            "headline": session["headline"],
            "family": session["family"],
            "reasons": session["reasons"],
            "signals": _signals(session),
            "baseline": _baseline(session),
        },
        "who": _of(session, WHO),
        "volume": _of(session, VOLUME) | {"bytes_read": known_bytes(session)},
        "workflow": differs(session, context),
    }


SCORE = ("rank", "score", "tail_probability", "expected_per_day", "q_value", "covered", "model_version")
WHO = (
    "identity",
    "identity_kind",
    "identity_account",
    "identity_relation",
    "actor",
    "session_name",
    "role_chain",
    "origins",
    "mfa",
)
VOLUME = (
    "bytes_read",
    "reads_without_bytes",
    "bytes_written",
    "objects",
    "reads",
    "copies",
    "shares",
    "writes",
    "deletes",
    "restores",
    "lists",
    "heads",
    "denied",
    "errors",
)


def _of(session: Record, names: tuple[str, ...]) -> Record:
    return {name: session[name] for name in names}


def _ask(store: Store, name: str, parameters: Mapping[str, Any]) -> list[Record]:
    rows = store.records((FOLDER / f"{name}.sql").read_text(encoding="utf-8"), parameters)
    return [_readable(row) for row in rows]


def _readable(row: Record) -> Record:
    """The row with ``first_us`` and ``last_us`` as ``first`` and ``last``, ISO 8601."""
    moments = {"first_us": "first", "last_us": "last"}
    return {moments.get(name, name): in_time(value) if name in moments else value for name, value in row.items()}


def _credential(row: Record) -> Record:
    key = row["access_key_id"]
    if key is None or not key.startswith((*LONG_LIVED, TEMPORARY)):
        # the hash of a shared access signature or of an account key does not say how long it lives
        return row | {"lifetime": None}
    return row | {"lifetime": "temporary" if key.startswith(TEMPORARY) else "long-lived"}


def _signals(session: Record) -> list[Record]:
    """The signals above 0, largest first: what was measured, how much, and what it says of this session."""
    found = [
        {
            "signal": name,
            "family": column.family,
            "value": session[name],
            "unit": column.unit,
            "meaning": column.meaning,
            "says": said(column.reason, session),
        }
        for name, column in table(FEATURES).signals.items()
        if session[name] > 0
    ]
    return sorted(found, key=lambda each: -each["value"])


def _baseline(session: Record) -> list[Record]:
    """The numbers the session was measured against: the columns of session_features that are no signals."""
    known = {*table("sessions").types, *table("scores").types, *GAPS, "workflow_id", "workflow_state"}
    unsized = known_bytes(session) is None
    return [
        {
            "name": name,
            # where no read has a size, a sum of 0 bytes is unknown
            "value": None if unsized and column.unit == "bytes" and not session[name] else session[name],
            "unit": column.unit,
            "meaning": column.meaning,
        }
        for name, column in ((column.name, column) for column in table(FEATURES).columns)
        if not column.family and name not in known
    ]


def _owned(buckets: list[Record], context: Context | None) -> list[Record]:
    if context is None:
        return buckets
    owners = dict(zip(context.inventory["bucket"], context.inventory["owner"], strict=True))
    return [bucket | {"owner": owners.get(bucket["bucket"]) or None} for bucket in buckets]
