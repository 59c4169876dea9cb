"""Clean rows into DataFrames of fixed columns and types, the same when empty, ready to be shown to SQL."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from anomaly.context.destinations import split_destination
from anomaly.context.reading import Row
from anomaly.context.tables import SENSITIVITY_WEIGHTS

# pandas type of each column; DuckDB reads them as VARCHAR, BIGINT and DATE, also of a frame without rows.
# An empty cell is a missing value, so NULL in SQL (None in an object column would read as INTEGER when all are).
TEXT = "str"
WHOLE = "int64"
WHOLE_OR_EMPTY = "Int64"
DAY = pd.ArrowDtype(pa.date32())

INVENTORY = {
    "bucket": TEXT,
    "cloud": TEXT,
    "account": TEXT,
    "sensitivity": TEXT,
    "sensitivity_weight": WHOLE,
    "owner": TEXT,
}
ACCOUNTS = {"cloud": TEXT, "account": TEXT, "label": TEXT, "relation": TEXT}
NETWORKS = {"cidr": TEXT, "label": TEXT, "kind": TEXT}
WORKFLOWS = {
    "workflow_id": TEXT,
    "identity_glob": TEXT,
    "bucket_glob": TEXT,
    "destination": TEXT,
    "destination_type": TEXT,
    "destination_value": TEXT,
    "reason": TEXT,
    "owner": TEXT,
    "review_by": DAY,
    "max_bytes_per_day": WHOLE_OR_EMPTY,
}
ADDRESSES = {
    "source_ip": TEXT,
    "network": TEXT,
    "network_kind": TEXT,
    "country": TEXT,
    "asn": WHOLE_OR_EMPTY,
    "organisation": TEXT,
}
WORKFLOW_ADDRESSES = {"workflow_id": TEXT, "source_ip": TEXT}
IDENTITY_GLOBS = {"identity_glob": TEXT, "identity_kind": TEXT, "label": TEXT}
IDENTITIES = {"identity": TEXT, "identity_kind": TEXT, "label": TEXT}
ROLE_CONTEXT = {"identity_glob": TEXT}
EXPECTED_COUNTRIES = {"country": TEXT}


def frame(columns: Mapping[str, Any], types: Mapping[str, Any]) -> pd.DataFrame:
    """Return a frame of exactly these columns and types; lists or arrays of one length come in."""
    return pd.DataFrame({name: pd.Series(columns[name], dtype=kind) for name, kind in types.items()})


def frame_of_rows(rows: Iterable[Mapping[str, Any]], types: Mapping[str, Any]) -> pd.DataFrame:
    """Return a frame of rows given as mappings, one row each."""
    listed = list(rows)
    return frame({name: [row[name] for row in listed] for name in types}, types)


def inventory(rows: Iterable[Row]) -> pd.DataFrame:
    """Return one row a bucket."""
    weighed = ({**row, "sensitivity_weight": SENSITIVITY_WEIGHTS[str(row["sensitivity"])]} for row in rows)
    return frame_of_rows(weighed, INVENTORY)


def workflows(rows: Iterable[Row]) -> pd.DataFrame:
    """Return one row a workflow, its destination split into type and value."""
    return frame_of_rows(map(_workflow, rows), WORKFLOWS)


def identity_globs(rows: Iterable[Row]) -> pd.DataFrame:
    """Return one row a glob, the most telling first: more letters before fewer, then by the alphabet."""
    renamed: list[Row] = [
        {"identity_glob": row["identity"], "identity_kind": row["kind"], "label": row["label"]} for row in rows
    ]
    renamed.sort(key=_vague)
    return frame_of_rows(renamed, IDENTITY_GLOBS)


def _vague(row: Row) -> tuple[int, str]:
    pattern = str(row["identity_glob"])
    return -len(re.sub(r"\[[^]]*\]|[*?]", "", pattern)), pattern


def _workflow(row: Row) -> Row:
    kind, value = split_destination(str(row["destination"]))
    renamed = {"workflow_id": row["id"], "identity_glob": row["identity"], "bucket_glob": row["bucket"]}
    more = {"max_bytes_per_day": row.get("max_bytes_per_day")}
    return {**row, **renamed, **more, "destination_type": kind, "destination_value": value}
