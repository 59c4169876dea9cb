"""How a session stands to the approved workflows, and where it leaves the one that comes nearest."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from anomaly.context import Context
from anomaly.words import in_bytes, in_list

Record = dict[str, Any]


def differs(session: Mapping[str, Any], context: Context | None) -> Record:
    """Return the state, the workflow as the context has it (None where it is not at hand), and the difference."""
    name = session["workflow_id"]
    approved = _approved(name, context) if name and context else None
    return {
        "state": session["workflow_state"],
        "workflow_id": name,
        "approved": approved,
        "difference": _difference(session, approved or {}),
    }


def _approved(name: str, context: Context) -> Record | None:
    columns = ("identity_glob", "bucket_glob", "destination", "reason", "owner", "review_by")
    flows = context.workflows
    found = flows[flows["workflow_id"] == name]
    if found.empty:
        return None
    row = found.iloc[0]
    allowed = row["max_bytes_per_day"]
    return {column: _plain(row[column]) for column in columns} | {
        "max_bytes_per_day": None if pd.isna(allowed) else int(allowed)
    }


def _plain(value: Any) -> str | None:
    if value is None or value != value:
        return None
    return value.date().isoformat() if isinstance(value, datetime) else str(value)


def _difference(session: Mapping[str, Any], approved: Record) -> str:
    name = session["workflow_id"]
    words = {
        "covered": f"none: {name} approves all that was moved, within its envelope",
        "outside envelope": (
            f"{name} approves it, but it read {in_bytes(session['day_bytes'])} that day; {_envelope(session, approved)}"
        ),
        "other destination": (
            f"{name} approves this identity and bucket to {approved.get('destination', 'another place')}; "
            f"this session went to {_went(session)}"
        ),
        "expired": f"{name} was to be reviewed by {approved.get('review_by', 'an earlier day')} and no longer protects",
        "none": "no approved workflow names this identity and what it moved",
        "nothing moved": "nothing that a workflow would have to approve was moved",
    }
    return words.get(session["workflow_state"], str(session["workflow_state"]))


def _envelope(session: Mapping[str, Any], approved: Record) -> str:
    if approved.get("max_bytes_per_day") is not None:
        return f"it allows {in_bytes(approved['max_bytes_per_day'])} a day"
    return f"its busiest of {session['own_days']} days before was {in_bytes(session['own_busiest_bytes'])}"


def _went(session: Mapping[str, Any]) -> str:
    if session["destinations"]:
        return in_list(session["destinations"])
    return f"the caller at {in_list(session['networks'])}"
