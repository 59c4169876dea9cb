"""A batch of CloudTrail records, as one JSON array, into rows of the event table, in a private DuckDB.

Two SQL files do the per-row work; what depends on a distinct value (caller, user agent, call) or on a rare shape
(destinations) is derived in Python once a value and joined.
"""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from anomaly.ingest.array_file import ArrayFile
from anomaly.ingest.destination import destination_of
from anomaly.ingest.identity import identity_of
from anomaly.ingest.operations import S3_FAMILY, exact_names, operation_of, operations
from anomaly.ingest.tools import clean_agent, tool_of
from anomaly.store import DatabaseError, Store, write_parquet

BUCKET_IN_ARN = r'"(?:ARN|arn|ARNPrefix)":"arn:[^:"]*:s3[a-z-]*:[^:"]*:[^:"]*:(?:bucket/)?([^/":*]+)[/*"]'
KEY_IN_ARN = r'"(?:ARN|arn)":"arn:[^:"]*:s3[a-z-]*:[^:"]*:[^:"]*:(?:bucket/)?[^/":]+/((?:[^"\\]|\\.)+)"'
IP_ADDRESS = r"^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$)){4}$|^[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*$"
DENIED = (
    r"(?i)denied|unauthorized|forbidden|expiredtoken|invalidtoken|invalidaccesskey|signaturedoesnotmatch|failed auth"
)
"""Error codes of a call that was refused; others are errors (NoSuchKey, throttling)."""

MANY_CALLERS = 20_000
"""Callers and agents remembered between batches; more are forgotten, to keep memory flat."""

TEXT = pa.string()
IDENTITIES = pa.schema(
    [(n, TEXT) for n in ("caller", "identity", "identity_kind", "identity_account", "session_name", "access_key_id")]
    + [("role_chain", TEXT), ("mfa", pa.bool_()), ("invoked_by", TEXT), ("account_principal", pa.bool_())]
)
AGENTS = pa.schema([(name, TEXT) for name in ("agent", "user_agent", "tool")])
CALLS = pa.schema([(name, TEXT) for name in ("source", "api", "operation", "bytes")])
FILES = pa.schema([("segment", pa.int64()), ("file", TEXT), ("first", pa.int64()), ("marker_rn", pa.int64())])
DESTINATIONS = pa.schema(
    [("rn", pa.int64())]
    + [(name, TEXT) for name in ("destination_kind", "destination_account", "destination_bucket")]
    + [(name, TEXT) for name in ("source_bucket", "source_key", "source_account")]
)


REFUSALS = ("InvalidInputException", "ConversionException")
"""What the reader says of bad text. Other errors, such as no memory or no disk, are not the file's fault."""


class RefusedError(Exception):
    """The reader does not take a batch's text."""


@dataclass(frozen=True)
class Segment:
    """A run of consecutive records of one file: ``first`` is the ordinal of its first record."""

    file: str
    first: int


@dataclass(frozen=True)
class Defect:
    """A record that parses but cannot stand: ``place`` counts from the segment's first record."""

    segment: int
    place: int
    reason: str
    text: str


