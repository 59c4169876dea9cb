"""Google Cloud entries into events: what each kind of call says, and which entries are only counted."""

import json
from pathlib import Path
from typing import Any

import pytest

from anomaly.store import Lake
from gcp_records import PROJECT, audit, flow, one_entry, written
from ingest_records import load, put, rows

TRANSFER = "google.storagetransfer.v1.StorageTransferService"
ROBOTS = "gserviceaccount.com"
SINK = {"gcsDataSink": {"bucketName": "away"}}


def call(service: str, method: str, **payload: Any) -> dict[str, Any]:
    """Return an entry of another service than storage."""
    base = {"serviceName": service, "methodName": method, "resourceName": f"projects/{PROJECT}"}
    return audit(payload=base | payload, resource={"type": "project", "labels": {"project_id": PROJECT}})


def members(*names: str, action: str = "ADD") -> dict[str, Any]:
    """Return ``serviceData`` of a policy change."""
    deltas = [{"action": action, "role": "roles/storage.objectViewer", "member": name} for name in names]
    return {"policyDelta": {"bindingDeltas": deltas}}


@pytest.mark.parametrize(
    ("destination", "account"),
    [
        ("projects/other-project/buckets/away/objects/k/1", "other-project"),
        ("projects/_/buckets/away/objects/k/1", None),
    ],
)
def test_a_read_with_a_destination_is_a_copy(destination: str, account: str | None, lake: Lake, tmp_path: Path) -> None:
    metadata = {"destination": destination, "requested_bytes": 12345}
    row = one_entry(lake, tmp_path / "logs", audit(payload={"metadata": metadata}))
    assert (row["operation"], row["bucket"], row["object_key"]) == ("copy", "vault", "k/0.parquet")
    assert (row["destination_kind"], row["destination_bucket"], row["destination_account"]) == (
        "bucket",
        "away",
        account,
    )
    assert (row["bytes_read"], row["bytes_written"]) == (None, None), "what was asked for is not what was sent"


@pytest.mark.parametrize(
    ("who", "identity", "kind", "account"),
    [
        ({"principalEmail": "kim@Example.com"}, "kim@Example.com", "human", "example.com"),
        ({"principalSubject": "user:kim@example.com"}, "kim@example.com", "human", "example.com"),
        (
            {"principalEmail": "a@p1.example.com.iam.gserviceaccount.com"},
            "a@p1.example.com.iam.gserviceaccount.com", "workload", "example.com:p1",
        ),
        ({"principalEmail": "p1@appspot.gserviceaccount.com"}, "p1@appspot.gserviceaccount.com", "workload", "p1"),
        (
            {"principalEmail": "123-compute@developer.gserviceaccount.com"},
            "123-compute@developer.gserviceaccount.com", "workload", "123",
        ),
        (
            {"principalEmail": "service-123@gs-project-accounts.iam.gserviceaccount.com"},
            "service-123@gs-project-accounts.iam.gserviceaccount.com", "service", None,
        ),
        (
            {"principalEmail": "project-123@storage-transfer-service.iam.gserviceaccount.com"},
            "project-123@storage-transfer-service.iam.gserviceaccount.com", "service", None,
        ),
        (
            {"principalEmail": "service-123@thief.iam.gserviceaccount.com"},
            "service-123@thief.iam.gserviceaccount.com", "workload", "thief",
        ),
        (
            {"principalEmail": "p12-3@gcp-sa-logging.iam.gserviceaccount.com"},
            "p12-3@gcp-sa-logging.iam.gserviceaccount.com", "service", None,
        ),
        ({"principalEmail": "system@google.com"}, "system@google.com", "service", None),
        (
            {"principalSubject": "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/aws/subject/x"},
            "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/aws/subject/x",
            "workload", None,
        ),
        (
            {"principalSubject": "principal://iam.googleapis.com/locations/global/workforcePools/staff/subject/kim"},
            "principal://iam.googleapis.com/locations/global/workforcePools/staff/subject/kim", "human", None,
        ),
        ({}, "anonymous", "anonymous", None),
        ({"oauthInfo": {"oauthClientId": "1"}}, "unknown", "workload", None),
    ],
)  # fmt: skip
def test_who_made_a_call(
    who: dict[str, Any], identity: str, kind: str, account: str | None, lake: Lake, tmp_path: Path
) -> None:
    row = one_entry(lake, tmp_path / "logs", audit(payload={"authenticationInfo": who}))
    assert (row["identity"], row["identity_kind"], row["identity_account"]) == (identity, kind, account)


