"""Who made a call: CloudTrail's ``userIdentity`` as one stable principal and what kind of actor it is.

A role session answers to the role, its session name apart, so that a stolen credential that hops between
addresses and keys stays one principal. The kind is a reading of this one record, no more.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ASSUMED_ROLE = re.compile(r"^arn:([^:]*):sts::(\d*):assumed-role/([^/]+)/?(.*)$")
SSO_ROLE = r"^(arn:[^:]*:iam::\d*:role)/aws-reserved/sso\.amazonaws\.com/(?:[^/]+/)?([^/]+)$"
SSO_PATH = re.compile(SSO_ROLE)
"""A role that IAM Identity Center made: the access log has it without its path, so it goes by its name in every log."""

FEDERATED = re.compile(r"^arn:[^:]*:sts::\d*:federated-user/(.+)$")

MACHINE_SESSION = re.compile(
    r"""^(?:
        i-[0-9a-f]{8,17}                                       # EC2 instance profile
      | botocore-session-\d+ | aws-go-sdk-\d+ | aws-sdk-[a-z]+-.* # SDK defaults
      | [0-9a-f]{32} | [0-9a-f-]{36} | \d+                     # ECS task, uuid, epoch
      | (?:eks|ecs|lambda|aws|awslambda|awscodebuild|codebuild|codepipeline|emr|glue|batch|sagemaker|s3)[-_.].*
      | s3-replication | .*session-?\d{6,}
      | (?:github|gitlab|jenkins|circleci|buildkite|terraform|ansible|argo|airflow|spinnaker|bitbucket|actions?)\w*.*
    )$""",
    re.IGNORECASE | re.VERBOSE,
)
"""Role session names that programs choose: seen in public samples and documented SDK defaults."""

SERVICE_WORD = re.compile(
    r"(?:^|[-_./ ])(?:svc|service|services|srv|bot|robot|ci|cd|cicd|deploy|deployer|deployment|jenkins|terraform|backup"
    r"|github|gitlab|pipeline|automation|automated|lambda|app|application|etl|batch|cron|job|system|agent|api|task"
    r"|function|worker|scheduler|monitoring|scanner|sync|replication|export|import|loader|ingest|ml|node|cluster"
    r"|instance|runner|session|default|test|prod|dev|audit|monitor|sagemaker|airflow|spark|glue|emr|eks|ecs"
    r")(?:$|[-_./ \d])",
    re.IGNORECASE,
)
"""Words that name a machine account, as whole parts of a name."""

PERSON_NAME = re.compile(r"@|^[A-Za-z]+\.[A-Za-z]+\d*$")
"""A mail address or first.last: decides before any service word (a person may be called jenkins)."""

LOGIN = re.compile(r"^[A-Za-z]+_[A-Za-z]+\d*$|^[A-Za-z][a-z]+\d{0,2}$")
"""A short login: a person's where no service word stands in it."""


@dataclass(frozen=True)
class Identity:
    """One principal as the event table names it; see ``identity`` to ``mfa`` in the catalogue."""

    identity: str = "unknown"
    kind: str = "workload"
    account: str | None = None
    session_name: str | None = None
    access_key_id: str | None = None
    role_chain: str | None = None
    mfa: bool | None = None
    invoked_by: str | None = None
    account_principal: bool = False
    """The record shows only an account of the caller: an outsider when it is not the recipient's."""


def identity_of(raw: Mapping[str, Any]) -> Identity:
    """Read a ``userIdentity`` object; an empty one is ``unknown``.

    >>> identity_of({"type": "AWSService", "invokedBy": "config.amazonaws.com"}).identity
    'service:config.amazonaws.com'
    """
    context = _object(raw, "sessionContext")
    name, session = _principal(raw, context)
    mfa = {"true": True, "false": False}.get(str(_object(context, "attributes").get("mfaAuthenticated")).lower())
    return Identity(
        identity=SSO_PATH.sub(r"\1/\2", name),
        kind=_kind(raw, context, name, session, mfa),
        account=_account(raw, context),
        session_name=session,
        access_key_id=_text(raw, "accessKeyId"),
        role_chain=_role_chain(raw, context),
        mfa=mfa,
        invoked_by=_text(raw, "invokedBy"),
        account_principal=name.startswith(("aws-account:", "principal:")) and _text(raw, "type") == "AWSAccount",
    )


