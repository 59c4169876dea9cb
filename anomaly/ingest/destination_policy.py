"""Whom a policy or an access list lets in: everyone, an outside account, a network, nobody new."""

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from anomaly.ingest.destination_shapes import leaves, listed, member, objects, parsed

ARN_ACCOUNT = re.compile(r"^arn:[^:]*:[^:]*:[^:]*:(\d{12}):")
PUBLIC_GROUPS = ("acs.amazonaws.com/groups/global/AllUsers", "acs.amazonaws.com/groups/global/AuthenticatedUsers")
PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read", "website")
POLICY_NAMES = ("bucketpolicy", "policy", "policydocument", "assumerolepolicydocument", "resourcepolicy")
EQUALS = re.compile(r"^(?:ForAnyValue:)?(?:String|Arn)(?:Equals|Like|EqualsIgnoreCase)$", re.IGNORECASE)
"""Operators that hold a caller to the values they name. Negated ones, and IfExists, let a caller in who has none."""

ACCOUNT_KEYS = ("aws:principalaccount", "aws:sourceaccount", "aws:principalarn", "aws:sourcearn", "aws:sourceowner")
ORGANISATION_KEYS = ("aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths")
NETWORK_KEYS = ("aws:sourcevpce", "aws:sourcevpc", "aws:vpcsourceip", "aws:vpceaccount", "aws:vpceorgid")

Opened = tuple[str, str | None]
"""Kind of destination and, where one is named, the account."""
RANKS = {"public": 0, "account": 1, "network": 2}


def opened_by_policy(asked: Any, owner: str | None) -> Opened | None:
    """Return the widest opening of the policies in a request, None where they let in nobody but services.

    Public stands before another account than the owner's, that before a network, the owner's own account last.

    Parameters
    ----------
    asked
        The request; a policy is an object or text under any usual name, at any depth.
    owner
        Account of the bucket: another one is preferred to it.
    """
    found = [
        opening
        for name, document in objects(asked)
        if name in POLICY_NAMES
        for statement in listed(parsed(document).get("Statement"))
        if isinstance(statement, Mapping) and statement.get("Effect") == "Allow"
        for opening in _statement(statement)
    ]
    return widest(found, owner)


def opened_to_names(names: Iterable[str], owner: str | None) -> Opened | None:
    """Return the widest opening among accounts, arns, ``*`` and ``all``."""
    return widest([opening for name in names if (opening := _opening(name))], owner)


def widest(found: list[Opened], owner: str | None) -> Opened | None:
    """Return the opening that says the most."""
    return min(found, key=lambda o: (o[0] == "account" and o[1] == owner, RANKS[o[0]]), default=None)


def _statement(statement: Mapping[str, Any]) -> Iterator[Opened]:
    names = ["*"] if "NotPrincipal" in statement else list(_names(statement.get("Principal")))
    for name in names:
        if opening := _opening(name):
            yield from _narrowed(member(statement, "Condition")) if opening[0] == "public" else [opening]


def _names(principal: Any) -> Iterator[str]:
    """Yield the accounts and arns of a principal; services and identity providers are none."""
    named = principal.get("AWS") if isinstance(principal, Mapping) else principal
    yield from (name for name in listed(named) if isinstance(name, str))


def _opening(name: str) -> Opened | None:
    if name in ("*", "all"):
        return "public", None
    account = account_in(name)
    return ("account", account) if account else None


def account_in(name: str) -> str | None:
    """Return the account that a principal names, by number or by arn.

    >>> account_in("arn:aws:iam::222222222222:root")
    '222222222222'
    """
    if re.fullmatch(r"\d{12}", name):
        return name
    match = ARN_ACCOUNT.match(name + ":")
    return match.group(1) if match else None


def _narrowed(condition: Mapping[str, Any]) -> list[Opened]:
    """Return what is left of "everyone": all conditions hold together, so the narrowest speaks."""
    tests = [
        (str(operator), str(key).lower(), [v for v in listed(values) if isinstance(v, str)])
        for operator, keys in condition.items()
        if isinstance(keys, Mapping)
        for key, values in keys.items()
    ]
    held = [(key, values) for operator, key, values in tests if EQUALS.match(operator) and "*" not in values]
    accounts = [account for key, values in held if key in ACCOUNT_KEYS for v in values if (account := account_in(v))]
    if accounts:
        return [("account", account) for account in accounts]
    if any(key in ORGANISATION_KEYS for key, _ in held):
        return [("account", None)]
    ranges = [values for operator, key, values in tests if operator == "IpAddress" and key == "aws:sourceip"]
    if any(key in NETWORK_KEYS for key, _ in held) or any(_limits(values) for values in ranges):
        return [("network", None)]
    return [("public", None)]


def _limits(ranges: list[str]) -> bool:
    """Whether address ranges leave anybody out."""
    try:
        return bool(ranges) and all(ip_network(text, strict=False).prefixlen > 1 for text in ranges)
    except ValueError:
        return False


def opened_by_list(asked: Mapping[str, Any]) -> Opened | None:
    """Return whom an access list lets in; a grantee is known by a canonical id, which names no account."""
    given = list(leaves({k: v for k, v in asked.items() if str(k).lower().startswith("x-amz-grant")}))
    policy = member(asked, "AccessControlPolicy")
    grants = list(leaves(policy.get("AccessControlList"), "AccessControlList"))
    canned = [name for name in listed(asked.get("x-amz-acl")) if isinstance(name, str)]
    texts = [value for _, value in given + list(leaves(policy))]
    if any(name in PUBLIC_ACLS for name in canned) or any(group in t for t in texts for group in PUBLIC_GROUPS):
        return "public", None
    me = member(policy, "Owner").get("ID")
    others = [value for key, value in grants if (key == "ID" and me and value != me) or key == "EmailAddress"]
    return ("account", None) if others or given else None
