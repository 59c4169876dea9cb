"""Where a call sends data or opens it to: copies, replication, policies, access lists, snapshot and image shares.

A small number of calls name a destination; they are read here one by one, in Python, and joined back. A plain read
names none: it goes to the caller.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

ARN_ACCOUNT = re.compile(r"^arn:[^:]*:[^:]*:[^:]*:(\d{12}):")
BUCKET_ARN = re.compile(r"^arn:[^:]*:s3[a-z-]*:[^:]*:[^:]*:(?:bucket/)?([^/]+)$")
ACCESS_POINT = re.compile(
    r"^(arn:[^:]*:s3[a-z-]*:[^:]*:\d*:(?:accesspoint|outpost/[^/]+/accesspoint)[/:][^/]+)/(?:object/)?(.+)$"
)
PUBLIC_GROUPS = ("acs.amazonaws.com/groups/global/AllUsers", "acs.amazonaws.com/groups/global/AuthenticatedUsers")
PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read", "website")
EXPORT_KEYS = ("s3bucketarn", "s3bucketname", "s3bucket", "bucket", "s3bucketowner")
SHARE_KEYS = ("userId", "valuesToAdd", "accountWithRestoreAccess", "consumerIdentifier", "principals", "principal")


@dataclass(frozen=True)
class Destination:
    """A destination, and for copies the source that takes the place of bucket, key and owner."""

    kind: str | None = None
    account: str | None = None
    bucket: str | None = None
    source_bucket: str | None = None
    source_key: str | None = None
    source_account: str | None = None


def destination_of(api: str, parameters: Any, resources: Any, owner: str | None) -> Destination:
    """Read the destination a call names.

    Parameters
    ----------
    api
        Name of the call.
    parameters, resources
        ``requestParameters`` and ``resources`` as parsed JSON; anything that is no object or list counts as empty.
    owner
        Account of the bucket or of the trail: a destination elsewhere is preferred to it.
    """
    asked = parameters if isinstance(parameters, Mapping) else {}
    rows = [row for row in resources if isinstance(row, Mapping)] if isinstance(resources, list) else []
    if api in ("CopyObject", "UploadPartCopy"):
        return _copy(asked, rows)
    if api == "PutBucketReplication":
        return _replication(asked, owner)
    if api.endswith("Policy"):
        return _principals(asked, owner)
    if api in ("PutBucketAcl", "PutObjectAcl"):
        return _access_list(asked, owner)
    return _bucket_named(asked, owner) or _share(asked, owner)


def _copy(asked: Mapping[str, Any], rows: list[Mapping[str, Any]]) -> Destination:
    target = _text(asked.get("bucketName"))
    bucket, key = copy_source(_text(asked.get("x-amz-copy-source")))
    owners = dict(_bucket_owners(rows))
    bucket = bucket or next((name for name in owners if name != target), None)
    return Destination(
        kind="bucket",
        account=owners.get(target or ""),
        bucket=target,
        source_bucket=bucket,
        source_key=key,
        source_account=owners.get(bucket or ""),
    )


def copy_source(header: str | None) -> tuple[str | None, str | None]:
    """Split ``x-amz-copy-source`` into bucket (or access point arn) and key.

    >>> copy_source("/my-bucket/a%20b.txt?versionId=abc")
    ('my-bucket', 'a b.txt')
    """
    if not header:
        return None, None
    path = unquote(re.sub(r"\?versionId=[^?]*$", "", header)).removeprefix("/")
    if point := ACCESS_POINT.match(path):
        return point.group(1), point.group(2)
    bucket, _, key = path.partition("/")
    return bucket or None, key or None


def _bucket_owners(rows: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for row in rows:
        fields = {str(name).lower(): value for name, value in row.items()}
        arn, account = _text(fields.get("arn")), _text(fields.get("accountid"))
        if arn and account and (match := BUCKET_ARN.match(arn)):
            yield match.group(1), account
        elif arn and account and ":accesspoint" in arn:
            yield arn, account


def _replication(asked: Mapping[str, Any], owner: str | None) -> Destination:
    """Of several rules, one to another account says the most."""
    rules = _listed(_object(asked, "ReplicationConfiguration").get("Rule"))
    targets = [_object(rule, "Destination") for rule in rules if isinstance(rule, Mapping)]
    targets = [target for target in targets if target]
    if not targets:
        return Destination()
    chosen = next((t for t in targets if _text(t.get("Account")) not in (None, owner)), targets[0])
    bucket = _text(chosen.get("Bucket")) or ""
    match = BUCKET_ARN.match(bucket)
    return Destination("bucket", _text(chosen.get("Account")), match.group(1) if match else bucket or None)


def _principals(asked: Mapping[str, Any], owner: str | None) -> Destination:
    policy = next((asked[key] for key in ("bucketPolicy", "policy", "Policy") if asked.get(key)), None)
    document = _parsed(policy)
    statements = _listed(_object(document, "Statement") or document.get("Statement")) if document else []
    found = [
        principal
        for statement in statements
        if isinstance(statement, Mapping) and statement.get("Effect") == "Allow"
        for principal in _names(statement.get("Principal"))
    ]
    return _widest(found, owner)


def _names(principal: Any) -> list[str]:
    if isinstance(principal, Mapping):
        return [name for key, value in principal.items() if key == "AWS" for name in _names(value)]
    return [name for name in _listed(principal) if isinstance(name, str)]


def _widest(names: list[str], owner: str | None) -> Destination:
    """Public before a foreign account before the owner's own."""
    if any(name == "*" or name == "all" for name in names):
        return Destination("public")
    accounts = [account for name in names if (account := account_in(name))]
    chosen = next((account for account in accounts if account != owner), next(iter(accounts), None))
    return Destination("account", chosen) if chosen else Destination()


