"""What a workflow would do before it is saved: which past cases it would have hidden, and which thefts still show."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from anomaly.errors import UsageError
from anomaly.globs import SET
from anomaly.review.covering import Pattern
from anomaly.review.database import Database
from anomaly.review.queue import SHOWN, QueueRow, queue_row
from anomaly.review.record import unpacked
from anomaly.review.schema import WITHDRAWN, cases, day_range, evidence
from anomaly.review.viewer import Viewer, may_see
from anomaly.review.workflows import Draft

BACK_DAYS = 90
MOST_CHECKED = 20_000
"""Cases looked at, the newest: some seconds' worth."""
AT_ONCE = 1_000
NOBODY, NOWHERE, NO_BUCKET, FAR_AWAY = "planted:nobody", "aws-account:000000000000", "planted-bucket", "9.9.9.9"
"""Of no organisation: AWS gives no account of zeros, and the address is a public resolver's, which calls no storage."""


@dataclass(frozen=True)
class Hidden:
    """The cases of the last 90 days that a draft would have covered, newest first, of so many looked at.

    ``is_all`` is false where there were more cases than are looked at.
    """

    cases: list[QueueRow]
    checked: int
    is_all: bool

    @property
    def confirmed(self) -> list[QueueRow]:
        """Those that somebody found to be a theft."""
        return [row for row in self.cases if row.state == "true_positive"]


@dataclass(frozen=True)
class Planted:
    """A theft made up beside what a draft approves, and whether it is still judged as any other."""

    what: str
    alerts: bool


def would_hide(database: Database, draft: Draft, viewer: Viewer, today: date | None = None) -> Hidden:
    """Return the past cases that the draft would have covered; those that another workflow covers are left out."""
    pattern = _pattern(draft)
    last = today or datetime.now(UTC).date()
    found, checked, is_all = [], 0, True
    with database.reading() as connection:
        for row in _past(connection, last - timedelta(days=BACK_DAYS), last, viewer):
            if checked == MOST_CHECKED:
                is_all = False
                break
            checked += 1
            if pattern.identity.match(row["identity"]) and pattern.covers(unpacked(row["document"])):
                found.append(queue_row(row))
    return Hidden(found, checked, is_all)


def leaves_out(draft: Draft, document: Mapping[str, Any]) -> list[str]:
    """What of a case a draft would not cover, in words: with any of it, the next case like it is ranked as this one."""
    return _pattern(draft).lacks(document)


def still_alerts(draft: Draft) -> list[Planted]:
    """Return thefts planted around what the draft approves: by others, of other data, to elsewhere, from afar, more."""
    pattern = _pattern(draft)
    return [Planted(what, not pattern.covers(planted)) for what, planted in _thefts(draft)]


def must_be_safe(database: Database, draft: Draft, viewer: Viewer) -> None:
    """Raise UsageError where a draft would hide a confirmed theft or a planted one; wider ones go to workflows.csv."""
    blind = [planted.what for planted in still_alerts(draft) if not planted.alerts]
    if blind:
        raise UsageError(
            f"the workflow is too wide: it would also cover {'; '.join(blind)}. "
            "Name identity, bucket and destination closer"
        )
    confirmed = would_hide(database, draft, viewer).confirmed
    if confirmed:
        raise UsageError(
            f"the workflow would have hidden {len(confirmed)} confirmed thefts, such as case {confirmed[0].case_id} "
            f"of {confirmed[0].day}: nothing was saved"
        )


def _pattern(draft: Draft) -> Pattern:
    try:
        return Pattern(draft.identity, draft.bucket, draft.destination, draft.max_bytes_per_day)
    except ValueError as error:
        raise UsageError(f"destination {draft.destination!r} {error}") from None


def _past(connection: sa.Connection, first: date, last: date, viewer: Viewer) -> Iterator[sa.RowMapping]:
    after, until = day_range(first, last)
    columns = [cases.c.sort_key, cases.c.shown, evidence.c.document, *(cases.c[name] for name in SHOWN)]
    those = cases.c.covered.is_(False), cases.c.state != WITHDRAWN, cases.c.sort_key <= until, may_see(viewer)
    query = sa.select(*columns).join(evidence, evidence.c.number == cases.c.number).where(*those)
    while True:
        found = connection.execute(query.where(cases.c.sort_key > after).order_by(cases.c.sort_key).limit(AT_ONCE))
        rows = found.mappings().all()
        yield from rows
        if len(rows) < AT_ONCE:
            return
        after = rows[-1]["sort_key"]


def _thefts(draft: Draft) -> Iterator[tuple[str, dict[str, Any]]]:
    who = _example(draft.identity)
    approved: dict[str, Any] = {
        "identity": who,
        # data that a caller reads goes to the caller's account: a workflow to that account covers it from anywhere
        "identity_account": _account(who),
        "buckets": [{"bucket": _example(draft.bucket.split()[0]), "sensitivity": "restricted"}],
        "destinations": [each for each in draft.destination.split() if "://" in each or "-" in each],
        "sources": [{"address": "10.0.0.1", "network": ""}],
    }
    foreign = {"destination": NOWHERE, "relation": "foreign", "account": NOWHERE.partition(":")[2]}
    yield "the same data sent to an account that nobody knows", approved | {"destinations": [foreign]}
    yield "the same transfer by somebody else", approved | {"identity": NOBODY}
    yield "another restricted bucket", approved | {"buckets": [{"bucket": NO_BUCKET, "sensitivity": "restricted"}]}
    far = [{"address": FAR_AWAY, "network": f"{FAR_AWAY}/32"}]
    yield "the same data read from an address abroad", approved | {"destinations": [], "sources": far}
    if draft.max_bytes_per_day is not None:
        named = 10 * draft.max_bytes_per_day * len(draft.destination.split())
        more = [each | {"bytes_read": named} for each in approved["buckets"]]
        yield "ten times its volume", approved | {"buckets": more}


def _account(identity: str) -> str:
    """The account in an AWS identity, the project in one of Google."""
    if identity.startswith("arn:"):
        return identity.split(":")[4] if identity.count(":") > 4 else ""
    return identity.partition("@")[2].removesuffix(".iam.gserviceaccount.com")


def _example(glob: str) -> str:
    """A name that a glob fits."""
    return re.sub(r"[*?]", "x", SET.sub(lambda found: found[0].strip("[]!")[0], glob))
