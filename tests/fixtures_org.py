"""A company small enough to know by heart: 18 quiet days of raw CloudTrail, a theft on the 19th, and its scored lake.

Eight people read a little of their own buckets on working days, two roles read every day, one of them under an
approved workflow. On the last day Mallory, who reads a few reports a day from the office, copies the customer bucket to
an address abroad and on to an account nobody knows.
"""

import gzip
import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from anomaly.cli import main
from anomaly.store import Lake

START = date(2026, 3, 6)
DAYS = 19
UNTIL = START + timedelta(days=DAYS - 2)
QUIET, THEFT = UNTIL, UNTIL + timedelta(days=1)
OWN, FOREIGN = "111111111111", "999999999999"
PEOPLE = ("ana", "ben", "cleo", "dan", "eva", "finn", "gus", "mallory")
HOSTILE_KEY = "customers/=cmd|' /C calc'!A0\u202efdp.csv"
CONTEXT = {
    "inventory.csv": "bucket,cloud,account,sensitivity,owner\n"
    f"reports,aws,{OWN},internal,kim@example.org\n"
    f"customers,aws,{OWN},restricted,lee@example.org\n"
    f"raw-events,aws,{OWN},internal,kim@example.org\n",
    "accounts.csv": f"cloud,account,label,relation\naws,{OWN},main,own\n",
    "networks.csv": "cidr,label,kind\n192.0.2.0/24,office,office\n10.0.0.0/8,vpc,vpc\n",
    "workflows.csv": "id,identity,bucket,destination,reason,owner,review_by\n"
    "events-nightly,*role/events-loader,raw-events,internal,loads events,kim@example.org,2030-01-01\n",
}


@dataclass(frozen=True)
class Org:
    """Where the company's raw logs and context files lie."""

    logs: Path
    context: Path


@dataclass(frozen=True)
class ScoredOrg:
    """The company with a lake in which the last two days are scored."""

    org: Org
    root: Path

    @property
    def lake(self) -> Lake:
        """Its lake."""
        return Lake(self.root)

    def run(self, *words: str) -> Result:
        """Run a command of the command line on it."""
        return run(*words, "--root", str(self.root), "--context", str(self.org.context))


def run(*words: str) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(main, list(words))


@pytest.fixture(scope="session")
def org(tmp_path_factory: pytest.TempPathFactory) -> Org:
    """The company's raw logs and context files; not to be changed."""
    folder = tmp_path_factory.mktemp("org")
    for place in range(DAYS):
        _write_day(folder / "logs", START + timedelta(days=place))
    (folder / "context").mkdir()
    for name, text in CONTEXT.items():
        (folder / "context" / name).write_text(text, encoding="utf-8")
    return Org(folder / "logs", folder / "context")


@pytest.fixture(scope="session")
def scored_org(org: Org, tmp_path_factory: pytest.TempPathFactory) -> ScoredOrg:
    """The company ingested, trained and scored through the command line; not to be changed."""
    found = ScoredOrg(org, tmp_path_factory.mktemp("scored") / "lake")
    for words in (
        ("ingest", str(org.logs)),
        ("train", "--until", str(UNTIL)),
        ("score", "--from", str(QUIET), "--to", str(THEFT)),
    ):
        result = found.run(*words)
        assert result.exit_code == 0, result.output
    return found


@pytest.fixture
def own_copy(scored_org: ScoredOrg, tmp_path: Path) -> ScoredOrg:
    """The same lake as a copy that a test may change."""
    shutil.copytree(scored_org.root, tmp_path / "lake")
    return ScoredOrg(scored_org.org, tmp_path / "lake")


def _write_day(logs: Path, day: date) -> None:
    path = (
        logs
        / f"AWSLogs/{OWN}/CloudTrail/eu-west-1/{day:%Y/%m/%d}/{OWN}_CloudTrail_eu-west-1_{day:%Y%m%d}T2359Z_a.json.gz"
    )
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(json.dumps({"Records": list(_records(day))}).encode(), mtime=0))


