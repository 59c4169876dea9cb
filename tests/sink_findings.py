"""Findings for tests of the sinks: one with every field that a finding has, and the shapes that findings come in."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

DAY = "2026-03-24"
Finding = dict[str, Any]


def finding(number: int = 1, day: str = DAY, **changes: Any) -> Finding:
    """Return an invented finding; ``changes`` replace what it says."""
    identity = f"arn:aws:iam::111111111111:user/ana-{number}"
    first, last = f"{day}T02:11:09Z", f"{day}T04:40:51Z"
    volume = {"reads": 96, "reads_without_bytes": 0, "bytes_read": 412_000_000_000}
    told: Finding = {
        "schema": 1,
        "case_id": f"{number:032x}",
        "day": day,
        "rank": number,
        "cases": 40,
        "alert": number <= 3,
        "covered": False,
        "score": 0.9 - number / 1000,
        "tail_probability": 0.0004,
        "expected_per_day": 0.12 * number,
        "confidence": {"value": 0.84, "gaps": ["12 of 96 reads have no size in the log"]},
        "headline": "read 412 GB from customer-exports",
        "family": "volume",
        "reasons": ["read 412 GB; its busiest day in 30 was 3.1 GB", "came from a network that it never used before"],
        "identity": identity,
        "identity_kind": "human",
        "identity_account": "111111111111",
        "session_name": None,
        "actors": [identity],
        "tools": ["rclone"],
        "bytes_read": 412_000_000_000,
        "reads_without_bytes": 0,
        "objects_taken": 96,
        "start": first,
        "end": last,
        "workflow": "none",
        "workflow_detail": "no approved workflow names this identity and what it moved",
        "attack": [{"technique": "T1048", "name": "Exfiltration Over Alternative Protocol"}],
        "counterfactual": {"says": "It would rank 31st of 40 cases had it read at most 3.1 GB."},
        "model_version": "3",
        "credentials": [_credential(first, last)],
        "sources": [_source(first, last) | volume],
        "buckets": [_bucket() | volume],
        "objects": {"taken": 96, "largest": [_object(first)]},
        "destinations": [_destination(first)],
        "timeline": [_step(first, last)],
        "evidence": [{"file": "trail/a.json.gz", "records": 96, "ordinals": list(range(10))}],
        "sessions": [_session(number, identity)],
        "history": [_history(day)],
    }
    return told | changes


def shapes(plain: Finding) -> Iterator[Finding]:
    """Yield a finding as it may also come: with less on record, of another cloud, with names made to do harm."""
    unknown = {"bytes_read": None}
    yield plain
    yield plain | {"destinations": [], "attack": plain["attack"][:1]}
    yield plain | unknown | {kind: [each | unknown for each in plain[kind]] for kind in ("buckets", "sources")}
    yield plain | {"rank": None, "covered": True, "alert": False, "reasons": [], "headline": "nothing unusual"}
    yield plain | {"sources": [], "credentials": [], "tools": [], "destinations": []}
    for address in (None, "2001:db8::17", "cloudtrail.amazonaws.com", "AWS Internal"):
        yield plain | {"sources": [each | {"address": address} for each in plain["sources"]]}
    nothing = {"buckets": [], "objects": {"taken": 0, "largest": []}, "timeline": [], "evidence": [], "history": []}
    yield plain | nothing
    yield plain | {"identity": "ana@example.com", "identity_account": None, "counterfactual": None}
    yield plain | {"buckets": [each | {"bucket": "account/container"} for each in plain["buckets"]]}
    yield hostile(plain)


def hostile(plain: Finding) -> Finding:
    """Return a finding whose names are made to do harm."""
    name = "<script>alert(1)</script>\u202e{{ 7 * 7 }}</body>"
    return plain | {
        "identity": f"\x00\ud800 {name}" + "x" * 600,
        "session_name": name,
        "headline": "=cmd|' /C calc'!A0\u202e" + name,
        "reasons": [name, "\x00" * 3000],
        "actors": [name],
        "tools": [name, "@SUM(1)"],
        "workflow": name,
        "buckets": [each | {"bucket": name, "owner": name} for each in plain["buckets"]] * 40,
        "objects": plain["objects"] | {"largest": [_object(plain["start"]) | {"object_key": f"+1\t{name}"}]},
        "destinations": [each | {"destination": f"-1{name}"} for each in plain["destinations"]],
        "evidence": [each | {"file": name} for each in plain["evidence"]],
        "history": [each | {"says": name} for each in plain["history"]],
        "confidence": {"value": 0.0, "gaps": [name]},
    }


def _credential(first: str, last: str) -> Finding:
    known = {"access_key_id": "AKIAEXAMPLE", "role_chain": None, "mfa": None, "acts": 96, "lifetime": "long-lived"}
    return known | {"first": first, "last": last}


def _source(first: str, last: str) -> Finding:
    where = {"address": "203.0.113.7", "network": "AS64500 Example", "network_kind": "internet", "country": "NL"}
    return where | {"via_endpoint": None, "acts": 100, "first": first, "last": last}


def _bucket() -> Finding:
    known = {"bucket": "customer-exports", "sensitivity": "restricted", "owner": "sales@corp.example", "objects": 96}
    return known | {"copies": 2, "shares": 0, "writes": 0, "deletes": 0, "looks": 4, "denied": 1}


def _object(first: str) -> Finding:
    size = {"acts": 1, "bytes_read": 9_000_000_000, "first": first}
    return {"bucket": "customer-exports", "object_key": "2026/03/all.parquet"} | size


def _destination(first: str) -> Finding:
    where = {"destination": "s3://drop-zone", "relation": "foreign", "account": "999999999999"}
    return where | {"copies": 2, "shares": 0, "writes": 0, "failed": 0, "objects": 2, "first": first}


def _step(first: str, last: str) -> Finding:
    what = {"operation": "read", "api": "GetObject", "outcome": "denied", "acts": 96, "buckets": 1}
    return what | {"first": first, "last": last, "bucket": "customer-exports", "bytes_read": None}


def _session(number: int, identity: str) -> Finding:
    return {"session_id": f"{number:032x}", "identity": identity, "actor": identity, "rank": 1, "headline": "read much"}


def _history(day: str) -> Finding:
    until = date.fromisoformat(day)
    series = [{"day": (until - timedelta(days=back)).isoformat(), "value": 3e9} for back in range(20, 0, -2)]
    series[3]["value"] = None
    told = {"signal": "volume_bytes_own", "says": "read 412 GB", "unit": "bytes", "value": 412e9}
    return told | {"series": [*series, {"day": day, "value": 412e9}]}
