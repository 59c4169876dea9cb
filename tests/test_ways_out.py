"""Ways out that need no download: each names its destination, and the same acts within the organisation rank lower."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from anomaly.config import Settings
from anomaly.context import Context
from anomaly.ingest import ingest
from anomaly.score import score_days, train_model
from anomaly.simulate import simulate
from anomaly.store import Lake, Store
from ingest_records import record
from log_lines import azure, gcp

START, DAYS, FIRST_SCORED = date(2026, 1, 5), 26, 24
DAY = START + timedelta(days=FIRST_SCORED + 1)
FOREIGN, OWN, APPROVED = "999999999999", "222222222222", "888888888888"
OBJECTS = 20


@dataclass(frozen=True)
class Way:
    """One act on one day by an identity of its own, which reads a little on every day before."""

    name: str
    cloud: str
    outside: bool
    destination: str

    @property
    def identity(self) -> str:
        """Who does it, as the event table names it."""
        if self.cloud == "aws":
            return f"arn:aws:iam::{OWN}:user/{self.name}"
        return f"{self.name}@acme.example" if self.cloud == "gcp" else f"object:{self.name}"


WAYS = (
    Way("aws-copy-out", "aws", True, "s3://elsewhere"),
    Way("aws-copy-own", "aws", False, "s3://ways-own"),
    Way("aws-copy-approved", "aws", False, "s3://ways-approved"),
    Way("aws-replication-out", "aws", True, "s3://elsewhere"),
    Way("aws-replication-own", "aws", False, "s3://ways-own"),
    Way("aws-policy-out", "aws", True, f"aws-account:{FOREIGN}"),
    Way("aws-policy-own", "aws", False, f"aws-account:{OWN}"),
    Way("gcp-copy-out", "gcp", True, "gs://elsewhere"),
    Way("gcp-copy-own", "gcp", False, "gs://ways-own"),
    Way("azure-copy-out", "azure", True, "azure-account:elsewhere/box"),
    Way("azure-copy-own", "azure", False, "azure-account:waysown/box"),
)
NAMED = {
    "aws-copy-out": FOREIGN,
    "aws-replication-out": FOREIGN,
    "aws-policy-out": FOREIGN,
    "gcp-copy-out": "elsewhere-project",
    "azure-copy-out": "elsewhere",
}
BUCKETS = {"aws": "ways-vault", "gcp": "ways-vault", "azure": "waysvault/box"}


def moment(day: date, number: int, hour: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, 0, number)


def aws(way: Way, when: datetime, id: str, **changes: Any) -> str:
    who = {"type": "IAMUser", "arn": way.identity, "accountId": OWN, "accessKeyId": f"AKIA{way.name.upper()}"}
    base = record(
        userIdentity=who,
        eventTime=when.strftime("%Y-%m-%dT%H:%M:%SZ"),
        eventID=id,
        requestID=id,
        recipientAccountId=OWN,
        requestParameters={"bucketName": BUCKETS["aws"], "key": f"k/{when.second}.parquet"},
        resources=[{"accountId": OWN, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{BUCKETS['aws']}"}],
    )
    return json.dumps(base | changes)


def aws_act(way: Way, when: datetime, id: str) -> str:
    account = {"out": FOREIGN, "own": OWN, "approved": APPROVED}[way.name.rpartition("-")[2]]
    target = {"out": "elsewhere", "own": "ways-own", "approved": "ways-approved"}[way.name.rpartition("-")[2]]
    vault, parameters = BUCKETS["aws"], dict[str, Any]()
    if "copy" in way.name:
        parameters = {"bucketName": target, "key": f"k/{id}", "x-amz-copy-source": f"{vault}/k/{id}"}
        owners = [
            {"accountId": account, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{target}"},
            {"accountId": OWN, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{vault}"},
        ]
        return aws(way, when, id, eventName="CopyObject", requestParameters=parameters, resources=owners)
    if "replication" in way.name:
        rule = {"Status": "Enabled", "Destination": {"Bucket": f"arn:aws:s3:::{target}", "Account": account}}
        parameters = {"bucketName": vault, "ReplicationConfiguration": {"Rule": rule}}
        return aws(way, when, id, eventName="PutBucketReplication", requestParameters=parameters)
    grant = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "s3:GetObject"}
    parameters = {"bucketName": vault, "bucketPolicy": {"Statement": [grant]}}
    return aws(way, when, id, eventName="PutBucketPolicy", requestParameters=parameters)


def gcp_line(way: Way, when: datetime, id: str, out: bool = False) -> str:
    entry = json.loads(gcp(0))
    payload = entry["protoPayload"]
    payload["authenticationInfo"]["principalEmail"] = way.identity
    payload["resourceName"] = f"projects/_/buckets/{BUCKETS['gcp']}/objects/k/{id}.txt"
    entry["resource"]["labels"]["bucket_name"] = BUCKETS["gcp"]
    entry |= {"insertId": id, "timestamp": when.strftime("%Y-%m-%dT%H:%M:%SZ")}
    if out:
        project, bucket = ("elsewhere-project", "elsewhere") if way.outside else ("acme-data", "ways-own")
        payload["metadata"] = {"destination": f"projects/{project}/buckets/{bucket}/objects/{id}"}
    return json.dumps(entry)


def azure_lines(way: Way, when: datetime, id: str, out: bool = False) -> Iterator[str]:
    entry = json.loads(azure(0))
    entry |= {"time": when.strftime("%Y-%m-%dT%H:%M:%S.0000000Z"), "correlationId": id}
    entry["identity"]["requester"] = {"objectId": way.name, "tenantId": "t-1"}
    account, _, container = BUCKETS["azure"].partition("/")
    source = f"https://{account}.blob.core.windows.net/{container}/k/{id}.txt"
    entry["uri"] = source
    entry["properties"] |= {"accountName": account, "objectKey": f"/{account}/{container}/k/{id}.txt"}
    if not out:
        yield json.dumps(entry)
        return
    target = "elsewhere" if way.outside else "waysown"
    entry["properties"]["destinationUri"] = f"https://{target}.blob.core.windows.net/box/k/{id}.txt"
    yield json.dumps(entry | {"operationName": "CopyBlobSource", "category": "StorageRead"})
    if not way.outside:  # the logs of a foreign account are not ours to see
        entry["uri"] = entry["properties"].pop("destinationUri")
        entry["properties"] |= {"accountName": target, "objectKey": f"/{target}/box/k/{id}.txt", "sourceUri": source}
        for operation in ("CopyBlob", "CopyBlobDestination"):
            yield json.dumps(entry | {"operationName": operation, "category": "StorageWrite"})


def lines(way: Way, day: date) -> Iterator[str]:
    """Some reads on working days, on the last day as well the act."""
    for number in range(4):
        when, id = moment(day, number), f"{way.name}-{day}-{number}"
        if way.cloud == "aws":
            yield aws(way, when, id)
        elif way.cloud == "gcp":
            yield gcp_line(way, when, id)
        else:
            yield from azure_lines(way, when, id)
    if day < DAY:
        return
    for number in range(OBJECTS if "copy" in way.name else 1):
        when, id = moment(day, number, hour=12), f"{way.name}-act-{number}"
        if way.cloud == "aws":
            yield aws_act(way, when, id)
        elif way.cloud == "gcp":
            yield gcp_line(way, when, id, out=True)
        else:
            yield from azure_lines(way, when, id, out=True)


def write_context(folder: Path) -> None:
    azure, pattern = ["t-1", "waysvault", "waysown"], "*user/aws-copy-approved"
    rows = {
        "inventory.csv": [
            [BUCKETS["aws"], "aws", OWN, "restricted", "lee"],
            ["ways-own", "aws", OWN, "restricted", "lee"],
            [BUCKETS["gcp"], "gcp", "acme-data", "restricted", "lee"],
            ["ways-own", "gcp", "acme-data", "restricted", "lee"],
            [BUCKETS["azure"], "azure", "waysvault", "restricted", "lee"],
            ["waysown/box", "azure", "waysown", "restricted", "lee"],
        ],
        "accounts.csv": [["aws", OWN, "ways", "own"]]
        + [["gcp", account, "ways", "own"] for account in ("acme-data", "acme.example")]
        + [["azure", account, "ways", "own"] for account in azure],
        "workflows.csv": [
            ["ways", pattern, BUCKETS["aws"], f"aws-account:{APPROVED}", "agreed", "lee", "2030-01-01", ""]
        ],
    }
    for name, added in rows.items():
        with (folder / name).open("a", encoding="utf-8", newline="") as handle:
            csv.writer(handle).writerows(added)


BUDGET = 2.0


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """An organisation of 26 days with the eleven identities among its people; the last session of each on the day."""
    folder = tmp_path_factory.mktemp("ways")
    simulate(folder, seed=11, days=DAYS, start=START, scale=0.2, attacks=[], attack_from=FIRST_SCORED)
    for way in WAYS:
        days = [START + timedelta(days=number) for number in range(FIRST_SCORED + 2)]
        texts = [line for day in days if day.weekday() < 5 for line in lines(way, day)]
        (folder / "logs" / f"{way.name}.json").write_text("\n".join(texts) + "\n", encoding="utf-8")
    write_context(folder / "context")
    lake = Lake(folder / "lake")
    report = ingest([folder / "logs"], lake)
    assert report.balanced
    assert report.records.quarantined == 0
    context = Context.load(folder / "context")
    train_model(lake, context, Settings(), START + timedelta(days=FIRST_SCORED))
    # ten a day would be one in five of this small company's cases
    score_days(lake, context, Settings.load(None, {"score.budget_per_day": BUDGET}), [DAY])
    with Store() as store:
        for table in ("scores", "sessions", "flows", "session_features"):
            store.view(table, lake.files(table, DAY))
        found = store.records(
            """select s.identity, s.alert, s.score, t.destinations, f.destination_new, f.destination_outside,
                (select max(destination_account) from flows where flows.session_id = s.session_id) as account
            from scores as s join sessions as t using (session_id) join session_features as f using (session_id)"""
        )
    return {row["identity"]: row for row in found if row["destinations"]}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_the_destination_is_named(way: Way, sessions: dict[str, dict[str, Any]]) -> None:
    row = sessions[way.identity]
    assert row["destinations"] == [way.destination]
    if way.outside:
        assert row["account"] == NAMED[way.name]


@pytest.mark.parametrize("way", [way for way in WAYS if way.outside], ids=lambda way: way.name)
def test_outside_it_is_new_and_outside(way: Way, sessions: dict[str, dict[str, Any]]) -> None:
    row = sessions[way.identity]
    assert row["destination_new"] > 2
    assert row["destination_outside"] > 2
    assert row["alert"]


@pytest.mark.parametrize("way", [way for way in WAYS if way.outside], ids=lambda way: way.name)
def test_the_same_act_within_the_organisation_is_less_unusual(way: Way, sessions: dict[str, dict[str, Any]]) -> None:
    own = next(other for other in WAYS if other.name == way.name.replace("-out", "-own"))
    assert sessions[own.identity]["score"] < sessions[way.identity]["score"]


@pytest.mark.parametrize("way", [way for way in WAYS if not way.outside], ids=lambda way: way.name)
def test_towards_our_own_or_approved_it_does_not_alert(way: Way, sessions: dict[str, dict[str, Any]]) -> None:
    assert not sessions[way.identity]["alert"]
