"""A finding as OCSF has it: a Detection Finding, class 2004; names and numbers are those of schema.ocsf.io."""

from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from anomaly import __version__

Finding = Mapping[str, Any]
Object = dict[str, Any]

VERSION = "1.4.0"
"""What is written is valid under 1.4.0 and every later one to 1.8.0."""
CATEGORY, CLASS, CREATE, CLOSE = 2, 2004, 1, 3
INFORMATIONAL, LOW, HIGH = 1, 2, 4
"""Severities: covered by a workflow, below the alert line, an alert."""
ARCHIVED: Object = {
    "status_id": 5,
    "status": "Archived",
    "status_detail": "a later run of its day no longer found it",
}
"""Where a withdrawn case stands."""
TACTICS = {
    "T1048": ("TA0010", "Exfiltration"),
    "T1537": ("TA0010", "Exfiltration"),
    "T1530": ("TA0009", "Collection"),
    "T1619": ("TA0007", "Discovery"),
}
"""The tactic of each technique that anomaly/investigate/attack.py names, as attack.mitre.org has it."""


def ocsf(finding: Finding) -> Object:
    """Return the event; what OCSF has no field for is in ``unmapped``."""
    start, end = _milliseconds(finding["start"]), _milliseconds(finding["end"])
    return _event(CREATE, finding["case_id"]) | {
        "severity_id": INFORMATIONAL if finding["covered"] else HIGH if finding["alert"] else LOW,
        "time": end,
        "start_time": start,
        "end_time": end,
        "message": finding["headline"],
        "confidence_score": round(100 * finding["confidence"]["value"]),
        "finding_info": {
            "uid": finding["case_id"],
            "title": finding["headline"],
            "desc": "; ".join(finding["reasons"]),
            "first_seen_time": start,
            "last_seen_time": end,
            "attacks": [_attack(each) for each in finding["attack"]],
        },
        "resources": [{"type": "bucket", "name": each["bucket"]} for each in finding["buckets"]],
        # who acted is told also where no address is on record
        "evidences": [_evidence(finding, each["address"]) for each in finding["sources"] or [{"address": None}]],
        "unmapped": dict(finding),
    }


def closed(notice: Mapping[str, Any]) -> Object:
    """Return the event that closes a finding; ``notice`` tells of a case that its day has no longer."""
    return (
        _event(CLOSE, notice["case_id"])
        | ARCHIVED
        | {
            "status_detail": notice["says"],
            "severity_id": INFORMATIONAL,
            "time": _milliseconds(notice["at"]),
            "message": f"withdrawn: {notice['says']}",
            "finding_info": {"uid": notice["case_id"], "title": f"Withdrawn case of {notice['day']}"},
            "unmapped": dict(notice),
        }
    )


def _event(activity: int, case: str) -> Object:
    """What every event of a case begins with."""
    return {
        "activity_id": activity,
        "category_uid": CATEGORY,
        "class_uid": CLASS,
        "type_uid": CLASS * 100 + activity,
        "metadata": {
            "version": VERSION,
            "uid": case,
            "product": {"name": "anomaly", "vendor_name": "anomaly", "version": __version__},
        },
    }


def _attack(entry: Mapping[str, str]) -> Object:
    uid, name = TACTICS[entry["technique"]]
    return {"technique": {"uid": entry["technique"], "name": entry["name"]}, "tactic": {"uid": uid, "name": name}}


def _evidence(finding: Finding, address: str | None) -> Object:
    user: Object = {"uid": finding["identity"], "name": finding["identity"]}
    if finding["identity_account"]:
        user["account"] = {"uid": finding["identity_account"]}
    evidence: Object = {"actor": {"user": user}}
    if address:
        evidence["src_endpoint"] = {"ip" if _is_ip(address) else "name": address}
    return evidence


def _is_ip(address: str) -> bool:
    """Whether it is one: a log may name a service in its place."""
    try:
        return bool(ip_address(address))
    except ValueError:
        return False


def _milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)
