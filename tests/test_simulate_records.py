"""The simulator's records: shapes like the real ones, clients that behave, and nothing that gives an attack away."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from anomaly.simulate import simulate
from anomaly.simulate.buckets import MIB
from anomaly.simulate.clients import ranges
from anomaly.simulate.thefts import HUNTED
from simulate_records import Record, once, principal, rows

Company = tuple[list[Record], list[dict[str, str]]]
BLOCKS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "10.0.0.0/8")
ADDRESSES = [ip_network(block) for block in BLOCKS]
SAMPLES = ("aws_cloudtrail_getobject.json", "aws_cloudtrail_putbucketreplication.json")
THEFT = "otrf/ec2_proxy_s3_exfiltration_2020-09-14011940.json"
SOMETIMES = {"errorCode", "errorMessage", "sharedEventID", "vpcEndpointId", "vpcEndpointAccountId"}
# what later CloudTrail versions added to the records of the samples
NEWER = {"tlsDetails", "eventCategory", "managementEvent", "vpcEndpointAccountId", "sharedEventID", "resources"}


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    out = tmp_path_factory.mktemp("company") / "out"
    simulate(out, seed=21, days=12, scale=0.15, attack_from=5)
    return once(out / "logs"), rows(out / "truth.csv")


def split(company: Company) -> tuple[list[Record], list[Record]]:
    """Attack records (by identity, time and address) and all others."""
    found, truth = company
    wanted = defaultdict(list)
    for row in truth:
        if row["kind"] == "attack":
            wanted[row["identity"], row["session_name"]].append(
                (row["first_time"], row["last_time"], row["sources"].split(";"))
            )
    attack: list[Record] = []
    benign: list[Record] = []
    for record in found:
        spans = wanted.get(principal(record), [])
        time, place = record["eventTime"], record["sourceIPAddress"]
        (attack if any(a <= time <= b and place in c for a, b, c in spans) else benign).append(record)
    return attack, benign


def keys_by_call(records: Iterable[Record], part: Callable[[Record], object]) -> dict[str, set[str]]:
    keys: dict[str, set[str]] = defaultdict(set)
    for record in records:
        value = part(record)
        keys[record["eventName"]] |= set(value) if isinstance(value, dict) else set()
    return keys


def sample_records(folder: Path) -> list[Record]:
    found = [json.loads((folder / "splunk" / name).read_text()) for name in SAMPLES]
    for line in (folder / THEFT).read_text().splitlines():
        record = {name: value for name, value in json.loads(line).items() if not name.startswith("@")}
        if record["eventName"] in ("GetObject", "ListObjects"):
            found.append(record | {"eventTime": "2020-09-14T00:00:00Z"})  # this sample has its time elsewhere
    return found


def test_our_records_have_the_fields_of_the_real_ones(company: Company, shared_data: Path) -> None:
    ours = keys_by_call(company[0], lambda record: record)
    extra = keys_by_call(company[0], lambda record: record.get("additionalEventData"))
    for real in sample_records(shared_data):
        name = real["eventName"]
        assert set(real) <= ours[name], name
        assert ours[name] - set(real) <= NEWER | {"errorCode", "errorMessage", "vpcEndpointId"}, name
        assert set(real["additionalEventData"]) <= extra[name], name


def test_byte_counts_are_floats_in_data_events_and_integers_elsewhere(
    company: Company,
) -> None:
    for record in company[0]:
        if record["eventSource"] == "s3.amazonaws.com":
            kind = int if record["managementEvent"] else float
            assert type(record["additionalEventData"]["bytesTransferredOut"]) is kind


def test_every_kind_of_caller_is_there(company: Company) -> None:
    found = company[0]
    assert {"IAMUser", "AssumedRole", "AWSService", "AWSAccount"} <= {r["userIdentity"]["type"] for r in found}
    assert {"GetObject", "ListObjects", "HeadObject", "PutObject", "CopyObject", "DeleteObject"} <= {
        r["eventName"] for r in found
    }
    assert {"ConsoleLogin", "AssumeRole", "Decrypt", "ListBuckets"} <= {r["eventName"] for r in found}
    assert any(r.get("additionalEventData", {}).get("AuthenticationMethod") == "QueryString" for r in found)
    assert any(
        r.get("errorCode") == "AccessDenied" and r["additionalEventData"]["bytesTransferredOut"] > 0 for r in found
    )
    twins = [r for r in found if r["sourceIPAddress"] == "AWS Internal"]
    assert twins
    assert all(r["eventSource"] == "kms.amazonaws.com" for r in twins)


def test_management_calls_are_a_minor_share(company: Company) -> None:
    found = company[0]
    assert sum(record["managementEvent"] for record in found) < 0.2 * len(found)


def test_addresses_are_documentation_or_private_ones(company: Company) -> None:
    places = {record["sourceIPAddress"] for record in company[0]}
    real = {place for place in places if re.fullmatch(r"[\d.]+", place)}
    assert len(real) > 50
    assert [place for place in real if not any(ip_address(place) in block for block in ADDRESSES)] == []


def test_a_sync_lists_first_and_then_reads_in_key_order(company: Company) -> None:
    syncs: dict[tuple[str, str, str], list[Record]] = defaultdict(list)
    for record in company[0]:
        if "s3.sync" in record["userAgent"] and record["eventName"] in ("ListObjects", "GetObject"):
            who = record["userIdentity"]
            if who["type"] == "AssumedRole" and "SSO" in who["arn"]:
                syncs[who["accessKeyId"], record["requestParameters"]["bucketName"], record["userAgent"]].append(record)
    long = [sorted(rs, key=lambda r: r["eventTime"]) for rs in syncs.values() if len(rs) > 30]
    assert long
    for sync in long:
        assert any(record["eventName"] == "ListObjects" for record in sync[:2])
        names = [record["requestParameters"]["key"] for record in sync if record["eventName"] == "GetObject"]
        # ten lanes and whole seconds: neighbours may swap, the order as a whole stands
        ranks = {name: i for i, name in enumerate(sorted(set(names)))}
        drift = max(abs(ranks[name] - ranks[max(names[: i + 1])]) for i, name in enumerate(names))
        assert drift <= 150, drift


def test_ranges_cover_each_object_once() -> None:
    reads = ranges([("a", 20 * MIB + 5), ("b", 10), ("c", 8 * MIB)], 8 * MIB)
    assert [(key, size) for key, size, _ in reads] == [
        ("a", 8 * MIB),
        ("a", 8 * MIB),
        ("a", 4 * MIB + 5),
        ("b", 10),
        ("c", 8 * MIB),
    ]
    assert reads[2][2] == f',"Range":"bytes={16 * MIB}-{20 * MIB + 4}"'
    assert reads[3][2] == reads[4][2] == ""


def family(agent: str) -> str:
    """A user agent without its versions and machine."""
    if "aws-cli" in agent:
        return "aws-cli"
    return re.sub(r"[\d.]+", "", agent).split("/")[0].split("[")[-1].split(" ")[0]


def ending(record: Record) -> str:
    """The end of the object's name; those of forgotten secrets count as one, to look for them is behaviour."""
    key = (record["requestParameters"] or {}).get("key") or ""
    return "secret" if key.endswith(HUNTED) else key.rsplit(".", 1)[-1][:8]