def test_a_key_and_a_chain_of_delegates(lake: Lake, tmp_path: Path) -> None:
    email = f"etl@{PROJECT}.iam.gserviceaccount.com"
    who = {
        "principalEmail": email,
        "serviceAccountKeyName": f"//iam.googleapis.com/projects/{PROJECT}/serviceAccounts/{email}/keys/0a1b2c",
        "serviceAccountDelegationInfo": [
            {"principalSubject": "user:kim@example.com"},
            {"firstPartyPrincipal": {"principalEmail": "hop@other.iam.gserviceaccount.com"}},
            {"thirdPartyPrincipal": {"thirdPartyClaims": {}}},
            "no object",
        ],
    }
    row = one_entry(lake, tmp_path / "logs", audit(payload={"authenticationInfo": who}))
    assert row["access_key_id"] == "0a1b2c"
    assert row["role_chain"] == "kim@example.com -> hop@other.iam.gserviceaccount.com -> third party"


@pytest.mark.parametrize(
    ("address", "source_ip", "invoked_by"),
    [
        ("2001:db8::7", "2001:db8::7", None),
        ("private", None, "private"),
        ("gce-internal-ip", None, None),
        ("", None, None),
    ],
)
def test_the_callers_address(
    address: str, source_ip: str | None, invoked_by: str | None, lake: Lake, tmp_path: Path
) -> None:
    row = one_entry(lake, tmp_path / "logs", audit(payload={"requestMetadata": {"callerIp": address}}))
    assert (row["source_ip"], row["invoked_by"], row["tool"]) == (source_ip, invoked_by, "unknown")


@pytest.mark.parametrize(
    ("status", "outcome", "code"),
    [
        ({}, "ok", None),
        (None, "ok", None),
        ({"code": 0}, "ok", None),
        ({"code": 7}, "denied", "PERMISSION_DENIED"),
        ({"code": 16}, "denied", "UNAUTHENTICATED"),
        ({"code": 5}, "error", "NOT_FOUND"),
        ({"code": 99}, "error", "99"),
    ],
)
def test_the_outcome(status: Any, outcome: str, code: str | None, lake: Lake, tmp_path: Path) -> None:
    row = one_entry(lake, tmp_path / "logs", audit(payload={"status": status}))
    assert (row["outcome"], row["error_code"]) == (outcome, code)


@pytest.mark.parametrize(
    ("message", "identity", "kind"),
    [
        ("Anonymous caller does not have storage.objects.get access.", "anonymous", "anonymous"),
        ("Permission denied.", "unknown", "workload"),  # the caller is left out of a refused call
    ],
)
def test_who_was_refused(message: str, identity: str, kind: str, lake: Lake, tmp_path: Path) -> None:
    payload = {"authenticationInfo": {}, "status": {"code": 7, "message": message}}
    row = one_entry(lake, tmp_path / "logs", audit(payload=payload))
    assert (row["identity"], row["identity_kind"]) == (identity, kind)


