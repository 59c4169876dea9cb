"""What each log format costs to ingest, beside decompressing the same files alone, in the same run."""

import json
import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from isal import igzip

from anomaly.bench_ingest import Cost, Say, apart, measured, unpacking
from anomaly.ingest import ingest
from anomaly.store import Lake

A_FILE, FILES = 20_000, 20
RECORDS = A_FILE * FILES
MORE = 4
"""Times as many records are loaded once, to show that memory does not grow with them."""

RUNS = 3
PERSON = "arn:aws:sts::111111111111:assumed-role/role-{n20}/user{n300}@example.com"
ACCESS = (
    "79a59df900bb44eeed96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be bucket-{n20} [01/Mar/2024:10:{mm}:{ss} +0000]"
    f" 198.51.100.{{n200}} {PERSON} R{{n}} REST.GET.OBJECT data/part-{{n}}.parquet"
    ' "GET /data/part-{n}.parquet HTTP/1.1" 200 - {size} {size} 12 10 "-" "Boto3/1.34.51 md/Botocore#1.34.51" -'
    " QmFzZTY0aG9zdGlkQmFzZTY0aG9zdGlkQmFzZTY0aG9zdGlk= SigV4 TLS_AES_128_GCM_SHA256 AuthHeader"
    " bucket-{n20}.s3.eu-west-1.amazonaws.com TLSv1.3 - -"
)
FLOW = (
    "2 111111111111 eni-0a1b2c3d4e5f6{n200} 10.0.1.{n200} {there}.{n20}.3.9 {port} 443 6 10 {size} 1709287{n200:0>3}"
    " 1709287{n200:0>3} ACCEPT OK"
)
FLOW_HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
# The JSON records have the fields of the vendors' own examples, read or not: their size is part of what reading costs.
GCP = {
    "protoPayload": {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "status": {},
        "authenticationInfo": {
            "principalEmail": "user{n300}@example.com",
            "principalSubject": "user:user{n300}@example.com",
            "oauthInfo": {"oauthClientId": "32555940559.apps.googleusercontent.com"},
        },
        "requestMetadata": {
            "callerIp": "198.51.100.{n200}",
            "callerSuppliedUserAgent": "apitools Python/3.11.8 gsutil/5.27 (linux) google-cloud-sdk/470.0.0,gzip(gfe)",
            "requestAttributes": {"time": "2024-03-01T10:{mm}:{ss}.125456789Z", "auth": {}},
            "destinationAttributes": {},
        },
        "serviceName": "storage.googleapis.com",
        "methodName": "storage.objects.get",
        "authorizationInfo": [
            {
                "resource": "projects/_/buckets/bucket-{n20}/objects/data/part-{n}.parquet",
                "permission": "storage.objects.get",
                "granted": True,
                "resourceAttributes": {},
            }
        ],
        "resourceName": "projects/_/buckets/bucket-{n20}/objects/data/part-{n}.parquet",
        "resourceLocation": {"currentLocations": ["europe-west1"]},
    },
    "insertId": "id{n}",
    "resource": {
        "type": "gcs_bucket",
        "labels": {"project_id": "data", "location": "europe-west1", "bucket_name": "bucket-{n20}"},
    },
    "timestamp": "2024-03-01T10:{mm}:{ss}.123456789Z",
    "severity": "INFO",
    "logName": "projects/data/logs/cloudaudit.googleapis.com%2Fdata_access",
    "receiveTimestamp": "2024-03-01T10:{mm}:{ss}.723456789Z",
}
AZURE = {
    "time": "2024-03-01T10:{mm}:{ss}.1234567Z",
    "resourceId": "/subscriptions/12345678-1234-1234-1234-123456789abc/resourceGroups/data"
    "/providers/Microsoft.Storage/storageAccounts/lake/blobServices/default",
    "category": "StorageRead",
    "operationName": "GetBlob",
    "operationVersion": "2023-11-03",
    "schemaVersion": "1.0",
    "statusCode": 200,
    "statusText": "Success",
    "durationMs": 12,
    "callerIpAddress": "198.51.100.{n200}:{port}",
    "correlationId": "00000000-0000-0000-0000-{n:0>12}",
    "identity": {
        "type": "OAuth",
        "tokenHash": "3a7c2d91b5e8f6403a7c2d91b5e8f6403a7c2d91b5e8f6403a7c2d91b5e8f640",
        "authorization": [
            {
                "action": "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
                "principals": [{"id": "44444444-4444-4444-4444-{n300}", "type": "User"}],
                "reason": "Policy",
                "result": "Granted",
                "roleAssignmentId": "0a1b2c3d-1111-2222-3333-444455556666",
                "roleDefinitionId": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
                "type": "RBAC",
            }
        ],
        "requester": {
            "appId": "33333333-3333-3333-3333-333333333333",
            "audience": "https://storage.azure.com/",
            "objectId": "44444444-4444-4444-4444-{n300}",
            "tenantId": "72f988bf-86f1-41af-91ab-2d7cd011db47",
            "tokenIssuer": "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/",
        },
    },
    "location": "westeurope",
    "properties": {
        "accountName": "lake",
        "userAgentHeader": "azsdk-python-storage-blob/12.19.1 Python/3.11.8 (Linux-6.1-x86_64-with-glibc2.36)",
        "clientRequestId": "a1b2c3d4-e5f6-7890-abcd-{n}",
        "etag": "0x8DC39{n}",
        "serviceType": "blob",
        "objectKey": "/lake/box-{n20}/data/part-{n}.parquet",
        "lastModifiedTime": "2024/02/28 09:00:00.0000000",
        "metricResponseType": "Success",
        "serverLatencyMs": 11,
        "requestHeaderSize": 460,
        "responseHeaderSize": 520,
        "responseBodySize": "~{size}~",
        "tlsVersion": "TLS 1.3",
    },
    "uri": "https://lake.blob.core.windows.net:443/box-{n20}/data/part-{n}.parquet",
    "protocol": "HTTPS",
}
AZURE_FLOW = "{{s}},10.0.1.{n200},{there}.{n20}.3.9,{port},443,6,O,E,NX,10,{size},9,700"


