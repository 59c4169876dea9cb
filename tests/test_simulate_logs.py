"""The simulator's other logs: access log lines beside the trail, rows that only an access log has, layouts, sources."""

import gzip
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from anomaly.cli import main
from anomaly.errors import UsageError
from anomaly.simulate import SCENARIOS, simulate
from simulate_records import Record, records, rows

LAYOUT = re.compile(
    r"S3Access/(\d{12})/([a-z]{2}-[a-z]+-\d)/([a-z0-9-]+)/(\d{4})/(\d\d)/(\d\d)/\4-\5-\6-\d\d-\d\d-\d\d-[0-9A-F]{16}"
)
FLOWS = re.compile(
    r"AWSLogs/(\d{12})/vpcflowlogs/([a-z]{2}-[a-z]+-\d)/(\d{4})/(\d\d)/(\d\d)/"
    r"\1_vpcflowlogs_\2_fl-0[0-9a-f]{16}_\3\4\5T\d{4}Z_[0-9a-f]{8}\.log\.gz"
)
REQUEST = re.compile(r"^[0-9a-f]{64} (\S+) \[[^]]+\] (\S+) (\S+) ([A-Z2-7]{16}) (\S+) (\S+) ")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("logs") / "all"
    simulate(out, seed=3, days=6, scale=0.12, attack_from=3, sources=["cloudtrail", "s3_access", "vpc_flow"])
    return out


def lines(folder: Path) -> list[str]:
    return [
        line
        for path in sorted(folder.rglob("S3Access/**/*"))
        if path.is_file()
        for line in path.read_text().splitlines()
    ]


def test_one_more_log_leaves_the_trail_as_it_was(tmp_path: Path) -> None:
    base = [*SCENARIOS]
    simulate(tmp_path / "alone", seed=3, days=6, scale=0.12, attack_from=3, attacks=base)
    more = ["cloudtrail", "s3_access", "vpc_flow"]
    simulate(tmp_path / "beside", seed=3, days=6, scale=0.12, attack_from=3, attacks=base, sources=more)
    trail = Path("logs/AWSLogs")
    alone = {p.relative_to(tmp_path / "alone"): p.read_bytes() for p in (tmp_path / "alone" / trail).rglob("*.gz")}
    both = tmp_path / "beside"
    beside = {p.relative_to(both): p.read_bytes() for p in (both / trail).rglob("*/CloudTrail/**/*.gz")}
    assert len(alone) > 100
    assert alone == beside


def test_access_logs_lie_where_storage_puts_them(drawn: Path) -> None:
    paths = [str(p.relative_to(drawn / "logs")) for p in drawn.rglob("S3Access/**/*") if p.is_file()]
    assert len(paths) > 50
    assert [path for path in paths if not LAYOUT.fullmatch(path)] == []


def test_a_call_in_both_logs_has_one_request_id_address_and_bucket(drawn: Path) -> None:
    trail = {r["requestID"]: r for _, r in records(drawn / "logs") if r["eventCategory"] == "Data"}
    matched = 0
    for line in lines(drawn):
        found = REQUEST.match(line)
        assert found, line
        bucket, address, _, request, operation, _ = found.groups()
        record = trail.get(request)
        if record and operation in ("REST.GET.OBJECT", "REST.PUT.OBJECT", "REST.GET.BUCKET"):
            matched += 1
            assert bucket == record["requestParameters"]["bucketName"]
            assert address in (record["sourceIPAddress"], "-")
    assert matched > 200


def test_access_logs_are_best_effort(drawn: Path) -> None:
    buckets = {path.name for path in (drawn / "logs/S3Access").glob("*/*/*")}
    wanted = {
        r["requestID"]
        for _, r in records(drawn / "logs")
        if r["eventCategory"] == "Data" and r["requestParameters"]["bucketName"] in buckets
    }
    seen = {found[4] for line in lines(drawn) if (found := REQUEST.match(line))}
    assert 0.98 < len(wanted & seen) / len(wanted) < 1


def test_two_buckets_are_seen_by_access_logs_alone(drawn: Path) -> None:
    listed = {row["bucket"] for row in rows(drawn / "context/inventory.csv")}
    trail = {(r["requestParameters"] or {}).get("bucketName") for _, r in records(drawn / "logs")}
    asked = {line.split(" ", 2)[1] for line in lines(drawn)}
    alone = asked - trail
    assert len(alone) == 2
    assert alone <= listed


def test_lines_have_the_shapes_that_real_ones_have(drawn: Path) -> None:
    found = lines(drawn)
    operations = Counter(line.split(" HTTP/1.1", 1)[0].split()[7] for line in found)
    for name in ("REST.GET.OBJECT", "REST.HEAD.OBJECT", "REST.PUT.OBJECT", "REST.GET.BUCKET", "BATCH.DELETE.OBJECT"):
        assert operations[name] > 0, name
    assert operations["REST.COPY.OBJECT_GET"] > 0
    assert any(line.endswith((" TLSv1.3", " TLSv1.2")) for line in found)
    assert any(line.endswith(" - -") for line in found)
    assert any(" QueryString " in line and "&X-Amz-Expires=" in line for line in found)
    assert any(' HTTP/1.1" 304 - - ' in line for line in found)
    assert any(' HTTP/1.1" 206 - ' in line for line in found)
    assert all(' HTTP/1.1" 200 - - ' in line for line in found if " REST.PUT.OBJECT " in line)


