"""What would have kept a session off the queue: the smallest change in the world, found and checked on the model.

"It would rank 212th of 300 cases, below the alert line, had it read at most 3.1 GB in at most 120 objects and come from
a network it used before." The line is the alert budget; for a case that is no alert, the day's first ten cases.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from anomaly.engines.duckdb import prepare
from anomaly.investigate.levers import EVERY, LEVERS, VOLUME, WIDE, WIDEST, Lever
from anomaly.investigate.thinned import thinned
from anomaly.model.counterfactual import MOST_LEVERS, Found, Passes, smallest_change
from anomaly.model.detector import ExfilDetector
from anomaly.model.trees import Floats
from anomaly.pipeline import FEATURES
from anomaly.store import Lake, Store
from anomaly.words import in_bytes, in_count

FIRST = 10
"""Cases of a day that are looked at even where they raise no alert."""
HISTORY_DAYS = 45
"""Days of actor_bucket_day that features/signals/slow.sql reads."""
TIERS = (LEVERS, WIDE, WIDEST)
LINES = ("alert", "first ten")
BELOW = {"alert": "below the alert line", "first ten": f"out of the first {FIRST}"}
BUCKETS = Path(__file__).with_name("bucket_measures.sql")

SESSION = f"""
select
    *,
    (
        select coalesce(sum(b.weighted_bytes), 0)
        from sessions as b
        where
            b.identity = s.identity and b.actor = s.actor
            and (b.start_us, b.session_id) < (s.start_us, s.session_id)
    )::bigint as weighted_before,
    (select count(*) - 1 from scores as c where c.case_id = scores.case_id) as companions
from sessions as s
inner join {FEATURES} as features using (session_id, day, identity, actor)
inner join scores using (session_id, day, identity, actor)
where session_id = $session
"""
OTHERS = """
select max(score) as score
from scores
where not covered and case_id != (select case_id from scores where session_id = $session)
group by case_id
"""

Record = dict[str, Any]


def counterfactual(lake: Lake, day: date, session_id: str, detector: ExfilDetector) -> Record:
    """Say what would have taken a scored session below the line, as plain values.

    Parameters
    ----------
    detector
        The model that scored the day.

    Returns
    -------
    dict
        ``says`` in words; ``line`` that the changes take it below: ``alert``, ``first ten`` (then it may still be an
        alert) or None where there is none to reach, or no three changes do it; ``changes`` with lever, words, and bytes
        and objects of the volume lever; ``score``, ``expected_per_day``, ``alert``, ``rank`` (of ``cases``) after.
    """
    with opened(lake, day) as store:
        session, buckets, others = read(store, session_id)
    return explained(session, buckets, others, detector, float(lake.facts("scores", day)["asked"]))


def opened(lake: Lake, day: date) -> Store:
    """A store that shows what ``read`` reads of a day."""
    store = Store()
    prepare(store)
    for name in ("scores", "sessions", FEATURES, "flows", "bucket_use"):
        store.view(name, lake.files(name, day))
    past = lake.files("actor_bucket_day", day - timedelta(days=HISTORY_DAYS), day - timedelta(days=1))
    store.view("actor_bucket_day", past)
    return store


def read(store: Store, session_id: str) -> tuple[Record, list[Record], Floats]:
    """One session's row, its buckets' rows, and the scores of the day's other cases that no workflow covers."""
    (session,) = store.records(SESSION, {"session": session_id})
    buckets = store.records(BUCKETS.read_text(encoding="utf-8"), {"session": session_id})
    others = [score for (score,) in store.rows(OTHERS, {"session": session_id})]
    return session, buckets, np.array(others, dtype=np.float64)


def explained(
    session: Record, buckets: Sequence[Record], others: Floats, detector: ExfilDetector, budget: float
) -> Record:
    """Search and put into words; ``others`` are the scores of the day's other cases that no workflow covers."""
    if session["covered"]:
        return standing("an approved workflow covers it: it is not ranked")
    lines = [_alert_line(detector, budget, session["identity_kind"]), _first_line(others)]
    if session["expected_per_day"] > budget:
        if _ranks(np.array([session["score"]]), others)[0] > FIRST:
            return standing(f"by itself it is no alert, and {FIRST} other cases stand before it")
        lines = lines[1:]
    signals = pd.Series({name: session[name] for name in detector.columns}, dtype=np.float64)
    tiers = [_signals(levers) for levers in TIERS]
    found = smallest_change(detector, signals, tiers, lines, thinned(session, buckets))
    after = np.array([found.score])
    expected = float(detector.expected_per_day(after, session["identity_kind"])[0])
    record = {
        "line": None if found.line is None else LINES[found.line + len(LINES) - len(lines)],
        "changes": [_change(name, found, session) for name in found.levers],
        "score": found.score,
        "expected_per_day": expected,
        "alert": expected <= budget,
        "rank": int(_ranks(after, others)[0]),
        "cases": len(others) + 1,
    }
    return {"says": _says(record) + _companions(session["companions"]), **record}


def _alert_line(detector: ExfilDetector, budget: float, kind: str) -> Passes:
    return lambda scores: detector.expected_per_day(scores, kind) > budget


def _first_line(others: Floats) -> Passes:
    return lambda scores: _ranks(scores, others) > FIRST


def _ranks(scores: Floats, others: Floats) -> npt.NDArray[np.int64]:
    """The place that a case of each score would take among the others of the day."""
    return np.asarray(1 + (others[None, :] > scores[:, None]).sum(axis=1), dtype=np.int64)


def _signals(levers: Mapping[str, Lever]) -> dict[str, tuple[str, ...]]:
    return {name: lever.signals for name, lever in levers.items()}


def standing(words: str) -> Record:
    """What is told where there is no change to state, and why."""
    empty = dict.fromkeys(("score", "expected_per_day", "alert", "rank", "cases"))
    return {"says": words, "line": None, "changes": [], **empty}


def _change(lever: str, found: Found, session: Record) -> Record:
    if lever != VOLUME or found.amount is None:
        return {"lever": lever, "words": EVERY[lever].words, "bytes": None, "objects": None}
    size, objects = found.amount
    return {
        "lever": lever,
        "words": _thinned_words(size, objects, session),
        "bytes": size if session["bytes_read"] else None,
        "objects": objects,
    }


def _thinned_words(size: int, objects: int, session: Record) -> str:
    count = f"{in_count(objects)} object{'' if objects == 1 else 's'}"
    if not session["bytes_read"]:
        return f"taken at most {count} (it took {in_count(session['objects'])})"
    return (
        f"read at most {in_bytes(size)} in at most {count} "
        f"(it read {in_bytes(session['bytes_read'])} in {in_count(session['objects'])})"
    )


def _says(record: Mapping[str, Any]) -> str:
    changes = _in_a_row([change["words"] for change in record["changes"]])
    place = f"{_ordinal(record['rank'])} of {in_count(record['cases'])} cases"
    if record["line"]:
        still = " (still an alert)" if record["alert"] else ""
        return f"it would rank {place}, {BELOW[record['line']]}{still}, had it {changes}"
    if not changes:
        return "no change that we know of lowers its score"
    return (
        f"no {MOST_LEVERS} changes take it out of the first {FIRST} cases; it would still rank {place} had it {changes}"
    )


def _companions(count: int) -> str:
    """The place told is this session's own: others keep their case where it is."""
    return f"; its case holds {in_count(count)} more session{'' if count == 1 else 's'}" if count else ""


def _in_a_row(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] if parts else ""


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"
