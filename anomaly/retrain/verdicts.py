"""What people said of past sessions: confirmed thefts are not learnt from, expected ones may be approved.

Verdicts come from a file, or from the review database where there is one; the words are those of the review.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from anomaly.context.destinations import split_destination
from anomaly.context.tables import WORKFLOWS
from anomaly.errors import UsageError, nearest
from anomaly.globs import glob, literal
from anomaly.review.schema import VERDICTS
from anomaly.store import Lake, Store, replacing
from anomaly.words import visible

CONFIRMED, EXPECTED = "true_positive", "expected"
"""The verdicts that matter here; the review's others change nothing."""
SESSION, CASE, VERDICT = "session_id", "case_id", "verdict"
SHOWN_MISTAKES = 20
MOVED = Path(__file__).with_name("expected.sql").read_text(encoding="utf-8")
SESSIONS = "select session_id, case_id from scores"


@dataclass(frozen=True)
class Verdicts:
    """Ids of the sessions of a lake that people confirmed as thefts, and of those that they expected."""

    confirmed: frozenset[str] = frozenset()
    expected: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """How many of each."""
        return {"confirmed": len(self.confirmed), "expected": len(self.expected), "notes": list(self.notes)}


def read_verdicts(path: Path) -> list[tuple[str, str, str]]:
    """Read a CSV or JSON file of verdicts: (kind of id, id, verdict) a row, as the file has them.

    Raises
    ------
    UsageError
        The file cannot be read, or rows are wrong; every mistake is named with its row.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read the verdicts {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"the verdicts {path} are not UTF-8: {error.reason} at byte {error.start}") from error
    records = _json(path, text) if path.suffix.lower() == ".json" else _csv(path, text)
    found: list[tuple[str, str, str]] = []
    mistakes: list[str] = []
    for where, record in records:
        try:
            found.append(_row(record))
        except ValueError as error:
            mistakes.append(f"{path}, {where}: {error}")
    if mistakes:
        more = f"\n… and {len(mistakes) - SHOWN_MISTAKES} more" if len(mistakes) > SHOWN_MISTAKES else ""
        raise UsageError("\n".join(mistakes[:SHOWN_MISTAKES]) + more)
    return found


def resolve(lake: Lake, rows: Iterable[tuple[str, str, str]]) -> Verdicts:
    """Find the sessions that verdicts are of. Later rows of one id stand; a case speaks for all its sessions.

    An id that the lake does not hold (any more) has nothing to be left out, and is counted in the notes.
    """
    last = {(kind, name): verdict for kind, name, verdict in rows}
    if not last:
        return Verdicts()
    by_id: dict[tuple[str, str], list[str]] = {}
    with Store() as store:
        store.view("scores", [path for day in lake.days("scores") for path in lake.files("scores", day)])
        for session, case in store.rows(SESSIONS):
            by_id.setdefault((SESSION, session), []).append(session)
            by_id.setdefault((CASE, case), []).append(session)
    said: dict[str, str] = {}
    # what is said of a session is stronger than what is said of its case
    for key, verdict in sorted(last.items()):
        said |= dict.fromkeys(by_id.get(key, []), verdict)
    unknown = sorted(name for kind, name in last if (kind, name) not in by_id)
    notes = [
        f"{len(last):,} verdict(s): {_count(said, CONFIRMED)} session(s) confirmed, {_count(said, EXPECTED)} expected"
    ]
    if unknown:
        notes.append(
            f"{len(unknown):,} verdict(s) are of nothing that the lake holds scores of, such as {unknown[0]!r}"
        )
    of = {word: frozenset(name for name, verdict in said.items() if verdict == word) for word in (CONFIRMED, EXPECTED)}
    return Verdicts(of[CONFIRMED], of[EXPECTED], tuple(notes))


def suggestions(lake: Lake, verdicts: Verdicts) -> tuple[list[dict[str, str]], list[str]]:
    """Rows for workflows.csv that would cover the expected sessions, and what no workflow can name.

    Each names one identity, one bucket and one destination, never a wider glob; who answers for it and until when is
    for a person to fill in, so both are empty.
    """
    with Store() as store:
        days = lake.days("flows")
        store.view("flows", [path for day in days for path in lake.files("flows", day)])
        store.register("expected", pd.DataFrame({"session_id": sorted(verdicts.expected)}, dtype="string"))
        moved = store.records(MOVED)
    made: list[dict[str, str]] = []
    left: list[str] = []
    for way in moved:
        try:
            made.append(_suggestion(len(made) + 1, way))
        except ValueError as error:
            told = f"{way['identity']} from {way['bucket']} to {way['goes_to']}"
            left.append(f"{visible(told)}: no workflow can name that ({visible(str(error))})")
    return made, left


def write_suggestions(lake: Lake, verdicts: Verdicts, path: Path) -> tuple[int, list[str]]:
    """Write the suggestions as a CSV file with the header of workflows.csv; returns how many, and what was left out."""
    made, left = suggestions(lake, verdicts)
    text = io.StringIO()
    writer = csv.DictWriter(text, WORKFLOWS.header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(made)
    with replacing(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")
    return len(made), left


def _suggestion(number: int, way: Mapping[str, Any]) -> dict[str, str]:
    """One row; raises ValueError where the rules of workflows.csv have no way to say it."""
    split_destination(way["goes_to"])
    reason = (
        f"expected by review: {way['sessions']} session(s), {way['first_day']:%Y-%m-%d} to {way['last_day']:%Y-%m-%d}"
    )
    who, bucket = (glob(literal(way[name])) for name in ("identity", "bucket"))
    values = (f"expected-{number}", who, bucket, way["goes_to"], reason, "", "")
    return dict(zip(WORKFLOWS.header, values, strict=True))


def _count(said: Mapping[str, str], word: str) -> int:
    return sum(verdict == word for verdict in said.values())


def _row(record: Mapping[str, Any]) -> tuple[str, str, str]:
    session, case = (str(record.get(name) or "").strip() for name in (SESSION, CASE))
    verdict = str(record.get(VERDICT) or "").strip()
    if bool(session) == bool(case):
        raise ValueError(f"one of {SESSION} and {CASE} is wanted, found {'both' if session else 'neither'}")
    if verdict not in VERDICTS:
        raise ValueError(f"verdict {verdict!r} is none of {', '.join(VERDICTS)}; {nearest(verdict, VERDICTS)}")
    return (SESSION, session, verdict) if session else (CASE, case, verdict)


def _csv(path: Path, text: str) -> list[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="")
    header = [name.strip() for name in reader.fieldnames or []]
    if VERDICT not in header or not {SESSION, CASE} & set(header):
        raise UsageError(
            f"{path}: row 1 names the columns {', '.join(header) or '(none)'}; "
            f"wanted are {SESSION} or {CASE}, and {VERDICT}"
        )
    reader.fieldnames = header
    return [(f"row {number}", record) for number, record in enumerate(reader, start=2)]


def _json(path: Path, text: str) -> list[tuple[str, Mapping[str, Any]]]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise UsageError(f"{path} is to be a list of objects with {SESSION} or {CASE}, and {VERDICT}")
    return [(f"entry {number}", each) for number, each in enumerate(found, start=1)]
