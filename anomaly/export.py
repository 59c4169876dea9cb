"""Scores for other programs: one row a session, as CSV that is safe to open in a spreadsheet, or as JSON."""

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import IO

from anomaly.dossier.cells import cell
from anomaly.listing import Record, iso_day, known_bytes, sessions, workflow
from anomaly.store import Lake
from anomaly.words import in_time

COLUMNS = (
    "day",
    "rank",
    "score",
    "probability",
    "alert",
    "case_id",
    "session_id",
    "identity",
    "session_name",
    "access_key_ids",
    "source_ips",
    "buckets",
    "destinations",
    "start",
    "end",
    "bytes_read",
    "objects",
    "workflow",
    "reasons",
    "confidence",
    "confidence_reasons",
)


def exported(lake: Lake, days: Iterable[date]) -> Iterator[Record]:
    """Yield the sessions of these scored days, most unusual first within a day, with the columns ``COLUMNS``."""
    for day in days:
        for session in sessions(lake, day):
            yield _row(session)


def write_csv(rows: Iterable[Record], out: IO[str]) -> int:
    """Write rows as CSV and return how many; lists are joined by ``;``, hostile cells escaped."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for row in rows:
        writer.writerow([cell(row[name]) for name in COLUMNS])
        count += 1
    return count


def write_json(rows: Iterable[Record], out: IO[str]) -> int:
    """Write rows as one JSON array, an object a line, and return how many."""
    count = 0
    for row in rows:
        out.write(("[\n" if count == 0 else ",\n") + json.dumps(row))
        count += 1
    out.write("\n]\n" if count else "[]\n")
    return count


def _row(session: Record) -> Record:
    return {
        "day": iso_day(session["day"]),
        "rank": session["rank"],
        "score": session["score"],
        "probability": session["tail_probability"],
        "alert": session["alert"],
        "case_id": session["case_id"],
        "session_id": session["session_id"],
        "identity": session["identity"],
        "session_name": session["session_name"],
        "access_key_ids": session["access_key_ids"],
        "source_ips": session["source_ips"],
        "buckets": session["buckets"],
        "destinations": session["destinations"],
        "start": in_time(session["start_us"]),
        "end": in_time(session["end_us"]),
        "bytes_read": known_bytes(session),
        "objects": session["objects"],
        "workflow": workflow(session),
        "reasons": session["reasons"],
        "confidence": session["confidence"],
        "confidence_reasons": session["confidence_reasons"],
    }
