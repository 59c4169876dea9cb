"""Where a Google Cloud call sends data, to whom it opens it, and which credential it hands out.

Copies of single objects are not read here but in ``gcp_read.sql``: their target is one field.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from anomaly.ingest.destination_shapes import text
from anomaly.ingest.gcp_identity import account_of, kind_of

PUBLIC = ("allUsers", "allAuthenticatedUsers")
OF_THE_PROJECT = ("projectOwner:", "projectEditor:", "projectViewer:")
KEY_NAME = re.compile(r"(?:^|/)serviceAccounts/([^/]+)(?:/keys/([^/]+))?$")
HMAC_NAME = re.compile(r"/hmacKeys/([^/]+)$")
BUCKET_URI = re.compile(r"gs://([^/\s\"'*]+)")
TABLE_PROJECT = re.compile(r"^projects/([^/]+)/")
DEPTH = 12
"""Objects within objects that are looked into for a bucket's address."""


@dataclass(frozen=True)
class Act:
    """What one call names; ``opens`` is False for a policy that adds nobody, None where that is not known."""

    bucket: str | None = None
    kind: str | None = None
    account: str | None = None
    destination: str | None = None
    opens: bool | None = None
    issued_identity: str | None = None
    issued_key_id: str | None = None


def act_of(operation: str, payload: Any, email: str | None, project: str | None) -> Act:
    """Read a call's ``protoPayload``.

    Parameters
    ----------
    operation
        share, copy or auth, as ``gcp_operations.csv`` says of the call.
    payload
        ``protoPayload`` as parsed JSON; anything that is no object counts as empty.
    email
        ``email_id`` of the resource: the service account that a call on one is about.
    project
        Project of the resource: a member elsewhere is preferred to one of its own.
    """
    payload = payload if isinstance(payload, Mapping) else {}
    if operation == "auth":
        return _issued(payload, email)
    if operation == "share":
        return _policy(payload, project)
    return _transfer(payload) or _table(payload) or _exported(payload) if operation == "copy" else Act()


def grant_of(deltas: Any, caller: str | None, project: str | None) -> Act:
    """Read the changes of a policy (``bindingDeltas``): whom they add."""
    changes = [change for change in deltas if isinstance(change, Mapping)] if isinstance(deltas, list) else []
    added = [change.get("member") for change in changes if change.get("action") == "ADD"]
    return widest([name for name in added if isinstance(name, str)], caller, project)


def widest(members: list[str], caller: str | None, project: str | None) -> Act:
    """Return the member that is the farthest outside: everybody, then others, then the owner's own.

    Who makes something is on its access list, and so are its project's owners: both are no news.

    >>> widest(["user:kim@gmail.com", "serviceAccount:etl@shop.iam.gserviceaccount.com"], None, "shop").account
    'gmail.com'
    """
    opened = [member for member in members if not member.startswith(OF_THE_PROJECT)]
    if any(member in PUBLIC for member in opened):
        return Act(kind="public", opens=True)
    found = [_member(member) for member in opened if not caller or member.partition(":")[2] != caller]
    own = (project, account_of(caller) if caller else None)
    chosen = next((act for act in found if act.account not in (None, *own)), next(iter(found), None))
    return chosen or Act(opens=bool(opened))


def _member(member: str) -> Act:
    """Return whose a member is: its project, its mail domain, or for a default account its project's number."""
    kind, _, name = member.removeprefix("deleted:").partition("?")[0].partition(":")
    if kind == "domain":
        return Act(kind="account", account=name.lower(), opens=True)
    if "/" in name or not name:  # principal://, principalSet://: a pool's identities, of whoever runs the pool
        return Act(kind="account", opens=True)
    if kind_of(name) == "service":
        return Act(kind="service", opens=True)
    return Act(kind="account", account=account_of(name), opens=True)