class Transform:
    """One worker's DuckDB (one thread) and what it remembers between batches."""

    def __init__(self) -> None:
        self.store = Store(threads=1)
        self.array = ArrayFile()
        self.nonce = os.urandom(12).hex()
        for name, schema in (("identities", IDENTITIES), ("agents", AGENTS), ("calls", CALLS)):
            self._table(name, schema)

    def close(self) -> None:
        """Close the connection and give the array's memory back."""
        self.store.connection.close()
        self.array.close()

    def marker(self, segment: int) -> bytes:
        """Return the array element that starts a segment; the nonce keeps a log from forging one."""
        return b'{"_batch":"%s","_segment":%d}' % (self.nonce.encode(), segment)

    def read(self, path: str, segments: Sequence[Segment]) -> list[int]:
        """Read a batch into the table ``raw``.

        Returns
        -------
        list of int
            Records seen in each segment.

        Raises
        ------
        RefusedError
            The text is not the array of objects that it should be, or a file's brackets swallowed a marker.
        """
        self.marker_rows: list[int] = []
        self._run(
            sql("cloudtrail_read"),
            {
                "path": path,
                "nonce": self.nonce,
                "s3_family": S3_FAMILY,
                "kept": list(exact_names()),
                "with_destination": with_destination(),
            },
        )
        return self._counts(len(segments))

    def _run(self, text: str, bound: dict[str, Any]) -> None:
        try:
            self.store.run(text, bound)
        except DatabaseError as error:
            if type(error).__name__ not in REFUSALS:
                raise
            raise RefusedError(str(error).partition("\n")[0]) from error

    def _counts(self, segments: int) -> list[int]:
        markers = self.store.rows("select segment, rn from raw where is_marker order by rn")
        if [segment for segment, _ in markers] != list(range(segments + 1)):
            raise RefusedError("a file's brackets reach into the next file")
        if self.store.value("select max(rn) from raw") != markers[-1][1]:
            raise RefusedError("text after the end of the array")
        self.marker_rows = [rn for _, rn in markers]
        return [after - before - 1 for before, after in zip(self.marker_rows, self.marker_rows[1:], strict=False)]

    def defects(self) -> list[Defect]:
        """Return the records of the batch that cannot stand."""
        rows = self.store.rows("select segment, rn, defect, defect_text from raw where defect is not null order by rn")
        return [Defect(segment, rn - self.marker_rows[segment] - 1, reason, text) for segment, rn, reason, text in rows]

    def keys(self) -> pd.DataFrame:
        """Return rn, day (days since 1970), segment and two 64-bit hashes of event_id, for each row that may load."""
        return self.store.df(
            """select rn, segment, cast(event_time as date) - date '1970-01-01' as day,
                hash(event_id) as h1, hash(event_id || '~') as h2
            from raw where not is_marker and defect is null order by rn"""
        )

    def prepare(self, segments: Sequence[Segment], repeated: Iterable[int]) -> None:
        """Derive everything that ``write`` joins, for the rows not in ``repeated``."""
        self._learn("identities", IDENTITIES, ("caller",), "caller", _identity_row)
        self._learn("agents", AGENTS, ("agent",), "coalesce(agent, '') as agent", _agent_row)
        self._learn("calls", CALLS, ("source", "api"), "source, api", _call_row)
        self._replace("files", FILES, [(i, s.file, s.first, self.marker_rows[i]) for i, s in enumerate(segments)])
        self._replace("repeated", pa.schema([("rn", pa.int64())]), [(rn,) for rn in repeated])
        rows = self.store.rows(
            """select rn, api, parameters, resources, coalesce(owner, recipient_account) from raw
            where parameters is not null and defect is null and rn not in (select rn from repeated)"""
        )
        self._replace("destinations", DESTINATIONS, [_destination_row(*row) for row in rows])

    def write(self, day: date, path: Path) -> None:
        """Write the batch's rows of one day to a Parquet file."""
        bound = {
            "bucket_in_arn": BUCKET_IN_ARN,
            "key_in_arn": KEY_IN_ARN,
            "ip_address": IP_ADDRESS,
            "denied": DENIED,
            "day": day,
        }
        write_parquet(self.store, sql("cloudtrail_events"), path, parameters=bound)

    def _learn(
        self, name: str, schema: pa.Schema, keys: tuple[str, ...], select: str, row: Callable[..., tuple[Any, ...]]
    ) -> None:
        """Add the distinct values of this batch that a table does not hold yet."""
        if self.store.value(f"select count(*) from {name}") > MANY_CALLERS:
            self._table(name, schema)
        new = self.store.rows(
            f"select distinct {select} from raw where not is_marker and defect is null "
            f"except select {', '.join(keys)} from {name}"
        )
        if new:
            self.store.register("learned", _arrow(schema, [row(*values) for values in new]))
            self.store.run(f"insert into {name} select * from learned")

    def _table(self, name: str, schema: pa.Schema) -> None:
        self._replace(name, schema, [])

    def _replace(self, name: str, schema: pa.Schema, rows: list[tuple[Any, ...]]) -> None:
        self.store.register("given", _arrow(schema, rows))
        self.store.run(f"create or replace temp table {name} as select * from given")


def _arrow(schema: pa.Schema, rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pa.table(
        [pa.array(list(column), type=field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )


@cache
def sql(name: str) -> str:
    """Return the text of an SQL file of this folder."""
    return (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8")


@cache
def with_destination() -> list[str]:
    """Return the calls that name a destination."""
    return sorted({row.api for row in operations() if row.operation in ("share", "copy") or "Location" in row.api})


def _identity_row(caller: str) -> tuple[Any, ...]:
    who = identity_of(_json(caller) or {})
    return (
        caller, who.identity, who.kind, who.account, who.session_name, who.access_key_id, who.role_chain, who.mfa,
        who.invoked_by, who.account_principal,
    )  # fmt: skip


def _agent_row(agent: str) -> tuple[Any, ...]:
    cleaned = clean_agent(agent)
    return agent, cleaned, tool_of(cleaned)


def _call_row(source: str, api: str) -> tuple[Any, ...]:
    known = operation_of(source, api)
    return source, api, known.operation if known else "configure", known.bytes if known else ""


def _destination_row(rn: int, api: str, parameters: str, resources: str | None, owner: str | None) -> tuple[Any, ...]:
    found = destination_of(api, _json(parameters), _json(resources), owner)
    return rn, found.kind, found.account, found.bucket, found.source_bucket, found.source_key, found.source_account


def _json(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except (ValueError, RecursionError):
        return None
