"""What follows from the ledger, most urgent first: blind buckets, holes, missing detail, unlisted buckets."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

from anomaly.coverage.evidence import BLIND, in_hours
from anomaly.coverage.facts import PROVIDERS, DayFacts
from anomaly.coverage.ledger import Cell, Finding, Listed
from anomaly.coverage.scenarios import scenario_catalogue
from anomaly.store import Lake, Store
from anomaly.words import in_bytes, in_list

SEVERITIES = ("high", "medium", "low")
LONG_HOLE_HOURS = 12
"""Half a day without logs is no late file any more: our choice."""

DELIVERY_ADVICE = (
    "Look whether the newest files were delivered to the place that is read, and whether logging is still on; "
    "then run `anomaly ingest` again."
)
STALE_HOURS = 24
"""A source a day behind the newest of all: providers deliver within minutes to a few hours."""

UNLISTED = """
select
    bucket,
    provider,
    max(account_id) as account_id,
    sum(events)::bigint as events,
    sum(reads)::bigint as reads,
    sum(bytes_read)::bigint as bytes_read
from bucket_cover
anti join listed on bucket_cover.bucket = listed.bucket and bucket_cover.provider = listed.cloud
left join own on bucket_cover.account_id = own.account and bucket_cover.provider = own.cloud
where bucket_cover.account_id = '' or own.account is not null
group by bucket, provider
order by events desc, provider, bucket
"""
UNSEEN = """
select
    listed.bucket,
    listed.cloud,
    listed.account
from listed
anti join bucket_cover on bucket_cover.bucket = listed.bucket and bucket_cover.provider = listed.cloud
order by listed.cloud, listed.bucket
"""


def blind_findings(cells: Sequence[Cell], listed: Sequence[Listed]) -> Iterator[Finding]:
    """One finding a bucket without object-level events, and one for what else an account's buckets wholly lacked."""
    about = {(each.cloud, each.bucket): each for each in listed}
    found: dict[tuple[str, str, str], dict[date, dict[Listed, str]]] = defaultdict(lambda: defaultdict(dict))
    for cell in cells:
        bucket = about[cell.cloud, cell.bucket]
        for kind, reason in zip(cell.lacking, cell.reasons, strict=True):
            if cell.state == BLIND:
                where = bucket.bucket if kind == "objects" else f"account {bucket.account}"
                found[cell.cloud, where, kind][cell.day][bucket] = reason
    for (_, where, kind), days in found.items():
        yield _blind(where, kind, days)


def _blind(where: str, kind: str, days: Mapping[date, Mapping[Listed, str]]) -> Finding:
    last = max(days)
    buckets = sorted(days[last], key=lambda each: each.bucket)
    on = f"{last}" if len(days) == 1 else f"{len(days)} days, the last {last}"
    whose = buckets[0].sensitivity if kind == "objects" else f"{len(buckets)} ({in_list([b.bucket for b in buckets])})"
    noun = "bucket" if kind == "objects" or len(buckets) == 1 else "buckets"
    text = f"{whose} {noun} blind on {on}: {days[last][buckets[0]]}"
    severity = "high" if kind == "objects" else "medium"
    return Finding(severity, f"blind_{kind}", where, text, advice(kind, buckets[0]))


def advice(kind: str, bucket: Listed) -> str:
    """What to switch on for one kind of evidence of one bucket."""
    text = scenario_catalogue().advice[kind].get(bucket.cloud, "")
    account = bucket.bucket.partition("/")[0] if bucket.cloud == "azure" else bucket.account
    return text.replace("{bucket}", bucket.bucket).replace("{account}", account)


def hole_findings(facts: DayFacts) -> Iterator[Finding]:
    """One finding a source and account with silent hours that day."""
    newest = {(feed.source, feed.account_id): feed.last_us for feed in facts.feeds}
    for (source, account), hours in facts.hours.items():
        holes = [hole for hole in facts.holes if (hole.source, hole.account_id) == (source, account)]
        expected, came = sum(hole.expected for hole in holes), sum(hole.found for hole in holes)
        late = min(hole.hour_us for hole in holes) > newest[source, account]
        yield Finding(
            "high" if len(hours) >= LONG_HOLE_HOURS else "medium",
            "delivery_hole",
            f"{source} {account}".strip(),
            f"{facts.day}, {in_hours(hours)}: {came:,} events where {expected:,.0f} are usual"
            + (": nothing later has come yet" if late else ""),
            "Look whether the files of these hours were delivered, then run `anomaly ingest` again.",
        )


