"""Where a call sends data or opens it to: copies, replication, policies, access lists, snapshot and image shares.

A small number of calls name a destination; they are read here one by one, in Python, and joined back. A plain read
names none: it goes to the caller. What a call really did may differ from what calls of its name do as a rule (a share
taken back, an access list made private): ``Destination.operation`` says so.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from anomaly.ingest import destination_transfer as transfer
from anomaly.ingest.destination_policy import Opened, opened_by_list, opened_by_policy, opened_to_names
from anomaly.ingest.destination_shapes import leaves, listed, member, objects, text
from anomaly.ingest.destination_transfer import BUCKET_ARN, bucket_name

ACCESS_POINT = re.compile(
    r"^(arn:[^:]*:s3[a-z-]*:[^:]*:\d*:(?:accesspoint|outpost/[^/]+/accesspoint)[/:][^/]+)/(?:object/)?(.+)$"
)
EXPORT_KEYS = ("s3bucketarn", "s3bucketname", "s3bucket", "bucket")
SHARE_KEYS = (
    "userid", "valuestoadd", "accountwithrestoreaccess", "consumeridentifier", "principals", "principal",
    "datalakeprincipalidentifier", "granteeidentifier", "destinationbackupvaultarn", "organizationarn",
    "organizationalunitarn",
)  # fmt: skip
ATTRIBUTE_CALLS = (
    "ModifySnapshotAttribute", "ModifyImageAttribute", "ModifyDBSnapshotAttribute", "ModifyDBClusterSnapshotAttribute",
)  # fmt: skip
QUERY_CALLS = ("StartQueryExecution", "CreateWorkGroup", "UpdateWorkGroup")
"""Where Athena's results go: one query's, or all of a workgroup's."""

ALSO_JUDGED = (
    "PutBucketPublicAccessBlock", "PutAccountPublicAccessBlock", "PutPublicAccessBlock", *QUERY_CALLS,
    "CreateServer", "UpdateServer", "CreateConnector", "UpdateConnector",
)  # fmt: skip
"""Calls that are read here though they neither share nor copy as a rule."""
BLOCKS = ("blockpublicacls", "ignorepublicacls", "blockpublicpolicy", "restrictpublicbuckets")


@dataclass(frozen=True)
class Destination:
    """A destination; the source that takes the place of bucket, key and owner; the operation where it is another."""

    kind: str | None = None
    account: str | None = None
    bucket: str | None = None
    source_bucket: str | None = None
    source_key: str | None = None
    source_account: str | None = None
    operation: str | None = None


CLOSED = Destination(operation="configure")
"""A setting that lets in nobody new."""


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
    if "Policy" in api:
        return _opened(opened_by_policy(asked, owner))
    if api in ("PutBucketAcl", "PutObjectAcl"):
        return _opened(opened_by_list(asked))
    if api.endswith("PublicAccessBlock"):
        return _public_access_block(api, asked)
    return _transferred(api, asked) or _bucket_named(asked) or _shared(api, asked, owner)


def _opened(opened: Opened | None) -> Destination:
    return Destination(*opened) if opened else CLOSED


def _copy(asked: Mapping[str, Any], rows: list[Mapping[str, Any]]) -> Destination:
    target = text(asked.get("bucketName"))
    bucket, key = copy_source(text(asked.get("x-amz-copy-source")))
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
        arn, account = text(fields.get("arn")), text(fields.get("accountid"))
        if arn and account and (match := BUCKET_ARN.match(arn)):
            yield match.group(1), account
        elif arn and account and ":accesspoint" in arn:
            yield arn, account


def _replication(asked: Mapping[str, Any], owner: str | None) -> Destination:
    """Of several rules, one to another account says the most; a rule that is switched off says nothing."""
    settings = member(asked, "ReplicationConfiguration", "replicationConfiguration")
    rules = next((listed(settings[key]) for key in ("Rule", "Rules", "rule", "rules") if key in settings), [])
    on = [rule for rule in rules if isinstance(rule, Mapping) and rule.get("Status") != "Disabled"]
    targets = [target for rule in on if (target := member(rule, "Destination", "destination"))]
    if not targets:
        return CLOSED if rules and not on else Destination()
    chosen = next((t for t in targets if text(t.get("Account")) not in (None, owner)), targets[0])
    return Destination("bucket", text(chosen.get("Account")), bucket_name(text(chosen.get("Bucket")) or "") or None)


def _public_access_block(api: str, asked: Mapping[str, Any]) -> Destination:
    """One of four locks taken away loosens; it lets in nobody by itself. Taking all away is a call of its own."""
    if api.startswith("Delete"):
        return Destination()
    locks = [value for name, value in objects(asked) if name in BLOCKS]
    return Destination(operation="share" if any(str(lock).lower() == "false" for lock in locks) else "configure")


def _transferred(api: str, asked: Mapping[str, Any]) -> Destination | None:
    """What a managed transfer names; None for another call."""
    if api == "CreateJob":
        act, source, target = transfer.batch_job(asked)
        return Destination("bucket" if target else None, None, target, source_bucket=source, operation=act)
    if api == "CreateLocationObjectStorage":
        kind, bucket = transfer.object_storage(asked)
        return Destination(kind, bucket=bucket)
    if api == "CreateLocationAzureBlob":
        kind, bucket = transfer.azure_container(asked)
        return Destination(kind, bucket=bucket)
    if api in ("CreateUser", "UpdateUser", "ImportSshPublicKey"):
        return Destination("network", source_bucket=transfer.transfer_user(asked)) if "serverId" in asked else None
    if api == "StartFileTransfer":
        bucket, key = transfer.sent_file(asked)
        sends = Destination("network", source_bucket=bucket, source_key=key)
        return sends if bucket else CLOSED
    if api in ("CreateConnector", "UpdateConnector"):
        return Destination("network")
    if api in ("CreateServer", "UpdateServer"):
        return Destination("network") if asked.get("endpointType") == "PUBLIC" else Destination()
    if api in ("CreateLocationNfs", "CreateLocationSmb", "CreateLocationHdfs"):
        place = transfer.file_server(asked)
        return Destination("network", bucket=place) if place else Destination()
    if api in QUERY_CALLS:
        account, bucket = transfer.query_results(asked)
        return Destination("bucket", account, bucket) if bucket else Destination()
    return None


def _bucket_named(asked: Mapping[str, Any]) -> Destination | None:
    """The bucket an export or a transfer goes to."""
    named = {key.lower(): name for key, name in leaves(asked)}
    bucket = next((named[key] for key in EXPORT_KEYS if named.get(key)), None)
    if not bucket:
        return None
    return Destination("bucket", named.get("s3bucketowner") or None, bucket_name(bucket))


def _shared(api: str, asked: Mapping[str, Any], owner: str | None) -> Destination:
    """Accounts a snapshot, an image or a resource is given to; what is taken away is no destination."""
    given = _without(asked, ("remove", "valuesToRemove"))
    names = [
        name for key, name in leaves(given) if key.lower() in SHARE_KEYS or (key.lower() == "group" and name == "all")
    ]
    if opened := opened_to_names(names, owner):
        return Destination(*opened)
    return CLOSED if api in ATTRIBUTE_CALLS else Destination()


def _without(value: Any, taken: tuple[str, ...], depth: int = 12) -> Any:
    if isinstance(value, Mapping) and depth:
        return {name: _without(inner, taken, depth - 1) for name, inner in value.items() if name not in taken}
    return [_without(inner, taken, depth - 1) for inner in value] if isinstance(value, list) and depth else value
