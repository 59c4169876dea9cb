"""What managed transfers name: DataSync places, Transfer Family users and files, S3 Batch jobs, Athena results."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from anomaly.ingest.destination_shapes import leaves, listed, objects, text

BUCKET_ARN = re.compile(r"^arn:[^:]*:s3[a-z-]*:[^:]*:[^:]*:(?:bucket/)?([^/]+)$")
AZURE_HOST = re.compile(r"^([^.]+)\.(?:blob|dfs)\.core\.")
AWS_HOST = re.compile(r"^(?:.*\.)?s3[.-][a-z0-9.-]*amazonaws\.com(?:\.cn)?$")
Place = tuple[str, str | None]
"""Kind of destination and the bucket, with its scheme where it is another provider's."""

BATCH_ACTS = {
    "s3putobjectcopy": "copy",
    "s3putobjectacl": "share",
    "s3initiaterestoreobject": "restore",
    "s3deleteobjecttagging": "configure",
    "s3putobjecttagging": "configure",
    "s3putobjectlegalhold": "configure",
    "s3putobjectretention": "configure",
    "s3replicateobject": "copy",
    "s3computeobjectchecksum": "head",
    "lambdainvoke": "configure",
}
"""What a batch job does to each object: the operations that S3 Batch has."""


def bucket_name(arn: str) -> str:
    """Return the bucket of an arn, any other text as it is."""
    match = BUCKET_ARN.match(arn)
    return match.group(1) if match else arn


def object_storage(asked: Mapping[str, Any]) -> Place:
    """A DataSync place at a server that speaks S3: AWS, Google, or a host of its own."""
    host = (text(asked.get("serverHostname")) or "").lower()
    bucket = text(asked.get("bucketName"))
    if host == "storage.googleapis.com":
        return "bucket", f"gs://{bucket}" if bucket else None
    if AWS_HOST.match(host):
        return "bucket", bucket
    return "network", f"{host}/{bucket}" if host and bucket else host or bucket


def azure_container(asked: Mapping[str, Any]) -> Place:
    """A DataSync place in an Azure container."""
    host, _, path = (text(asked.get("containerUrl")) or "").removeprefix("https://").partition("/")
    match = AZURE_HOST.match(host)
    if not match:
        return "network", host or None
    container = path.partition("/")[0]
    return "bucket", f"azure-account:{match.group(1)}" + (f"/{container}" if container else "")


def transfer_user(asked: Mapping[str, Any]) -> str | None:
    """Return the bucket that a Transfer Family user is let into."""
    homes = [value for key, value in leaves(asked) if key in ("homeDirectory", "target")]
    return next((path.split("/")[1] for path in homes if path.startswith("/") and path.strip("/")), None)


def sent_file(asked: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return bucket and key of the first file that a connector sends."""
    path = next((p for p in listed(asked.get("sendFilePaths")) if isinstance(p, str)), "")
    bucket, _, key = path.lstrip("/").partition("/")
    return bucket or None, key or None


def batch_job(asked: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    """Return what a batch job does, the bucket it takes from and the one it writes to."""
    names = dict(objects(asked))
    act = next((act for name, act in BATCH_ACTS.items() if name in names), None)
    source, target = text(names.get("sourcebucket")), text(names.get("targetresource"))
    return act, bucket_name(source) if source else None, bucket_name(target) if target else None


def file_server(asked: Mapping[str, Any]) -> str | None:
    """Return ``HOST/FOLDER`` of a DataSync place at a file server; None at a private address, which is no way out."""
    names = listed(asked.get("nameNodes"))
    first = names[0] if names and isinstance(names[0], Mapping) else {}
    host = (text(asked.get("serverHostname")) or text(first.get("hostname")) or "").lower()
    folder = (text(asked.get("subdirectory")) or "").strip("/")
    return f"{host}/{folder}".rstrip("/") if host and not _private(host) else None


def _private(host: str) -> bool:
    try:
        return ip_address(host).is_private
    except ValueError:
        return False


def query_results(asked: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the account, where it is named, and the bucket that Athena writes results to."""
    named = {key: value for key, value in leaves(asked) if key in ("outputLocation", "expectedBucketOwner")}
    place = named.get("outputLocation", "")
    bucket = place.removeprefix("s3://").partition("/")[0] if place.startswith("s3://") else ""
    return (named.get("expectedBucketOwner") or None if bucket else None), bucket or None
