"""Whether one kind of evidence was there for one bucket on one day: seen, degraded or blind, and why."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from anomaly.coverage.facts import CONTROL_SOURCES, FLOW_SOURCES, PROVIDERS, BucketFacts, DayFacts, Feed
from anomaly.engines.duckdb import EPOCH

SEEN, DEGRADED, BLIND = "seen", "degraded", "blind"
ORDER = {SEEN: 0, DEGRADED: 1, BLIND: 2}
SILENT_NATS = math.log(10_000)
"""A bucket's silence is no chance below 1 in 10,000: some hundred buckets are asked every day."""

CONTROL_DAYS = 28
"""An account in use signs in or changes a setting within four weeks."""

HISTORY_DAYS = 14
"""Habits are known after two weeks: before, newness and volume have little to stand on (docs/features.md)."""


@dataclass(frozen=True)
class Evidence:
    """One kind of evidence: its state, why it is not seen, and whether seen means that there was nothing to see."""

    kind: str
    state: str
    reason: str = ""
    quiet: bool = False


@dataclass(frozen=True)
class Question:
    """What is asked: of one bucket of the inventory, on one day."""

    facts: DayFacts
    bucket: BucketFacts
    account: str
    detail: float

    @property
    def owners(self) -> list[str]:
        """Accounts whose logs tell of the bucket: of Azure the storage account, else the inventory's and the logs'."""
        if self.bucket.provider == "azure":
            return [self.bucket.bucket.partition("/")[0]]
        return sorted({self.account, *self.bucket.accounts} - {""})

    def feeds(self, sources: Sequence[str]) -> list[Feed]:
        """The feeds of these sources that tell of the bucket's account, or, as S3's access log, name no account."""
        accounts = [*self.owners, *({""} & set(self.bucket.accounts))]
        return [feed for account in accounts for feed in self.facts.of(self.bucket.provider, sources, account)]

    def wide(self, source: str) -> list[Feed]:
        """The feeds of a source whose Azure accounts are subscriptions, which no inventory ties to a bucket."""
        if self.bucket.provider == "azure":
            return self.facts.of("azure", [source], None)
        return self.feeds([source])


def evidence(kind: str, question: Question) -> Evidence:
    """Judge one kind of evidence."""
    return JUDGES[kind](question)


def worst(states: Sequence[str]) -> str:
    """The worst of some states."""
    return max(states, key=ORDER.__getitem__, default=SEEN)


def _objects(q: Question) -> Evidence:
    bucket, day = q.bucket, q.facts.number
    everything = q.facts.of(q.bucket.provider, list(PROVIDERS), None)
    here = [feed for feed in everything if feed.account_id in q.owners]
    if bucket.last_day is None:
        active = sum(feed.events for feed in here)
        if active:
            why = f"no object-level event of it in any log, while its account is active ({active:,} events that day)"
        else:
            why = f"no object-level event of it in any log, and nothing of account {', '.join(q.owners)} that day"
        return Evidence("objects", BLIND, why)
    feeds = q.feeds(bucket.sources)
    if not any(feed.events for feed in feeds) and any(_holes_of(q, feed) for feed in feeds):
        return Evidence("objects", BLIND, f"nothing came of {', '.join(bucket.sources)} for its account that day")
    if bucket.last_day < day and bucket.silence_nats >= SILENT_NATS:
        last = EPOCH + timedelta(days=bucket.last_day)
        chance = f"by its own past a chance under 1 in {math.exp(min(bucket.silence_nats, 20)):,.0f}"
        return Evidence("objects", BLIND, f"no object-level event since {last}: {chance}")
    return _with_holes("objects", q, feeds, quiet=bucket.last_day < day)


def _control_plane(q: Question) -> Evidence:
    source = CONTROL_SOURCES[q.bucket.provider]
    feeds = q.wide(source)
    known = [feed for feed in feeds if (feed.last_control_day or -math.inf) > q.facts.number - CONTROL_DAYS]
    if not known:
        return Evidence(
            "control_plane",
            BLIND,
            f"no sign-in and no changed setting of its account in {CONTROL_DAYS} days of {source}",
        )
    if not any(feed.events for feed in known) and any(_holes_of(q, feed) for feed in known):
        return Evidence("control_plane", BLIND, f"nothing came of {source} for its account that day")
    return _with_holes("control_plane", q, known, quiet=not any(feed.control_events for feed in known))