def main(say: Say = print) -> None:
    """Draw files of each format, time ingest on 2 threads beside decompressing, and print the medians."""
    say(f"readers: {RECORDS:,} records a format, {os.cpu_count()} processors, median of {RUNS} runs")
    for name, text in FORMATS.items():
        with tempfile.TemporaryDirectory(prefix="anomaly-bench-") as temporary:
            folder = Path(temporary)
            written = [_write(folder / f"{number:05d}.log.gz", text(number)) for number in range(MORE * FILES)]
            files = sorted(folder.iterdir())
            loads, limits = [], []
            for _ in range(RUNS):
                loads.append(apart(_loading, name, folder, files[:FILES]))
                limits.append(apart(unpacking, files[:FILES]))
            more = apart(_loading, name, folder, files)
            say("  " + _line(name, sum(written[:FILES]) / 1e6, loads, limits, more))


def _line(name: str, size: float, loads: list[Cost], limits: list[Cost], more: Cost) -> str:
    """Say medians; ``size`` is in MB, decompressed. Processor time a record is what a busy machine blurs least."""
    seconds = statistics.median(cost.seconds for cost in loads)
    limit = statistics.median(cost.seconds for cost in limits)
    processor = statistics.median(cost.processor for cost in loads) / RECORDS * 1e6
    peak = statistics.median(cost.megabytes for cost in loads)
    return (
        f"{name:<11}{RECORDS / seconds:>9,.0f} records/s on 2 threads, {processor:>5.1f} µs of processor a record, "
        f"{size / seconds:>4,.0f} MB/s; gunzip alone {size / limit:>5,.0f} MB/s ({limit / seconds:.2f} of it); "
        f"peak {peak:,.0f} MB, of {MORE} times the records {more.megabytes:,.0f} MB"
    )


def _loading(name: str, folder: Path, files: list[Path]) -> Cost:
    """Ingest files into a fresh lake; raises RuntimeError unless as much of them loads as was drawn to load."""
    with tempfile.TemporaryDirectory(dir=folder) as root, measured() as cost:
        report = ingest(files, Lake(Path(root)), threads=2)
    expected = len(files) * A_FILE
    kept = sum(_leaves(number) for number in range(expected)) if name.endswith("_flow") else expected
    if not report.balanced or (report.records.seen, report.records.loaded) != (expected, kept):
        raise RuntimeError(f"the bench lost records: {report.as_dict()}")
    return cost


def _write(path: Path, text: str) -> int:
    """Write a compressed file; return its bytes before."""
    data = text.encode()
    path.write_bytes(igzip.compress(data, 2))
    return len(data)


def _leaves(n: int) -> bool:
    """Whether a flow goes to an outside address: one in four does, which is a lot."""
    return n % 4 == 0


def _values(n: int) -> dict[str, Any]:
    return {
        "n": n,
        "n20": n * 7 % 20,
        "n200": 10 + n * 13 % 200,
        "n300": n * 17 % 300,
        "mm": f"{n // 60 % 60:02d}",
        "ss": f"{n % 60:02d}",
        "size": 1000 + n * 7919 % 10**6,
        "port": 1024 + n % 60_000,
        "there": 203 if _leaves(n) else 10,
    }


def _lines(template: str, file: int) -> str:
    return "\n".join(template.format(**_values(n)) for n in range(file * A_FILE, (file + 1) * A_FILE)) + "\n"


def _json(record: dict[str, Any]) -> str:
    """Make a template of a record: braces doubled but for the places; "~{x}~" is a number."""
    text = json.dumps(record, separators=(",", ":")).replace('"~', "").replace('~"', "")
    opened = text.replace("{", "{{").replace("}", "}}")
    for name in (*_values(0), "n:0>12"):
        opened = opened.replace("{{" + name + "}}", "{" + name + "}")
    return opened


def _azure_flow(file: int) -> str:
    records = []
    for start in range(file * A_FILE, (file + 1) * A_FILE, 1000):
        tuples = [
            AZURE_FLOW.format(**_values(n)).replace("{s}", f"{1709287200000 + n}") for n in range(start, start + 1000)
        ]
        groups = [{"rule": "AllowInternetOutBound", "flowTuples": tuples}]
        records.append(
            {
                "time": "2024-03-01T10:00:00Z",
                "macAddress": "00224871C205",
                "category": "FlowLogFlowEvent",
                "targetResourceID": "/subscriptions/1/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v",
                "flowRecords": {"flows": [{"aclID": "1", "flowGroups": groups}]},
            }
        )
    return json.dumps({"records": records}, separators=(",", ":"))


FORMATS: dict[str, Callable[[int], str]] = {
    "s3_access": lambda file: _lines(ACCESS, file),
    "vpc_flow": lambda file: f"{FLOW_HEADER}\n{_lines(FLOW, file)}",
    "gcp": lambda file: _lines(_json(GCP), file),
    "azure": lambda file: _lines(_json(AZURE), file),
    "azure_flow": _azure_flow,
}

if __name__ == "__main__":
    main()
