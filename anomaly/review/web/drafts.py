"""What the form of a verdict asks of an expected transfer: the workflow to make or extend, as typed, and read."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import Form

from anomaly.errors import UsageError, nearest
from anomaly.globs import literal
from anomaly.review.record import destination_name
from anomaly.review.workflows import Draft, Extension, Workflow, check
from anomaly.words import visible

REVIEW_DAYS = 90
"""Until a workflow is looked at again, where nobody says otherwise: a quarter."""
WORD = re.compile(r"[^a-z0-9]+")
LONGEST = 600
Text = Annotated[str, Form(max_length=LONGEST)]


@dataclass(frozen=True)
class Typed:
    """The workflow as the form holds it; ``known`` names one to extend, else one is made."""

    known: str = ""
    id: str = ""
    owner: str = ""
    review_by: str = ""
    identity: str = ""
    bucket: str = ""
    destination: str = ""

    def fields(self) -> dict[str, str]:
        """The form's fields, to send them once more."""
        return {f"workflow_{name}": value for name, value in asdict(self).items()}

    def seal(self, case_id: str, version: int) -> str:
        """What a save brings back to show that this draft's effect was seen for this state of the case."""
        said = json.dumps([case_id, version, asdict(self)])
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()

    def told(self) -> list[tuple[str, str]]:
        """The workflow in words; of one that is extended what changes."""
        if self.known:
            return [("name", self.known), ("new day of review", self.review_by)]
        return [(name.replace("_", " "), value) for name, value in asdict(self).items() if name != "known" and value]


def typed(
    workflow_known: Text = "",
    workflow_id: Text = "",
    workflow_owner: Text = "",
    workflow_review_by: Text = "",
    workflow_identity: Text = "",
    workflow_bucket: Text = "",
    workflow_destination: Text = "",
) -> Typed:
    """Return the workflow of a form that was sent."""
    return Typed(
        workflow_known.strip(),
        workflow_id.strip(),
        workflow_owner.strip(),
        workflow_review_by.strip(),
        workflow_identity.strip(),
        workflow_bucket.strip(),
        workflow_destination.strip(),
    )


def suggested(document: Mapping[str, Any], today: date | None = None) -> Typed:
    """Return the narrowest workflow that covers a case: its identity, its most sensitive bucket, its destination."""
    buckets = document["buckets"]
    bucket = buckets[0]["bucket"] if buckets else ""
    owner = next((each["owner"] for each in buckets if each.get("owner")), "")
    review_by = (today or datetime.now(UTC).date()) + timedelta(days=REVIEW_DAYS)
    who = str(document["identity"]).rpartition("/")[2].rpartition(":")[2]
    return Typed(
        id=_name(f"{who} {bucket}"),
        owner=owner,
        review_by=review_by.isoformat(),
        identity=literal(str(document["identity"])),
        bucket=literal(str(bucket)),
        destination=_destination(document),
    )


def _name(text: str) -> str:
    return WORD.sub("-", visible(text).lower()).strip("-")[:60].strip("-")


def _destination(document: Mapping[str, Any]) -> str:
    """The destination as workflows.csv writes it; what was read went to the caller, at its address where it had one."""
    if document["destinations"]:
        return destination_name(document["destinations"][0])
    addresses = {str(each["address"]) for each in document["sources"] if each.get("address")}
    return f"ip:{addresses.pop()}" if len(addresses) == 1 else "internal"


def workflow_of(form: Typed, reason: str, known: Sequence[Workflow]) -> Draft | Extension:
    """Return the workflow that a form asks for; raises UsageError saying what is wrong with it."""
    review_by = as_day(form.review_by)
    if form.known:
        found = next((each for each in known if each.id == form.known), None)
        if found is None:
            raise UsageError(f"there is no workflow {form.known!r}; {nearest(form.known, [each.id for each in known])}")
        return Extension(found.id, review_by, found.version)
    draft = Draft(form.id, form.identity, form.bucket, form.destination, reason, form.owner, review_by)
    check(draft)
    return draft


def as_day(text: str) -> date:
    """Return a day that a form holds; raises UsageError for text that is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"review by is {text!r}; a day of review is needed, as YYYY-MM-DD") from None
