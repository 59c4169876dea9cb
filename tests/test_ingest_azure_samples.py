"""Real Azure samples, loaded whole, against what a person read in them."""

from datetime import datetime
from pathlib import Path
from typing import Any

from anomaly.store import Lake
from ingest_records import entries, load, put, rows

FIELDS = (
    "event_time", "region", "identity", "identity_kind", "access_key_id", "source_ip", "tool", "operation", "api",
    "outcome", "error_code", "bucket", "object_key", "bytes_read", "bytes_written", "request_id",
)  # fmt: skip
VAULT, TEST = "mystorageaccount/corporate-files", "mystorageaccount/test"
ENCRYPTED = "BlobUsesCustomerSpecifiedEncryption"


def sample(lake: Lake, tmp_path: Path, path: Path) -> list[dict[str, Any]]:
    load(lake, put(tmp_path, {path.name: path.read_bytes()}))
    assert entries(lake) == []
    return rows(lake)


def test_every_row_of_the_rule_tests(shared_data: Path, lake: Lake, tmp_path: Path) -> None:
    found = sample(lake, tmp_path, shared_data / "panther" / "azure_storage.jsonl")
    assert [tuple(row[name] for name in FIELDS) for row in found] == [
        (datetime(2024, 12, 19, 16, 37, 59, 255000), "eastus", "unknown", "workload", None, "5.5.5.5", "Azure CLI",
         "delete", "DeleteBlob", "ok", None, VAULT, "documents/internal_doc_13.txt", None, None, None),
        (datetime(2024, 12, 19, 19, 15, 7, 295000), "westus2", "sas:EXAMPLE_HASH", "signed_url", "EXAMPLE_HASH",
         "1.1.1.1", "browser", "head", "GetBlobMetadata", "error", ENCRYPTED, VAULT,
         "documents/internal_doc_8.txt.ENCRYPTED", None, None, "a1b2c3d4-e5f6-7890-abcd-ef1234567890"),
        (datetime(2024, 12, 19, 19, 15, 7, 304000), None, "unknown", "workload", None, "1.1.1.1", "browser", "head",
         "GetBlobProperties", "error", ENCRYPTED, VAULT, "documents/sensitive_data.xlsx.ENCRYPTED", None, None, None),
        (datetime(2024, 12, 19, 19, 15, 8, 173000), None, "unknown", "workload", None, "1.1.1.1", "unknown", "head",
         "GetBlobMetadata", "denied", "AuthorizationPermissionMismatch", TEST, "documents/file.txt", None, None, None),
        (datetime(2024, 12, 19, 19, 14, 59, 91000), "eastus", "unknown", "workload", None, "5.5.5.5", "Azure SDK",
         "write", "PutBlob", "ok", None, TEST, "documents/internal_doc_15.txt.ENCRYPTED", None, None, None),
    ]  # fmt: skip
    assert {(row["provider"], row["source"], row["account_id"]) for row in found} == {
        ("azure", "azure_storage", "mystorageaccount")
    }
    assert {row["destination_kind"] for row in found} == {None}


def test_a_write_with_an_account_key(shared_data: Path, lake: Lake, tmp_path: Path) -> None:
    (row,) = sample(lake, tmp_path, shared_data / "dynatrace" / "storage_write.json")
    key = "67F8F5A218837386F94E75FC7AAC530CD99957355C86E173D139401AC15D6011"
    assert tuple(row[name] for name in FIELDS) == (
        datetime(2023, 12, 12, 12, 12, 19, 135760), "eastus", f"account-key:{key}", "workload", key, "10.50.0.204",
        "Azure SDK", "configure", "SetBlobMetadata", "ok", None, "functiondynatracesa4ni6/azure-webjobs-eventhub",
        "nippon.servicebus.windows.net/http/$default/checkpoint/0", None, None, "4dfed43b-801e-001e-47f4-2c3e77000000",
    )  # fmt: skip
    assert row["recipient_account"] == "69349acf-2a6c-409d-a925-96ba0c5f099f"


def test_started_changes_of_machines_are_counted_and_left_out(shared_data: Path, lake: Lake, tmp_path: Path) -> None:
    data = (shared_data / "plaso" / "azure_activity_log.jsonl").read_bytes()
    counts = load(lake, put(tmp_path, {"activity.jsonl": data})).records
    assert (counts.seen, counts.loaded, counts.not_relevant, counts.quarantined) == (4, 0, 4, 0)


def test_the_same_rows_name_their_caller_where_they_open_storage(shared_data: Path, lake: Lake, tmp_path: Path) -> None:
    data = (shared_data / "plaso" / "azure_activity_log.jsonl").read_text()
    opened = data.replace('"Microsoft.Compute/disks/delete"', '"Microsoft.Compute/disks/beginGetAccess/action"')
    opened = opened.replace(
        '"Microsoft.Compute/virtualMachines/delete"', '"Microsoft.Compute/snapshots/beginGetAccess/action"'
    ).replace('"value": "Started"', '"value": "Succeeded"')
    load(lake, put(tmp_path, {"activity.jsonl": opened.encode()}))
    program, person = rows(lake)
    assert (program["identity"], program["identity_kind"]) == (
        "object:12345678-9abc-defg-hijk-lmnopqrstuvw",
        "workload",
    )
    assert (person["identity"], person["identity_kind"]) == ("fakeemail@fakedomain.com", "human")
    assert (person["mfa"], person["source_ip"], person["operation"]) == (False, "1.2.3.4", "share")
    assert program["event_time"] == datetime(2022, 2, 9, 3, 4, 54, 297853)
    assert program["event_id"] == "587eda65-125e-48c2-9b04-ab5e8d3a1d8e"
    assert program["account_id"] == "12345678-9abc-defg-hijk-lmnopqrstuvw"
    assert program["identity_account"] == "12345678-9abc-defg-hijk-lmnopqrstuvw"


def test_a_virtual_networks_flow(shared_data: Path, lake: Lake, tmp_path: Path) -> None:
    path = shared_data / "opentelemetry" / "azure_vnet_flow.json"
    counts = load(lake, put(tmp_path, {path.name: path.read_bytes()})).records
    assert (counts.seen, counts.loaded, counts.not_relevant) == (2, 1, 1), "the tuple that begins a flow has no bytes"
    (row,) = rows(lake)
    assert (row["source_ip"], row["destination_ip"], row["destination_port"]) == ("10.0.0.1", "1.1.1.1", 443)
    assert (row["bytes_out"], row["region"], row["workload"]) == (66, "eastus2", None)
    assert row["identity"] == "address:10.0.0.1"
    assert row["event_time"] == datetime(2025, 11, 7, 15, 59, 23, 718000)
