"""What Google Cloud calls open, send away and hand out: policies, transfers, exports and credentials."""

from pathlib import Path
from typing import Any

import pytest

from anomaly.store import Lake
from gcp_records import PROJECT, audit, call, one_entry

TRANSFER = "google.storagetransfer.v1.StorageTransferService"
ROBOTS = "gserviceaccount.com"
SINK = {"gcsDataSink": {"bucketName": "away"}}


def members(*names: str, action: str = "ADD") -> dict[str, Any]:
    """Return ``serviceData`` of a policy change."""
    deltas = [{"action": action, "role": "roles/storage.objectViewer", "member": name} for name in names]
    return {"policyDelta": {"bindingDeltas": deltas}}


@pytest.mark.parametrize(
    ("method", "data", "operation", "kind", "account"),
    [
        ("storage.setIamPermissions", members("allAuthenticatedUsers", "user:a@x.com"), "share", "public", None),
        ("storage.setIamPermissions", members("user:kim@gmail.com"), "share", "account", "gmail.com"),
        ("storage.setIamPermissions", members("domain:Partner.com"), "share", "account", "partner.com"),
        (
            "storage.setIamPermissions",
            members(f"serviceAccount:a@{PROJECT}.iam.{ROBOTS}", f"serviceAccount:b@other.iam.{ROBOTS}"),
            "share", "account", "other",
        ),
        (
            "storage.setIamPermissions",
            members("serviceAccount:77-compute@developer.gserviceaccount.com"),
            "share", "account", "77",
        ),
        (
            "storage.setIamPermissions",
            members("serviceAccount:service-77@gcp-sa-x.iam.gserviceaccount.com"),
            "share", "service", None,
        ),
        ("storage.setIamPermissions", members("principalSet://iam.googleapis.com/p/*"), "share", "account", None),
        ("storage.setIamPermissions", members("allUsers", action="REMOVE"), "configure", None, None),
        ("storage.setIamPermissions", None, "share", None, None),
        ("storage.objects.create", members(f"projectOwner:{PROJECT}", "user:kim@shop.com"), "write", None, None),
        ("storage.objects.create", members("allUsers"), "share", "public", None),
        ("storage.objects.update", members("user:out@gmail.com"), "share", "account", "gmail.com"),
    ],
)  # fmt: skip
def test_a_policy_opens_storage_to_those_it_adds(
    method: str,
    data: Any,
    operation: str,
    kind: str | None,
    account: str | None,
    lake: Lake,
    tmp_path: Path,
) -> None:
    who = {"principalEmail": "kim@shop.com"}
    payload = {"methodName": method, "serviceData": data, "authenticationInfo": who}
    row = one_entry(lake, tmp_path / "logs", audit(payload=payload))
    assert (row["operation"], row["destination_kind"], row["destination_account"]) == (operation, kind, account)


@pytest.mark.parametrize(
    ("entry", "operation", "kind", "account"),
    [
        (
            call("cloudresourcemanager.googleapis.com", "SetIamPolicy", serviceData=members("user:a@gmail.com")),
            "share", "account", "gmail.com",
        ),
        (
            call(
                "cloudresourcemanager.googleapis.com", "SetIamPolicy",
                serviceData={"policyDelta": {"auditConfigDeltas": [{"action": "REMOVE", "logType": "DATA_READ"}]}},
            ),
            "configure", None, None,
        ),
        (
            call(
                "compute.googleapis.com", "v1.compute.snapshots.setIamPolicy",
                request={"policy": {"bindings": [{"role": "r", "members": ["allAuthenticatedUsers"]}]}},
            ),
            "share", "public", None,
        ),
        (
            call(
                "compute.googleapis.com", "beta.compute.images.setIamPolicy",
                request={"bindings": [{"members": ["serviceAccount:a@thief.iam.gserviceaccount.com"]}]},
            ),
            "share", "account", "thief",
        ),
        (
            call("iam.googleapis.com", "google.iam.admin.v1.SetIAMPolicy", serviceData=members("user:a@gmail.com")),
            "share", "account", "gmail.com",
        ),
        (call("logging.googleapis.com", "google.logging.v2.ConfigServiceV2.DeleteSink"), "configure", None, None),
    ],
)  # fmt: skip
def test_acts_on_other_services(
    entry: dict[str, Any], operation: str, kind: str | None, account: str | None, lake: Lake, tmp_path: Path
) -> None:
    row = one_entry(lake, tmp_path / "logs", entry)
    assert (row["operation"], row["destination_kind"], row["destination_account"]) == (operation, kind, account)
    assert (row["bucket"], row["account_id"]) == (None, PROJECT)