def _flow(q: Question) -> Evidence:
    source = FLOW_SOURCES[q.bucket.provider]
    feeds = [feed for feed in q.wide(source) if feed.last_day > q.facts.number - CONTROL_DAYS]
    if not feeds:
        elsewhere = any(feed.events for feed in q.facts.of(q.bucket.provider, [source], None))
        if elsewhere:
            return Evidence("flow", DEGRADED, "flow logs of other accounts only")
        return Evidence("flow", BLIND, "no flow logs")
    if not any(feed.events for feed in feeds) and any(_holes_of(q, feed) for feed in feeds):
        last = EPOCH + timedelta(days=max(feed.last_day for feed in feeds))
        return Evidence("flow", BLIND, f"no flow log came that day, the last is of {last}")
    return _with_holes("flow", q, feeds, quiet=not any(feed.events for feed in feeds))


def _vpce(q: Question) -> Evidence:
    feeds = [feed for feed in q.wide("cloudtrail_vpce") if feed.last_day > q.facts.number - CONTROL_DAYS]
    if not feeds:
        return Evidence("vpce", BLIND, "no network activity events of private endpoints")
    return _with_holes("vpce", q, feeds, quiet=not any(feed.events for feed in feeds))


def _bytes(q: Question) -> Evidence:
    known, reads = q.bucket.reads_with_bytes, q.bucket.reads
    whose = "its reads"
    if not reads:
        feeds, whose = q.feeds(q.bucket.sources), "the reads of its account"
        known, reads = sum(feed.reads_with_bytes for feed in feeds), sum(feed.reads for feed in feeds)
    if reads and known < q.detail * reads:
        return Evidence("bytes", DEGRADED, f"the size of {1 - known / reads:.0%} of {whose} is not logged")
    return Evidence("bytes", SEEN)


def _destination(q: Question) -> Evidence:
    feeds = {(feed.source, feed.account_id): feed for feed in [*q.feeds(q.bucket.sources), *q.wide(_control(q))]}
    known = sum(feed.moves_with_destination for feed in feeds.values())
    moves = sum(feed.moves for feed in feeds.values())
    if moves and known < q.detail * moves:
        return Evidence(
            "destination",
            DEGRADED,
            f"where {1 - known / moves:.0%} of its account's copies and shares went is not logged",
        )
    return Evidence("destination", SEEN)


def _control(q: Question) -> str:
    return CONTROL_SOURCES[q.bucket.provider]


def _history(q: Question) -> Evidence:
    known = [feed.first_day for feed in q.feeds(q.bucket.sources)]
    days = q.facts.number - min(known) if known else 0
    if days < HISTORY_DAYS:
        return Evidence("history", DEGRADED, f"{days} days of history before that day, {HISTORY_DAYS} make a habit")
    return Evidence("history", SEEN)


def _holes_of(q: Question, feed: Feed) -> set[int]:
    return q.facts.hours.get((feed.source, feed.account_id), set())


def _with_holes(kind: str, q: Question, feeds: Sequence[Feed], *, quiet: bool) -> Evidence:
    """Only an hour that is missing from every feed that tells of the bucket is missing."""
    hours = set.intersection(*(_holes_of(q, feed) for feed in feeds)) if feeds else set()
    if not hours:
        return Evidence(kind, SEEN, quiet=quiet)
    names = ", ".join(sorted({feed.source for feed in feeds}))
    return Evidence(kind, DEGRADED, f"{names} late or missing from {in_hours(hours)}")


def in_hours(hours: set[int]) -> str:
    """Hours of a day as spans: ``09:00–15:00, 20:00–21:00``."""
    starts = sorted(hour for hour in hours if hour - 1 not in hours)
    ends = sorted(hour + 1 for hour in hours if hour + 1 not in hours)
    return ", ".join(f"{start:02}:00–{end:02}:00" for start, end in zip(starts, ends, strict=True))


JUDGES: dict[str, Callable[[Question], Evidence]] = {
    "objects": _objects,
    "bytes": _bytes,
    "destination": _destination,
    "control_plane": _control_plane,
    "flow": _flow,
    "vpce": _vpce,
    "history": _history,
}