def detail_findings(sources: Sequence[Mapping[str, Any]], detail: float) -> Iterator[Finding]:
    """One finding a source, account and kind of detail that too few of its calls carry."""
    for row in sources:
        for kind, known, of, what in (
            ("destination", "moves_with_destination", "moves", "copies and shares name their destination"),
            ("address", "reads_with_address", "reads", "reads name where they came from"),
            ("bytes", "reads_with_bytes", "reads", "reads tell their size"),
        ):
            if row[of] and row[known] < detail * row[of]:
                text = f"{row[known] / row[of]:.0%} of {row[of]:,} {what}; {detail:.0%} are asked for"
                where = f"{row['source']} {row['account_id']}".strip()
                yield Finding("medium", f"detail_{kind}", where, text, _detail_advice(kind, row))


def _detail_advice(kind: str, row: Mapping[str, Any]) -> str:
    """What to switch on for a source: no single bucket is meant."""
    cloud, account = PROVIDERS[row["source"]], row["account_id"] or "every account"
    if kind == "address":
        return "Read the records as the provider writes them: some pipeline on the way removes addresses."
    if row["source"] == "azure_activity":
        return "Nothing to switch on: a role or a signature names no destination. Ask who was let in."
    bucket = account if cloud == "azure" else "each sensitive bucket"
    return advice(kind, Listed(bucket, cloud, account, "", ""))


def stale_findings(sources: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """One finding a source and account that is behind the newest event of all; Azure's storage accounts are one.

    A storage account may rest for days: whether its silence is one is judged by bucket.
    """
    last: dict[str, int] = defaultdict(int)
    for row in sources:
        account = "" if row["source"] == "azure_storage" else row["account_id"]
        name = f"{row['source']} {account}".strip()
        last[name] = max(last[name], row["last_us"])
    newest = max(last.values(), default=0)
    for name, last_us in last.items():
        behind = (newest - last_us) / 3_600_000_000
        if behind >= STALE_HOURS:
            text = f"its newest event is {behind:,.0f} hours behind the newest of all"
            yield Finding("medium", "stale_source", name, text, DELIVERY_ADVICE)


def inventory_findings(
    lake: Lake, inventory: pd.DataFrame, accounts: pd.DataFrame, asked: Sequence[Listed], last: date, window: int
) -> Iterator[Finding]:
    """Buckets of our accounts that nobody listed, and listed ones that no log tells of, but those asked about."""
    with Store() as store:
        store.view("bucket_cover", lake.files("bucket_cover", last - timedelta(days=window - 1), last))
        store.register("listed", inventory[["bucket", "cloud", "account"]])
        store.register("own", accounts.loc[accounts["relation"] == "own", ["cloud", "account"]])
        unlisted, unseen = store.records(UNLISTED), store.records(UNSEEN)
    for row in unlisted:
        volume = f"{row['events']:,} events, {row['reads']:,} reads, {in_bytes(row['bytes_read'])} read"
        where = f" (account {row['account_id']})" if row["account_id"] else ""
        text = f"not in inventory.csv{where}, in the logs: {volume} in {window} days"
        yield Finding("medium", "bucket_unlisted", row["bucket"], text, "Add it to inventory.csv with its sensitivity.")
    known = {(each.cloud, each.bucket) for each in asked}
    for row in unseen:
        if (row["cloud"], row["bucket"]) not in known:
            yield Finding(
                "low",
                "bucket_unseen",
                row["bucket"],
                f"in inventory.csv, but no log told of its objects in {window} days",
                advice("objects", Listed(row["bucket"], row["cloud"], row["account"] or "", "", "")),
            )


def ranked(findings: Sequence[Finding]) -> list[Finding]:
    """Most urgent first; within a severity by kind and subject."""
    return sorted(findings, key=lambda each: (SEVERITIES.index(each.severity), each.kind, each.subject, each.text))
