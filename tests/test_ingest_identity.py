"""Who made the call: every shape of userIdentity that logs hold."""

from typing import Any

import pytest

from anomaly.ingest.identity import identity_of

CODE = "111111111111"


def assumed(session: str, role: str = "reader", partition: str = "aws", **context: Any) -> dict[str, Any]:
    return {
        "type": "AssumedRole",
        "arn": f"arn:{partition}:sts::{CODE}:assumed-role/{role}/{session}",
        "accountId": CODE,
        "sessionContext": context,
    }


@pytest.mark.parametrize(
    ("raw", "identity", "kind", "session"),
    [
        (assumed("i-0123456789abcdef0"), f"arn:aws:iam::{CODE}:role/reader", "workload", "i-0123456789abcdef0"),
        (assumed("x", partition="aws-us-gov"), f"arn:aws-us-gov:iam::{CODE}:role/reader", "workload", "x"),
        (
            assumed("ann@example.com", partition="aws-cn"),
            f"arn:aws-cn:iam::{CODE}:role/reader",
            "human",
            "ann@example.com",
        ),
        (
            assumed("s", sessionIssuer={"arn": f"arn:aws:iam::{CODE}:role/team/reader"}),
            f"arn:aws:iam::{CODE}:role/team/reader",
            "workload",
            "s",
        ),
        (
            {"type": "IAMUser", "arn": f"arn:aws:iam::{CODE}:user/team/ann", "accountId": CODE},
            f"arn:aws:iam::{CODE}:user/team/ann",
            "human",
            None,
        ),
        (
            {"type": "IAMUser", "arn": f"arn:aws:iam::{CODE}:user/svc-backup", "accountId": CODE},
            f"arn:aws:iam::{CODE}:user/svc-backup",
            "workload",
            None,
        ),
        ({"type": "IAMUser", "userName": "ann", "accountId": CODE}, f"arn:aws:iam::{CODE}:user/ann", "human", None),
        (
            {"type": "Root", "arn": f"arn:aws:iam::{CODE}:root", "accountId": CODE},
            f"arn:aws:iam::{CODE}:root",
            "human",
            None,
        ),
        (
            {"type": "FederatedUser", "arn": f"arn:aws:sts::{CODE}:federated-user/ann_lee", "accountId": CODE},
            f"arn:aws:sts::{CODE}:federated-user/ann_lee",
            "human",
            "ann_lee",
        ),
        ({"type": "AWSService", "invokedBy": "s3.amazonaws.com"}, "service:s3.amazonaws.com", "service", None),
        ({"accountId": CODE, "invokedBy": "s3.amazonaws.com"}, "service:s3.amazonaws.com", "service", None),
        ({"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}, "anonymous", "anonymous", None),
        ({"type": "AWSAccount", "accountId": "222222222222"}, "aws-account:222222222222", "workload", None),
        (
            {"type": "AWSAccount", "accountId": "222222222222", "principalId": "222222222222"},
            "aws-account:222222222222",
            "workload",
            None,
        ),
        (
            {"type": "AWSAccount", "accountId": "222222222222", "principalId": "AROAX:task-1"},
            "aws-account:222222222222",
            "workload",
            "AROAX:task-1",
        ),
        ({"type": "AWSAccount", "principalId": "AROAX:task-1"}, "principal:AROAX", "workload", "task-1"),
        (
            {
                "type": "WebIdentityUser",
                "principalId": f"arn:aws:iam::{CODE}:oidc-provider/token.example.com:sts.amazonaws.com:repo:org/repo",
                "userName": "repo:org/repo:ref:refs/heads/main",
                "identityProvider": f"arn:aws:iam::{CODE}:oidc-provider/token.example.com",
            },
            "federated:repo:org/repo:ref:refs/heads/main",
            "workload",
            None,
        ),
        ({"type": "SAMLUser", "principalId": "abc=:x", "userName": "ann"}, "federated:ann", "human", None),
        ({}, "unknown", "workload", None),
        ({"type": 7, "arn": ["x"], "sessionContext": "none"}, "unknown", "workload", None),
    ],
)
def test_identity(raw: dict[str, Any], identity: str, kind: str, session: str | None) -> None:
    who = identity_of(raw)
    assert (who.identity, who.kind, who.session_name) == (identity, kind, session)


@pytest.mark.parametrize(
    ("session", "kind"),
    [
        ("botocore-session-1710000000", "workload"),
        ("GitHubActions", "workload"),
        ("AWSCodeBuild-0f0e", "workload"),
        ("5f3c0a1b2c3d4e5f60718293a4b5c6d7", "workload"),
        ("nightly-etl", "workload"),
        ("s3-replication", "workload"),
        ("leroy.jenkins", "human"),
        ("user_name", "human"),
        ("alice", "human"),
    ],
)
def test_a_session_name_tells_a_program_from_a_person(session: str, kind: str) -> None:
    assert identity_of(assumed(session)).kind == kind


def test_single_sign_on_roles_are_people_and_service_linked_roles_are_not() -> None:
    assert identity_of(assumed("batch-7", role="AWSReservedSSO_Admin_0a1b")).kind == "human"
    assert identity_of(assumed("ann@example.com", role="AWSServiceRoleForConfig")).kind == "workload"
    assert identity_of(assumed("ann.lee") | {"invokedBy": "athena.amazonaws.com"}).kind == "workload"


def test_a_second_factor_means_a_person() -> None:
    who = identity_of(assumed("batch-7", attributes={"mfaAuthenticated": "true"}))
    assert (who.kind, who.mfa) == ("human", True)


def test_who_stands_behind_a_session() -> None:
    assert identity_of(assumed("x", sourceIdentity="ann")).role_chain == "ann"
    web = {"federatedProvider": "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"}
    assert identity_of(assumed("x", webIdFederationData=web)).role_chain == web["federatedProvider"]
