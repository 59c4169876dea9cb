"""What the lake knows of a bucket before the days that are tried: its objects, its readers, what its log looks like."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.errors import DataQualityError, UnknownNameError, nearest
from anomaly.injection.routes import NEW, OTHER, READER, Caller
from anomaly.store import Lake, Store

HISTORY_DAYS = 30
"""As far as the features look back for a busiest day."""
MOST_OBJECTS = 50_000
"""Objects that are known of a bucket; of more, a sample drawn by the hash of the key."""
CALLERS = Path(__file__).with_name("callers.sql").read_text(encoding="utf-8")
OBJECTS = Path(__file__).with_name("objects.sql").read_text(encoding="utf-8")

CLOUD_OF = """
select provider
from events
where bucket = $bucket and operation = 'read' and outcome = 'ok' and object_key is not null
group by provider
order by count(*) desc, provider
limit 1
"""
SEEN = """
select operation, count(*)
from events
where bucket = $bucket and (operation != 'read' or (outcome = 'ok' and object_key is not null))
group by operation
order by count(*) desc, operation
"""
RESOURCE = """
select * exclude (date)
from events
where bucket = $bucket and operation = 'read' and outcome = 'ok' and provider = $provider
order by (bytes_read is not null) desc, event_time desc, event_id
limit 1
"""


@dataclass(frozen=True, eq=False)
class Bucket:
    """A bucket as the logs of ``HISTORY_DAYS`` show it.

    Attributes
    ----------
    keys, sizes
        (n_objects,) of the objects read; ``sizes`` in bytes, NaN where no log tells.
    callers
        Everybody who read objects in the bucket's cloud: readers of this one first, most days first.
    resource, templates
        Rows of ``events``: the last read of the bucket, and the event that each caller is shaped after.
    """

    name: str
    cloud: str
    keys: npt.NDArray[np.object_]
    sizes: npt.NDArray[np.float64]
    callers: tuple[Caller, ...]
    resource: pa.Table
    templates: pa.Table

    @property
    def in_bytes(self) -> bool:
        """Whether amounts are told in bytes; in objects where no log tells the size of any."""
        return bool(np.isfinite(self.sizes).any())

    @property
    def source(self) -> str:
        """The log that tells of the bucket."""
        return str(self.resource.column("source")[0].as_py())

    def new_caller(self) -> Caller:
        """Somebody whom no log knows, with the client and the network of a reader (a person where there is one)."""
        readers = [each for each in self.callers if each.relation == READER]
        model = next((each for each in readers if each.kind == "human"), readers[0])
        return Caller("", "", "human", NEW, model.event_id)


def read_bucket(lake: Lake, name: str, before: date) -> Bucket:
    """Read what is known of a bucket on the days before one; raises as ``check_bucket`` does."""
    check_bucket(lake, name, before)
    first, last = before - timedelta(days=HISTORY_DAYS), before - timedelta(days=1)
    with Store() as store:
        store.view("events", lake.files("events", first, last))
        cloud = store.value(CLOUD_OF, {"bucket": name})
        known = store.df(OBJECTS, {"bucket": name, "most": MOST_OBJECTS})
        store.run(f"create temp table resource as {RESOURCE}", {"bucket": name, "provider": cloud})
        store.run(
            "create temp table buckets_of_cloud as select distinct bucket from events "
            "where provider = $provider and operation = 'read'",
            {"provider": cloud},
        )
        store.view("acts", lake.files("acts", first, last))
        callers = [_caller(row) for row in sorted(store.records(CALLERS, {"bucket": name}), key=_standing)]
        store.run(
            "create temp table templates as select * exclude (date) from events "
            "where event_id in (select unnest($wanted::varchar[]))",
            {"wanted": [each.event_id for each in callers]},
        )
        # one id is loaded once, yet a template must be one row whatever the files hold
        templates = "select distinct on (event_id) * from templates order by event_id"
        return Bucket(
            name=name,
            cloud=cloud,
            keys=known["object_key"].to_numpy(dtype=object),
            sizes=known["size"].to_numpy(dtype=np.float64, na_value=np.nan),
            callers=tuple(callers),
            resource=store.connection.sql("select * from resource").to_arrow_table(),
            templates=store.connection.sql(templates).to_arrow_table(),
        )


def _standing(row: dict[str, Any]) -> tuple[bool, int, int, str]:
    return not row["is_reader"], -row["days_here"], -row["days"], row["actor"]


def _caller(row: dict[str, Any]) -> Caller:
    relation = READER if row["is_reader"] else OTHER
    return Caller(row["actor"], row["identity"], row["kind"], relation, row["event_id"])


def check_bucket(lake: Lake, name: str, before: date) -> None:
    """Refuse a bucket that no event of the days before names, or none of whose objects was read.

    Raises
    ------
    UnknownNameError
        No event names the bucket, with the nearest names.
    DataQualityError
        The bucket is known, but no read of its objects: then none of the routes can be tried.
    """
    first, last = before - timedelta(days=HISTORY_DAYS), before - timedelta(days=1)
    with Store() as store:
        store.view("events", lake.files("events", first, last))
        seen = dict(store.rows(SEEN, {"bucket": name}))
        names = [row[0] for row in store.rows("select distinct bucket from events where bucket is not null")]
    if not seen:
        raise UnknownNameError(f"no event from {first} to {last} names a bucket {name!r}: {nearest(name, names)}")
    if "read" not in seen:
        told = ", ".join(f"{count:,} {operation}" for operation, count in seen.items())
        raise DataQualityError(
            f"no log tells of objects read in {name!r} from {first} to {last} ({told}): without their keys and readers "
            "no route can be tried, neither reads (usual network, new network, tiny objects) nor copies"
        )