def test_no_field_gives_an_attack_away(company: Company) -> None:
    attack, benign = split(company)
    assert len(attack) > 500

    def shapes(records: list[Record]) -> dict[str, set[object]]:
        def asked(r: Record) -> frozenset[str]:
            return frozenset(r["requestParameters"] or ())

        calls: dict[str, Callable[[Record], object]] = {
            "fields": lambda r: frozenset(r) - SOMETIMES,
            "request": lambda r: (r["eventName"], asked(r)),
            "identity": lambda r: (r["userIdentity"]["type"], frozenset(r["userIdentity"])),
            "session": lambda r: frozenset(r["userIdentity"].get("sessionContext", ())),
            "agent": lambda r: family(r["userAgent"]),
            "call": lambda r: r["eventName"],
            "cipher": lambda r: r.get("tlsDetails", {}).get("cipherSuite"),
            "version": lambda r: r["eventVersion"],
            "login": lambda r: r.get("additionalEventData", {}).get("AuthenticationMethod"),
            "key id": lambda r: r["userIdentity"].get("accessKeyId", "")[:4],
            "ending": ending,
        }
        return {name: {call(record) for record in records} for name, call in calls.items()}

    theirs = shapes(benign)
    alone = {name: values - theirs[name] for name, values in shapes(attack).items()}
    assert {name: values for name, values in alone.items() if values} == {}


def test_keys_and_addresses_of_attacks_come_from_pools_that_others_use(
    company: Company,
) -> None:
    attack, benign = split(company)

    def blocks(records: list[Record]) -> set[str]:
        return {".".join(r["sourceIPAddress"].split(".")[:2]) for r in records if r["sourceIPAddress"][0].isdigit()}

    assert blocks(attack) <= blocks(benign)
    ids = [len(record["requestID"]) for record in attack if record["eventSource"] == "s3.amazonaws.com"]
    assert set(ids) == {16}
