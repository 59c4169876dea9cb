"""Azure records for the ingest tests: a blob read, its variations, an activity and flow records."""

import json
from collections.abc import Sequence
from typing import Any

SUBSCRIPTION = "/subscriptions/0AAA0000-0000-0000-0000-000000000001"
STORAGE = f"{SUBSCRIPTION}/resourceGroups/data/providers/Microsoft.Storage/storageAccounts/acme"
USER = {
    "type": "OAuth",
    "tokenHash": "B3CC9D",
    "requester": {"upn": "ann@example.com", "objectId": "0bbb", "appId": "0ccc", "tenantId": "0ddd"},
}


def blob(number: int = 0, told: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return a GetBlob of 100 bytes; ``told`` changes properties, a change to None removes a field."""
    key = f"k/{number}.parquet"
    properties: dict[str, Any] = {
        "accountName": "acme",
        "userAgentHeader": "AzCopy/10.21.0 Azure-Storage/0.15 (go1.19; linux)",
        "etag": '"0x8DA"',
        "serviceType": "blob",
        "objectKey": f"/acme/vault/{key}",
        "metricResponseType": "Success",
        "responseBodySize": 100,
    }
    base: dict[str, Any] = {
        "time": f"2024-03-01T10:{number // 60 % 60:02d}:{number % 60:02d}.1234567Z",
        "resourceId": f"{STORAGE}/blobServices/default",
        "category": "StorageRead",
        "operationName": "GetBlob",
        "statusCode": 200,
        "statusText": "Success",
        "callerIpAddress": "203.0.113.9:28915",
        "correlationId": f"c-{number}",
        "identity": USER,
        "location": "westeurope",
        "properties": _without_none(properties | (told or {})),
        "uri": f"https://acme.blob.core.windows.net:443/vault/{key}",
    }
    return _without_none(base | changes)


def activity(number: int = 0, told: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return a successful listKeys by a user; ``told`` are its properties."""
    base: dict[str, Any] = {
        "time": f"2024-03-01T11:00:{number % 60:02d}.0000000Z",
        "resourceId": STORAGE.upper(),
        "operationName": "MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION",
        "category": "Administrative",
        "resultType": "Success",
        "resultSignature": "Succeeded.OK",
        "callerIpAddress": "203.0.113.9",
        "correlationId": f"a-{number}",
        "identity": {
            "claims": {
                "appid": "0ccc",
                "http://schemas.microsoft.com/identity/claims/objectidentifier": "0bbb",
                "http://schemas.microsoft.com/identity/claims/tenantid": "0ddd",
                "http://schemas.microsoft.com/claims/authnmethodsreferences": "pwd,mfa",
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "ann@example.com",
            }
        },
        "properties": told or {},
    }
    return _without_none(base | changes)


def written(records: Sequence[Any]) -> bytes:
    """Return records as Azure Monitor delivers them: one a line."""
    return b"".join(json.dumps(record, separators=(",", ":")).encode() + b"\n" for record in records)


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def flows(*tuples: Any, **changes: Any) -> dict[str, Any]:
    """Return a virtual network flow record of one network card with these tuples."""
    machine = f"{SUBSCRIPTION}/resourceGroups/net/providers/Microsoft.Network/networkInterfaces/worker-1"
    base: dict[str, Any] = {
        "time": "2024-03-01T10:00:00.0000000Z",
        "macAddress": "000D3AF87856",
        "category": "FlowLogFlowEvent",
        "flowLogVersion": 4,
        "flowLogResourceID": f"{SUBSCRIPTION}/X/NETWORKWATCHERS/NETWORKWATCHER_WESTEUROPE/FLOWLOGS/F".upper(),
        "targetResourceID": machine,
        "flowRecords": {"flows": [{"aclID": "a", "flowGroups": [{"rule": "r", "flowTuples": list(tuples)}]}]},
    }
    return _without_none(base | changes)
