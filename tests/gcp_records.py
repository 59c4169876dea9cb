"""Google Cloud log entries for the ingest tests: an object read, its variations, and a flow."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from anomaly.store import Lake
from ingest_records import load, put, rows

PROJECT = "shop-data"
AGENT = "google-cloud-sdk gcloud/548.0.0 command/gcloud.storage.cp invocation-id/abc client-os/LINUX,gzip(gfe)"


def audit(number: int = 0, payload: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return a successful read of one object by a service account; a change to None removes a field.

    ``payload`` changes ``protoPayload``, the other changes are of the entry.
    """
    name = f"projects/_/buckets/vault/objects/k/{number}.parquet"
    call: dict[str, Any] = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "status": {},
        "authenticationInfo": {"principalEmail": f"etl@{PROJECT}.iam.gserviceaccount.com"},
        "requestMetadata": {"callerIp": "198.51.100.7", "callerSuppliedUserAgent": AGENT},
        "serviceName": "storage.googleapis.com",
        "methodName": "storage.objects.get",
        "authorizationInfo": [{"resource": name, "permission": "storage.objects.get", "granted": True}],
        "resourceName": name,
        "resourceLocation": {"currentLocations": ["europe-west1"]},
    }
    entry: dict[str, Any] = {
        "protoPayload": _without_none(call | (payload or {})),
        "insertId": f"id-{number}",
        "resource": {
            "type": "gcs_bucket",
            "labels": {"project_id": PROJECT, "bucket_name": "vault", "location": "europe-west1"},
        },
        "timestamp": f"2024-03-01T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}.123456789Z",
        "severity": "INFO",
        "logName": f"projects/{PROJECT}/logs/cloudaudit.googleapis.com%2Fdata_access",
        "receiveTimestamp": "2024-03-01T23:00:00Z",
    }
    return _without_none(entry | changes)


def call(service: str, method: str, **payload: Any) -> dict[str, Any]:
    """Return an entry of another service than storage."""
    base = {"serviceName": service, "methodName": method, "resourceName": f"projects/{PROJECT}"}
    return audit(payload=base | payload, resource={"type": "project", "labels": {"project_id": PROJECT}})


def flow(number: int = 0, told: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return a flow of 5,000 bytes from a machine to an outside address; ``told`` changes ``jsonPayload``."""
    payload: dict[str, Any] = {
        "connection": {
            "src_ip": "10.0.0.4", "src_port": 40000, "dest_ip": "203.0.113.9", "dest_port": 443, "protocol": 6,
        },
        "reporter": "SRC",
        "bytes_sent": "5000",
        "packets_sent": "5",
        "start_time": "2024-03-01T10:00:00.5Z",
        "end_time": "2024-03-01T10:00:05Z",
        "src_instance": {"project_id": PROJECT, "region": "europe-west1", "vm_name": "worker-1"},
        "src_vpc": {"project_id": PROJECT, "vpc_name": "default"},
        "dest_location": {"country": "usa", "asn": 14618},
    }  # fmt: skip
    entry: dict[str, Any] = {
        "insertId": f"flow-{number}",
        "jsonPayload": _without_none(payload | (told or {})),
        "logName": f"projects/{PROJECT}/logs/compute.googleapis.com%2Fvpc_flows",
        "resource": {"type": "gce_subnetwork", "labels": {"project_id": PROJECT, "location": "europe-west1-b"}},
        "timestamp": "2024-03-01T10:00:20Z",
        "receiveTimestamp": "2024-03-01T10:00:20Z",
    }
    return _without_none(entry | changes)


def written(entries: Sequence[Any]) -> bytes:
    """Return entries as a sink writes them to a bucket: one a line."""
    return b"".join(json.dumps(entry, separators=(",", ":")).encode() + b"\n" for entry in entries)


def one_entry(lake: Lake, folder: Path, entry: Any) -> dict[str, Any]:
    """Load a single entry and return its row."""
    load(lake, put(folder, {"one.json": written([entry])}))
    (row,) = rows(lake)
    return row


def told(row: dict[str, Any]) -> dict[str, Any]:
    """Return what a row says: no NULL, not the partition it lies in, not the file it came from."""
    aside = ("date", "evidence_file", "evidence_record")
    return {name: value for name, value in row.items() if value is not None and name not in aside}


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