def _policy(payload: Mapping[str, Any], project: str | None) -> Act:
    """Read whom a policy opens to: from its changes where they are logged, else from the whole of it."""
    caller = _inside(payload, "authenticationInfo").get("principalEmail")
    caller = caller if isinstance(caller, str) else None
    for place in ("serviceData", "metadata"):
        delta = _inside(payload, place).get("policyDelta")
        if isinstance(delta, Mapping) and delta:
            return grant_of(delta.get("bindingDeltas"), caller, project)
    request = _inside(payload, "request")
    bindings = _inside(request, "policy").get("bindings") or request.get("bindings")
    if not isinstance(bindings, list):
        return Act()
    lists = [binding.get("members") for binding in bindings if isinstance(binding, Mapping)]
    members = [name for names in lists if isinstance(names, list) for name in names if isinstance(name, str)]
    return widest(members, caller, project)


def _issued(payload: Mapping[str, Any], email: str | None) -> Act:
    """Read whose credential is handed out, and the key's id where there is a key."""
    resource = payload.get("resourceName")
    names = [_inside(payload, "response").get("name"), _inside(payload, "request").get("name"), resource]
    found = [match for name in names if isinstance(name, str) and (match := KEY_NAME.search(name))]
    hmac = HMAC_NAME.search(resource) if isinstance(resource, str) else None
    named = next((match.group(1) for match in found if "@" in match.group(1)), None)
    key = next((match.group(2) for match in found if match.group(2)), hmac.group(1) if hmac else None)
    return Act(issued_identity=named or email or None, issued_key_id=key)


def _transfer(payload: Mapping[str, Any]) -> Act | None:
    """Read a transfer job: from a bucket here or in another cloud, into a bucket or a file system."""
    for place in ("request", "response"):
        job = _inside(payload, place)
        job = _inside(job, "transferJob") or job
        spec = _inside(job, "transferSpec") or _inside(job, "replicationSpec")
        if spec:
            sink = text(_inside(spec, "gcsDataSink").get("bucketName"))
            kind = "bucket" if sink else "network" if "posixDataSink" in spec else None
            return Act(bucket=_source(spec), kind=kind, destination=sink)
    return None


def _source(spec: Mapping[str, Any]) -> str | None:
    for name in ("gcsDataSource", "awsS3DataSource", "awsS3CompatibleDataSource"):
        if bucket := text(_inside(spec, name).get("bucketName")):
            return bucket
    azure = _inside(spec, "azureBlobStorageDataSource")
    account, container = text(azure.get("storageAccount")), text(azure.get("container"))
    return f"{account}/{container}" if account and container else account


def _table(payload: Mapping[str, Any]) -> Act | None:
    """Read a table copy: into which project. Both of BigQuery's formats are read, the older one has serviceData."""
    job = _inside(_inside(_inside(payload, "metadata"), "jobInsertion"), "job")
    new = _inside(_inside(job, "jobConfig"), "tableCopyConfig").get("destinationTable")
    match = TABLE_PROJECT.match(new) if isinstance(new, str) else None
    resource = _inside(_inside(_inside(payload, "serviceData"), "jobInsertRequest"), "resource")
    old = _inside(_inside(_inside(resource, "jobConfiguration"), "tableCopy"), "destinationTable")
    project = match.group(1) if match else text(old.get("projectId"))
    return Act(kind="account", account=project) if project else None


def _exported(payload: Mapping[str, Any]) -> Act:
    """Read an export: the bucket that the request or the job names as its destination, else the first it names."""
    texts = [text for place in ("request", "serviceData", "metadata") for text in _leaves(payload.get(place))]
    texts.sort(key=lambda text: "destination_uri" not in text)  # a stable sort: the others stay in their order
    bucket = next((match.group(1) for text in texts if (match := BUCKET_URI.search(text))), None)
    return Act(kind="bucket", destination=bucket) if bucket else Act()


def _leaves(value: Any, depth: int = DEPTH) -> Iterator[str]:
    if isinstance(value, Mapping) and depth:
        for inner in value.values():
            yield from _leaves(inner, depth - 1)
    elif isinstance(value, list) and depth:
        for inner in value:
            yield from _leaves(inner, depth - 1)
    elif isinstance(value, str):
        yield value


def _inside(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = raw.get(key)
    return value if isinstance(value, Mapping) else {}
