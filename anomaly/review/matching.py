"""Which of the review's own workflows covered a case: noted as a day is published, so that unused ones are seen."""

from collections.abc import Iterator, Sequence
from datetime import date

import sqlalchemy as sa

from anomaly.review.record import Record
from anomaly.review.schema import workflows

PREFIX = "review:"
"""How the id of a workflow made in the review begins in the context files, where it can meet no id of a person's."""
PART = "#"
"""What stands before the number of a further row of one workflow: ``review:auditors``, ``review:auditors#2``."""


def note(connection: sa.Connection, found: Sequence[Record], day: date) -> None:
    """Note the day at each workflow of the review that covered one of these cases, unless a later day is noted."""
    for workflow_id in sorted(set(_covering(found))):
        is_older = sa.or_(workflows.c.last_matched.is_(None), workflows.c.last_matched < day)
        connection.execute(workflows.update().where(workflows.c.id == workflow_id, is_older).values(last_matched=day))


def _covering(found: Sequence[Record]) -> Iterator[str]:
    for record in found:
        # written as `covered: NAME`
        name = str(record.document.get("workflow") or "").partition(": ")[2]
        if record.document["covered"] and name.startswith(PREFIX):
            yield name.removeprefix(PREFIX).partition(PART)[0]
