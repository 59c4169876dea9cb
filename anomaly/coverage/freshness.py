"""How fresh and how detailed each source is: newest event, newest file, how late its files are, detail of its calls."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from anomaly.coverage.facts import Feed
from anomaly.store import Lake, Store
from anomaly.words import in_time

FILES = pa.schema([("name", pa.string()), ("mtime_ns", pa.int64())])
SHOWN = ("source", "account_id", "events", "last_us")
DETAIL = ("reads", "reads_with_bytes", "reads_with_address", "moves", "moves_with_destination")


def sources_of(lake: Lake, day: date, feeds: Sequence[Feed]) -> list[dict[str, Any]]:
    """One row a source and account: newest event, events and file lateness of the day, detail of 28 days.

    ``lag_seconds`` is the median, over the files with events of the day, of the file's own time minus its last event;
    None where no such file is on record. A file copied without its time is as late as the copy.
    """
    lags = _lags(lake, day)
    return [
        {name: facts[name] for name in (*SHOWN, *DETAIL)}
        | {"newest_event": in_time(facts["last_us"]), "lag_seconds": lags.get(facts["source"])}
        for facts in map(asdict, feeds)
    ]


def _lags(lake: Lake, day: date) -> dict[str, int]:
    with Store() as store:
        store.view("events", lake.files("events", day))
        store.register("files", files_read(lake))
        rows = store.records(Path(__file__).with_name("lateness.sql").read_text(encoding="utf-8"))
    return {row["source"]: row["lag_seconds"] for row in rows}


def files_read(lake: Lake) -> pa.Table:
    """Name and time of every file that the lake's ledger has read."""
    paths = sorted((lake.root / "ledger" / "ingest").glob("*.parquet"))
    tables = [pq.read_table(path, columns=FILES.names, partitioning=None).cast(FILES) for path in paths]
    return pa.concat_tables(tables) if tables else FILES.empty_table()
