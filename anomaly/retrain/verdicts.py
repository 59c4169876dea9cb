"""What people said of past sessions: confirmed thefts are not learnt from, expected ones may be approved.

Verdicts come from a file, or from the review database where there is one; the words are those of the review.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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
Row = tuple[str, str, str]
"""Kind of id, id, verdict."""
SHOWN_MISTAKES = 20
MOVED = Path(__file__).with_name("expected.sql").read_text(encoding="utf-8")
SESSIONS = "select session_id, case_id from scores"


@dataclass(frozen=True)
class Verdicts:
    """Ids of the sessions of a lake that people confirmed as thefts, and of those that they expected.

    ``approved`` are the expected ones for which the review has made a workflow already; ``rows`` says how many verdicts
    came from the review and how many from a file.
    """

    confirmed: frozenset[str] = frozenset()
    expected: frozenset[str] = frozenset()
    approved: frozenset[str] = frozenset()
    rows: Mapping[str, int] = field(default_factory=lambda: {"review": 0, "file": 0})
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """How many of each."""
        found = {"confirmed": len(self.confirmed), "expected": len(self.expected), "approved": len(self.approved)}
        return found | {"rows": dict(self.rows), "notes": list(self.notes)}


def read_verdicts(path: Path) -> list[Row]:
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
    found: list[Row] = []
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


def resolve(
    lake: Lake,
    rows: Iterable[Row],
    reviewed: Iterable[Row] = (),
    sessions_of: Mapping[str, Sequence[str]] | None = None,
) -> Verdicts:
    """Find the sessions that verdicts are of.

    Later rows of one id stand, and all ``rows`` are later than ``reviewed``. A case speaks for all its sessions, the
    later of two cases for one that both hold; what is said of a session is stronger than what is said of its case.

    Parameters
    ----------
    reviewed
        Verdicts of the review, where ``expected`` has made a workflow already.
    sessions_of
        Ids of the sessions of cases as they were published, for cases that the lake no longer has.

    Returns
    -------
    Verdicts
        An id that the lake does not hold (any more) has nothing to be left out, and is counted in the notes.
    """
    last: dict[tuple[str, str], tuple[str, bool]] = {}
    counts = {"review": 0, "file": 0}
    for place, found in (("review", reviewed), ("file", rows)):
        for kind, name, verdict in found:
            counts[place] += 1
            last.pop((kind, name), None)  # to stand where it was said last
            last[kind, name] = (verdict, place == "review")
    if not last:
        return Verdicts()
    by_id = _sessions(lake)
    known = {session for kind, session in by_id if kind == SESSION}
    for case, sessions in (sessions_of or {}).items():
        here = [session for session in sessions if session in known]
        if here:
            by_id.setdefault((CASE, case), here)
    said: dict[str, tuple[str, bool]] = {}
    for key, word in sorted(last.items(), key=lambda item: item[0][0] == SESSION):
        said |= dict.fromkeys(by_id.get(key, []), word)
    unknown = sorted(name for kind, name in last if (kind, name) not in by_id)
    confirmed, expected = (
        frozenset(name for name, (word, _) in said.items() if word == verdict) for verdict in (CONFIRMED, EXPECTED)
    )
    approved = frozenset(name for name in expected if said[name][1])
    return Verdicts(confirmed, expected, approved, counts, _told(len(last), len(confirmed), len(expected), unknown))


def _sessions(lake: Lake) -> dict[tuple[str, str], list[str]]:
    """The sessions of every id of a session or a case that the lake holds scores of."""
    found: dict[tuple[str, str], list[str]] = {}
    with Store() as store:
        store.view("scores", [path for day in lake.days("scores") for path in lake.files("scores", day)])
        for session, case in store.rows(SESSIONS):
            found.setdefault((SESSION, session), []).append(session)
            found.setdefault((CASE, case), []).append(session)
    return found


def _told(count: int, confirmed: int, expected: int, unknown: Sequence[str]) -> tuple[str, ...]:
    said = f"{count:,} verdict(s): {confirmed:,} session(s) confirmed, {expected:,} expected"
    if not unknown:
        return (said,)
    return said, f"{len(unknown):,} verdict(s) are of nothing that the lake holds scores of, such as {unknown[0]!r}"


def suggestions(lake: Lake, verdicts: Verdicts) -> tuple[list[dict[str, str]], list[str]]:
    """Rows for workflows.csv that would cover the expected sessions, and what no workflow can name.

    Those that the review approved have a workflow already and are left out.
    Each names one identity, one bucket and one destination, never a wider glob; who answers for it and until when is
    for a person to fill in, so both are empty.
    """
    with Store() as store:
        days = lake.days("flows")
        store.view("flows", [path for day in days for path in lake.files("flows", day)])
        store.register(
            "expected", pd.DataFrame({"session_id": sorted(verdicts.expected - verdicts.approved)}, dtype="string")
        )
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


def _row(record: Mapping[str, Any]) -> Row:
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
