"""Who signs: IAM users, role sessions, AWS services, foreign callers; with the userIdentity that CloudTrail writes."""

import json
from dataclasses import dataclass
from typing import Any

from anomaly.simulate.caller import Credential
from anomaly.simulate.draw import UPPER, Rng, hexes, stamp, text


@dataclass(frozen=True)
class User:
    """An IAM user; ``keys`` are its long-lived access keys, a later one after a rotation."""

    name: str
    account: str
    principal_id: str
    keys: tuple[str, ...]

    @property
    def arn(self) -> str:
        """The stable principal."""
        return f"arn:aws:iam::{self.account}:user/{self.name}"


@dataclass(frozen=True)
class Role:
    """A role; ``path`` is set for those of the single sign-on service."""

    name: str
    account: str
    principal_id: str
    path: str = "/"

    @property
    def arn(self) -> str:
        """What AWS calls it."""
        return f"arn:aws:iam::{self.account}:role{self.path}{self.name}"

    @property
    def principal(self) -> str:
        """The stable principal, without a session; a role of single sign-on goes without its path."""
        return f"arn:aws:iam::{self.account}:role/{self.name}"


def user(draw: Rng, name: str, account: str, keys: int = 1) -> User:
    """Draw an IAM user's ids."""
    return User(
        name, account, "AIDA" + text(draw, 17, UPPER), tuple("AKIA" + text(draw, 16, UPPER) for _ in range(keys))
    )


def role(draw: Rng, name: str, account: str) -> Role:
    """Draw a role's ids."""
    return Role(name, account, "AROA" + text(draw, 17, UPPER))


def sso_role(draw: Rng, permission_set: str, account: str, region: str) -> Role:
    """Draw a single sign-on role's ids."""
    path = f"/aws-reserved/sso.amazonaws.com/{region}/"
    return Role(f"AWSReservedSSO_{permission_set}_{hexes(draw, 16)}", account, "AROA" + text(draw, 17, UPPER), path)


def temporary_key(draw: Rng) -> str:
    """An access key id of a temporary credential."""
    return "ASIA" + text(draw, 16, UPPER)


def by_key(who: User, key: str) -> Credential:
    """An IAM user's call with a long-lived key."""
    return Credential(who.arn, who.account, "", _json(_user(who, key)))


def by_console(who: User, key: str, created: int) -> Credential:
    """An IAM user's call from the console, with a second factor."""
    body = _user(who, key)
    body["sessionContext"] = {"attributes": _attributes(created, True)}
    return Credential(who.arn, who.account, "", _json(body))


def by_session(
    who: Role,
    session: str,
    key: str,
    created: int,
    *,
    mfa: bool = False,
    ec2: bool = False,
    issuer: str = "",
    invoked_by: str = "",
) -> Credential:
    """A role session's call; ``issuer`` names a web identity provider, ``invoked_by`` the service that acts for it."""
    context: dict[str, Any] = {
        "sessionIssuer": {
            "type": "Role",
            "principalId": who.principal_id,
            "arn": who.arn,
            "accountId": who.account,
            "userName": who.name,
        }
    }
    if issuer:
        context["webIdFederationData"] = {"federatedProvider": issuer, "attributes": {}}
    context["attributes"] = _attributes(created, mfa)
    if ec2:
        context["ec2RoleDelivery"] = "2.0"
    body: dict[str, Any] = {
        "type": "AssumedRole",
        "principalId": f"{who.principal_id}:{session}",
        "arn": f"arn:aws:sts::{who.account}:assumed-role/{who.name}/{session}",
        "accountId": who.account,
        "accessKeyId": key,
        "sessionContext": context,
    }
    if invoked_by:
        body["invokedBy"] = invoked_by
    return Credential(who.principal, who.account, session, _json(body))


def by_service(name: str) -> Credential:
    """An AWS service's own call, such as ``cloudtrail.amazonaws.com``."""
    return Credential(f"service:{name}", "", "", _json({"type": "AWSService", "invokedBy": name}))


def by_stranger(account: str, principal_id: str) -> Credential:
    """A call from an account that is not ours: only its ids are logged."""
    return Credential(
        f"aws-account:{account}",
        account,
        "",
        _json({"type": "AWSAccount", "principalId": principal_id, "accountId": account}),
    )


def anonymous() -> Credential:
    """A call that nobody signed."""
    who = {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}
    return Credential("anonymous", "", "", _json(who))


def by_root(account: str, key: str, created: int) -> Credential:
    """The account's root user, from the console."""
    body = {
        "type": "Root",
        "principalId": account,
        "arn": f"arn:aws:iam::{account}:root",
        "accountId": account,
        "accessKeyId": key,
        "sessionContext": {"attributes": _attributes(created, True)},
    }
    return Credential(f"arn:aws:iam::{account}:root", account, "", _json(body))


def _user(who: User, key: str) -> dict[str, Any]:
    return {
        "type": "IAMUser",
        "principalId": who.principal_id,
        "arn": who.arn,
        "accountId": who.account,
        "accessKeyId": key,
        "userName": who.name,
    }


def _attributes(created: int, mfa: bool) -> dict[str, str]:
    return {"creationDate": stamp(created), "mfaAuthenticated": str(mfa).lower()}


def _json(body: dict[str, Any]) -> str:
    return json.dumps(body, separators=(",", ":"))
