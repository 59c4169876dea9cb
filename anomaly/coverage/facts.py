"""What the day tables say of one day, as objects: buckets, feeds (a source of an account), holes in delivery."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from anomaly.engines.duckdb import day_number, prepare
from anomaly.stage import stage_named
from anomaly.store import Lake, Store

WINDOW_DAYS = 90
"""How far back a bucket's or a feed's own past is looked at."""

PROVIDERS = {
    "cloudtrail": "aws",
    "cloudtrail_vpce": "aws",
    "s3_access": "aws",
    "vpc_flow": "aws",
    "gcs_audit": "gcp",
    "gcp_flow": "gcp",
    "azure_storage": "azure",
    "azure_activity": "azure",
    "azure_flow": "azure",
}
CONTROL_SOURCES = {"aws": "cloudtrail", "gcp": "gcs_audit", "azure": "azure_activity"}
FLOW_SOURCES = {"aws": "vpc_flow", "gcp": "gcp_flow", "azure": "azure_flow"}


@dataclass(frozen=True)
class BucketFacts:
    """One bucket: ``last_day`` counts from 1970-01-01, None where no log ever told of its objects."""

    bucket: str
    provider: str
    last_day: int | None
    events: int
    sources: list[str]
    accounts: list[str]
    silence_nats: float
    reads: int
    reads_with_bytes: int


@dataclass(frozen=True)
class Feed:
    """One source of one account; detail is of 28 days, ``*events`` of the day."""

    source: str
    account_id: str
    first_day: int
    last_day: int
    last_us: int
    last_control_day: int | None
    events: int
    object_events: int
    control_events: int
    reads: int
    reads_with_bytes: int
    reads_with_address: int
    moves: int
    moves_with_destination: int


@dataclass(frozen=True)
class Hole:
    """One hour that is improbably silent."""

    source: str
    account_id: str
    hour: int
    hour_us: int
    expected: float
    found: int


class DayFacts:
    """All of one day."""

    def __init__(self, day: date, buckets: Sequence[BucketFacts], feeds: Sequence[Feed], holes: Sequence[Hole]) -> None:
        self.day = day
        self.number = day_number(day)
        self.buckets = {(each.provider, each.bucket): each for each in buckets}
        self.feeds = list(feeds)
        self.holes = list(holes)

    def of(self, provider: str, sources: Sequence[str], account: str | None) -> list[Feed]:
        """The feeds of these sources and this account; None is every account of the provider."""
        return [
            feed
            for feed in self.feeds
            if PROVIDERS[feed.source] == provider
            and feed.source in sources
            and (account is None or feed.account_id == account)
        ]

    @cached_property
    def hours(self) -> dict[tuple[str, str], set[int]]:
        """Silent hours by source and account."""
        found: dict[tuple[str, str], set[int]] = defaultdict(set)
        for hole in self.holes:
            found[hole.source, hole.account_id].add(hole.hour)
        return found


def day_facts(lake: Lake, day: date, wanted: pd.DataFrame) -> DayFacts:
    """Read one day's facts from the day tables; ``wanted`` has the columns bucket and provider."""
    number, first = day_number(day), day - timedelta(days=WINDOW_DAYS - 1)
    with Store() as store:
        prepare(store)
        store.register("wanted", wanted)
        for name in ("bucket_cover", "deliveries"):
            store.view(name, lake.files(name, first, day))
        buckets = [BucketFacts(**row) for row in store.records(_sql("buckets"), {"day": number})]
        feeds = [Feed(**row) for row in store.records(_sql("feeds"), {"day": number})]
        holes = [Hole(**row) for row in _holes(store, lake, day)]
    return DayFacts(day, buckets, feeds, holes)


def _holes(store: Store, lake: Lake, day: date) -> list[dict[str, Any]]:
    """A day on which no log came at all has no table: its query is run here on nothing."""
    columns = "source, account_id, hour, hour_us, expected, found"
    if files := lake.files("delivery_holes", day):
        store.view("delivery_holes", files)
        return store.records(f"select {columns} from delivery_holes order by source, account_id, hour")
    stage = stage_named("delivery_holes")
    past = lake.files("deliveries", day - timedelta(days=stage.history["deliveries"]), day - timedelta(days=1))
    store.view("deliveries", past)
    store.run("create temp table deliveries_history as select * from deliveries")
    store.view("deliveries", [])
    return store.records(
        f"select {columns} from ({stage.sql}) order by source, account_id, hour", {"day": day_number(day)}
    )


def _sql(name: str) -> str:
    return Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8")
