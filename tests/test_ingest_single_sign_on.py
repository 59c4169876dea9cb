"""A person who signs in through IAM Identity Center is one identity in every log, and one session in the lake."""

import json
from datetime import date
from pathlib import Path

import pytest

import fixtures_org
from anomaly.context import Context
from anomaly.ingest.identity import identity_of
from anomaly.pipeline import Pipeline
from anomaly.store import Lake, Store
from ingest_records import ACCOUNT, delivered, load, one, put, record, rows

NAME = "AWSReservedSSO_DataEngineer_d741d29ccd6ea7f7"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{NAME}"
PATH = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/{NAME}/ann@example.org"
CALLER = {
    "type": "AssumedRole",
    "arn": SESSION,
    "accountId": ACCOUNT,
    "sessionContext": {"sessionIssuer": {"type": "Role", "arn": f"{PATH}/eu-west-1/{NAME}", "accountId": ACCOUNT}},
}
DAY = date(2024, 3, 1)


@pytest.mark.parametrize("issuer", [f"{PATH}/eu-west-1/{NAME}", f"{PATH}/{NAME}", None])
def test_a_role_of_single_sign_on_goes_without_its_path(issuer: str | None) -> None:
    who = identity_of({"type": "AssumedRole", "arn": SESSION, "sessionContext": {"sessionIssuer": {"arn": issuer}}})
    assert (who.identity, who.kind, who.session_name) == (ROLE, "human", "ann@example.org")


def test_the_path_alone_tells_a_person_and_another_path_stays() -> None:
    renamed = {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Sample/task-1"}
    kinds = {
        path: identity_of(renamed | {"sessionContext": {"sessionIssuer": {"arn": path}}})
        for path in (f"{PATH}/us-west-2/Sample", f"arn:aws:iam::{ACCOUNT}:role/team/Sample")
    }
    assert [(who.identity.split(":")[-1], who.kind) for who in kinds.values()] == [
        ("role/Sample", "human"),
        ("role/team/Sample", "workload"),
    ]


def test_a_credential_for_it_is_handed_out_under_the_same_name(lake: Lake, tmp_path: Path) -> None:
    asked = {"roleArn": f"{PATH}/eu-west-1/{NAME}", "roleSessionName": "ann@example.org"}
    row = one(
        lake, tmp_path / "logs", eventSource="sts.amazonaws.com", eventName="AssumeRoleWithSAML",
        requestParameters=asked, responseElements={"credentials": {"accessKeyId": "ASIANEW"}},
    )  # fmt: skip
    assert (row["issued_identity"], row["issued_session"]) == (ROLE, "ann@example.org")


def access_line(number: int) -> str:
    return (
        f"{'7' * 64} vault [01/Mar/2024:00:00:{number:02d} +0000] 198.51.100.7 {SESSION} R{number} REST.GET.OBJECT"
        f' k/{number}.parquet "GET /k/{number}.parquet HTTP/1.1" 200 - 100 100 12 10 "-" "Boto3/1.34.51" - host='
        " SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader vault.s3.eu-west-1.amazonaws.com TLSv1.2\n"
    )


def test_a_session_that_trail_and_access_log_both_saw_counts_once(lake: Lake, tmp_path: Path) -> None:
    # the trail has objects 0 to 2, the access log 1 to 3: two are told of twice, one each by one log alone
    trail = delivered([record(number, userIdentity=CALLER) for number in range(3)])
    lines = "".join(access_line(number) for number in range(1, 4)).encode()
    load(lake, put(tmp_path / "logs", {"trail.json": trail, "access": lines}))
    assert {(row["source"], row["identity"]) for row in rows(lake)} == {("cloudtrail", ROLE), ("s3_access", ROLE)}
    folder = put(tmp_path / "context", {name: text.encode() for name, text in fixtures_org.CONTEXT.items()})
    Pipeline(lake, Context.load(folder)).build([DAY], ["sessions"])
    with Store(threads=1) as store:
        store.view("sessions", lake.files("sessions", DAY))
        found = store.records("select identity, actor, identity_kind, reads, objects, bytes_read from sessions")
    assert found == [
        {
            "identity": ROLE, "actor": f"{ROLE}/ann@example.org", "identity_kind": "human",
            "reads": 4, "objects": 4, "bytes_read": 400,
        }
    ], json.dumps(found)  # fmt: skip