def account_in(name: str) -> str | None:
    """Return the account that a principal names, by number or by arn.

    >>> account_in("arn:aws:iam::222222222222:root")
    '222222222222'
    """
    if re.fullmatch(r"\d{12}", name):
        return name
    match = ARN_ACCOUNT.match(name + ":")
    return match.group(1) if match else None


def _access_list(asked: Mapping[str, Any], owner: str | None) -> Destination:
    """Public before somebody else's; a grantee is known by a canonical id, which names no account."""
    canned = [name for name in _listed(asked.get("x-amz-acl")) if isinstance(name, str)]
    text = json.dumps([asked.get("AccessControlPolicy"), [v for k, v in asked.items() if k.startswith("x-amz-grant")]])
    if any(name in PUBLIC_ACLS for name in canned) or any(group in text for group in PUBLIC_GROUPS):
        return Destination("public")
    policy = _object(asked, "AccessControlPolicy")
    me = _object(policy, "Owner").get("ID")
    ids = [name for key, name in _leaves(policy.get("AccessControlList"), "AccessControlList") if key == "ID"]
    others = [name for name in ids if me and name != me]
    return Destination("account") if others else Destination()


def _bucket_named(asked: Mapping[str, Any], owner: str | None) -> Destination | None:
    """The bucket an export or a transfer goes to."""
    named = {key.lower(): name for key, name in _leaves(asked) if key.lower() in EXPORT_KEYS}
    bucket = next((named[key] for key in EXPORT_KEYS[:-1] if key in named), None)
    if not bucket:
        return None
    match = BUCKET_ARN.match(bucket)
    return Destination("bucket", named.get("s3bucketowner") or None, match.group(1) if match else bucket)


def _share(asked: Mapping[str, Any], owner: str | None) -> Destination:
    """Accounts a snapshot or image is given to; what is taken away is no destination."""
    names = [name for key, name in _leaves(asked) if key in SHARE_KEYS or (key == "group" and name == "all")]
    return _widest(names, owner)


def _leaves(value: Any, key: str = "", depth: int = 12) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and depth:
        for name, inner in value.items():
            if name not in ("remove", "valuesToRemove"):
                yield from _leaves(inner, str(name), depth - 1)
    elif isinstance(value, list) and depth:
        for inner in value:
            yield from _leaves(inner, key, depth - 1)
    elif isinstance(value, str):
        yield key, value


def _parsed(policy: Any) -> Mapping[str, Any]:
    if isinstance(policy, str):
        try:
            policy = json.loads(policy)
        except (ValueError, RecursionError):
            return {}
    return policy if isinstance(policy, Mapping) else {}


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _object(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = raw.get(key)
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str | None:
    return value or None if isinstance(value, str) else None