def _principal(raw: Mapping[str, Any], context: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return the stable name and the session name."""
    arn, kind = _text(raw, "arn"), _text(raw, "type")
    if kind == "AWSService" or (not arn and not _text(raw, "principalId") and _text(raw, "invokedBy")):
        return f"service:{_text(raw, 'invokedBy') or 'unknown'}", None
    if "ANONYMOUS_PRINCIPAL" in (_text(raw, "accountId"), _text(raw, "principalId")):
        return "anonymous", None
    issuer = _text(_object(context, "sessionIssuer"), "arn")
    if arn and (role := ASSUMED_ROLE.match(arn)):
        partition, account, role_name, session = role.groups()
        return issuer or f"arn:{partition}:iam::{account}:role/{role_name}", session or None
    if arn and (federated := FEDERATED.match(arn)):
        return issuer or arn, federated.group(1)
    if arn:
        return arn, None
    return _without_arn(raw, issuer)


def _without_arn(raw: Mapping[str, Any], issuer: str | None) -> tuple[str, str | None]:
    principal, account, user = _text(raw, "principalId"), _text(raw, "accountId"), _text(raw, "userName")
    stable, _, session = (principal or "").partition(":")
    if _text(raw, "type") in ("WebIdentityUser", "SAMLUser") and (user or principal):
        return f"federated:{user or principal}", None
    if _text(raw, "type") == "AWSAccount" and account:
        # another account's many principals are one outsider; which of them it was tells its sessions apart
        return f"aws-account:{account}", principal if stable != account else None
    if issuer:
        return issuer, session or None
    if user and account and _text(raw, "type") == "IAMUser":
        return f"arn:aws:iam::{account}:user/{user}", None
    if stable and stable != account:
        return f"principal:{stable}", session or None
    if account:
        return f"aws-account:{account}", None
    return (f"user:{user}", None) if user else ("unknown", None)


def _kind(raw: Mapping[str, Any], context: Mapping[str, Any], name: str, session: str | None, mfa: bool | None) -> str:
    kind = _text(raw, "type") or ""
    if name == "anonymous":
        return "anonymous"
    if name.startswith("service:"):
        return "service"
    if kind in ("Root", "IdentityCenterUser", "SAMLUser") or mfa:
        return "human"
    if kind == "AWSAccount":
        return "workload"
    if session is not None:
        return _session_kind(raw, context, name, session)
    if kind in ("IAMUser", "FederatedUser") and name.startswith("arn:"):
        return "workload" if SERVICE_WORD.search(name.split(":", 5)[-1].partition("/")[2]) else "human"
    return "workload"


def _session_kind(raw: Mapping[str, Any], context: Mapping[str, Any], name: str, session: str) -> str:
    """Tell a person's session from a program's by who chose its name."""
    if "AWSServiceRole" in name or "/aws-service-role/" in name or _text(raw, "invokedBy"):
        return "workload"
    if "AWSReservedSSO_" in name or "/aws-reserved/sso." in name or PERSON_NAME.search(session):
        return "human"
    if context.get("ec2RoleDelivery") or _federated_provider(context) or MACHINE_SESSION.match(session):
        return "workload"
    if SERVICE_WORD.search(session):
        return "workload"
    return "human" if LOGIN.search(session) else "workload"


def _role_chain(raw: Mapping[str, Any], context: Mapping[str, Any]) -> str | None:
    return (
        _text(context, "sourceIdentity")
        or _federated_provider(context)
        or _text(raw, "identityProvider")
        or _text(_object(raw, "onBehalfOf"), "userId")
    )


def _federated_provider(context: Mapping[str, Any]) -> str | None:
    return _text(_object(context, "webIdFederationData"), "federatedProvider")


def _account(raw: Mapping[str, Any], context: Mapping[str, Any]) -> str | None:
    account = _text(raw, "accountId") or _text(_object(context, "sessionIssuer"), "accountId")
    if account == "ANONYMOUS_PRINCIPAL":
        return None
    return account or _arn_account(_text(raw, "arn"))


def _arn_account(arn: str | None) -> str | None:
    parts = (arn or "").split(":", 5)
    return parts[4] or None if len(parts) == 6 else None


def _object(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = raw.get(key)
    return value if isinstance(value, Mapping) else {}


def _text(raw: Mapping[str, Any], key: str) -> str | None:
    value = raw.get(key)
    return value.strip() or None if isinstance(value, str) else None
