"""Real Google Cloud entries, each against what a person read in it, every column of the event."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from anomaly.store import Lake
from gcp_records import told, written
from ingest_records import entries, load, put, rows

MOZILLA = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_4) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/81.0.4044.138"
REWRITE = (
    "apitools Python/3.13.7 gsutil/5.35 (linux) analytics/enabled interactive/True invocation-id/{} command/rewrite-k"
    " google-cloud-sdk/548.0.0,gzip(gfe)"
)
COPY = (
    "google-cloud-sdk gcloud/548.0.0 command/gcloud.storage.cp invocation-id/{} environment/devshell"
    " environment-version/None client-os/LINUX client-os-ver/6.6.111 client-pltf-arch/x86_64 interactive/{}"
    " from-script/False python/3.13.7,gzip(gfe)"
)
AUDIT = "cloudaudit.googleapis.com%2F"
MADE_PUBLIC = {
    "event_id": f"15cp9rve72xt1@1589516922237027@projects/western-verve-123456/logs/{AUDIT}activity",
    "event_time": datetime(2020, 5, 15, 4, 28, 42, 237027),
    "account_id": "western-verve-123456",
    "recipient_account": "western-verve-123456",
    "region": "us",
    "identity": "user@runpanther.io",
    "identity_account": "runpanther.io",
    "source_ip": "136.24.229.58",
    "user_agent": f"{MOZILLA} Safari/537.36,gzip(gfe)",
    "tool": "browser",
    "operation": "share",
    "api": "storage.setIamPermissions",
    "bucket": "jacks-test-bucket",
    "destination_kind": "public",
}
REWRITTEN = {
    "event_id": f"kua6lje2lauj@1765812944471503@projects/your-project/logs/{AUDIT}data_access",
    "event_time": datetime(2025, 12, 15, 15, 35, 44, 471503),
    "account_id": "your-project",
    "recipient_account": "your-project",
    "region": "us",
    "identity": "frodo@lotr.com",
    "identity_account": "lotr.com",
    "source_ip": "1.2.3.4",
    "user_agent": REWRITE.format("000000000098a6854caf369de05cd1c0"),
    "tool": "gsutil rewrite-k",
    "operation": "write",
    "api": "storage.objects.create",
    "bucket": "victim-bucket",
    "object_key": "victim-file.txt",
}
UPLOADED = {
    "event_id": f"1vfv897ejxgc2@1765577135878912@projects/example-project/logs/{AUDIT}data_access",
    "event_time": datetime(2025, 12, 12, 22, 5, 35, 878912),
    "account_id": "example-project",
    "recipient_account": "example-project",
    "region": "us",
    "identity": "denethor@lotr.com",
    "identity_account": "lotr.com",
    "source_ip": "1.2.3.4",
    "user_agent": COPY.format("abc123def456", "False"),
    "tool": "gcloud.storage.cp",
    "operation": "write",
    "api": "storage.objects.create",
    "bucket": "data-bucket",
    "object_key": "HOW_TO_DECRYPT_FILES.txt",
}
PANTHER: list[dict[str, Any]] = [
    {
        "event_id": f"asdf1234asdfg@1678356323603000@projects/gcp-project1/logs/{AUDIT}activity",
        "event_time": datetime(2023, 3, 9, 10, 5, 23, 603000),
        "account_id": "gcp-project1",
        "recipient_account": "gcp-project1",
        "region": "us-east1",
        "identity": "user@company.io",
        "identity_account": "company.io",
        "source_ip": "1.2.3.4",  # the key is callerIP there
        "user_agent": "apitools Python/3.9.11 gsutil/5.11 (darwin) analytics/enabled interactive/True"
        " command/notification google-cloud-sdk/394.0.0,gzip(gfe)",
        "tool": "gsutil notification",
        "operation": "configure",
        "api": "storage.buckets.update",
        "bucket": "my-bucket",
    },
    MADE_PUBLIC,
    REWRITTEN,
    {
        **{name: value for name, value in REWRITTEN.items() if name != "object_key"},
        "identity": "homer.simpson@example.com",
        "identity_account": "example.com",
        "user_agent": REWRITE.format("8ad1636b4f184078859fe329c196a5c3"),
        "operation": "list",
        "api": "storage.objects.list",
    },
    MADE_PUBLIC | {"identity": "user.name@runpanther.io"},
    UPLOADED,
    UPLOADED
    | {
        "event_id": f"2abc123xyz789@1765577415123456@projects/example-project/logs/{AUDIT}data_access",
        "event_time": datetime(2025, 12, 12, 22, 10, 15, 123456),
        "identity": "admin@example.com",
        "identity_account": "example.com",
        "source_ip": "10.0.0.200",
        "user_agent": COPY.format("def789ghi012", "True"),
        "object_key": "quarterly_report_2025.pdf",
    },
    MADE_PUBLIC
    | {
        "event_id": f"c7rgc9c178@1589563507807169@projects/western-verve-123456/logs/{AUDIT}activity",
        "event_time": datetime(2020, 5, 15, 17, 25, 7, 807169),
        "region": "asia-northeast2",
        "identity": "user.name@runpanther.io",
        "user_agent": f"{MOZILLA} Safari/537.36,gzip(gfe),gzip(gfe)",
        "operation": "configure",  # its own project's owners on the access list of a new bucket open it to nobody
        "api": "storage.buckets.create",
        "bucket": "jacks-test-bucket-200",
        "destination_kind": None,
    },
]
IN_ALL = {"provider": "gcp", "source": "gcs_audit", "identity_kind": "human", "outcome": "ok"}


@pytest.mark.parametrize("number", range(len(PANTHER)))
def test_every_storage_entry_field_by_field(number: int, shared_data: Path, lake: Lake, tmp_path: Path) -> None:
    line = (shared_data / "panther" / "gcs_audit.jsonl").read_bytes().splitlines()[number]
    report = load(lake, put(tmp_path / "logs", {"one.json": line + b"\n"}))
    assert (report.records.seen, report.records.loaded) == (1, 1)
    (row,) = rows(lake)
    expected = IN_ALL | PANTHER[number]
    assert told(row) == {name: value for name, value in expected.items() if value is not None}
    assert (row["evidence_file"], row["evidence_record"]) == ("one.json", 0)


def test_two_pairs_of_the_storage_entries_share_their_id(shared_data: Path, lake: Lake) -> None:
    counts = load(lake, shared_data / "panther" / "gcs_audit.jsonl").records
    assert (counts.seen, counts.loaded, counts.duplicate, counts.not_relevant, counts.quarantined) == (8, 6, 2, 0, 0)
    assert [row["evidence_record"] for row in rows(lake)] == [0, 1, 2, 5, 6, 7], "3 has the id of 2, and 4 that of 1"


def test_entries_of_other_services_and_other_logs_are_counted(shared_data: Path, lake: Lake) -> None:
    counts = load(lake, shared_data / "plaso" / "gcp_logging.jsonl").records
    assert (counts.seen, counts.loaded, counts.duplicate, counts.not_relevant, counts.quarantined) == (11, 0, 0, 11, 0)
    assert entries(lake) == []


def test_the_callers_in_those_entries_are_read_all_the_same(shared_data: Path, lake: Lake, tmp_path: Path) -> None:
    lines = (shared_data / "plaso" / "gcp_logging.jsonl").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    found = [
        entry
        for entry in found
        if "serviceAccountDelegationInfo" in entry.get("protoPayload", {}).get("authenticationInfo", {})
    ]
    for entry in found:  # as if they had read an object
        entry["protoPayload"] |= {"serviceName": "storage.googleapis.com", "methodName": "storage.objects.get"}
    load(lake, put(tmp_path / "logs", {"a.json": written(found)}))
    person, machine = rows(lake)
    assert (person["identity"], person["identity_kind"]) == ("fake-account@fake-project.com", "human")
    assert person["role_chain"] == "service-account-one@fake-project.com -> service-account-two@fake-project.com"
    assert (machine["identity"], machine["identity_kind"], machine["identity_account"]) == (
        "dvwa-service-account@ketchup.iam.gserviceaccount.com", "workload", "ketchup",
    )  # fmt: skip
    assert machine["role_chain"] == "service-1234567890@compute-system.iam.gserviceaccount.com"
    assert (machine["outcome"], machine["error_code"]) == ("denied", "PERMISSION_DENIED")
    assert (machine["source_ip"], machine["event_time"]) == ("34.72.217.225", datetime(2024, 12, 3, 17, 58, 44, 882119))


def test_a_flow_field_by_field(shared_data: Path, lake: Lake) -> None:
    report = load(lake, shared_data / "opentelemetry" / "gcp_vpc_flow_internet.json")
    assert (report.records.seen, report.records.loaded) == (1, 1)
    (row,) = rows(lake)
    time = datetime(2025, 9, 27, 21, 13, 5, 56628)
    log = "projects/test-project-id/logs/networkmanagement.googleapis.com%2Fvpc_flows"
    assert told(row) == {
        "event_id": f"79c1kvepzqvr@1759007585056628@{log}",
        "event_time": time,
        "end_time": time,
        "provider": "gcp",
        "account_id": "test-project-id",
        "recipient_account": "test-project-id",
        "region": "asia-south1",
        "source": "gcp_flow",
        "identity": "workload:service-integration-dev-idc-ubuntu25-4",
        "identity_kind": "workload",
        "source_ip": "192.0.2.6",
        "tool": "unknown",
        "operation": "flow",
        "api": "Flow",
        "outcome": "ok",
        "destination_kind": "network",
        "destination_ip": "203.0.113.6",  # ICMP: no port
        "workload": "service-integration-dev-idc-ubuntu25-4",
        "bytes_out": 800,
    }
