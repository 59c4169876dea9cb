"""The simulator's Azure: layout, fields, what each theft leaves in the records, and the readers' agreement."""

import json
import re
from pathlib import Path

import pytest

from anomaly.simulate import SimulationReport
from simulate_clouds import Record, between, entries, holds_its_promises, ingested, small, truth

LAYOUT = re.compile(
    r"azure/(insights-(?:logs-storage(?:read|write|delete)|logs-flowlogflowevent|activity-logs))/"
    r"(?:resourceId|flowLogResourceID)=/.+/y=(\d{4})/m=(\d\d)/d=(\d\d)/h=(\d\d)/m=00/(?:macAddress=\w{12}/)?PT1H\.json"
)
Drawn = tuple[Path, SimulationReport]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    return small(tmp_path_factory.mktemp("azure") / "out", "azure")


def blobs(drawn: Drawn, row: dict[str, str], api: str = "GetBlob") -> list[Record]:
    """The blob requests of a truth row's identity in its time."""
    return [
        record
        for _, record in entries(drawn[0] / "logs")
        if record["operationName"] == api and signer(record) == row["identity"] and between(row, record["time"])
    ]


def signer(record: Record) -> str:
    """The principal of a blob request, read out of its identity."""
    who = record["identity"]
    if who["type"] == "SAS":
        return f"sas:{who['tokenHash'].rpartition('(')[2].rstrip(')')}"
    if who["type"] == "AccountKey":
        return f"account-key:{who['tokenHash'].removeprefix('key1(').rstrip(')')}"
    return str(who["requester"].get("upn", f"object:{who['requester']['objectId']}"))


def managed(drawn: Drawn, row: dict[str, str], operation: str) -> list[Record]:
    """The activity records of an operation in a truth row's time."""
    return [
        record
        for path, record in entries(drawn[0] / "logs")
        if path.startswith("azure/insights-activity-logs/")
        and record["operationName"].lower() == operation.lower()
        and between(row, record["time"])
    ]


def test_a_record_stands_in_the_container_and_hour_of_its_category(drawn: Drawn) -> None:
    seen: set[str] = set()
    for path, record in entries(drawn[0] / "logs"):
        match = LAYOUT.fullmatch(path)
        assert match, path
        container, *when = match.groups()
        seen.add(container)
        assert record["time"][:13] == f"{when[0]}-{when[1]}-{when[2]}T{when[3]}"
        if container.startswith("insights-logs-storage"):
            assert record["category"].lower() == container.rpartition("-")[2]
            assert f"resourceId={record['resourceId']}" in path
    assert len(seen) == 4


def test_addresses_carry_a_port_and_reads_their_bytes(drawn: Drawn) -> None:
    kinds = set()
    for _, record in entries(drawn[0] / "logs"):
        if record["category"].startswith("Storage"):
            assert re.fullmatch(r"[\d.]+:\d{4,5}", record["callerIpAddress"])
            kinds.add(record["identity"]["type"])
            if record["operationName"] == "GetBlob" and record["statusCode"] < 300:
                assert record["properties"]["responseBodySize"] > 0
    assert kinds == {"OAuth", "SAS", "AccountKey"}


def test_a_bulk_read_adds_up_to_the_truth(drawn: Drawn) -> None:
    (row,) = truth(drawn[0], "S01")
    reads = blobs(drawn, row)
    assert sum(read["properties"]["responseBodySize"] for read in reads) == int(row["bytes_read"]) > 0
    assert len({read["properties"]["objectKey"] for read in reads}) == int(row["objects"])


@pytest.mark.parametrize("scenario", ["S04", "own-copy"])
def test_a_copy_is_three_records_of_one_correlation_id(drawn: Drawn, scenario: str) -> None:
    (row,) = truth(drawn[0], scenario)
    sides = {
        api: {record["correlationId"]: record for record in blobs(drawn, row, api)}
        for api in ("CopyBlob", "CopyBlobSource", "CopyBlobDestination")
    }
    assert len(sides["CopyBlob"]) == int(row["objects"]) > 0
    assert sides["CopyBlob"].keys() == sides["CopyBlobSource"].keys() == sides["CopyBlobDestination"].keys()
    account, _, container = row["destination"].partition("/")
    for one, request in sides["CopyBlob"].items():
        assert request["uri"].startswith(f"https://{account}.blob.core.windows.net:443/{container.partition('/')[2]}/")
        assert sides["CopyBlobSource"][one]["properties"]["objectKey"].startswith("https://")
        assert "responseBodySize" not in request["properties"]


@pytest.mark.parametrize(
    ("scenario", "operation"),
    [
        ("S05", "Microsoft.Storage/storageAccounts/objectReplicationPolicies/write"),
        ("S08", "Microsoft.Authorization/roleAssignments/write"),
        ("S09", "Microsoft.Storage/storageAccounts/blobServices/containers/write"),
        ("S21", "Microsoft.Compute/disks/beginGetAccess/action"),
        ("S23", "Microsoft.Insights/diagnosticSettings/delete"),
        ("key-rotation", "Microsoft.Storage/storageAccounts/regenerateKey/action"),
    ],
)
def test_a_change_is_a_start_and_a_success_of_one_operation(drawn: Drawn, scenario: str, operation: str) -> None:
    (row,) = truth(drawn[0], scenario)
    (start, *_) = managed(drawn, row, operation)
    ended = [
        record
        for _, record in entries(drawn[0] / "logs")
        if record.get("correlationId") == start["correlationId"] and record["resultType"] == "Success"
    ]
    assert len(ended) == 1
    assert start["resultType"] == "Start"
    assert start["identity"]["claims"]["upn"] == row["identity"]


@pytest.mark.parametrize("scenario", ["S05", "own-replication"])
def test_replication_names_the_account_it_goes_to(drawn: Drawn, scenario: str) -> None:
    (row,) = truth(drawn[0], scenario)
    (start, *_) = managed(drawn, row, "Microsoft.Storage/storageAccounts/objectReplicationPolicies/write")
    asked = json.loads(start["properties"]["requestbody"])["properties"]
    assert asked["destinationAccount"] == row["destination"].partition("/")[0]


def test_a_signature_that_nobody_used_before_reads_from_outside_after_the_keys_were_listed(drawn: Drawn) -> None:
    thief, person = sorted(truth(drawn[0], "S10"), key=lambda row: not row["identity"].startswith("sas:"))
    assert managed(drawn, person, "Microsoft.Storage/storageAccounts/listKeys/action")
    reads = blobs(drawn, thief)
    assert {read["callerIpAddress"].partition(":")[0] for read in reads} == {thief["sources"]}
    assert person["last_time"] < thief["first_time"]
    used = [record for _, record in entries(drawn[0] / "logs") if thief["identity"][4:] in json.dumps(record)]
    assert all(between(thief, record["time"]) for record in used)


def test_the_readers_find_every_truth_row(drawn: Drawn, tmp_path: Path) -> None:
    found = ingested(drawn[0], tmp_path / "lake")
    assert len(found) >= 14
    assert [name for name, count in found if count == 0] == []


def test_same_bytes_by_any_number_of_processes_and_the_trail_stays(tmp_path: Path) -> None:
    holds_its_promises(tmp_path, "azure")