def flows(folder: Path) -> list[dict[str, str]]:
    found = []
    for path in sorted(folder.rglob("*/vpcflowlogs/**/*.log.gz")):
        header, *body = gzip.decompress(path.read_bytes()).decode().splitlines()
        found += [dict(zip(header.split(), line.split(), strict=True)) for line in body]
    return found


def test_flow_logs_lie_where_the_network_puts_them_and_fill_their_header(drawn: Path) -> None:
    paths = [str(p.relative_to(drawn / "logs")) for p in drawn.rglob("*/vpcflowlogs/**/*") if p.is_file()]
    assert [path for path in paths if not FLOWS.fullmatch(path)] == []
    found = flows(drawn)
    assert {row["version"] for row in found} == {"2", "5"}
    assert {row["log-status"] for row in found} >= {"OK", "NODATA"}
    assert {row["action"] for row in found} == {"ACCEPT", "REJECT", "-"}
    assert all(int(row["end"]) > int(row["start"]) for row in found)
    assert all(int(row["end"]) - int(row["start"]) <= (600 if row["version"] == "2" else 60) for row in found)


def test_a_workload_has_one_address_in_the_trail_and_in_the_flows(drawn: Path) -> None:
    trail = {
        (r["userIdentity"]["arn"].rsplit("/", 1)[1], r["sourceIPAddress"])
        for _, r in records(drawn / "logs")
        if r.get("vpcEndpointId", "").startswith("vpce-0") and r["userIdentity"].get("arn", "").count("/i-0")
    }
    sent = {(row["instance-id"], row["srcaddr"]) for row in flows(drawn) if row.get("flow-direction") == "egress"}
    instances = {instance for instance, _ in trail}
    both = {pair for pair in sent if pair[0] in instances}
    assert len(both) > 3
    assert both <= trail


def test_what_a_streamed_copy_reads_leaves_the_instance(drawn: Path) -> None:
    for scenario in ("S17", "S18"):
        (row,) = [row for row in rows(drawn / "truth.csv") if row["scenario"] == scenario]
        remote = re.search(r"198\.1[89]\.\d+\.\d+", row["note"])
        assert remote, row
        left = sum(
            int(f["bytes"]) for f in flows(drawn) if f["dstaddr"] == remote[0] and f["srcaddr"] in row["sources"]
        )
        assert left >= max(int(row["bytes_read"]), 1_000_000)
        assert remote[0] in row["destination"]


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("control") / "all"
    simulate(out, seed=4, days=8, scale=0.1, attack_from=3, sources=["cloudtrail", "control"])
    return out


def calls(folder: Path, scenario: str) -> list[Record]:
    """The records of a campaign: those of its identities, from its addresses, within its times."""
    truth = [row for row in rows(folder / "truth.csv") if row["scenario"] == scenario]
    return [
        record
        for _, record in records(folder / "logs")
        for row in truth
        if row["first_time"] <= record["eventTime"] <= row["last_time"]
        and record["sourceIPAddress"] in row["sources"].split(";")
    ]


@pytest.mark.parametrize(
    ("scenario", "names"),
    [
        ("S08", ["PutBucketPolicy", "GetObject"]),
        ("S09", ["DeleteBucketPublicAccessBlock"]),
        ("S10", ["GetObject"]),
        ("S11", ["PutBucketPolicy", "GetObject"]),
        ("S13", ["ListObjects", "GetObject"]),
        ("S16", ["AssumeRole", "GetObject"]),
        ("S21", ["ModifySnapshotAttribute"]),
        ("S22", ["ExportTableToPointInTime", "PutObject", "GetObject"]),
        ("S23", ["StopLogging", "PutBucketLogging", "GetObject"]),
        ("S29", ["RestoreObject", "GetObject"]),
    ],
)
def test_an_attack_in_the_control_plane_leaves_its_calls(control: Path, scenario: str, names: list[str]) -> None:
    assert {record["eventName"] for record in calls(control, scenario)} >= set(names)


def test_what_is_opened_names_the_outside_account_of_the_truth(control: Path) -> None:
    for scenario, api in (("S08", "PutBucketPolicy"), ("S21", "ModifySnapshotAttribute")):
        account = next(row["destination"] for row in rows(control / "truth.csv") if row["scenario"] == scenario)
        known = {row["account"] for row in rows(control / "context/accounts.csv")}
        assert account not in known
        asked = [json.dumps(r["requestParameters"]) for r in calls(control, scenario) if r["eventName"] == api]
        assert asked
        assert all(account in text for text in asked)


