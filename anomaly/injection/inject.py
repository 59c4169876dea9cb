"""Campaigns as rows of ``events``: shaped like the caller's own last reads, with nothing that its log would not tell.

A library piece: whoever wants to know what a model sees injects with it.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from anomaly.catalog import table
from anomaly.context import Context
from anomaly.errors import DataQualityError
from anomaly.injection.bucket import Bucket
from anomaly.injection.routes import COPY, COPY_FORMS, ELSEWHERE, NEW, TINY, Campaign
from anomaly.store import Store

SQL = Path(__file__).with_name("inject.sql").read_text(encoding="utf-8")
MOST_EVENTS = 10_000
"""Objects that one campaign takes in a day; what an amount of smaller ones would need beyond that is not tried."""
SECONDS_AN_OBJECT, LONGEST_SECONDS = 1.0, 3600.0
"""One object after another, within an hour at most."""
LATEST_START = time(22, 30)
"""So that it ends on its day."""
PASSES = 5
"""Times the rest of an amount is filled up with objects that still fit."""

Places = npt.NDArray[np.int64]


def candidates(bucket: Bucket, route: str) -> Places:
    """The places of the objects that a route takes from, smallest first; of known size where amounts are in bytes."""
    if not bucket.in_bytes:
        return np.arange(len(bucket.keys), dtype=np.int64)
    order = np.argsort(bucket.sizes, kind="stable").astype(np.int64)
    known = order[bucket.sizes[order] > 0]  # neither empty nor of unknown size
    return known[: max(1, len(known) // 3)] if route == TINY else known


def largest(bucket: Bucket, route: str) -> float:
    """The most that a route can take in a day: bytes, or objects where no log tells a size."""
    places = candidates(bucket, route)[-MOST_EVENTS:]
    return float(bucket.sizes[places].sum()) if bucket.in_bytes else float(len(places))


def impossible(bucket: Bucket, route: str) -> str | None:
    """Why a route cannot be tried on a bucket, None where it can."""
    if route == COPY and bucket.source not in COPY_FORMS:
        return f"{bucket.source} tells of no copy"
    if route == TINY and not bucket.in_bytes:
        return "no log tells which objects are small"
    return None


def chosen(bucket: Bucket, route: str, amount: float, seed: int) -> Places:
    """The places of the objects that a campaign takes: drawn, not sought out, and about as much as was asked for.

    Amounts of one seed are drawn in one order, so that a larger one is, as a rule, a smaller one and more. At least one
    object is taken: the smallest, where none is as small as the amount.
    """
    places = candidates(bucket, route)
    order = np.random.default_rng(seed).permutation(places)
    if not bucket.in_bytes:
        return np.sort(order[: max(1, min(round(amount), MOST_EVENTS))])
    parts: list[Places] = []
    left, room = float(amount), MOST_EVENTS
    for _ in range(PASSES):
        order = order[bucket.sizes[order] <= left]
        fitting = int(np.searchsorted(np.cumsum(bucket.sizes[order]), left, side="right"))
        part, order = order[: min(fitting, room)], order[fitting:]
        parts.append(part)
        room -= len(part)
        left -= float(bucket.sizes[part].sum())
    found = np.sort(np.concatenate(parts))
    return found if len(found) else places[:1]


def taken(bucket: Bucket, campaign: Campaign) -> float:
    """What a campaign really takes: bytes, or objects where no log tells a size."""
    places = chosen(bucket, campaign.route, campaign.amount, campaign.seed)
    return float(bucket.sizes[places].sum()) if bucket.in_bytes else float(len(places))


def rows(bucket: Bucket, context: Context, campaigns: Sequence[Campaign]) -> pa.Table:
    """The events of campaigns, in the columns and types of ``events``; NULL where the log would tell nothing.

    Raises
    ------
    DataQualityError
        A route cannot be tried on this bucket.
    """
    for campaign in campaigns:
        if why := impossible(bucket, campaign.route):
            raise DataQualityError(f"{campaign.route} cannot be tried on {bucket.name}: {why}")
    times = _times_of_day(bucket)
    facts = pd.DataFrame([_facts(bucket, context, each) for each in campaigns]).astype("string")
    picks = pd.concat([_picks(bucket, each, times[each.caller.event_id]) for each in campaigns], ignore_index=True)
    columns = ", ".join(f'"{name}"::{kind} as "{name}"' for name, kind in table("events").types.items())
    with Store() as store:
        store.register("picks", picks)
        store.register("campaigns", facts)
        store.register("callers", bucket.templates)
        store.register("resource", bucket.resource)
        return store.connection.sql(f"select {columns} from ({SQL})").to_arrow_table()


def unknown_address(context: Context, token: str) -> str:
    """An address of the range for documentation (RFC 3849), in a block that no context file names.

    The same token (hexadecimal) gives the same block, so that a leak of many days comes from one.

    Raises
    ------
    DataQualityError
        The context files name every block that was looked at.
    """
    start = int(token[:4], 16)
    for number in range(start, start + 64):
        prefix = f"2001:db8:{number % 0xFFFF + 1:x}::"
        (row,) = context.addresses([f"{prefix}1"]).to_dict("records")
        if row["network_kind"] == "internet" and row["network"] == f"{prefix}/48":
            return f"{prefix}1"
    raise DataQualityError("networks.csv or asn.csv names 2001:db8::/32: no address is left for a new network")


def _facts(bucket: Bucket, context: Context, campaign: Campaign) -> dict[str, str | None]:
    token = hashlib.sha256(campaign.name.encode()).hexdigest()
    form = COPY_FORMS[bucket.source] if campaign.route == COPY else None
    is_new = campaign.caller.relation == NEW
    return {
        "campaign": campaign.name,
        "caller_event": campaign.caller.event_id,
        "new_identity": _new_identity(bucket, token) if is_new else None,
        "new_key": f"AKIA{token[:16].upper()}" if is_new and bucket.cloud == "aws" else None,
        "new_address": unknown_address(context, token) if campaign.route == ELSEWHERE else None,
        "copy_api": form.api if form else None,
        "foreign_bucket": _foreign_bucket(bucket.cloud, token) if form and form.tells_bucket else None,
        "foreign_account": _foreign_account(bucket.cloud, token) if form and form.tells_account else None,
    }


def _new_identity(bucket: Bucket, token: str) -> str:
    if bucket.cloud == "aws":
        account: Any = bucket.resource.column("account_id")[0].as_py()
        return f"arn:aws:iam::{account or '000000000000'}:user/new-{token[:10]}"
    return f"new-{token[:10]}@example.org" if bucket.cloud == "gcp" else f"object:new-{token[:10]}"


def _foreign_account(cloud: str, token: str) -> str:
    return f"{int(token, 16) % 10**12:012}" if cloud == "aws" else f"foreign{token[:10]}"


def _foreign_bucket(cloud: str, token: str) -> str:
    return f"{_foreign_account(cloud, token)}/taken" if cloud == "azure" else f"foreign-{token[:12]}"


def _times_of_day(bucket: Bucket) -> dict[str, time]:
    """When each caller's own event was: it comes at that hour again."""
    moments = bucket.templates.column("event_time").to_pylist()
    names = bucket.templates.column("event_id").to_pylist()
    return {name: min(moment.time(), LATEST_START) for name, moment in zip(names, moments, strict=True)}


def _picks(bucket: Bucket, campaign: Campaign, start: time) -> pd.DataFrame:
    places = chosen(bucket, campaign.route, campaign.amount, campaign.seed)
    places = places[
        np.argsort(bucket.keys[places].astype(str), kind="stable")
    ]  # copying tools take keys in their order
    step_us = 1e6 * min(SECONDS_AN_OBJECT, LONGEST_SECONDS / len(places))
    first_us = int(datetime.combine(campaign.day, start, UTC).timestamp()) * 1_000_000
    return pd.DataFrame(
        {
            "campaign": campaign.name,
            "nth": np.arange(len(places)),
            "object_key": bucket.keys[places],
            "size": pd.Series(bucket.sizes[places]).astype("Int64"),
            "ts_us": first_us + (np.arange(len(places)) * step_us).astype(np.int64),
        }
    )
