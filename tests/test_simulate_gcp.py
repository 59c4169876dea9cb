"""The simulator's Google Cloud: layout, fields, what each theft leaves in the entries, and the readers' agreement."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from anomaly.simulate import SimulationReport
from simulate_clouds import Record, between, entries, holds_its_promises, ingested, small, truth

LAYOUT = re.compile(
    r"gcp/([a-z0-9-]+)/((?:cloudaudit|compute)\.googleapis\.com/(?:data_access|activity|vpc_flows))/"
    r"(\d{4})/(\d\d)/(\d\d)/(\d\d):00:00_\6:59:59_S0\.json"
)
Drawn = tuple[Path, SimulationReport]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    return small(tmp_path_factory.mktemp("gcp") / "out", "gcp")


def acts(drawn: Drawn, row: dict[str, str], method: str) -> list[Record]:
    """The entries of a truth row's identity in its time that call a method."""
    found = [entry for _, entry in entries(drawn[0] / "logs") if "protoPayload" in entry]
    return [
        entry
        for entry in found
        if entry["protoPayload"]["authenticationInfo"]["principalEmail"] == row["identity"]
        and entry["protoPayload"]["methodName"] == method
        and between(row, entry["timestamp"])
    ]


def test_an_entry_stands_in_the_file_of_its_project_log_and_hour(drawn: Drawn) -> None:
    seen = 0
    for path, entry in entries(drawn[0] / "logs"):
        match = LAYOUT.fullmatch(path)
        assert match, path
        project, log, *when = match.groups()
        assert entry["logName"] == f"projects/{project}/logs/{log.replace('/', '%2F')}"
        assert entry["timestamp"][:13] == f"{when[0]}-{when[1]}-{when[2]}T{when[3]}"
        seen += 1
    assert seen == drawn[1].events > 1000


def test_every_entry_has_an_id_of_its_own_and_reads_tell_no_bytes(drawn: Drawn) -> None:
    ids = [entry["insertId"] for _, entry in entries(drawn[0] / "logs")]
    assert len(set(ids)) == len(ids)
    for _, entry in entries(drawn[0] / "logs"):
        if entry.get("protoPayload", {}).get("methodName") == "storage.objects.get":
            assert "bytes" not in str(entry).lower()
            assert entry["protoPayload"]["requestMetadata"]["callerIp"]


def test_flow_numbers_are_strings(drawn: Drawn) -> None:
    flows = [entry["jsonPayload"] for _, entry in entries(drawn[0] / "logs") if "jsonPayload" in entry]
    assert flows
    assert all(isinstance(flow["bytes_sent"], str) and int(flow["bytes_sent"]) > 0 for flow in flows)


def test_a_bulk_read_is_told_by_its_objects_alone(drawn: Drawn) -> None:
    (row,) = truth(drawn[0], "S01")
    names = {entry["protoPayload"]["resourceName"] for entry in acts(drawn, row, "storage.objects.get")}
    assert len(names) == int(row["objects"]) > 50
    assert row["bytes_read"] == "0"


def test_a_copy_names_the_foreign_bucket_in_its_metadata(drawn: Drawn) -> None:
    (row,) = truth(drawn[0], "S04")
    copies = [e for e in acts(drawn, row, "storage.objects.get") if "metadata" in e["protoPayload"]]
    goals = {entry["protoPayload"]["metadata"]["destination"].split("/objects/")[0] for entry in copies}
    assert len(copies) == int(row["objects"])
    assert goals == {f"projects/_/buckets/{row['destination'].partition('/')[2]}"}


@pytest.mark.parametrize("scenario", ["S05", "own-transfer"])
def test_a_transfer_job_names_its_sink_and_the_service_copies(drawn: Drawn, scenario: str) -> None:
    person, worker = sorted(truth(drawn[0], scenario), key=lambda row: row["identity"].endswith("gserviceaccount.com"))
    assert worker["identity"].endswith("@storage-transfer-service.iam.gserviceaccount.com")
    (job,) = acts(drawn, person, "google.storagetransfer.v1.StorageTransferService.CreateTransferJob")
    spec = job["protoPayload"]["request"]["transferJob"]["transferSpec"]
    assert spec["gcsDataSource"]["bucketName"] == person["buckets"]
    assert person["destination"].endswith(f"/{spec['gcsDataSink']['bucketName']}")
    assert len(acts(drawn, worker, "storage.objects.get")) == int(worker["objects"]) > 0


@pytest.mark.parametrize(
    ("scenario", "is_let_in"),
    [("S08", lambda member: member.endswith("@freemail.example")), ("S09", lambda member: member == "allUsers")],
)
def test_who_is_let_in_stands_in_the_policy_delta(
    drawn: Drawn, scenario: str, is_let_in: Callable[[str], bool]
) -> None:
    (row,) = truth(drawn[0], scenario)
    (change,) = acts(drawn, row, "storage.setIamPermissions")
    (delta,) = change["protoPayload"]["serviceData"]["policyDelta"]["bindingDeltas"]
    assert delta["action"] == "ADD"
    assert is_let_in(delta["member"])
    assert change["resource"]["labels"]["bucket_name"] == row["buckets"]


def test_a_stolen_key_comes_from_an_address_that_the_job_never_had(drawn: Drawn) -> None:
    (row,) = truth(drawn[0], "S12")
    usual = {
        entry["protoPayload"]["requestMetadata"]["callerIp"]
        for _, entry in entries(drawn[0] / "logs")
        if entry.get("protoPayload", {}).get("authenticationInfo", {}).get("principalEmail") == row["identity"]
        and not between(row, entry["timestamp"])
    }
    assert usual
    assert row["sources"] not in usual
    stolen = acts(drawn, row, "storage.objects.get")
    assert stolen[0]["protoPayload"]["authenticationInfo"]["serviceAccountKeyName"]


def test_a_borrowed_identity_shows_who_borrowed_it(drawn: Drawn) -> None:
    payloads = [entry.get("protoPayload", {}) for _, entry in entries(drawn[0] / "logs")]
    (token,) = [payload for payload in payloads if payload.get("methodName") == "GenerateAccessToken"]
    borrower = token["authenticationInfo"]["principalEmail"]
    reads = [payload for payload in payloads if "serviceAccountDelegationInfo" in str(payload)]
    assert reads
    for read in reads:
        who = read["authenticationInfo"]
        assert who["serviceAccountDelegationInfo"][0]["firstPartyPrincipal"]["principalEmail"] == borrower
        assert token["resourceName"].endswith(who["principalEmail"])


def test_the_readers_find_every_truth_row(drawn: Drawn, tmp_path: Path) -> None:
    found = ingested(drawn[0], tmp_path / "lake")
    assert len(found) >= 12
    assert [name for name, count in found if count == 0] == []


def test_same_bytes_by_any_number_of_processes_and_the_trail_stays(tmp_path: Path) -> None:
    holds_its_promises(tmp_path, "gcp")
