"""CloudTrail records for the ingest tests, written as files, and what the lake holds afterwards."""

import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from anomaly.ingest import IngestReport, Quarantined, ingest, quarantined
from anomaly.store import Lake, Store

ACCOUNT = "111111111111"
ROLE = {
    "type": "AssumedRole",
    "principalId": "AROAEXAMPLE:i-0123456789abcdef0",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/i-0123456789abcdef0",
    "accountId": ACCOUNT,
    "accessKeyId": "ASIAEXAMPLE",
    "sessionContext": {
        "sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/path/reader", "accountId": ACCOUNT},
        "attributes": {"mfaAuthenticated": "false", "creationDate": "2024-03-01T00:00:00Z"},
    },
}


def record(number: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a successful GetObject of 100 bytes, its id made from ``number``; a change to None removes a field."""
    base: dict[str, Any] = {
        "eventVersion": "1.09",
        "userIdentity": ROLE,
        "eventTime": f"2024-03-01T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "[Boto3/1.34.51]",
        "requestParameters": {"bucketName": "vault", "key": f"k/{number}.parquet"},
        "responseElements": None,
        "additionalEventData": {
            "AuthenticationMethod": "AuthHeader",
            "bytesTransferredIn": 0,
            "bytesTransferredOut": 100.0,
        },
        "requestID": f"R{number}",
        "eventID": f"00000000-0000-0000-0000-{number:012d}",
        "resources": [
            {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::vault/k/{number}.parquet"},
            {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::vault"},
        ],
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Data",
    }
    return {name: value for name, value in (base | changes).items() if value is not None}


def delivered(records: Sequence[Any]) -> bytes:
    """Return records as CloudTrail delivers them, not yet compressed."""
    return json.dumps({"Records": list(records)}, separators=(",", ":")).encode()


def put(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files into a folder; names ending in .gz are compressed."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return folder


def load(lake: Lake, folder: Path, **options: Any) -> IngestReport:
    """Ingest a folder; the counts must add up."""
    report = ingest([folder], lake, **options)
    assert report.balanced, report.as_dict()
    return report


def rows(lake: Lake) -> list[dict[str, Any]]:
    """Return the whole event table, in the order of the evidence."""
    files = lake.files("events", date.min, date.max)
    with Store(threads=1) as store:
        store.view("events", files)
        names = [row[0] for row in store.rows("describe events")]
        values = store.rows("select * from events order by evidence_file, evidence_record, event_id")
    return [dict(zip(names, row, strict=True)) for row in values]


def one(lake: Lake, folder: Path, **changes: Any) -> dict[str, Any]:
    """Load a single changed record and return its row."""
    load(lake, put(folder, {"one.json": delivered([record(**changes)])}))
    (row,) = rows(lake)
    return row


def entries(lake: Lake) -> list[Quarantined]:
    """Return what is in quarantine."""
    return list(quarantined(lake))
