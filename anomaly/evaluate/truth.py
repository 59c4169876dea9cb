"""What was planted, and which sessions it became: the only place where the evaluation looks at the answers."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from anomaly.errors import DataQualityError
from anomaly.simulate.forms import AZURE, GCP

COLUMNS = (
    "campaign",
    "scenario",
    "kind",
    "day",
    "identity",
    "session_name",
    "buckets",
    "destination",
    "first_time",
    "last_time",
    "bytes_read",
    "objects",
    "note",
)
KINDS = ("attack", "benign")
SECOND_US = 1_000_000
EPOCH = date(1970, 1, 1)
ADDRESS = r"\d+(?:\.\d+){3}|[0-9a-f]*:[0-9a-f:.]+"


def read_truth(path: Path) -> pd.DataFrame:
    """Read a truth file: one row a campaign, identity and UTC day.

    Returns
    -------
    DataFrame
        The file's columns; ``day`` as days since 1970-01-01, ``first_us`` and ``last_us`` in microseconds UTC (the last
        second whole), ``bytes_read`` and ``objects`` as whole numbers, 0 where empty.

    Raises
    ------
    DataQualityError
        The file is missing, lacks a column, or holds a kind that is neither attack nor benign.
    """
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    except OSError as error:
        raise DataQualityError(f"cannot read the truth file {path}: {error.strerror}") from error
    _check(rows, path)
    return rows.assign(
        day=_micros(rows["day"]) // (86_400 * SECOND_US),
        first_us=_micros(rows["first_time"]),
        last_us=_micros(rows["last_time"]) + SECOND_US - 1,
        bytes_read=_whole(rows["bytes_read"]),
        objects=_whole(rows["objects"]),
    )


def in_scored_days(truth: pd.DataFrame, first_day: int) -> pd.DataFrame:
    """Leave out what lies before the first scored day; there look-alikes are part of life, but attacks are refused.

    Raises
    ------
    DataQualityError
        An attack lies before it: the model would have learnt from it, and the campaign would not be counted.
    """
    early = truth[(truth["day"] < first_day) & (truth["kind"] == "attack")]
    if len(early):
        names = ", ".join(sorted(set(early["campaign"])))
        raise DataQualityError(
            f"attacks before the first scored day {day_text(first_day)}, among those to learn: {names}"
        )
    return truth[truth["day"] >= first_day].reset_index(drop=True)


def day_text(number: object) -> str:
    """An ISO date of days since 1970-01-01."""
    return (EPOCH + timedelta(days=int(str(number)))).isoformat()


def cloud_of(campaign: str) -> str:
    """Return aws, gcp or azure: a campaign in another cloud than AWS has it in its name, such as ``S04-gcp-7``."""
    return next((cloud for cloud in (GCP, AZURE) if f"-{cloud}-" in campaign), "aws")


def match(truth: pd.DataFrame, sessions: pd.DataFrame) -> pd.DataFrame:
    """Say which sessions belong to which campaign.

    A session belongs when its day and identity are those of a truth row, its session name too where the row gives one,
    and its time overlaps the row's. Where only flows to an address outside tell of the row (no bucket) and none
    overlaps, the last one that began before belongs, else the first one after: as features/signals/egress_use.sql
    counts them.

    Parameters
    ----------
    truth
        As ``read_truth`` returns it.
    sessions
        session_id, day, identity, session_name (missing where there is none), start_us, end_us.

    Returns
    -------
    DataFrame
        campaign, day, session_id, each pair once; nothing for a row that no session matches.
    """
    by_flow = (truth["buckets"] == "") & truth["destination"].str.fullmatch(ADDRESS)
    rows = truth[["campaign", "day", "identity", "session_name", "first_us", "last_us"]].assign(by_flow=by_flow)
    pairs = rows.merge(
        sessions[["session_id", "day", "identity", "session_name", "start_us", "end_us"]],
        on=["day", "identity"],
        suffixes=("", "_seen"),
    )
    named = (pairs["session_name"] == "") | (pairs["session_name"] == pairs["session_name_seen"].fillna(""))
    overlap = (pairs["start_us"] <= pairs["last_us"]) & (pairs["end_us"] >= pairs["first_us"])
    answering = _answering(pairs[named & pairs["by_flow"]])
    found = pairs.loc[named & (overlap | pairs.index.isin(answering)), ["campaign", "day", "session_id"]]
    return found.drop_duplicates().sort_values(["campaign", "day", "session_id"]).reset_index(drop=True)


def _answering(pairs: pd.DataFrame) -> pd.Index:
    """The rows of those sessions that answer for flows of their host: the last before, else the first after."""
    before = pairs["start_us"] <= pairs["first_us"]
    wait = (pairs["start_us"] - pairs["first_us"]).abs()
    ordered = pairs.assign(after=~before, wait=wait).sort_values(["after", "wait", "session_id"])
    return ordered.drop_duplicates(["campaign", "day", "first_us"]).index


def _check(rows: pd.DataFrame, path: Path) -> None:
    missing = [name for name in COLUMNS if name not in rows.columns]
    if missing:
        raise DataQualityError(f"{path} lacks the columns {', '.join(missing)}; it holds {', '.join(rows.columns)}")
    wrong = rows.index[~rows["kind"].isin(KINDS)]
    if len(wrong):
        found = rows["kind"].iloc[int(wrong[0])]
        raise DataQualityError(f"{path} row {wrong[0] + 2}: the kind {found!r} is neither attack nor benign")


def _micros(texts: pd.Series) -> pd.Series:
    return pd.to_datetime(texts, utc=True, format="ISO8601").dt.as_unit("us").astype(np.int64)


def _whole(texts: pd.Series) -> pd.Series:
    return pd.to_numeric(texts.replace("", "0")).astype(np.int64)
