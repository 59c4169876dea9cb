"""What the tests of the simulator's other clouds share: reading files back, truth, and one simulation compared."""

import functools
import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb

from anomaly.context import Context
from anomaly.ingest import ingest
from anomaly.simulate import SimulationReport, simulate
from anomaly.store import Lake
from simulate_records import rows

Record = dict[str, Any]


def small(out: Path, source: str) -> tuple[Path, SimulationReport]:
    """Five days of one cloud, with attacks from the third on."""
    return out, simulate(out, sources=(source,), seed=3, days=5, scale=0.2, attack_from=2)


@functools.lru_cache(maxsize=1)
def entries(logs: Path) -> list[tuple[str, Record]]:
    """Every record below a folder with its file's path relative to it; wrapped ones unwrapped. Read once."""
    return [
        (str(path.relative_to(logs)), record)
        for path in sorted(path for path in logs.rglob("*.json") if path.is_file())
        for document in map(json.loads, path.read_text(encoding="utf-8").splitlines())
        for record in document.get("records", [document])
    ]


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def truth(out: Path, scenario: str) -> list[dict[str, str]]:
    """The truth rows of one scenario."""
    return [row for row in rows(out / "truth.csv") if row["scenario"] == scenario]


def between(row: dict[str, str], moment: str) -> bool:
    """Whether a record's time, of any precision, lies in a truth row's span of whole seconds."""
    return row["first_time"][:19] <= moment[:19] <= row["last_time"][:19]


def holds_its_promises(tmp_path: Path, source: str) -> None:
    """More than one process writes the same bytes, CloudTrail's files stay, and the context loads."""
    alone = simulate(tmp_path / "a", sources=("cloudtrail",), seed=4, days=2, scale=0.05, attack_from=1)
    simulate(tmp_path / "b", sources=("cloudtrail", source), seed=4, days=2, scale=0.05, attack_from=1)
    simulate(tmp_path / "c", sources=("cloudtrail", source), seed=4, days=2, scale=0.05, attack_from=1, processes=2)
    assert digests(tmp_path / "b") == digests(tmp_path / "c")
    trail = digests(tmp_path / "a/logs/AWSLogs")
    assert len(trail) == alone.files
    assert digests(tmp_path / "b/logs/AWSLogs") == trail
    clouds = set(Context.load(tmp_path / "b/context").inventory["cloud"])
    assert clouds == {"aws", source}


def ingested(out: Path, lake: Path) -> list[tuple[str, int]]:
    """Ingest everything and count the events that each truth row's identity has in its time, by campaign.

    Raises
    ------
    AssertionError
        A record was quarantined or lost.
    """
    report = ingest([out / "logs"], Lake(lake))
    counts = report.records
    assert counts.quarantined == 0
    assert counts.seen == counts.loaded + counts.duplicate + counts.not_relevant
    found = (
        duckdb.connect()
        .execute(
            f"""
        select t.campaign || ' ' || t.identity, count(e.event_id)
        from read_csv('{out}/truth.csv', all_varchar = true) as t
        left join read_parquet('{lake}/events/*/*.parquet', union_by_name = true) as e
            on e.identity = t.identity
            and e.event_time >= t.first_time::timestamptz at time zone 'UTC'
            and e.event_time < t.last_time::timestamptz at time zone 'UTC' + interval 1 second
        group by all
        """
        )
        .fetchall()
    )
    return [(str(name), int(count)) for name, count in found]
