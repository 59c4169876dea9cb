"""The way of a verdict: a night's case, expected on the page, honoured by the next night, and nothing beyond it."""

import gzip
import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from anomaly.context.tables import REVIEW_WORKFLOWS
from anomaly.daily.ledger import lines
from anomaly.listing import sessions
from anomaly.review.database import open_database
from anomaly.review.queue import Filters, queue
from anomaly.review.viewer import Role, Viewer
from anomaly.review.web.app import create_app
from anomaly.review.web.signing import Options
from anomaly.review.workflows import workflows
from daily_world import Receiver, World, copied
from fixtures_org import OWN, QUIET, THEFT, run
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


def expected_on_the_page(world: World, nowhere: Path) -> None:
    """Find eva's case in the queue and give the verdict as the browser does, on a page far from the context folder."""
    nowhere.write_text("a file, so no folder", encoding="utf-8")
    database = open_database(url_of(world))
    add(database, "ana", "analyst")
    ana = Site(create_app(database, Options(), nowhere), database, nowhere).client("ana")
    (case,) = queue(database, Filters(identity=EVA), None, 10, ANA).rows
    path = f"/case/{case.case_id}"
    asked = fields_of(ana.get(f"{path}?verdict=expected").text)
    asked |= {"verdict": "expected", "reason": "the auditors' week, asked lee"}
    seen = ana.post(f"{path}/verdict", data=asked, headers=HERE)
    assert seen.status_code == 200, seen.text
    assert "would not be covered" not in seen.text
    saved = ana.post(f"{path}/verdict", data=fields_of(seen.text), headers=HERE)
    assert saved.headers["location"] == f"{path}?saved=unwritten"
    database.close()


@pytest.fixture(scope="module")
def honoured(nights: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Both nights done, the verdict given between them; not to be changed."""
    review = {"review__url": url_of(nights)}
    assert nights.run(QUIET, **review).outcome == "done"
    assert not (nights.context / REVIEW_WORKFLOWS.file).exists(), "nobody approved anything"
    expected_on_the_page(nights, tmp_path_factory.mktemp("page") / "context")
    assert nights.run(THEFT, **review).outcome == "done"
    return nights


def test_the_like_of_what_was_expected_is_covered_and_what_goes_beyond_alerts(honoured: World) -> None:
    assert [line["event"] for line in lines(honoured.lake) if line["run"] == 2][:2] == ["begin", "workflows"]
    found = sessions(honoured.lake, THEFT)
    told = {each["workflow_state"]: each for each in found if each["actor"] == EVA}
    like = told["covered"]
    assert (like["workflow_id"], like["case_rank"], like["alert"]) == ("review:eva-customers", None, False)
    assert like["bytes_read"] > 150 * MEGABYTE
    for state in ("other destination", "outside envelope"):
        assert told[state]["workflow_id"] == "review:eva-customers"
        assert told[state]["alert"], state
    assert told.keys() == {"covered", "other destination", "outside envelope"}
    assert sum(each["case_rank"] is None for each in found) == 2, "hers and the loader's"
    database = open_database(url_of(honoured))
    (made,) = workflows(database)
    database.close()
    assert (made.last_matched, made.bucket, made.destination) == (THEFT, "customers reports", "internal")


def configured(folder: Path, review: str, receiver: Receiver) -> Path:
    """Settings that name where the cases go."""
    path = folder / "anomaly.toml"
    named = {"review": {"url": review}, "sinks": {"webhook_url": receiver.url}}
    texts = [f'[{section}]\n{name} = "{value}"\n' for section, of in named.items() for name, value in of.items()]
    path.write_text("".join([*texts, "[daily]\nmlflow = false\n"]), encoding="utf-8")
    return path


def test_a_review_out_of_reach_fails_the_night_at_its_end_alone(
    honoured: World, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = replace(copied(honoured, tmp_path), context=honoured.context)
    broken = tmp_path / "broken.sqlite"
    broken.write_text("no database at all", encoding="utf-8")
    monkeypatch.setenv("ANOMALY_SINKS_WEBHOOK_SECRET", "canary")
    settings = configured(tmp_path, f"sqlite:///{broken}", receiver)
    folders = ("--root", str(mine.root), "--context", str(mine.context), "--config", str(settings))
    words = (*folders, "--date", str(THEFT), "--lookback", "0")
    done = run("daily", str(mine.logs), *words)
    assert done.exit_code == 1, done.output
    assert f"anomaly: the cases of {THEFT} were not published: the review database" in done.stderr
    told = json.loads((mine.root / "reports" / "latest.json").read_text(encoding="utf-8"))
    assert (told["outcome"], told["days"][0]["rescored"], list(told["unpublished"])) == ("failed", False, [str(THEFT)])
    assert "What reviewers approved since the last run is not honoured yet" in told["notes"][0]
    assert len(receiver.keys) == told["days"][0]["sent"]["queued"] > 0, "what they get does not wait for the review"
    page = (mine.root / "reports" / "latest.html").read_text(encoding="utf-8")
    assert "not published" in page
    configured(tmp_path, url_of(mine), receiver)
    assert run("daily", str(mine.logs), *words).exit_code == 0
    last = [line for line in lines(mine.lake) if line["run"] == 4]
    assert [line["event"] for line in last if line["event"] != "ingest"] == ["begin", "sent", "end"]
    assert len(receiver.keys) == told["days"][0]["sent"]["queued"], "nothing is sent twice"