def test_a_role_chain_hands_each_key_to_the_next_call(control: Path) -> None:
    chain = calls(control, "S16")
    taken = [r for r in chain if r["eventName"] == "AssumeRole"]
    assert len(taken) == 2
    first, second = sorted(taken, key=lambda record: record["eventTime"])
    assert first["userIdentity"]["type"] == "AWSAccount"
    assert second["userIdentity"]["accessKeyId"] == first["responseElements"]["credentials"]["accessKeyId"]
    reads = [r for r in chain if r["eventName"] == "GetObject"]
    key = second["responseElements"]["credentials"]["accessKeyId"]
    assert reads
    assert {r["userIdentity"]["accessKeyId"] for r in reads} == {key}


def test_benign_life_uses_the_same_calls_within_the_organisation(control: Path) -> None:
    friends = {row["account"] for row in rows(control / "context/accounts.csv")}
    attacks = {row["scenario"] for row in rows(control / "truth.csv") if row["kind"] == "attack"}
    planted = {record["eventID"] for scenario in attacks for record in calls(control, scenario)}
    names = set()
    for _, record in records(control / "logs"):
        if record["eventID"] in planted:
            continue
        names.add(record["eventName"])
        if record["eventName"] in ("PutBucketPolicy", "ModifySnapshotAttribute"):
            outside = re.findall(r"\b\d{12}\b", json.dumps(record["requestParameters"]))
            assert set(outside) <= friends
    assert names >= {"PutBucketPolicy", "ModifySnapshotAttribute", "RestoreObject"}


def test_a_session_uses_the_key_that_it_was_handed(control: Path) -> None:
    found = [record for _, record in records(control / "logs")]
    used = {r["userIdentity"].get("accessKeyId"): r["userIdentity"] for r in found}
    taken = [r for r in found if r["eventName"].startswith("AssumeRole") and r["responseElements"]]
    kinds = {}
    for record in taken:
        answer = record["responseElements"]
        session = used.get(answer["credentials"]["accessKeyId"])
        if session:
            kinds[record["userIdentity"]["type"]] = record["eventName"]
            assert session["arn"] == answer["assumedRoleUser"]["arn"]
            assert session["principalId"] == answer["assumedRoleUser"]["assumedRoleId"]
            assert session["sessionContext"]["attributes"]["creationDate"] == record["eventTime"]
    assert kinds == {
        "AWSService": "AssumeRole",
        "AssumedRole": "AssumeRole",
        "AWSAccount": "AssumeRole",
        "SAMLUser": "AssumeRoleWithSAML",
        "WebIdentityUser": "AssumeRoleWithWebIdentity",
    }


def test_what_an_endpoint_saw_repeats_a_call_under_an_event_id_of_its_own(control: Path) -> None:
    found = [record for _, record in records(control / "logs")]
    data = {r["requestID"]: r for r in found if r["eventCategory"] == "Data"}
    seen = [r for r in found if r["eventType"] == "AwsVpceEvent"]
    assert len(seen) > 50
    for record in seen:
        call = data[record["requestID"]]
        assert record["eventCategory"] == "NetworkActivity"
        assert record["eventID"] != call["eventID"]
        same = ("eventName", "eventTime", "vpcEndpointId", "sourceIPAddress", "userIdentity")
        assert [record[name] for name in same] == [call[name] for name in same]
        assert record["requestParameters"]["bucketName"] == call["requestParameters"]["bucketName"]


def test_further_rows_leave_every_record_of_the_trail_as_it_was(tmp_path: Path) -> None:
    base = [*SCENARIOS]
    simulate(tmp_path / "a", seed=3, days=4, scale=0.05, attack_from=2, attacks=base)
    simulate(tmp_path / "b", seed=3, days=4, scale=0.05, attack_from=2, attacks=base, sources=["cloudtrail", "control"])
    alone = {r["eventID"]: r for _, r in records(tmp_path / "a/logs")}
    beside = {r["eventID"]: r for _, r in records(tmp_path / "b/logs")}
    assert len(beside) > len(alone)
    assert all(beside[name] == record for name, record in alone.items())


def test_an_attack_that_no_log_shows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'S17' can be planted in cloudtrail"):
        simulate(tmp_path / "out", days=3, attack_from=1, attacks=["S17"])


def test_an_unknown_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no log source 's3_acces' .*s3_access"):
        simulate(tmp_path / "out", days=1, sources=["s3_acces"])
    with pytest.raises(UsageError, match="at least one log source"):
        simulate(tmp_path / "out", days=1, sources=[])


def test_the_command_writes_the_sources_asked_for(tmp_path: Path) -> None:
    wanted = ["--days", "2", "--scale", "0.05", "--sources", "vpc_flow, s3_access"]
    result = CliRunner().invoke(main, ["simulate", str(tmp_path / "out"), *wanted])
    assert result.exit_code == 0, result.output
    assert "S17, S18" in result.output
    files = [path for path in (tmp_path / "out/logs").rglob("*") if path.is_file()]
    assert {path.parts[len(tmp_path.parts) + 2] for path in files} == {"S3Access", "AWSLogs"}
    assert not [path for path in files if "CloudTrail" in path.parts]
    refused = CliRunner().invoke(main, ["simulate", str(tmp_path / "other"), "--sources", "s3"])
    assert refused.exit_code != 0
    assert "no log source 's3' can be simulated" in refused.output
