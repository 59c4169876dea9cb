"""The thefts that two models are tried with: drawn over buckets, callers, ways out, amounts and recent days."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import zip_longest
from pathlib import Path

import numpy as np

from anomaly.context import Context
from anomaly.errors import DataQualityError
from anomaly.injection.bucket import HISTORY_DAYS, Bucket, read_bucket
from anomaly.injection.inject import candidates, impossible, largest
from anomaly.injection.routes import NEW, OTHER, READER, ROUTES, Caller, Campaign
from anomaly.store import Lake, Store

SQL = Path(__file__).with_name("buckets.sql").read_text(encoding="utf-8")
BUCKETS = 6
"""Each costs a look through ``HISTORY_DAYS`` of events; callers and amounts vary more than buckets do."""
RELATIONS = (READER, READER, OTHER, NEW)
"""Insiders with access of their own are both the most frequent thief and the hardest to see: they get half."""
SMALLEST_BYTES, SMALLEST_OBJECTS = 1e6, 1.0
"""Below, nothing that a signal could rest on (signals/volume has its floors at 4 MB), and no model sees it."""
TURNS = 3
"""Thefts of one identity a day: each is a build of the day of its own, and the same habits tell little new."""
MOST_OBJECTS = 2_000
"""Objects of one campaign at most; more of them say the same and take longer to write."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """A campaign and the bucket that it takes from."""

    bucket: Bucket
    campaign: Campaign


def pick_buckets(lake: Lake, context: Context, before: date, most: int = BUCKETS) -> list[Bucket]:
    """Read the buckets that thefts are tried on: those most people read, the clouds in turn, public ones left out.

    Raises
    ------
    DataQualityError
        No log of the days before tells of objects read.
    """
    with Store() as store:
        store.view("events", lake.files("events", before - timedelta(days=HISTORY_DAYS), before - timedelta(days=1)))
        found = store.rows(SQL)
    listed = context.inventory
    public = set(listed.loc[listed["sensitivity"] == "public", "bucket"])
    by_cloud: dict[str, list[str]] = {}
    for name, cloud, _ in found:
        if name not in public:
            by_cloud.setdefault(cloud, []).append(name)
    names = list(dict.fromkeys(name for turn in zip_longest(*by_cloud.values()) for name in turn if name is not None))
    if not names:
        raise DataQualityError(
            f"no log of the {HISTORY_DAYS} days before {before} tells of objects read: nothing to try"
        )
    return [read_bucket(lake, name, before) for name in names[:most]]


def draw(
    buckets: Sequence[Bucket], days: Sequence[date], alerting: Mapping[date, frozenset[str]], count: int, seed: int
) -> list[Drawn]:
    """Draw campaigns, spread evenly over days, buckets, ways out and whoever makes them; amounts evenly by magnitude.

    Parameters
    ----------
    alerting
        By day, the actors that raise an alert by themselves: a theft of theirs would be noticed for something else.
    count
        How many, at least one a day.
    """
    generator = np.random.default_rng(seed)
    pools = {(day, b.name): _Pool(b, alerting[day], generator) for day in days for b in buckets}
    used: Counter[tuple[date, str]] = Counter()
    made = []
    for number in range(count):
        day, bucket = days[number % len(days)], buckets[number // len(days) % len(buckets)]
        caller = pools[day, bucket.name].take(RELATIONS[generator.integers(len(RELATIONS))], used, day)
        routes = [name for name in ROUTES if not impossible(bucket, name)]
        route = routes[generator.integers(len(routes))]
        low, high = amounts(bucket, route)
        amount = float(np.exp(generator.uniform(np.log(low), np.log(high))))
        made.append(Drawn(bucket, Campaign(str(number), caller, route, amount, day, seed + number)))
    return made


def amounts(bucket: Bucket, route: str) -> tuple[float, float]:
    """The least and the most that a campaign takes over a route: bytes, or objects where no log tells a size."""
    held = len(candidates(bucket, route))
    most = largest(bucket, route) * min(1.0, MOST_OBJECTS / held)
    least = SMALLEST_BYTES if bucket.in_bytes else SMALLEST_OBJECTS
    return min(least, most), most


class _Pool:
    """Who may take from a bucket on a day, in an order that is drawn; whoever has had its turns stands back."""

    def __init__(self, bucket: Bucket, alerting: frozenset[str], generator: np.random.Generator) -> None:
        quiet = [each for each in bucket.callers if each.actor not in alerting]
        self._waiting: list[Caller] = [quiet[place] for place in generator.permutation(len(quiet))]
        self._new: Caller = bucket.new_caller()

    def take(self, relation: str, used: Counter[tuple[date, str]], day: date) -> Caller:
        """The next caller of a relation, somebody new where there is none."""
        for caller in self._waiting:
            if caller.relation == relation and used[day, caller.identity] < TURNS:
                self._waiting.remove(caller)
                self._waiting.append(caller)
                used[day, caller.identity] += 1
                return caller
        return self._new