def _records(day: date) -> Iterator[dict[str, Any]]:
    for place, name in enumerate(PEOPLE if day.weekday() < 5 else PEOPLE[:3]):
        for nth in range(3 + (place + day.day) % 4):
            yield _read(_user(name), day, 9 * 60 + 7 * place + nth, "192.0.2.10", "reports", f"{day}/{nth}.pdf", 40_000)
    for name, session, bucket in (("events-loader", "i-0aa", "raw-events"), ("reporter", "i-0bb", "reports")):
        for nth in range(6):
            address = "10.0.0.7"
            yield _read(_role(name, session), day, 120 + nth, address, bucket, f"{day}/{nth}.json", 900_000)
    if day == THEFT:
        yield from _theft(day)


def _theft(day: date) -> Iterator[dict[str, Any]]:
    who, address, minute = _user("mallory"), "203.0.113.77", 22 * 60
    yield _call(who, day, minute, address, "ListObjects", {"bucketName": "customers"}, {}, [_bucket("customers")])
    for nth in range(60):
        key = HOSTILE_KEY if nth == 0 else f"customers/{nth:03}.csv"
        yield _read(who, day, minute + 1, address, "customers", key, 20_000_060 - nth)
    for nth in range(5):
        target = {
            "bucketName": "drop-zone",
            "key": f"{nth}.csv",
            "x-amz-copy-source": f"customers/customers/{nth:03}.csv",
        }
        resources = [_bucket("drop-zone", FOREIGN), _bucket("customers")]
        yield _call(who, day, minute + 5 + nth, address, "CopyObject", target, {}, resources)
    yield _call(
        who, day, minute + 11, address, "GetObject", {"bucketName": "payroll", "key": "x"}, {}, [], "AccessDenied"
    )


def _user(name: str) -> dict[str, Any]:
    arn = f"arn:aws:iam::{OWN}:user/{name}"
    key = f"AKIA{name.upper():X<16}"
    return {
        "type": "IAMUser",
        "principalId": f"AIDA{name}",
        "arn": arn,
        "accountId": OWN,
        "accessKeyId": key,
        "userName": name,
    }


def _role(name: str, session: str) -> dict[str, Any]:
    issuer = {"type": "Role", "principalId": f"AROA{name}", "arn": f"arn:aws:iam::{OWN}:role/{name}", "accountId": OWN}
    return {
        "type": "AssumedRole",
        "principalId": f"AROA{name}:{session}",
        "arn": f"arn:aws:sts::{OWN}:assumed-role/{name}/{session}",
        "accountId": OWN,
        "accessKeyId": f"ASIA{name.upper().replace('-', ''):X<16}",
        "sessionContext": {"sessionIssuer": issuer | {"userName": name}, "attributes": {"mfaAuthenticated": "false"}},
    }


def _bucket(name: str, account: str = OWN) -> dict[str, str]:
    return {"type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{name}", "accountId": account}


def _read(
    who: dict[str, Any], day: date, minute: int, address: str, bucket: str, key: str, size: int
) -> dict[str, Any]:
    asked = {"bucketName": bucket, "key": key}
    return _call(who, day, minute, address, "GetObject", asked, {"bytesTransferredOut": float(size)}, [_bucket(bucket)])


def _call(
    who: dict[str, Any],
    day: date,
    minute: int,
    address: str,
    api: str,
    asked: dict[str, Any],
    extra: dict[str, Any],
    resources: list[dict[str, str]],
    error: str | None = None,
) -> dict[str, Any]:
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute)
    key = json.dumps([who["arn"], moment.isoformat(), api, asked])
    record = {
        "eventVersion": "1.10",
        "userIdentity": who,
        "eventTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": "s3.amazonaws.com",
        "eventName": api,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": address,
        "userAgent": "[aws-cli/2.15.30 Python/3.11.8 Linux/5.10 command/s3.sync]",
        "requestParameters": asked,
        "additionalEventData": extra,
        "eventID": hashlib.md5(key.encode()).hexdigest(),
        "readOnly": api != "CopyObject",
        "resources": resources,
        "eventType": "AwsApiCall",
        "managementEvent": False,
        "recipientAccountId": OWN,
        "eventCategory": "Data",
    }
    return record | ({"errorCode": error} if error else {})
