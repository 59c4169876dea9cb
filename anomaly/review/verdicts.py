"""What people say of a case: a verdict with its reason, comments, and who looks at it."""

from typing import Any

import sqlalchemy as sa

from anomaly.errors import StaleWriteError, UsageError, nearest
from anomaly.review.case import find
from anomaly.review.database import Change, Database
from anomaly.review.schema import VERDICTS, accounts, cases, comments, verdicts
from anomaly.review.text import storable
from anomaly.review.viewer import Role, Viewer
from anomaly.review.workflows import Draft, Extension, put

LONGEST_TEXT = 10_000


def decide(
    database: Database,
    case_id: str,
    verdict: str,
    reason: str,
    viewer: Viewer,
    version: int,
    workflow: Draft | Extension | None = None,
) -> int:
    """Give a verdict, and make or extend a workflow where it is ``expected``; both are saved or neither.

    Parameters
    ----------
    version
        The case's version as it was shown.
    workflow
        Needed for ``expected``, refused for the others.

    Returns
    -------
    int
        The case's version from now on.

    Raises
    ------
    StaleWriteError
        The case changed since: another verdict, another assignment or other evidence.
    ForbiddenError
        The person is no analyst.
    UnknownNameError
        There is no such case that the person may see.
    UsageError
        There is no such verdict, no reason, or the workflow is missing or wrong.
    """
    viewer.must_be(Role.ANALYST, "give a verdict")
    _check(verdict, workflow)
    words = _text(reason, "a verdict needs a reason in words")
    with database.writing(viewer.name, "verdict", case_id) as change:
        held = _bump(change, case_id, viewer, version, {"state": verdict, "mark": None, "mark_detail": None})
        workflow_id = put(change, workflow, viewer, case_id) if workflow else None
        said = {"verdict": verdict, "reason": words, "version": version + 1, "workflow_id": workflow_id}
        change.connection.execute(verdicts.insert().values(**held, **said, analyst=viewer.name, at=change.at))
        change.detail |= said | {"digest": held["digest"]}
    return version + 1


def comment(database: Database, case_id: str, text: str, viewer: Viewer) -> None:
    """Write a comment on a case; comments follow one another and are never stale."""
    viewer.must_be(Role.ANALYST, "comment on a case")
    words = _text(text, "the comment is empty")
    with database.writing(viewer.name, "comment", case_id) as change:
        number = find(change.connection, case_id, viewer, cases.c.number)["number"]
        change.connection.execute(comments.insert().values(number=number, author=viewer.name, at=change.at, text=words))
        change.detail["text"] = words


def assign(database: Database, case_id: str, to: str | None, viewer: Viewer, version: int) -> int:
    """Say who looks at a case, None for nobody; returns its version from now on, raises as ``decide`` does."""
    viewer.must_be(Role.ANALYST, "assign a case")
    with database.writing(viewer.name, "assign", case_id) as change:
        if to is not None:
            _must_be_analyst(change.connection, to)
        _bump(change, case_id, viewer, version, {"assigned_to": to})
        change.detail |= {"to": to, "version": version + 1}
    return version + 1


def _bump(change: Change, case_id: str, viewer: Viewer, version: int, values: dict[str, Any]) -> dict[str, Any]:
    """Change a case that still has this version, and return it as it stands."""
    columns = cases.c.number, cases.c.digest, cases.c.rank, cases.c.score, cases.c.model_version
    held = find(change.connection, case_id, viewer, *columns)
    is_same = cases.c.number == held["number"], cases.c.version == version
    update = cases.update().where(*is_same).values(version=version + 1, **values)
    if change.connection.execute(update).rowcount != 1:
        found = change.connection.scalar(sa.select(cases.c.version).where(cases.c.number == held["number"]))
        raise StaleWriteError(
            f"the case {case_id} changed since you read it (you saw version {version}, it is {found}); "
            "read it again: nothing was saved"
        )
    return dict(held)


def _check(verdict: str, workflow: Draft | Extension | None) -> None:
    if verdict not in VERDICTS:
        raise UsageError(f"{verdict!r} is no verdict; {nearest(verdict, VERDICTS)}")
    if verdict == "expected" and workflow is None:
        raise UsageError("expected needs the workflow that makes it so: one to make, or one to extend")
    if verdict != "expected" and workflow is not None:
        raise UsageError(f"a workflow goes with the verdict expected, not with {verdict}")


def _must_be_analyst(connection: sa.Connection, name: str) -> None:
    known = list(connection.scalars(sa.select(accounts.c.name).where(accounts.c.role != Role.VIEWER.word)))
    if name not in known:
        raise UsageError(f"{name!r} is no analyst; {nearest(name, known)}")


def _text(text: str, empty: str) -> str:
    words = storable(text.strip())
    if not words:
        raise UsageError(empty)
    if len(words) > LONGEST_TEXT:
        raise UsageError(f"that is {len(words):,} characters; {LONGEST_TEXT:,} are the most")
    return words
