"""The way of a verdict: a night's case, expected on the page, honoured by the next night, and nothing beyond it."""

import gzip
import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from anomaly.daily.ledger import lines
from anomaly.listing import sessions
from anomaly.review.database import open_database
from anomaly.review.queue import Filters, queue
from anomaly.review.viewer import Role, Viewer
from anomaly.review.web.app import create_app
from anomaly.review.web.signing import Options
from anomaly.review.workflows import workflows
from daily_world import World, copied
from fixtures_org import OWN, QUIET, THEFT
from review_people import add
from review_site import HERE, Site, fields_of

EVA = f"arn:aws:iam::{OWN}:user/eva"
ANA = Viewer("ana", Role.ANALYST)
AUDITORS = "888888888888"
MEGABYTE = 1_000_000


def records_of(world: World, day: date) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(gzip.decompress(world.log_of(day).read_bytes()))["Records"]
    return found


def by_eva(world: World, day: date, hour: int, objects: int, size: int) -> list[dict[str, Any]]:
    """Her reads of customers from the office, each a minute's part of a call that she made that day anyway."""
    like = next(each for each in records_of(world, day) if each["userIdentity"]["arn"] == EVA)
    return [
        like
        | {
            "eventID": f"eva-{day}-{hour}-{nth}",
            "eventTime": f"{day}T{hour:02}:00:{nth:02}Z",
            "requestParameters": {"bucketName": "customers", "key": f"{day}/{hour}/{nth}.csv"},
            "additionalEventData": {"bytesTransferredOut": float(size)},
            "resources": [{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::customers", "accountId": OWN}],
        }
        for nth in range(objects)
    ]


def copied_out(world: World, hour: int) -> list[dict[str, Any]]:
    """Copies of hers, as the thief makes them, to an account that is not the thief's."""
    who = next(each["userIdentity"] for each in records_of(world, THEFT) if each["userIdentity"]["arn"] == EVA)
    like = [each for each in records_of(world, THEFT) if each["eventName"] == "CopyObject"]
    text = json.dumps(like).replace("drop-zone", "auditors-box").replace("999999999999", AUDITORS)
    return [
        each
        | {"userIdentity": who, "sourceIPAddress": "192.0.2.10"}
        | {"eventID": f"out-{nth}", "eventTime": f"{THEFT}T{hour:02}:00:{nth:02}Z"}
        for nth, each in enumerate(json.loads(text))
    ]


def add_records(world: World, day: date, more: list[dict[str, Any]]) -> None:
    path, found = world.log_of(day), records_of(world, day)
    path.unlink()  # the file is shared with other tests by a link
    path.write_bytes(gzip.compress(json.dumps({"Records": found + more}).encode(), mtime=0))


@pytest.fixture(scope="module")
def nights(before_the_night: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A night in which eva reads customers as never before; in the next she does it again, and more besides."""
    folder = tmp_path_factory.mktemp("loop")
    shutil.copytree(before_the_night.context, folder / "context")
    world = replace(copied(before_the_night, folder), context=folder / "context")
    add_records(world, QUIET, by_eva(world, QUIET, 10, 30, 5 * MEGABYTE))
    beyond = copied_out(world, 15) + by_eva(world, THEFT, 18, 40, 30 * MEGABYTE)
    add_records(world, THEFT, by_eva(world, THEFT, 10, 30, 5 * MEGABYTE) + beyond)
    return world


def url_of(world: World) -> str:
    return f"sqlite:///{world.root / 'review.sqlite'}"


def expected_on_the_page(world: World, elsewhere: Path) -> None:
    """Find eva's case in the queue and give the verdict as the browser does, on a page with another folder."""
    database = open_database(url_of(world))
    add(database, "ana", "analyst")
    elsewhere.mkdir()
    ana = Site(create_app(database, Options(), elsewhere), database, elsewhere).client("ana")
    (case,) = queue(database, Filters(identity=EVA), None, 10, ANA).rows
    path = f"/case/{case.case_id}"
    asked = fields_of(ana.get(f"{path}?verdict=expected").text)
    asked |= {"verdict": "expected", "reason": "the auditors' week, asked lee"}
    seen = ana.post(f"{path}/verdict", data=asked, headers=HERE)
    assert seen.status_code == 200, seen.text
    saved = ana.post(f"{path}/verdict", data=fields_of(seen.text), headers=HERE)
    assert saved.headers["location"] == f"{path}?saved=workflow"
    database.close()


def test_what_was_expected_is_honoured_the_next_night_and_what_goes_beyond_still_alerts(
    nights: World, tmp_path: Path
) -> None:
    review = {"review__url": url_of(nights)}
    nights.run(QUIET, **review)
    assert not (nights.context / "review_workflows.csv").exists(), "nobody approved anything"
    expected_on_the_page(nights, tmp_path / "elsewhere")
    night = nights.run(THEFT, **review)
    assert "workflows" in [line["event"] for line in lines(nights.lake) if line["run"] == night.number]
    hers = [each for each in sessions(nights.lake, THEFT) if each["actor"] == EVA]
    told = {each["workflow_state"]: each for each in hers}
    like = told["covered"]
    assert (like["workflow_id"], like["case_rank"], like["alert"]) == ("review:eva-customers", None, False)
    assert like["bytes_read"] == 150 * MEGABYTE
    for state in ("other destination", "outside envelope"):
        assert told[state]["workflow_id"] == "review:eva-customers"
        assert told[state]["alert"], state
    ranked = {each["case_id"] for each in sessions(nights.lake, THEFT) if each["case_rank"]}
    assert night.days[0].covered == 2, "hers and the loader's"
    assert night.days[0].cases == len(ranked)
    database = open_database(url_of(nights))
    (made,) = workflows(database)
    assert (made.last_matched, made.bucket, made.destination) == (THEFT, "customers reports", "internal")
    database.close()
