"""Azure storage and activity records, field by field."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from anomaly.store import Lake
from azure_records import STORAGE, SUBSCRIPTION, activity, blob, written
from ingest_records import entries, load, put, rows

DIAGNOSTIC = "insights-logs-storageread/resourceId=/SUBSCRIPTIONS/X/y=2024/m=03/d=01/h=10/m=00/PT1H.json"


def only(lake: Lake, folder: Path, record: dict[str, Any]) -> dict[str, Any]:
    load(lake, put(folder, {"PT1H.json": written([record])}))
    (row,) = rows(lake)
    return row


def test_a_read_by_a_user_in_the_real_layout(lake: Lake, tmp_path: Path) -> None:
    load(lake, put(tmp_path, {DIAGNOSTIC: written([blob(0), blob(1)])}))
    first, second = rows(lake)
    assert (first["identity"], first["identity_kind"], first["identity_account"]) == (
        "ann@example.com", "human", "0ddd",
    )  # fmt: skip
    assert (first["event_time"], first["region"]) == (datetime(2024, 3, 1, 10, 0, 0, 123456), "westeurope")
    assert (first["account_id"], first["bucket"], first["object_key"]) == ("acme", "acme/vault", "k/0.parquet")
    assert (first["bytes_read"], first["bytes_written"], first["outcome"]) == (100, None, "ok")
    assert (first["source_ip"], first["tool"], first["request_id"]) == ("203.0.113.9", "AzCopy", "c-0")
    assert (first["provider"], first["source"], first["api"]) == ("azure", "azure_storage", "GetBlob")
    assert first["recipient_account"] == "0aaa0000-0000-0000-0000-000000000001"
    assert (second["evidence_file"], second["evidence_record"]) == (DIAGNOSTIC, 1)


@pytest.mark.parametrize(
    ("identity", "expected"),
    [  # identity, kind, tenant, key, who stands behind
        ({"type": "OAuth", "requester": {"objectId": "1", "appId": "2", "tenantId": "3"}},
         ("object:1", "workload", "3", None, None)),
        ({"type": "OAuth", "requester": {"appId": "2"}}, ("app:2", "workload", None, None, None)),
        ({"type": "AccountKey", "tokenHash": "key2(AB)"}, ("account-key:AB", "workload", None, "AB", None)),
        ({"type": "SAS Key", "tokenHash": "key1(AB),SasSignature(CD)"},
         ("sas:CD", "signed_url", None, "CD", "account-key:AB")),
        ({"type": "DelegationSas", "tokenHash": "SasSignature(CD)", "requester": {"objectId": "1", "tenantId": "3"}},
         ("sas:CD", "signed_url", "3", "CD", "object:1")),
        ({"type": "SAS"}, ("sas:unknown", "signed_url", None, None, None)),
        ({"type": "Anonymous"}, ("anonymous", "anonymous", None, None, None)),
        ({"type": "TrustedAccess", "requester": {"appId": "2"}}, ("service:app:2", "service", None, None, None)),
        ({}, ("unknown", "workload", None, None, None)),
        ("nobody", ("unknown", "workload", None, None, None)),
        (None, ("unknown", "workload", None, None, None)),
    ],
)  # fmt: skip
def test_who_made_a_request(identity: Any, expected: tuple[str | None, ...], lake: Lake, tmp_path: Path) -> None:
    row = only(lake, tmp_path, blob(identity=identity))
    names = ("identity", "identity_kind", "identity_account", "access_key_id", "role_chain")
    assert tuple(row[name] for name in names) == expected


@pytest.mark.parametrize(
    ("object_key", "uri", "expected"),
    [
        ("/acme/vault", None, ("acme/vault", None)),
        ("/acme", None, (None, None)),
        (None, "https://acme.blob.core.windows.net/vault/a%20b/c.txt?sv=2020&sig=SECRET", ("acme/vault", "a b/c.txt")),
        (None, "https://acme-secondary.blob.core.windows.net/vault/a", ("acme/vault", "a")),
        (None, "https://acme.dfs.core.usgovcloudapi.net/vault/a", ("acme/vault", "a")),
        (None, "https://acme.z1.blob.storage.azure.net/vault/a", ("acme/vault", "a")),
        (None, "http://127.0.0.1:10000/acme/vault/a", ("acme/vault", "a")),
        (None, "https://files.example.com/vault/a", ("acme/vault", "a")),
        (None, "https://acme.blob.core.windows.net/vault/%ff", ("acme/vault", "%ff")),
        (None, "https://acme.blob.core.windows.net", (None, None)),
        (None, None, (None, None)),
        (7, "no url at all", (None, None)),
    ],
)
def test_where_a_blob_lies(
    object_key: Any, uri: Any, expected: tuple[str | None, str | None], lake: Lake, tmp_path: Path
) -> None:
    row = only(lake, tmp_path, blob(uri=uri, told={"objectKey": object_key}))
    assert (row["bucket"], row["object_key"], row["account_id"]) == (*expected, "acme")
    assert "SECRET" not in json.dumps(row, default=str)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.9:1", "203.0.113.9"),
        ("203.0.113.9", "203.0.113.9"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("<Redacted>:64758", None),
        ("", None),
    ],
)
def test_an_address_loses_its_port(address: str, expected: str | None, lake: Lake, tmp_path: Path) -> None:
    assert only(lake, tmp_path, blob(callerIpAddress=address))["source_ip"] == expected


@pytest.mark.parametrize(
    ("changes", "told", "expected"),
    [  # operation, outcome, error, bytes read, bytes written
        ({"statusCode": 206}, {}, ("read", "ok", None, 100, None)),
        ({"statusCode": "200"}, {"responseBodySize": "100"}, ("read", "ok", None, 100, None)),
        ({}, {"responseBodySize": None}, ("read", "ok", None, None, None)),
        ({"statusCode": 304}, {}, ("read", "ok", None, None, None)),
        ({"statusCode": 404, "statusText": "BlobNotFound"}, {}, ("read", "error", "BlobNotFound", None, None)),
        ({"statusCode": 403, "statusText": "AuthorizationFailure"}, {},
         ("read", "denied", "AuthorizationFailure", None, None)),
        ({"statusCode": 409, "statusText": "PublicAccessNotPermitted"}, {},
         ("read", "denied", "PublicAccessNotPermitted", None, None)),
        ({"statusCode": None, "statusText": None}, {"metricResponseType": "SASAuthorizationError"},
         ("read", "denied", "SASAuthorizationError", None, None)),
        ({"category": "StorageWrite", "operationName": "PutBlock", "statusCode": 201},
         {"requestBodySize": 7, "responseBodySize": None}, ("write", "ok", None, None, 7)),
        ({"category": "StorageWrite", "operationName": "AppendBlock", "statusCode": 201},
         {"contentLengthHeader": 8}, ("write", "ok", None, None, 8)),
        ({"category": "StorageWrite", "operationName": "PutBlockList", "statusCode": 201},
         {"requestBodySize": 9}, ("write", "ok", None, None, None)),
        ({"operationName": "ReadFile"}, {}, ("read", "ok", None, 100, None)),
        ({"operationName": "GetContainerProperties"}, {}, ("head", "ok", None, None, None)),
        ({"operationName": "SetSomethingNew", "category": "StorageWrite"}, {}, ("configure", "ok", None, None, None)),
        ({"operationName": "DeleteSomethingNew", "category": "StorageDelete"}, {}, ("delete", "ok", None, None, None)),
    ],
)  # fmt: skip
def test_what_a_request_did(
    changes: dict[str, Any], told: dict[str, Any], expected: tuple[Any, ...], lake: Lake, tmp_path: Path
) -> None:
    row = only(lake, tmp_path, blob(told=told, **changes))
    names = ("operation", "outcome", "error_code", "bytes_read", "bytes_written")
    assert tuple(row[name] for name in names) == expected


def test_a_listing_names_its_prefix(lake: Lake, tmp_path: Path) -> None:
    uri = "https://acme.blob.core.windows.net/vault?restype=container&comp=list&prefix=2024%2F&sig=SECRET"
    row = only(lake, tmp_path, blob(operationName="ListBlobs", uri=uri, told={"objectKey": "/acme/vault"}))
    assert (row["operation"], row["bucket"], row["list_prefix"], row["object_key"]) == (
        "list", "acme/vault", "2024/", None,
    )  # fmt: skip


def test_the_three_rows_of_a_copy_are_three_events_with_both_ends(lake: Lake, tmp_path: Path) -> None:
    source = "https://victim.blob.core.windows.net/secret/a%20b.txt?sp=r&sig=SECRET"
    own: dict[str, Any] = {"category": "StorageWrite", "statusCode": 202, "correlationId": "one"}
    target = {"objectKey": "/acme/loot/x.txt", "responseBodySize": None}
    data = written(
        [
            blob(operationName="CopyBlob", told=target, **own),
            blob(operationName="CopyBlobSource", told={"objectKey": source}, **own, uri=source),
            blob(operationName="CopyBlobDestination", told=target, **own),
        ]
    )
    load(lake, put(tmp_path, {"PT1H.json": data}))
    copy, origin, destination = rows(lake)
    assert {row["request_id"] for row in (copy, origin, destination)} == {"one"}
    assert (origin["operation"], origin["bucket"], origin["object_key"]) == ("copy", "victim/secret", "a b.txt")
    assert (origin["account_id"], origin["bytes_read"], origin["destination_kind"]) == ("victim", None, None)
    for row in (copy, destination):
        assert (row["operation"], row["bucket"], row["object_key"]) == ("write", "acme/loot", "x.txt")
        assert row["bytes_written"] is None
    names = ("destination_kind", "destination_account", "destination_bucket")
    assert tuple(copy[name] for name in names) == ("bucket", "acme", "acme/loot")
    assert tuple(destination[name] for name in names) == (None, None, None), "said once a copy"
    assert "SECRET" not in json.dumps(rows(lake), default=str)


def test_a_destination_url_in_the_record_is_the_destination(lake: Lake, tmp_path: Path) -> None:
    url = "https://evil.blob.core.windows.net/loot/x?sig=SECRET"
    row = only(lake, tmp_path, blob(operationName="CopyBlobSource", told={"destinationUri": url}))
    assert (row["destination_account"], row["destination_bucket"]) == ("evil", "evil/loot")


def test_a_read_by_the_platforms_transport_is_the_source_of_a_copy(lake: Lake, tmp_path: Path) -> None:
    row = only(lake, tmp_path, blob(statusCode=206, told={"userAgentHeader": "APN/1.0 Azure Blob FE"}))
    assert (row["operation"], row["bytes_read"], row["invoked_by"]) == ("copy", None, "azure-storage")


def test_ranges_of_one_blob_are_distinct_and_the_same_row_twice_is_one(lake: Lake, tmp_path: Path) -> None:
    ranges = [blob(0, correlationId="x", statusCode=206, time=f"2024-03-01T10:00:00.{n}Z") for n in (1, 2, 3)]
    report = load(lake, put(tmp_path, {"a.json": written(ranges), "b.json": written([*ranges[:1], blob(1)])}))
    assert (report.records.loaded, report.records.duplicate) == (4, 1)


def test_a_record_that_names_only_the_account_is_known_by_its_service(lake: Lake, tmp_path: Path) -> None:
    records = [blob(0, resourceId=STORAGE), blob(1, resourceId=STORAGE, told={"serviceType": "queue"})]
    report = load(lake, put(tmp_path, {"PT1H.json": written(records)}))
    assert (report.records.loaded, report.records.not_relevant) == (1, 1)
    assert [row["object_key"] for row in rows(lake)] == ["k/0.parquet"]


def test_other_services_and_metrics_are_not_relevant_and_bad_rows_are_named(lake: Lake, tmp_path: Path) -> None:
    records = [
        blob(0),
        blob(1, resourceId=f"{STORAGE}/tableServices/default", told={"serviceType": "table"}),
        blob(2, resourceId=None),
        blob(3, operationName=None, metricName="Egress", category=None),
        blob(4, time="yesterday"),
        blob(5, time="1999-01-01T00:00:00Z"),
        blob(6, operationName=None),
        blob(7) | {"properties": "gone"},
    ]
    report = load(lake, put(tmp_path, {"PT1H.json": written(records)}))
    counts = report.records
    assert (counts.seen, counts.loaded, counts.not_relevant, counts.quarantined) == (8, 2, 2, 4)
    assert [(entry.record, entry.reason.partition(" 1999")[0]) for entry in entries(lake)] == [
        (4, "the time yesterday cannot be read"),
        (5, "the time"),
        (6, "no operationName"),
        (7, "properties is no object"),
    ]


def test_a_signature_is_not_copied_into_quarantine(lake: Lake, tmp_path: Path) -> None:
    key = "https://x.blob.core.windows.net/c/k?sp=r&sig=SECRET%3D&se=2024"
    bad = blob(1, time="x", properties={"objectKey": key}, resourceId="/blobServices/default")
    load(lake, put(tmp_path, {"a.json": written([blob(0), bad])}))
    (entry,) = entries(lake)
    assert "&sig=[masked]&se=2024" in entry.excerpt


@pytest.mark.parametrize("envelope", ["records", "value", "list"])
def test_envelopes(envelope: str, lake: Lake, tmp_path: Path) -> None:
    records = [blob(0), blob(1)]
    data = json.dumps(records if envelope == "list" else {envelope: records}).encode()
    assert load(lake, put(tmp_path, {"a.json": data})).records.loaded == 2


def test_keys_listed_by_a_user(lake: Lake, tmp_path: Path) -> None:
    row = only(lake, tmp_path, activity())
    assert (row["source"], row["operation"]) == ("azure_activity", "auth")
    assert row["api"] == "Microsoft.Storage/storageAccounts/listKeys/action"
    assert (row["identity"], row["identity_kind"], row["identity_account"], row["mfa"]) == (
        "ann@example.com", "human", "0ddd", True,
    )  # fmt: skip
    assert (row["account_id"], row["bucket"], row["issued_identity"]) == ("acme", None, "storage-account:acme")
    assert (row["outcome"], row["source_ip"], row["request_id"]) == ("ok", "203.0.113.9", "a-0")


def test_of_an_activitys_rows_the_one_that_ended_it_is_loaded(lake: Lake, tmp_path: Path) -> None:
    steps = [activity(n, correlationId="one", resultType=step) for n, step in enumerate(("Start", "Accept", "Failure"))]
    steps[2]["resultSignature"] = "Failed.Forbidden"
    report = load(lake, put(tmp_path, {"a.json": written(steps)}))
    assert (report.records.loaded, report.records.not_relevant) == (1, 2)
    (row,) = rows(lake)
    assert (row["outcome"], row["error_code"]) == ("denied", "Forbidden")


CONTAINER = f"{STORAGE}/blobServices/default/containers/vault"


@pytest.mark.parametrize(
    ("name", "resource", "body", "expected"),
    [  # operation, destination kind, destination account, issued identity
        ("Microsoft.Storage/storageAccounts/write", STORAGE, {"properties": {"allowBlobPublicAccess": True}},
         ("share", "public", None, None)),
        ("Microsoft.Storage/storageAccounts/write", STORAGE, {"properties": {"allowBlobPublicAccess": False}},
         ("configure", None, None, None)),
        ("Microsoft.Storage/storageAccounts/write", STORAGE,
         {"properties": {"networkAcls": {"defaultAction": "Allow"}}}, ("configure", None, None, None)),
        ("Microsoft.Storage/storageAccounts/blobServices/containers/write", CONTAINER,
         {"properties": {"publicAccess": "Container"}}, ("share", "public", None, None)),
        ("Microsoft.Storage/storageAccounts/blobServices/containers/write", CONTAINER,
         {"properties": {"publicAccess": "None"}}, ("configure", None, None, None)),
        ("Microsoft.Storage/storageAccounts/objectReplicationPolicies/write", f"{STORAGE}/objectReplicationPolicies/p",
         {"properties": {"sourceAccount": "acme", "destinationAccount": "/subscriptions/9/x/storageAccounts/Evil"}},
         ("share", "bucket", "evil", None)),
        ("Microsoft.Authorization/roleAssignments/write", f"{STORAGE}/providers/Microsoft.Authorization/x",
         {"Properties": {"PrincipalId": "0eee"}}, ("share", "account", None, "object:0eee")),
        ("Microsoft.Compute/disks/beginGetAccess/action", f"{SUBSCRIPTION}/providers/Microsoft.Compute/disks/d", {},
         ("share", None, None, None)),
        ("Microsoft.Insights/diagnosticSettings/delete", STORAGE, {}, ("configure", None, None, None)),
    ],
)  # fmt: skip
def test_activities_that_open_storage(
    name: str, resource: str, body: dict[str, Any], expected: tuple[Any, ...], lake: Lake, tmp_path: Path
) -> None:
    told = {"responseBody": json.dumps(body)}
    row = only(lake, tmp_path, activity(operationName=name.upper(), resourceId=resource, told=told))
    assert row["api"] == name
    names = ("operation", "destination_kind", "destination_account", "issued_identity")
    assert tuple(row[column] for column in names) == expected
    assert row["bucket"] == ("acme/vault" if resource == CONTAINER else None)


def test_what_was_asked_speaks_before_what_was_answered(lake: Lake, tmp_path: Path) -> None:
    asked = json.dumps({"properties": {"networkAcls": {"defaultAction": "Allow"}}})
    answered = json.dumps({"properties": {"allowBlobPublicAccess": True}})
    name = "Microsoft.Storage/storageAccounts/write"
    row = only(lake, tmp_path, activity(operationName=name, told={"requestbody": asked, "responseBody": answered}))
    assert (row["operation"], row["destination_kind"]) == ("share", None), "the network opened, nothing made public"


def test_a_replication_policy_names_both_containers(lake: Lake, tmp_path: Path) -> None:
    rules = [{"ruleId": "r", "sourceContainer": "vault", "destinationContainer": "loot"}]
    body = {"properties": {"sourceAccount": "acme", "destinationAccount": "evil", "rules": rules}}
    name = "Microsoft.Storage/storageAccounts/objectReplicationPolicies/write"
    row = only(lake, tmp_path, activity(operationName=name, told={"requestbody": body}))
    assert (row["operation"], row["bucket"], row["destination_account"]) == ("share", "acme/vault", "evil")
    assert (row["destination_kind"], row["destination_bucket"]) == ("bucket", "evil/loot")


def test_a_container_in_capitals_is_the_same_container(lake: Lake, tmp_path: Path) -> None:
    name = "Microsoft.Storage/storageAccounts/blobServices/containers/write"
    row = only(lake, tmp_path, activity(operationName=name.upper(), resourceId=CONTAINER.upper()))
    assert (row["bucket"], row["account_id"]) == ("acme/vault", "acme")


def test_an_activity_as_the_rest_interface_answers_it(lake: Lake, tmp_path: Path) -> None:
    row = only(
        lake,
        tmp_path,
        {
            "eventTimestamp": "2024-03-01T11:00:00Z",
            "eventDataId": "e-1",
            "correlationId": "c-1",
            "caller": "00000000-1111-2222-3333-444444444444",
            "category": {"value": "Administrative"},
            "operationName": {"value": "Microsoft.Storage/storageAccounts/regenerateKey/action"},
            "status": {"value": "Succeeded"},
            "resourceId": STORAGE,
            "httpRequest": {"clientIpAddress": "203.0.113.9"},
            "claims": {"appid": "0ccc", "idtyp": "app"},
        },
    )
    assert (row["event_id"], row["identity_kind"]) == ("e-1", "workload")
    assert row["identity"] == "object:00000000-1111-2222-3333-444444444444"
    assert (row["source_ip"], row["operation"], row["outcome"]) == ("203.0.113.9", "auth", "ok")