def test_a_perimeters_refusal_names_its_bucket_in_metadata(lake: Lake, tmp_path: Path) -> None:
    payload = {
        "authenticationInfo": {},
        "authorizationInfo": None,
        "status": {"code": 7, "message": "Request is prohibited by organization's policy."},
        "methodName": "google.storage.objects.get",
        "resourceName": "projects/123",
        "metadata": {
            "@type": "type.googleapis.com/google.cloud.audit.VpcServiceControlAuditMetadata",
            "resourceNames": ["projects/_/buckets/vault/objects/k/1"],
            "violationReason": "NO_MATCHING_ACCESS_LEVEL",
        },
    }
    resource = {"type": "audited_resource", "labels": {"project_id": PROJECT}}
    row = one_entry(lake, tmp_path / "logs", audit(payload=payload, resource=resource))
    assert (row["operation"], row["outcome"], row["identity"]) == ("read", "denied", "unknown")
    assert (row["bucket"], row["object_key"]) == ("vault", "k/1")


def test_a_signed_url_shows_its_signer(lake: Lake, tmp_path: Path) -> None:
    asked = {"path": "/vault/k", "query": "X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Signature=00"}
    row = one_entry(lake, tmp_path / "logs", audit(payload={"requestMetadata": {"requestAttributes": asked}}))
    assert (row["identity"], row["identity_kind"]) == (f"etl@{PROJECT}.iam.gserviceaccount.com", "signed_url")
    assert row["auth_method"] == "QueryString"


def test_an_objects_name_may_hold_anything(lake: Lake, tmp_path: Path) -> None:
    name = 'projects/_/buckets/vault/objects/a/objects/b "c"\nd\u00e9\u0000'
    row = one_entry(lake, tmp_path / "logs", audit(payload={"resourceName": name}))
    assert (row["bucket"], row["object_key"]) == ("vault", 'a/objects/b "c"\nd\u00e9\u0000')


@pytest.mark.parametrize(
    ("method", "operation"),
    [
        ("storage.objects.list", "list"),
        ("storage.buckets.list", "list"),
        ("storage.buckets.get", "head"),
        ("storage.getIamPermissions", "head"),
        ("storage.objects.delete", "delete"),
        ("storage.buckets.delete", "delete"),
        ("storage.objects.restore", "restore"),
        ("storage.objects.update", "configure"),
        ("storage.setIamPermissions", "share"),
        ("storage.hmacKeys.create", "auth"),
        ("storage.something.new", "configure"),
    ],
)
def test_every_call_on_storage_is_kept(method: str, operation: str, lake: Lake, tmp_path: Path) -> None:
    assert one_entry(lake, tmp_path / "logs", audit(payload={"methodName": method}))["operation"] == operation


NOT_RELEVANT: dict[str, dict[str, Any]] = {
    "another service": call("pubsub.googleapis.com", "google.pubsub.v1.Publisher.CreateTopic"),
    "another call on a service": call("compute.googleapis.com", "v1.compute.instances.insert"),
    "a query": call(
        "bigquery.googleapis.com",
        "google.cloud.bigquery.v2.JobService.InsertJob",
        metadata={"jobInsertion": {"job": {"jobConfig": {"queryConfig": {"query": "select 1"}}}}},
    ),
    "an ordinary build": call(
        "cloudbuild.googleapis.com", "google.devtools.cloudbuild.v1.CloudBuild.CreateBuild", request={"build": {}}
    ),
    "the end of a long run": call("storagetransfer.googleapis.com", f"{TRANSFER}.RunTransferJob")
    | {"operation": {"id": "o", "last": True}},
    "a perimeter tried out": audit(payload={"status": {"code": 7}, "metadata": {"dryRun": True}}),
    "a request log": audit(payload={"@type": "type.googleapis.com/google.appengine.logging.v1.RequestLog"}),
    "text": audit(protoPayload=None, textPayload="hello"),
    "other JSON": audit(protoPayload=None, jsonPayload={"connection": "pool", "user": "kim"}),
    "text without a time": audit(protoPayload=None, textPayload="hello", timestamp=None),
    "a flow seen by its target": flow(told={"reporter": "DEST"}),
    "a flow inside": flow(told={"connection": {"src_ip": "10.0.0.4", "dest_ip": "10.1.0.9", "dest_port": 443}}),
    "a flow inside, version 6": flow(told={"connection": {"src_ip": "fd00::1", "dest_ip": "fd00::2"}}),
    "a flow without bytes": flow(told={"bytes_sent": "0"}),
}


