"""A day's scores know nothing of later days, and strangers who turn up that day do not move the others' scores."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from anomaly.config import Settings
from anomaly.context import Context
from anomaly.ingest import ingest
from anomaly.score import score_days
from anomaly.store import Lake, Store
from fixtures_org import OWN, QUIET, THEFT, ScoredOrg
from ingest_records import record

STRANGERS = 40


def scores_of(lake: Lake, day: date) -> dict[str, dict[str, Any]]:
    with Store() as store:
        store.view("scores", lake.files("scores", day))
        return {row["session_id"]: row for row in store.records("select * exclude (date) from scores")}


def forgotten(found: ScoredOrg) -> None:
    """Remove everything that was made from events, except the model: training never sees these days."""
    for folder in found.root.iterdir():
        if folder.is_dir() and folder.name not in ("events", "quarantine", "ledger", "mlflow"):
            shutil.rmtree(folder)


def from_scratch(found: ScoredOrg, day: date) -> dict[str, dict[str, Any]]:
    forgotten(found)
    score_days(found.lake, Context.load(found.org.context), Settings(), [day])
    return scores_of(found.lake, day)


def deleted(part: Path) -> None:
    part.unlink()


def shuffled(part: Path) -> None:
    """Give every event of the file to somebody else, elsewhere, at another hour."""
    with Store() as store:
        store.view("events", [part])
        store.run(
            f"""copy (
                select * replace (
                    lead(identity, 5, 'nobody') over (order by event_id) as identity,
                    lead(source_ip, 3, '198.51.100.1') over (order by event_id) as source_ip,
                    lead(bucket, 7, 'customers') over (order by event_id) as bucket,
                    time_bucket(interval 1 day, event_time) + (lead(event_time, 11, event_time) over (order by event_id)
                        - time_bucket(interval 1 day, event_time)) as event_time
                ) from events
            ) to '{part}.made' (format parquet)"""
        )
    Path(f"{part}.made").replace(part)


@pytest.mark.parametrize("change", [deleted, shuffled])
def test_what_comes_later_changes_no_score(
    change: Callable[[Path], None], scored_org: ScoredOrg, own_copy: ScoredOrg
) -> None:
    later = own_copy.lake.files("events", THEFT)
    assert later
    for part in later:
        change(part)
    assert from_scratch(own_copy, QUIET) == scores_of(scored_org.lake, QUIET)


def test_strangers_of_the_day_move_no_other_score(scored_org: ScoredOrg, own_copy: ScoredOrg, tmp_path: Path) -> None:
    records = [stranger(place, nth) for place in range(STRANGERS) for nth in range(10 * (place + 1))]
    (tmp_path / "strangers.json").write_text("\n".join(map(json.dumps, records)) + "\n", encoding="utf-8")
    assert ingest([tmp_path / "strangers.json"], own_copy.lake).records.loaded == len(records)
    score_days(own_copy.lake, Context.load(own_copy.org.context), Settings(), [THEFT])
    before, after = scores_of(scored_org.lake, THEFT), scores_of(own_copy.lake, THEFT)
    assert len(after) == len(before) + STRANGERS
    # ranks and q-values are of the whole day, and so they do move; what each session is by itself does not
    for name in ("score", "tail_probability", "expected_per_day", "headline", "reasons", "covered", "case_id"):
        assert {id: row[name] for id, row in before.items()} == {id: after[id][name] for id in before}, name
    first = {next(row["actor"] for row in rows.values() if row["case_rank"] == 1) for rows in (before, after)}
    assert first == {f"arn:aws:iam::{OWN}:user/mallory"}


def stranger(place: int, nth: int) -> dict[str, Any]:
    """One of many reads by somebody new, of a bucket nobody else uses."""
    name = f"stranger-{place}"
    moment = f"{THEFT}T{8 + place % 10:02}:{nth // 60 % 60:02}:{nth % 60:02}Z"
    return record(
        userIdentity={
            "type": "IAMUser",
            "arn": f"arn:aws:iam::{OWN}:user/{name}",
            "accountId": OWN,
            "accessKeyId": f"AKIA{name.upper().replace('-', ''):X<16}",
        },
        eventTime=moment,
        eventID=f"{name}-{nth}",
        requestID=f"{name}-{nth}",
        recipientAccountId=OWN,
        sourceIPAddress="192.0.2.10",
        requestParameters={"bucketName": f"of-{name}", "key": f"{nth}.bin"},
        resources=[{"accountId": OWN, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::of-{name}"}],
    )
