"""What the form of a verdict asks of an expected transfer: the workflow to make or extend, as typed, and read."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Form

from anomaly.errors import UsageError, nearest
from anomaly.globs import literal
from anomaly.review.covering import guarded, has_left, may_be_own
from anomaly.review.record import destination_name
from anomaly.review.workflows import Draft, Extension, Workflow, check
from anomaly.words import UNITS, visible

REVIEW_DAYS = 90
"""Until a workflow is looked at again, where nobody says otherwise: a quarter."""
WORD = re.compile(r"[^a-z0-9]+")
LONGEST = 600
LONGEST_NAMES = 300
"""As the form's fields of buckets and of destinations."""
SIZE = re.compile(r"(\d{1,18}(?:\.\d+)?) ?([A-Za-z]+)?", re.ASCII)
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
    max_bytes_per_day: str = ""

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
    workflow_max_bytes_per_day: Text = "",
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
        workflow_max_bytes_per_day.strip(),
    )


def suggested(document: Mapping[str, Any], today: date | None = None) -> Typed:
    """Return the narrowest workflow that covers a case: who it is of, what it moved data from, where that went."""
    buckets = guarded(document)
    first = buckets[0]["bucket"] if buckets else ""
    owner = next((each["owner"] for each in buckets if each.get("owner")), "")
    review_by = (today or datetime.now(UTC).date()) + timedelta(days=REVIEW_DAYS)
    who = str(document["identity"]).rpartition("/")[2].rpartition(":")[2]
    return Typed(
        id=_name(f"{who} {first}"),
        owner=owner,
        review_by=review_by.isoformat(),
        identity=literal(str(document["identity"])),
        bucket=_fitting([literal(str(each["bucket"])) for each in buckets]),
        destination=_fitting(_destinations(document)),
    )


def _name(text: str) -> str:
    return WORD.sub("-", visible(text).lower()).strip("-")[:60].strip("-")


def _fitting(names: Sequence[str]) -> str:
    """The names that a field of the form holds, the first ones; the page says what a draft leaves out."""
    held = ""
    for name in dict.fromkeys(names):
        longer = f"{held} {name}".strip()
        held = longer if len(longer) <= LONGEST_NAMES or not held else held
    return held


def _destinations(document: Mapping[str, Any]) -> list[str]:
    """The destinations as workflows.csv writes them; what was read went to the caller, wherever that was."""
    sent = [destination_name(each) for each in document["destinations"] if has_left(each)]
    # an account of Azure is named whole
    named = [each.partition("/")[0] if each.startswith("azure-account:") else each for each in sent]
    read = [each for each in document["sources"] if each.get("reads", not named)]
    return named + [_caller(each) for each in (read or ([] if named else document["sources"]))]


def _caller(source: Mapping[str, Any]) -> str:
    """The organisation's own networks in a word, any other address by itself."""
    if may_be_own(source) or not source.get("address"):
        return "internal"
    return f"ip:{source['address']}"


def workflow_of(form: Typed, reason: str, known: Sequence[Workflow]) -> Draft | Extension:
    """Return the workflow that a form asks for; raises UsageError saying what is wrong with it."""
    review_by = as_day(form.review_by)
    if form.known:
        found = next((each for each in known if each.id == form.known), None)
        if found is None:
            raise UsageError(f"there is no workflow {form.known!r}; {nearest(form.known, [each.id for each in known])}")
        return Extension(found.id, review_by, found.version)
    most = as_size(form.max_bytes_per_day)
    draft = Draft(form.id, form.identity, form.bucket, form.destination, reason, form.owner, review_by, most)
    check(draft)
    return draft


def as_size(text: str) -> int | None:
    """Return the bytes that a form says, in bytes or in a unit; None where it says nothing, raises UsageError.

    >>> as_size("500 GB"), as_size("1.5tb"), as_size("4096"), as_size("")
    (500000000000, 1500000000000, 4096, None)
    """
    if not text:
        return None
    found = SIZE.fullmatch(text)
    unit = next(
        (nth for nth, name in enumerate(UNITS) if found and name.lower() == (found[2] or "bytes").lower()), None
    )
    if found is None or unit is None or not 1 <= (size := Decimal(found[1]) * 1000**unit) < 10**18:
        raise UsageError(f"at most a day is {text!r}; write it as 500 GB, up to 999 PB, or leave it empty")
    return int(size)


def as_day(text: str) -> date:
    """Return a day that a form holds; raises UsageError for text that is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"review by is {text!r}; a day of review is needed, as YYYY-MM-DD") from None
