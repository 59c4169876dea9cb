"""One good record of every log format, as it is delivered, for tests that go over all readers."""

import json

from ingest_records import record

S3_ACCESS = (
    "79a59df900bb44eeed96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be vault [01/Mar/2024:10:00:00 +0000] 198.51.100.7"
    ' arn:aws:iam::111111111111:user/alice R{number} REST.GET.OBJECT k/{number}.txt "GET /k/{number}.txt HTTP/1.1"'
    ' 200 - 100 200 12 10 "-" "Boto3/1.34" - hostid= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader'
    " vault.s3.eu-west-1.amazonaws.com TLSv1.2"
)
AZURE = "/subscriptions/1/resourceGroups/g/providers"
VPC_FLOW = (
    "2 123456789012 eni-0a1b2c3d4e5f60718 10.0.1.5 203.0.113.9 {port} 443 6 10 84000 1709287200 1709287260 ACCEPT OK"
)


def cloudtrail(number: int) -> str:
    return json.dumps(record(number), separators=(",", ":"))


def s3_access(number: int) -> str:
    return S3_ACCESS.format(number=number)


def vpc_flow(number: int) -> str:
    return VPC_FLOW.format(port=1024 + number)


def gcp(number: int) -> str:
    time = f"2024-03-01T10:{number // 60 % 60:02d}:{number % 60:02d}.5Z"
    return json.dumps(
        {
            "protoPayload": {
                "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
                "status": {},
                "authenticationInfo": {"principalEmail": "alice@acme.example"},
                "requestMetadata": {"callerIp": "198.51.100.7", "callerSuppliedUserAgent": "gsutil/5.27"},
                "serviceName": "storage.googleapis.com",
                "methodName": "storage.objects.get",
                "resourceName": f"projects/_/buckets/vault/objects/k/{number}.txt",
            },
            "insertId": f"id{number}",
            "resource": {
                "type": "gcs_bucket",
                "labels": {"project_id": "acme-data", "location": "eu", "bucket_name": "vault"},
            },
            "timestamp": time,
            "severity": "INFO",
            "logName": "projects/acme-data/logs/cloudaudit.googleapis.com%2Fdata_access",
            "receiveTimestamp": time,
        },
        separators=(",", ":"),
    )


def azure(number: int) -> str:
    return json.dumps(
        {
            "time": f"2024-03-01T10:{number // 60 % 60:02d}:{number % 60:02d}.1234567Z",
            "resourceId": f"{AZURE}/Microsoft.Storage/storageAccounts/acme/blobServices/default",
            "category": "StorageRead",
            "operationName": "GetBlob",
            "operationVersion": "2023-11-03",
            "schemaVersion": "1.0",
            "statusCode": 200,
            "statusText": "Success",
            "durationMs": 5,
            "callerIpAddress": "198.51.100.7:40000",
            "correlationId": f"00000000-0000-0000-0000-{number:012d}",
            "identity": {
                "type": "OAuth",
                "requester": {"objectId": "o-1", "tenantId": "t-1", "upn": "alice@acme.example"},
            },
            "location": "westeurope",
            "properties": {
                "accountName": "acme",
                "userAgentHeader": "azsdk-python-storage-blob/12.19",
                "serviceType": "blob",
                "objectKey": f"/acme/vault/k/{number}.txt",
                "responseBodySize": 100,
            },
            "uri": f"https://acme.blob.core.windows.net:443/vault/k/{number}.txt",
            "protocol": "HTTPS",
            "resourceType": "Microsoft.Storage/storageAccounts/blobServices",
        },
        separators=(",", ":"),
    )


def azure_flow(number: int) -> str:
    tuples = [f"{1_709_287_200_000 + 1000 * number},10.0.1.5,203.0.113.9,{1024 + number},443,6,O,E,NX,10,84000,9,7000"]
    return json.dumps(
        {
            "time": "2024-03-01T10:00:00.0000000Z",
            "flowLogVersion": 4,
            "flowLogGUID": "00000000-0000-0000-0000-000000000001",
            "macAddress": "00224871C205",
            "category": "FlowLogFlowEvent",
            "flowLogResourceID": f"{AZURE}/Microsoft.Network/networkWatchers/w/flowLogs/f".upper(),
            "targetResourceID": f"{AZURE}/Microsoft.Network/virtualNetworks/v",
            "operationName": "FlowLogFlowEvent",
            "flowRecords": {
                "flows": [{"aclID": "1", "flowGroups": [{"rule": "AllowInternetOutBound", "flowTuples": tuples}]}]
            },
        },
        separators=(",", ":"),
    )


LINES = {
    "cloudtrail": cloudtrail,
    "s3_access": s3_access,
    "vpc_flow": vpc_flow,
    "gcp": gcp,
    "azure": azure,
    "azure_flow": azure_flow,
}


def document(format: str, lines: list[str]) -> bytes:
    """Return lines as a file of the format."""
    if format == "azure_flow":
        return ('{"records":[' + ",".join(lines) + "]}").encode("utf-8", "surrogateescape")
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")
