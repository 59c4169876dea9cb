"""Azure flow tuples, field by field, and what damage costs."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from anomaly.store import Lake
from azure_records import flows, written
from ingest_records import entries, load, put, rows

OUT = "1709287200123,10.0.0.4,203.0.113.50,43652,443,6,O,E,NX,5,6600,7,635"


def test_a_tuple_is_an_event(lake: Lake, tmp_path: Path) -> None:
    load(lake, put(tmp_path, {"PT1H.json": json.dumps({"records": [flows(OUT)]}).encode()}))
    (row,) = rows(lake)
    subscription = "0aaa0000-0000-0000-0000-000000000001"
    assert (row["provider"], row["source"], row["operation"]) == ("azure", "azure_flow", "flow")
    assert (row["event_time"], row["end_time"]) == (datetime(2024, 3, 1, 10, 0, 0, 123000),) * 2
    assert (row["source_ip"], row["destination_ip"], row["destination_port"]) == ("10.0.0.4", "203.0.113.50", 443)
    assert (row["bytes_out"], row["bytes_read"], row["bytes_written"]) == (6600, None, None)
    assert (row["workload"], row["identity"], row["identity_kind"]) == (
        "worker-1", "workload:worker-1", "workload",
    )  # fmt: skip
    assert (row["account_id"], row["identity_account"], row["region"]) == (subscription, subscription, "westeurope")
    assert (row["destination_kind"], row["api"], row["outcome"]) == ("network", "Flow", "ok")
    assert row["evidence_record"] == 0


@pytest.mark.parametrize(
    "line",
    [
        OUT.replace(",O,E,", ",I,E,"),
        OUT.replace(",O,E,", ",O,D,"),
        OUT.replace(",6600,", ",0,"),
        OUT.replace(",5,6600,7,635", ",,,,"),
        OUT.replace("203.0.113.50", "10.0.0.9"),
        OUT.replace("203.0.113.50", "168.63.129.16"),
        OUT.replace("203.0.113.50", "fd00::1"),
    ],
)
def test_tuples_that_carry_nothing_out_are_not_relevant(line: str, lake: Lake, tmp_path: Path) -> None:
    report = load(lake, put(tmp_path, {"a.json": written([flows(line, OUT)])}))
    assert (report.records.loaded, report.records.not_relevant) == (1, 1)
    assert rows(lake)[0]["evidence_record"] == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "the tuple has 1 fields, fewer than 8"),
        ("1709287200123,10.0.0.4", "the tuple has 2 fields, fewer than 8"),
        (OUT.replace("1709287200123", "now"), "the tuple has no time"),
        (OUT.replace("1709287200123", "1709287200123000000"), "the tuple has no time"),
        (OUT.replace("1709287200123", "12"), "the time is outside 2010-02-01 (Azure opened) to 2100-01-01"),
        (OUT.replace("203.0.113.50", "example.com"), "source or destination is no address"),
        (OUT.replace("6600", "many"), "bytes is no number"),
        (OUT.replace("6600", "-1"), "bytes is no number"),
        (7, "the tuple is no text"),
    ],
)
def test_a_bad_tuple_is_named_and_its_neighbour_loads(line: Any, reason: str, lake: Lake, tmp_path: Path) -> None:
    report = load(lake, put(tmp_path, {"a.json": written([flows(line, OUT)])}))
    assert (report.records.loaded, report.records.quarantined) == (1, 1)
    assert [(entry.record, entry.reason) for entry in entries(lake)] == [(0, reason)]


def test_a_security_groups_flow_of_version_2(lake: Lake, tmp_path: Path) -> None:
    lines = [
        "1709287200,10.0.0.4,203.0.113.50,44931,443,T,O,A,C,30,16978,24,14008",
        "1709287200,10.0.0.4,203.0.113.50,44931,443,T,O,D,B,,,,",
        "1709287200,10.0.0.4,203.0.113.50,44931,443,T,O,A",
    ]
    record = {
        "time": "2024-03-01T10:00:00Z",
        "category": "NetworkSecurityGroupFlowEvent",
        "resourceId": "/SUBSCRIPTIONS/0AAA/RESOURCEGROUPS/R/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/N",
        "properties": {
            "Version": 2,
            "flows": [{"rule": "r", "flows": [{"mac": "000D3AF87856", "flowTuples": lines}]}],
        },
    }
    report = load(lake, put(tmp_path, {"PT1H.json": json.dumps({"records": [record]}).encode()}))
    assert (report.records.loaded, report.records.not_relevant) == (1, 2)
    (row,) = rows(lake)
    assert (row["event_time"], row["bytes_out"]) == (datetime(2024, 3, 1, 10), 16978)
    assert (row["identity"], row["workload"], row["account_id"]) == ("address:10.0.0.4", None, "0aaa")


def test_the_same_tuple_of_two_flow_logs_is_one_and_of_two_machines_two(lake: Lake, tmp_path: Path) -> None:
    network = flows(OUT, targetResourceID="/subscriptions/0AAA/x/virtualNetworks/v")
    other = flows(OUT, macAddress="000D3AF87857")
    report = load(lake, put(tmp_path, {"a.json": written([flows(OUT)]), "b.json": written([network, other])}))
    assert (report.records.loaded, report.records.duplicate) == (2, 1)


def test_a_damaged_record_costs_itself(lake: Lake, tmp_path: Path) -> None:
    whole = json.dumps({"records": [flows(OUT), flows(OUT.replace("443", "80")), flows(OUT.replace("443", "22"))]})
    second = whole.index('"time"', whole.index('"time"') + 1)
    broken = whole[:second] + '"time": oops, ' + whole[second:]
    report = load(
        lake, put(tmp_path, {"a.json": broken.encode(), "b.json": written([{"category": "FlowLogFlowEvent"}])})
    )
    assert (report.records.loaded, report.records.quarantined) == (2, 2)
    assert {(entry.file, entry.record, entry.reason) for entry in entries(lake)} == {
        ("a.json", 1, "broken JSON"),
        ("b.json", 0, "a flow record without flows"),
    }


def test_a_record_of_another_kind_is_not_relevant(lake: Lake, tmp_path: Path) -> None:
    records = [flows(OUT), {"time": "2024-03-01T10:00:00Z", "category": "Other"}, flows("\ud800")]
    report = load(lake, put(tmp_path, {"a.json": written(records)}))
    assert (report.records.loaded, report.records.not_relevant, report.records.quarantined) == (1, 1, 1)
