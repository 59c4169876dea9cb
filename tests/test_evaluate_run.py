"""A whole evaluation of one tiny organisation, into whose raw logs an obvious leak was spliced."""

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from anomaly.config import Settings
from anomaly.errors import UsageError
from anomaly.evaluate.baselines_pyod import DETECTORS, installed
from anomaly.evaluate.command import evaluate
from anomaly.evaluate.outcome import campaign_days, campaigns
from anomaly.evaluate.replay import OURS, RANKINGS, Replay, replay
from anomaly.evaluate.report import as_dict
from anomaly.evaluate.result import result
from anomaly.evaluate.run import run
from anomaly.evaluate.world import Plan, World, open_world
from anomaly.ingest import ingest
from anomaly.model.registry import Registry

PLAN = Plan(seed=4, days=18, scale=0.05)
LEAK_DAY = "2026-01-19"  # two days into the scored ones
THIEF = "arn:aws:iam::999999999999:user/quiet"


def spliced_record(number: int, bucket: str) -> dict[str, object]:
    return {
        "eventVersion": "1.10",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAQUIETQUIETQUIETQ",
            "arn": THIEF,
            "accountId": "999999999999",
            "accessKeyId": "AKIAQUIETQUIETQUIETQ",
            "userName": "quiet",
        },
        "eventTime": f"{LEAK_DAY}T03:{number // 60:02}:{number % 60:02}Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.77",
        "userAgent": "[rclone/v1.65.2]",
        "requestParameters": {"bucketName": bucket, "key": f"everything/{number:06}"},
        "additionalEventData": {"bytesTransferredOut": 5e7, "AuthenticationMethod": "AuthHeader"},
        "requestID": f"LEAK{number:012}",
        "eventID": f"00000000-0000-4000-8000-{number:012}",
        "readOnly": True,
        "eventType": "AwsApiCall",
        "managementEvent": False,
        "recipientAccountId": "111111111111",
        "eventCategory": "Data",
    }


def splice_leak(world: World) -> None:
    inventory = pd.read_csv(world.organisation / "context" / "inventory.csv")
    bucket = str(inventory.loc[inventory["sensitivity"] == "restricted", "bucket"].iloc[0])
    records = [spliced_record(number, bucket) for number in range(600)]
    with gzip.open(world.organisation / "logs" / "leak.json.gz", "wt", encoding="utf-8") as file:
        json.dump({"Records": records}, file)
    header = (world.organisation / "truth.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    row = dict.fromkeys(header, "") | {
        "campaign": "leak",
        "scenario": "S01",
        "kind": "attack",
        "day": LEAK_DAY,
        "identity": THIEF,
        "buckets": bucket,
        "first_time": f"{LEAK_DAY}T03:00:00Z",
        "last_time": f"{LEAK_DAY}T03:09:59Z",
        "bytes_read": str(600 * 50_000_000),
        "objects": "600",
    }
    with (world.organisation / "truth.csv").open("a", encoding="utf-8") as file:
        file.write(",".join(row[name] for name in header) + "\n")
    ingest([world.organisation / "logs"], world.lake)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Draw the organisation and splice the leak into it."""
    world = open_world(tmp_path_factory.mktemp("evaluation"), PLAN)
    splice_leak(world)
    return world


@pytest.fixture(scope="module")
def replayed(world: World) -> Replay:
    return replay(world, Settings())


def test_the_obvious_leak_is_found(replayed: Replay) -> None:
    found = campaigns(campaign_days(replayed.truth, replayed.matches, replayed.queues[OURS])).set_index("campaign")
    assert found["best_rank"]["leak"] <= 3
    assert found["days_to_detect"]["leak"] == 0
    assert found["alerted"]["leak"]


def test_training_ends_before_the_first_scored_day(replayed: Replay) -> None:
    assert replayed.trained.until == PLAN.until
    assert min(replayed.days) == (PLAN.until - pd.Timestamp(0).date()).days
    assert len(replayed.days) == PLAN.days - PLAN.attack_from


def test_every_ranking_queues_the_same_sessions_in_the_same_cases(replayed: Replay) -> None:
    assert set(replayed.queues) == set(RANKINGS) - (set() if installed() else set(DETECTORS))
    ours = replayed.queues[OURS].set_index("session_id")
    for queue in replayed.queues.values():
        theirs = queue.set_index("session_id").loc[ours.index]
        assert (theirs["case_rank"].isna() == ours["case_rank"].isna()).all()
        assert theirs.groupby("case_id").size().sort_values().tolist() == sorted(ours.groupby("case_id").size())
        for _, of_day in theirs.dropna(subset="case_rank").groupby("day"):
            assert sorted(of_day["case_rank"].unique()) == list(range(1, of_day["case_id"].nunique() + 1))


def test_a_run_reuses_the_folder_repeats_the_figures_and_keeps_them(world: World, replayed: Replay) -> None:
    out, said = world.folder.parent, list[str]()
    written = run(out, [PLAN], Settings(), say=said.append)
    told = json.loads((out / "evaluation.json").read_text(encoding="utf-8"))
    assert told == json.loads(json.dumps(as_dict(result([replayed], Settings().score.budget_per_day))))
    ranks = {row["campaign"]: row["best_rank"] for row in told["campaigns"] if row["ranking"] == OURS}
    assert ranks["4/leak"] <= 3
    assert (out / "evaluation.md").read_text(encoding="utf-8") == written.markdown
    assert (out / "evaluation.html").read_text(encoding="utf-8") == written.html
    kept = {path.name for path in Registry(out).artifacts.rglob("*") if path.is_file()}
    assert kept >= {"evaluation.json", "evaluation.md", "misses.md", "evaluation.html"}
    assert "4/leak" in written.misses
    assert Registry(out).versions() == []  # the evaluation keeps figures there, not models


def test_a_folder_of_someone_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "seed-4").mkdir()
    (tmp_path / "seed-4" / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(UsageError, match="no evaluation put there"):
        open_world(tmp_path, PLAN)
    assert (tmp_path / "seed-4" / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--seeds", "1,two"], "not a list of whole numbers"),
        (["--seeds", "1,1"], "names a seed twice"),
        (["--days", "27"], "27 is not in the range"),
        (["--budget", "0"], "0.0 is not in the range"),
    ],
)
def test_wrong_options_are_named(arguments: list[str], says: str) -> None:
    answer = CliRunner().invoke(evaluate, arguments)
    assert answer.exit_code == 2
    assert says in answer.output
