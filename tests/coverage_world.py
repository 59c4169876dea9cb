"""A lake of plain, steady logs of three clouds for the tests of the coverage ledger, and what may be taken out of it.

Of account 1: pay, hr and logs are read all day, vault on one day a week; its workloads have flow logs. Project p reads
without sizes and has no flow logs; the storage account acme has resource and activity logs.
"""

import os
import shutil
from datetime import date, timedelta
from pathlib import Path

from anomaly.context import Context
from anomaly.coverage import Ledger, coverage, prepare_days
from anomaly.store import Lake, Store, write_parquet

START, DAYS = date(2026, 3, 2), 24
LAST = START + timedelta(days=DAYS - 1)
CONTEXT = {
    "inventory.csv": "bucket,cloud,account,sensitivity,owner\n"
    "pay,aws,111111111111,restricted,lee@example.org\n"
    "hr,aws,111111111111,confidential,lee@example.org\n"
    "vault,aws,111111111111,restricted,lee@example.org\n"
    "logs,aws,111111111111,internal,lee@example.org\n"
    "g-data,gcp,p,restricted,kim@example.org\n"
    "acme/files,azure,sub-1,restricted,kim@example.org\n",
    "accounts.csv": "cloud,account,label,relation\naws,111111111111,main,own\n",
    "networks.csv": "cidr,label,kind\n",
    "workflows.csv": "id,identity,bucket,destination,reason,owner,review_by\n",
}
# source, provider, account, operation, api, bucket, key, bytes, events an hour (a little unequal by day), first hour,
# end hour, every so many days
STREAMS = """
    ('cloudtrail', 'aws', '111111111111', 'read', 'GetObject', 'pay', 'k', 10, 40, 6, 20, 1),
    ('cloudtrail', 'aws', '111111111111', 'read', 'GetObject', 'hr', 'k', 10, 40, 6, 20, 1),
    ('cloudtrail', 'aws', '111111111111', 'read', 'GetObject', 'logs', 'k', 10, 60, 0, 24, 1),
    ('cloudtrail', 'aws', '111111111111', 'read', 'GetObject', 'vault', 'k', 10, 5, 9, 10, 7),
    ('cloudtrail', 'aws', '111111111111', 'auth', 'AssumeRole', null, null, null, 20, 0, 24, 1),
    ('vpc_flow', 'aws', '111111111111', 'flow', 'Flow', null, null, null, 50, 0, 24, 1),
    ('gcs_audit', 'gcp', 'p', 'read', 'storage.objects.get', 'g-data', 'k', null, 40, 6, 20, 1),
    ('gcs_audit', 'gcp', 'p', 'configure', 'storage.buckets.update', 'g-data', null, null, 5, 0, 24, 1),
    ('azure_storage', 'azure', 'acme', 'read', 'GetBlob', 'acme/files', 'k', 10, 40, 6, 20, 1),
    ('azure_activity', 'azure', 'sub-1', 'auth', 'listKeys', null, null, null, 5, 0, 24, 1)
"""
EVENTS = f"""
select
    md5(concat_ws('|', source, bucket, api, $day, hour, nth)) as event_id,
    make_timestamp(($day::bigint * 24 + hour) * 3600000000 + nth * 1000000) as event_time,
    provider, account as account_id, source, 'ana' as identity, 'human' as identity_kind, '192.0.2.1' as source_ip,
    'unknown' as tool, operation, api, 'ok' as outcome, bucket, object_key, bytes::bigint as bytes_read,
    'f-' || source as evidence_file, nth as evidence_record
from (values {STREAMS}) as s (
    source, provider, account, operation, api, bucket, object_key, bytes, per_hour, first_hour, end_hour, every
), unnest(range(24)) as h (hour), unnest(range(per_hour + ($day * 7 + hour) % 5)) as n (nth)
where hour >= first_hour and hour < end_hour and $day % every = 0
"""


def context(folder: Path) -> Context:
    """Write and read the context files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in CONTEXT.items():
        (folder / name).write_text(text, encoding="utf-8")
    return Context.load(folder)


def changed(base: Lake, root: Path, last_kept: str) -> Lake:
    """Copy a lake (hard links, for partitions are replaced and never written into), its last day written anew."""
    shutil.copytree(base.root, root, copy_function=os.link)
    _write(Lake(root), LAST, last_kept)
    return Lake(root)


def lake(root: Path, kept: str = "true", until: int = DAYS) -> Lake:
    """Write the lake; ``kept`` says which events there are."""
    made = Lake(root)
    for place in range(until):
        _write(made, START + timedelta(days=place), kept)
    return made


def _write(made: Lake, day: date, kept: str) -> None:
    with Store(threads=1) as store:
        store.view("events", [])
        sql = f"select * from events union all by name select * from ({EVENTS}) as made where {kept}"
        write_parquet(store, sql, made.folder("events", day) / "data.parquet", None, {"day": _number(day)})


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def ledger(made: Lake, known: Context, days: list[date] | None = None) -> Ledger:
    """Build and judge the last day, or the days given."""
    asked = days or [LAST]
    prepare_days(made, known, asked, threads=1)
    return coverage(made, known, asked)


def states(found: Ledger) -> dict[tuple[date, str, str], str]:
    """Every cell's state."""
    return {(cell.day, cell.bucket, cell.scenario): cell.state for cell in found.cells}


def turned(before: Ledger, after: Ledger) -> dict[tuple[str, str], tuple[str, str]]:
    """The cells that differ, without their day: (bucket, scenario) to (before, after)."""
    old, new = states(before), states(after)
    assert old.keys() == new.keys()
    return {key[1:]: (old[key], new[key]) for key in old if old[key] != new[key]}
