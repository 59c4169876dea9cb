"""A real theft, recorded in a lab and published, must be found: alone, and among the life of an organisation."""

import csv
import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from anomaly.config import Settings
from anomaly.context import Context
from anomaly.ingest import ingest
from anomaly.pipeline import Pipeline
from anomaly.score import score_days, train_model
from anomaly.simulate import simulate
from anomaly.store import Lake, Store

THEFT = "ec2_proxy_s3_exfiltration_2020-09-14011940.json"
THEFT_DAY = date(2020, 9, 14)
ACCOUNT = "123456789123"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/MordorNginxStack-BankingWAFRole-9S3E0UAE1MM0"
SESSION_NAME = "i-0317f6c6b66ae9c40"
BUCKET = "mordors3stack-s3bucket-llp2yingx64a"
START = date(2026, 1, 5)
FIRST_SCORED = 17
DAYS = 19


@pytest.fixture(scope="module")
def theft(shared_data: Path) -> Path:
    """The published log file."""
    return shared_data / "otrf" / THEFT


@pytest.fixture(scope="module")
def scored(theft: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, date]:
    """An organisation of 19 days, the theft among the life of a day on which nothing else is stolen."""
    folder = tmp_path_factory.mktemp("organisation")
    simulate(folder, seed=7, days=DAYS, start=START, scale=0.3, attacks=[], attack_from=FIRST_SCORED)
    day = START + timedelta(days=FIRST_SCORED + 1)
    spliced = folder / "logs" / "spliced.json"
    spliced.write_text("\n".join(moved(theft, day)), encoding="utf-8")
    with (folder / "context" / "accounts.csv").open("a", encoding="utf-8", newline="") as accounts:
        csv.writer(accounts).writerow(["aws", ACCOUNT, "acquired", "own"])
    lake = Lake(folder / "lake")
    report = ingest([folder / "logs"], lake)
    assert report.balanced
    context = Context.load(folder / "context")
    train_model(lake, context, Settings(), START + timedelta(days=FIRST_SCORED))
    score_days(lake, context, Settings(), [day])
    return lake, day


def moved(theft: Path, day: date) -> list[str]:
    """The published rows, their times moved by whole days and nothing else changed."""
    shift = day - THEFT_DAY
    rows = [json.loads(line) for line in theft.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        when = datetime.fromisoformat(row["@timestamp"]) + shift
        row["@timestamp"] = when.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return [json.dumps(row) for row in rows]


def test_the_theft_alone_is_ingested_whole_and_its_session_found(theft: Path, lake: Lake, tmp_path: Path) -> None:
    report = ingest([theft], lake)
    assert report.records.seen == 103
    assert report.balanced
    assert report.records.quarantined == 0
    Context.template(tmp_path / "context")
    (tmp_path / "context" / "accounts.csv").write_text(
        f"cloud,account,label,relation\naws,{ACCOUNT},lab,own\n", encoding="utf-8"
    )
    Pipeline(lake, Context.load(tmp_path / "context")).build([THEFT_DAY])
    with Store() as store:
        store.view("sessions", lake.files("sessions", THEFT_DAY))
        found = store.rows(
            "select identity, session_name, identity_kind, access_key_ids, buckets, reads, objects, bytes_read, lists, "
            "tools from sessions where reads > 0"
        )
    assert found == [(ROLE, SESSION_NAME, "workload", ["ASIA5FLZVX4OPVKKVBMX"], [BUCKET], 2, 1, 2 * 89, 9, ["aws-cli"])]


def test_among_an_organisation_it_ranks_in_the_top_three_of_its_day(scored: tuple[Lake, date]) -> None:
    lake, day = scored
    with Store() as store:
        store.view("scores", lake.files("scores", day))
        ranks = store.rows("select case_rank, alert, headline from scores where identity = ?", [ROLE])
        cases = store.value("select count(distinct case_id) from scores")
    assert len(ranks) == 1
    assert cases > 30
    assert ranks[0][0] <= 3, ranks
    assert ranks[0][1], ranks
