"""The tables of the review database, the same on SQLite and PostgreSQL.

A case is kept in three pieces: ``cases`` holds what the queue shows and sorts by, ``evidence`` the frozen document,
``case_terms`` what the case can be found by. A verdict lives in ``verdicts``, which only grows; ``cases.state`` repeats
the last one, so that the queue can filter by it. Moments are ISO 8601 text in UTC, which sorts as time does. Beside
these tables stands ``case_text``, the search, which each database has in its own way (see the first migration).
"""

from datetime import date

import sqlalchemy as sa

from anomaly.errors import AnomalyError

DAY_BITS, PLACE_BITS, NUMBER_BITS = 17, 20, 26
"""Together 63, what a signed 64-bit integer holds: 358 years of days, 1,048,575 cases a day, 67,108,863 cases."""
LAST_DAY, LAST_PLACE, LAST_NUMBER = (1 << DAY_BITS) - 1, (1 << PLACE_BITS) - 1, (1 << NUMBER_BITS) - 1
EPOCH = date(1970, 1, 1)
OPEN, WITHDRAWN = "open", "withdrawn"
VERDICTS = ("true_positive", "benign", "expected", "insufficient_data")
STATES = (OPEN, *VERDICTS, WITHDRAWN)
"""Where a case stands. Withdrawn: a later run of its day no longer found it, and nobody had given a verdict."""
MARK_MOVED, MARK_GONE = "moved", "withdrawn"
"""Flags on a case with a verdict: its rank or score changed since, or a later run no longer found it."""

metadata = sa.MetaData()
# on SQLite this is the name of the row number it has anyway, so there is no second index
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("case_id", sa.String(64), nullable=False, unique=True),
    sa.Column("sort_key", sa.BigInteger, nullable=False, unique=True),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("rank", sa.Integer),
    sa.Column("cases_of_day", sa.Integer, nullable=False),
    sa.Column("alert", sa.Boolean, nullable=False),
    sa.Column("covered", sa.Boolean, nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("expected_per_day", sa.Float),
    sa.Column("confidence", sa.Float),
    sa.Column("identity", sa.Text, nullable=False),
    sa.Column("identity_kind", sa.Text, nullable=False),
    sa.Column("headline", sa.Text, nullable=False),
    sa.Column("workflow", sa.Text, nullable=False),
    sa.Column("sensitivity", sa.Text, nullable=False),
    sa.Column("bytes_read", sa.BigInteger),
    sa.Column("objects_taken", sa.BigInteger),
    sa.Column("start", sa.Text, nullable=False),
    # JSON: the first few sources, buckets and destinations, as the queue shows them
    sa.Column("shown", sa.Text, nullable=False),
    sa.Column("term_ids", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("model_version", sa.Text, nullable=False),
    sa.Column("published_at", sa.Text, nullable=False),
    # what people change; publishing leaves these alone but for the version, the mark, and open <-> withdrawn
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("mark", sa.String(20)),
    sa.Column("mark_detail", sa.Text),
    sa.Column("assigned_to", sa.String(80)),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index("cases_by_covered_and_state", "covered", "state", "sort_key"),
    sa.Index("cases_by_state", "state", "sort_key"),
    sa.Index("cases_by_covered", "covered", "sort_key"),
    sa.Index("cases_by_assigned", "assigned_to", "sort_key"),
)

evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("number", NUMBER, sa.ForeignKey("cases.number"), primary_key=True, autoincrement=False),
    sa.Column("document", sa.LargeBinary, nullable=False),  # JSON in ASCII, compressed with zlib
)

terms = sa.Table(
    "terms",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False),
    # a digest of kind and value: an index cannot hold values of any length
    sa.Column("key", sa.String(32), nullable=False, unique=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Index("terms_by_kind", "kind"),
)

case_terms = sa.Table(
    "case_terms",
    metadata,
    sa.Column("term_id", sa.Integer, sa.ForeignKey("terms.id"), primary_key=True),
    sa.Column("sort_key", sa.BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

days = sa.Table(
    "days",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("cases", sa.Integer, nullable=False),
    sa.Column("alerts", sa.Integer, nullable=False),
    sa.Column("covered", sa.Integer, nullable=False),
    sa.Column("published_at", sa.Text, nullable=False),
)

verdicts = sa.Table(
    "verdicts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("number", sa.BigInteger, sa.ForeignKey("cases.number"), nullable=False),
    sa.Column("verdict", sa.String(20), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("analyst", sa.String(80), nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    # what was judged: the case as it stood when the verdict was given
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("rank", sa.Integer),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("model_version", sa.Text, nullable=False),
    sa.Column("workflow_id", sa.String(120)),
    sa.UniqueConstraint("number", "version", name="one_verdict_a_version"),
)

comments = sa.Table(
    "comments",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("number", sa.BigInteger, sa.ForeignKey("cases.number"), nullable=False, index=True),
    sa.Column("author", sa.String(80), nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)

workflows = sa.Table(
    "workflows",
    metadata,
    sa.Column("id", sa.String(120), primary_key=True),
    sa.Column("identity", sa.Text, nullable=False),
    sa.Column("bucket", sa.Text, nullable=False),
    sa.Column("destination", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("review_by", sa.Date, nullable=False),
    sa.Column("max_bytes_per_day", sa.BigInteger),
    sa.Column("made_by", sa.String(80), nullable=False),
    sa.Column("made_at", sa.Text, nullable=False),
    sa.Column("from_case", sa.String(64)),
    sa.Column("ended_at", sa.Text),
    sa.Column("last_matched", sa.Date),
    sa.Column("version", sa.Integer, nullable=False),
)

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("role", sa.String(10), nullable=False),
    # JSON list of owners as the inventory has them: who has any sees only the cases on these owners' buckets
    sa.Column("owns", sa.Text, nullable=False),
    sa.Column("password", sa.Text),  # scrypt; null where another system signs the person in
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("locked_until", sa.Text),
    sa.Column("made_at", sa.Text, nullable=False),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token_digest", sa.String(64), primary_key=True),
    sa.Column("account", sa.String(80), sa.ForeignKey("accounts.name"), nullable=False, index=True),
    sa.Column("made_at", sa.Text, nullable=False),
    sa.Column("seen_at", sa.Text, nullable=False),
    sa.Column("ends_at", sa.Text, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
)

counters = sa.Table(
    "counters",
    metadata,
    sa.Column("name", sa.String(20), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.String(64)),
)
"""``cases``: the last number given to a case. ``audit``: the last entry and its digest; its row is the chain's lock."""


def sort_key(day: date, place: int, number: int) -> int:
    """Return where a case stands in the queue: newest day first, in it by place, and no two cases the same.

    Raises
    ------
    AnomalyError
        A day, place or number is beyond what 63 bits hold.
    """
    since = (day - EPOCH).days
    if not (0 <= since <= LAST_DAY and 0 <= place <= LAST_PLACE and 0 < number <= LAST_NUMBER):
        raise AnomalyError(
            f"the review holds days of 1970 to 2328, {LAST_PLACE:,} cases a day and {LAST_NUMBER:,} in all; "
            f"asked was {day}, place {place:,}, number {number:,}"
        )
    return (LAST_DAY - since) << (PLACE_BITS + NUMBER_BITS) | place << NUMBER_BITS | number


def day_range(first: date, last: date) -> tuple[int, int]:
    """Return the least and the greatest sort key that cases of these days can have."""
    return sort_key(last, 0, 1), sort_key(first, LAST_PLACE, LAST_NUMBER)