@pytest.mark.parametrize(
    ("entry", "bucket", "kind", "destination", "account"),
    [
        (
            call(
                "storagetransfer.googleapis.com", f"{TRANSFER}.CreateTransferJob",
                request={"transferJob": {"transferSpec": {"gcsDataSource": {"bucketName": "vault"}, **SINK}}},
            ),
            "vault", "bucket", "away", None,
        ),
        (
            call(
                "storagetransfer.googleapis.com", f"{TRANSFER}.UpdateTransferJob",
                response={"transferSpec": {"awsS3DataSource": {"bucketName": "s3-vault"}, **SINK}},
            ),
            "s3-vault", "bucket", "away", None,
        ),
        (
            call(
                "storagetransfer.googleapis.com", f"{TRANSFER}.CreateTransferJob",
                request={"transferJob": {"transferSpec": {
                    "azureBlobStorageDataSource": {"storageAccount": "acme", "container": "docs"},
                    "posixDataSink": {"rootDirectory": "/mnt"},
                }}},
            ),
            "acme/docs", "network", None, None,
        ),
        (
            call("storagetransfer.googleapis.com", f"{TRANSFER}.RunTransferJob", request={"jobName": "transferJobs/1"}),
            None, None, None, None,
        ),
        (
            call(
                "bigquery.googleapis.com", "google.cloud.bigquery.v2.JobService.InsertJob",
                metadata={"jobInsertion": {"job": {"jobConfig": {"extractConfig": {
                    "sourceTable": "projects/p/datasets/d/tables/t", "destinationUris": ["gs://away/out-*.csv"],
                }}}}},
            ),
            None, "bucket", "away", None,
        ),
        (
            call(
                "bigquery.googleapis.com", "jobservice.insert",
                serviceData={"jobInsertRequest": {"resource": {"jobConfiguration": {"extract": {
                    "destinationUris": ["gs://away/x"], "sourceTable": {"projectId": "p"},
                }}}}},
            ),
            None, "bucket", "away", None,
        ),
        (
            call(
                "bigquery.googleapis.com", "google.cloud.bigquery.v2.JobService.InsertJob",
                metadata={"jobInsertion": {"job": {"jobConfig": {"queryConfig": {
                    "statementType": "EXPORT_DATA", "query": "EXPORT DATA OPTIONS(uri='gs://away/*.csv') AS SELECT 1",
                }}}}},
            ),
            None, "bucket", "away", None,
        ),
        (
            call(
                "bigquery.googleapis.com", "google.cloud.bigquery.v2.JobService.InsertJob",
                metadata={"jobInsertion": {"job": {"jobConfig": {"tableCopyConfig": {
                    "sourceTables": ["projects/p/datasets/d/tables/t"],
                    "destinationTable": "projects/thief/datasets/d/tables/t",
                }}}}},
            ),
            None, "account", None, "thief",
        ),
        (
            call(
                "cloudsql.googleapis.com", "cloudsql.instances.export",
                request={"body": {"exportContext": {"uri": "gs://away/dump.gz"}}},
            ),
            None, "bucket", "away", None,
        ),
        (
            call(
                "cloudbuild.googleapis.com", "google.devtools.cloudbuild.v1.CloudBuild.CreateBuild",
                request={"build": {"steps": [{
                    "name": "gcr.io/compute-image-tools/gce_vm_image_export:release",
                    "args": ["-scratch_bucket_gcs_path=gs://scratch/x", "-destination_uri=gs://away/image.tar.gz"],
                }]}},
            ),
            None, "bucket", "away", None,
        ),
    ],
)  # fmt: skip
def test_transfers_and_exports_name_where_data_goes(
    entry: dict[str, Any],
    bucket: str | None,
    kind: str | None,
    destination: str | None,
    account: str | None,
    lake: Lake,
    tmp_path: Path,
) -> None:
    row = one_entry(lake, tmp_path / "logs", entry)
    assert (row["operation"], row["bucket"], row["bytes_read"]) == ("copy", bucket, None)
    assert (row["destination_kind"], row["destination_bucket"], row["destination_account"]) == (
        kind,
        destination,
        account,
    )


@pytest.mark.parametrize(
    ("service", "method", "payload", "issued", "key"),
    [
        (
            "iam.googleapis.com", "google.iam.admin.v1.CreateServiceAccountKey",
            {
                "request": {"name": "projects/-/serviceAccounts/a@p.iam.gserviceaccount.com"},
                "response": {"name": "projects/p/serviceAccounts/a@p.iam.gserviceaccount.com/keys/0a1b"},
            },
            "a@p.iam.gserviceaccount.com", "0a1b",
        ),
        (
            "iamcredentials.googleapis.com", "GenerateAccessToken",
            {"request": {"name": "projects/-/serviceAccounts/a@p.iam.gserviceaccount.com"}},
            "a@p.iam.gserviceaccount.com", None,
        ),
        (
            "iamcredentials.googleapis.com", "SignBlob",
            {"resourceName": "projects/-/serviceAccounts/1234"},
            "label@p.iam.gserviceaccount.com", None,
        ),
        (
            "iamcredentials.googleapis.com", "GenerateAccessToken",
            {"resourceName": "projects/-/serviceAccounts/a@p.iam.gserviceaccount.com", "status": {"code": 7}},
            None, None,
        ),
        (
            "storage.googleapis.com", "storage.hmacKeys.create", {"resourceName": "projects/p/hmacKeys/GOOG1E"},
            None, "GOOG1E",
        ),
    ],
)  # fmt: skip
def test_a_credential_handed_out(
    service: str,
    method: str,
    payload: dict[str, Any],
    issued: str | None,
    key: str | None,
    lake: Lake,
    tmp_path: Path,
) -> None:
    label = {} if service.startswith("storage") else {"email_id": "label@p.iam.gserviceaccount.com"}
    entry = audit(payload={"serviceName": service, "methodName": method} | payload, resource={"labels": label})
    row = one_entry(lake, tmp_path / "logs", entry)
    assert (row["operation"], row["issued_identity"], row["issued_key_id"]) == ("auth", issued, key)