@pytest.mark.parametrize("name", NOT_RELEVANT)
def test_other_entries_are_only_counted(name: str, lake: Lake, tmp_path: Path) -> None:
    data = written([audit(0), NOT_RELEVANT[name], audit(1)])
    counts = load(lake, put(tmp_path / "logs", {"a.json": data})).records
    assert (counts.seen, counts.loaded, counts.not_relevant) == (3, 2, 1)
    assert [row["evidence_record"] for row in rows(lake)] == [0, 2]


def test_a_flow_is_what_left_a_workload(lake: Lake, tmp_path: Path) -> None:
    row = one_entry(lake, tmp_path / "logs", flow())
    assert (row["identity"], row["workload"], row["source_ip"]) == ("workload:worker-1", "worker-1", "10.0.0.4")
    assert (row["destination_ip"], row["destination_port"], row["bytes_out"]) == ("203.0.113.9", 443, 5000)
    assert (str(row["event_time"]), str(row["end_time"])) == ("2024-03-01 10:00:00.500000", "2024-03-01 10:00:05")
    assert (row["account_id"], row["region"], row["bytes_read"]) == (PROJECT, "europe-west1", None)


def test_a_flow_of_no_known_machine_goes_by_its_address(lake: Lake, tmp_path: Path) -> None:
    told = {"src_instance": None, "src_vpc": None, "bytes_sent": 70_000_000_000, "start_time": None}
    row = one_entry(lake, tmp_path / "logs", flow(told=told, resource=None))
    assert (row["identity"], row["workload"], row["account_id"]) == ("address:10.0.0.4", None, PROJECT)
    assert (row["bytes_out"], str(row["event_time"])) == (70_000_000_000, "2024-03-01 10:00:20")


@pytest.mark.parametrize("shape", ["lines", "list", "entries", "one", "wrapped", "as text"])
def test_envelopes(shape: str, lake: Lake, tmp_path: Path) -> None:
    found = [audit(0), flow(1), audit(2)]
    data = {
        "lines": written(found),
        "list": json.dumps(found, indent=1).encode(),
        "entries": json.dumps({"entries": found, "nextPageToken": "x"}).encode(),
        "one": json.dumps(found[0], indent=2).encode(),
        "wrapped": written([{"rule": "r", "event": entry} for entry in found]),
        "as text": written([{"_raw": json.dumps(entry)} for entry in found]),
    }[shape]
    counts = load(lake, put(tmp_path / "logs", {"cloudaudit/10:00:00_10:59:59_S0.json.gz": data})).records
    expected = 1 if shape == "one" else 3
    assert (counts.seen, counts.loaded) == (expected, expected)
    assert [row["evidence_record"] for row in rows(lake)] == list(range(expected))


def test_the_same_entry_from_two_sinks_loads_once(lake: Lake, tmp_path: Path) -> None:
    files = {"a.json": written([audit(0), audit(1)]), "b.json": written([audit(1), audit(2)])}
    counts = load(lake, put(tmp_path / "logs", files)).records
    assert (counts.seen, counts.loaded, counts.duplicate) == (4, 3, 1)


def test_an_id_counts_within_its_log_and_moment(lake: Lake, tmp_path: Path) -> None:
    found = [audit(0), audit(0, timestamp="2024-03-01T05:00:00Z"), audit(0, logName="projects/p/logs/x")]
    counts = load(lake, put(tmp_path / "logs", {"a.json": written(found)})).records
    assert (counts.seen, counts.loaded) == (3, 3)


def test_without_an_id_the_whole_entry_tells_a_repeat(lake: Lake, tmp_path: Path) -> None:
    found = [audit(0, insertId=None), audit(1, insertId=None), audit(0, insertId=None)]
    counts = load(lake, put(tmp_path / "logs", {"a.json": written(found)})).records
    assert (counts.loaded, counts.duplicate) == (2, 1)
    assert all(row["event_id"].startswith("digest-") for row in rows(lake))
