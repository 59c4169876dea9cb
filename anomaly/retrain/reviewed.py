"""The verdicts of the review database, and those of a file, as what a training needs of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from anomaly.retrain.verdicts import CASE, CONFIRMED, EXPECTED, Row, Verdicts, read_verdicts, resolve
from anomaly.review.database import Database, open_database
from anomaly.review.record import unpacked
from anomaly.review.schema import cases, evidence, verdicts
from anomaly.store import Lake


@dataclass(frozen=True)
class Reviewed:
    """What reviewers said, oldest first.

    ``sessions`` are those of each confirmed or expected case as it was published: a day that is scored again with
    another workflow may cut its cases otherwise, and then holds none of that id.
    """

    rows: Sequence[Row] = ()
    sessions: Mapping[str, Sequence[str]] = field(default_factory=dict)


def gather(lake: Lake, url: str, path: Path | None) -> Verdicts:
    """Return what people said of the lake's sessions, in the review (nowhere where ``url`` is empty) and in a file.

    Of one id the file's word stands above the review's.

    Raises
    ------
    UsageError
        The file is wrong, or the address.
    AnomalyError
        The review database cannot be reached: without its verdicts a confirmed theft would be learnt from.
    """
    rows = read_verdicts(path) if path else []
    found = Reviewed()
    if url:
        database = open_database(url)
        try:
            found = reviewed(database)
        finally:
            database.close()
    return resolve(lake, rows, found.rows, found.sessions)


def reviewed(database: Database) -> Reviewed:
    """Read every verdict of the review, the last one of a case last; a case that was withdrawn has none."""
    query = sa.select(cases.c.case_id, verdicts.c.verdict).join(cases, cases.c.number == verdicts.c.number)
    told = sa.select(cases.c.case_id, evidence.c.document).join(evidence, evidence.c.number == cases.c.number)
    with database.reading() as connection:
        rows = connection.execute(query.order_by(verdicts.c.id)).all()
        documents = connection.execute(told.where(cases.c.state.in_((CONFIRMED, EXPECTED)))).all()
    sessions = {
        case_id: [each["session_id"] for each in unpacked(document).get("sessions") or ()]
        for case_id, document in documents
    }
    return Reviewed([(CASE, case_id, verdict) for case_id, verdict in rows], sessions)
