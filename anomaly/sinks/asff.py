"""A day's findings in the AWS Security Finding Format, as `aws securityhub batch-import-findings` takes them.

Names and limits are those of the Security Hub user guide, "Required ASFF attributes" and "Optional top-level
attributes", and of the service model of BatchImportFindings.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from anomaly.dossier.filters import bytes_words, destination, source
from anomaly.words import visible

SCHEMA = "2018-10-08"
MOST = 100
"""Findings that one BatchImportFindings takes."""
TITLE, DESCRIPTION, VALUE, RESOURCES = 256, 1024, 2048, 32
"""Characters of a title, a description and a product field, and resources of a finding, at most."""
TYPES = ["Effects/Data Exfiltration", "Unusual Behaviors/Data"]
"""Of the types taxonomy for ASFF."""
PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
"""By the beginning of a region's name; every other region is in aws."""
NAMED = 10

Finding = Mapping[str, Any]
Object = dict[str, Any]


@dataclass(frozen=True)
class Account:
    """The account and region whose Security Hub gets the findings."""

    number: str
    region: str

    def finding(self, finding: Finding, now: float) -> Object:
        """Return a finding as Security Hub takes it; ``now`` (Unix time) is when it was last written."""
        severity = {"Label": "INFORMATIONAL" if finding["covered"] else "HIGH" if finding["alert"] else "LOW"}
        return {
            "SchemaVersion": SCHEMA,
            "Id": f"anomaly/{self.region}/{self.number}/{finding['case_id']}",
            "ProductArn": f"arn:{self.partition}:securityhub:{self.region}:{self.number}:product/{self.number}/default",
            "GeneratorId": "anomaly",
            "AwsAccountId": self.number,
            "Types": TYPES,
            "FirstObservedAt": finding["start"],
            "LastObservedAt": finding["end"],
            "CreatedAt": finding["end"],
            "UpdatedAt": _moment(now),
            "Severity": severity,
            "FindingProviderFields": {"Severity": severity, "Types": TYPES},
            "Confidence": round(100 * finding["confidence"]["value"]),
            "Title": _text(finding["headline"], TITLE),
            "Description": _text("; ".join(finding["reasons"]) or finding["headline"], DESCRIPTION),
            "ProductFields": _fields(finding),
            "Resources": self._resources(finding),
            "RecordState": "ACTIVE",
        }

    @property
    def partition(self) -> str:
        """The partition that the region is in."""
        return next((name for start, name in PARTITIONS.items() if self.region.startswith(start)), "aws")

    def _resources(self, finding: Finding) -> list[Object]:
        who = {"Type": _identity_type(finding["identity"]), "Id": _text(finding["identity"], 512)}
        data = [
            {"Type": "AwsS3Bucket", "Id": f"arn:{self.partition}:s3:::{_text(each['bucket'], 400)}"}
            if finding["identity"].startswith("arn:") and "/" not in each["bucket"]
            else {"Type": "Other", "Id": _text(each["bucket"], 512)}
            for each in finding["buckets"]
        ]
        return [each | {"Partition": self.partition, "Region": self.region} for each in [who, *data][:RESOURCES]]


def archived(body: Object, now: float) -> Object:
    """Return a finding whose case a later run of its day no longer found."""
    return body | {"RecordState": "ARCHIVED", "UpdatedAt": _moment(now)}


def files(day: str, findings: Sequence[Object]) -> dict[str, str]:
    """Return the day's file, and further ones beyond 100 findings; each is the input of one BatchImportFindings."""
    ordered = sorted(findings, key=lambda each: str(each["Id"]))
    batches = [ordered[start : start + MOST] for start in range(0, len(ordered), MOST)] or [[]]
    names = [first(day), *(f"{day}.{number}.asff.json" for number in range(2, len(batches) + 1))]
    return {name: json.dumps({"Findings": batch}, indent=1) + "\n" for name, batch in zip(names, batches, strict=True)}


def first(day: str) -> str:
    """Return the name of a day's first file."""
    return f"{day}.asff.json"


def _fields(finding: Finding) -> dict[str, str]:
    """What ASFF has no field for; a name of its own before each, as the guide asks."""
    place = "covered by a workflow" if finding["rank"] is None else f"{finding['rank']} of {finding['cases']}"
    told = {
        "CaseId": finding["case_id"],
        "Day": finding["day"],
        "Rank": place,
        "Score": f"{finding['score']:.6g}",
        "Identity": finding["identity"],
        "BytesRead": bytes_words(finding["bytes_read"]),
        "ObjectsTaken": str(finding["objects_taken"]),
        "Sources": "; ".join(source(each) for each in finding["sources"][:NAMED]),
        "Destinations": "; ".join(destination(each) for each in finding["destinations"][:NAMED]),
        "Buckets": "; ".join(each["bucket"] for each in finding["buckets"][:NAMED]),
        "Techniques": ", ".join(each["technique"] for each in finding["attack"]),
        "Workflow": finding["workflow"],
        "Gaps": "; ".join(finding["confidence"]["gaps"]),
        "ModelVersion": str(finding["model_version"]),
    }
    return {f"anomaly/{name}": _text(text, VALUE) for name, text in told.items() if text}


def _identity_type(identity: str) -> str:
    for part, name in ((":user/", "AwsIamUser"), (":role/", "AwsIamRole"), (":assumed-role/", "AwsIamRole")):
        if identity.startswith("arn:") and part in identity:
            return name
    return "Other"


def _text(text: str, longest: int) -> str:
    """The text with unseen characters written out, within a limit, never blank: ASFF refuses that."""
    shown = visible(text)
    shown = shown if len(shown) <= longest else f"{shown[: longest - 1]}…"
    return shown if shown.strip() else "-"


def _moment(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
