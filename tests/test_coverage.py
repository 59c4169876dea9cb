"""The coverage ledger: what is taken out of the logs turns the right cells and nothing else."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

import coverage_world as world
from anomaly.context import Context
from anomaly.coverage import Ledger, blind_buckets, calendar, coverage
from anomaly.coverage.scenarios import scenario_catalogue
from anomaly.errors import DataQualityError
from anomaly.store import Lake

OBJECTS = "(bucket is distinct from '{}')"
MORNING = "not (source = '{}' and extract(hour from event_time) between 8 and 13)"


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Context:
    return world.context(tmp_path_factory.mktemp("context"))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, known: Context) -> tuple[Lake, Ledger]:
    lake = world.lake(tmp_path_factory.mktemp("full") / "lake")
    return lake, world.ledger(lake, known)


def needing(cloud: str, *kinds: str) -> set[str]:
    """The scenarios that cannot do without one of these kinds of evidence."""
    found = scenario_catalogue().scenarios.values()
    return {
        each.id
        for each in found
        if cloud in each.needs and any(set(need.split("|")) & set(kinds) for need in each.needs[cloud].required)
    }


def expected(buckets: tuple[str, ...], scenarios: set[str], turn: tuple[str, str]) -> dict[object, object]:
    return {(bucket, scenario): turn for bucket in buckets for scenario in scenarios}


AWS = ("hr", "pay", "vault")


def test_the_whole_lake_is_seen_but_for_what_it_never_had(full: tuple[Lake, Ledger]) -> None:
    _, ledger = full
    assert {cell.state for cell in ledger.cells if cell.cloud == "aws"} == {"seen"}
    assert {(cell.scenario, cell.bucket) for cell in ledger.cells if cell.state == "blind"} == {
        (scenario, bucket) for scenario in ("S17", "S18") for bucket in ("g-data", "acme/files")
    }
    # reads of Google's audit log have no sizes: what wants them is degraded, unless it is blind already
    wanting = [each for each in scenario_catalogue().scenarios.values() if "gcp" in each.needs]
    unsized = {each.id for each in wanting if "bytes" in each.needs["gcp"].wanted}
    assert {(cell.scenario, cell.bucket) for cell in ledger.cells if cell.state == "degraded"} == {
        (scenario, "g-data") for scenario in unsized
    }
    assert [each.quiet for each in ledger.cells if each.bucket == "vault" and each.scenario == "S01"] == [True]
    assert sum(ledger.counts.values()) == 5 * len(scenario_catalogue().scenarios)
    assert [finding.severity for finding in ledger.findings] == ["medium"] * 3


@pytest.mark.parametrize("bucket", ["pay", "acme/files"])
def test_a_bucket_whose_data_events_never_were_turns_blind_and_nothing_else(
    bucket: str, full: tuple[Lake, Ledger], known: Context, tmp_path: Path
) -> None:
    lake = world.lake(tmp_path / "lake", kept=OBJECTS.format(bucket))
    after = world.ledger(lake, known)
    cloud = "azure" if "/" in bucket else "aws"
    turns = world.turned(full[1], after)
    already = {"S17", "S18"} if cloud == "azure" else set()
    assert turns == expected((bucket,), needing(cloud, "objects") - already, ("seen", "blind"))
    high = [finding for finding in after.findings if finding.severity == "high"]
    assert [(finding.kind, finding.subject) for finding in high] == [("blind_objects", bucket)]
    blind = blind_buckets(lake, known, world.LAST)
    assert blind is not None
    assert [each.bucket for each in blind] == [bucket]


def test_a_bucket_whose_data_events_stop_is_blind_since(
    full: tuple[Lake, Ledger], known: Context, tmp_path: Path
) -> None:
    after = world.ledger(world.changed(full[0], tmp_path / "lake", OBJECTS.format("pay")), known)
    assert world.turned(full[1], after) == expected(("pay",), needing("aws", "objects"), ("seen", "blind"))
    reasons = {cell.reasons[0] for cell in after.cells if cell.bucket == "pay" and cell.state == "blind"}
    assert len(reasons) == 1
    assert reasons.pop().startswith(f"no object-level event since {world.LAST - timedelta(days=1)}")


def test_a_rarely_used_bucket_that_is_silent_is_seen(full: tuple[Lake, Ledger], known: Context, tmp_path: Path) -> None:
    after = world.ledger(world.changed(full[0], tmp_path / "lake", OBJECTS.format("vault")), known)
    assert world.turned(full[1], after) == {}


@pytest.mark.parametrize("always", [True, False])
def test_flow_logs_taken_away_turn_the_scenarios_of_flows(
    always: bool, full: tuple[Lake, Ledger], known: Context, tmp_path: Path
) -> None:
    kept = "source != 'vpc_flow'"
    lake = world.lake(tmp_path / "l", kept) if always else world.changed(full[0], tmp_path / "l", kept)
    turns = world.turned(full[1], world.ledger(lake, known))
    assert turns == expected(AWS, needing("aws", "flow"), ("seen", "blind"))


@pytest.mark.parametrize(
    ("source", "cloud", "buckets", "kinds"),
    [
        ("cloudtrail", "aws", AWS, ("objects", "control_plane")),
        ("vpc_flow", "aws", AWS, ("flow",)),
        ("azure_storage", "azure", ("acme/files",), ("objects",)),
        ("azure_activity", "azure", ("acme/files",), ("control_plane",)),
    ],
)
def test_six_hours_cut_from_one_source_degrade_what_it_shows(
    source: str,
    cloud: str,
    buckets: tuple[str, ...],
    kinds: tuple[str, ...],
    full: tuple[Lake, Ledger],
    known: Context,
    tmp_path: Path,
) -> None:
    after = world.ledger(world.changed(full[0], tmp_path / "lake", MORNING.format(source)), known)
    already = {"S17", "S18"} if cloud == "azure" else set()
    turns = world.turned(full[1], after)
    assert turns == expected(buckets, needing(cloud, *kinds) - already, ("seen", "degraded"))
    assert all(
        "08:00–14:00" in "; ".join(cell.reasons) for cell in after.cells if (cell.bucket, cell.scenario) in turns
    )
    hole = [finding for finding in after.findings if finding.kind == "delivery_hole"]
    assert [finding.subject.split()[0] for finding in hole] == [source]


def test_a_day_on_which_nothing_came_is_blind_and_the_days_beside_it_are_not(
    full: tuple[Lake, Ledger], known: Context, tmp_path: Path
) -> None:
    gone = world.LAST - timedelta(days=1)
    shutil.copytree(full[0].root, tmp_path / "lake")
    lake = Lake(tmp_path / "lake")
    for table in ("events", "deliveries", "bucket_cover", "delivery_holes", "mentioned"):
        shutil.rmtree(lake.folder(table, gone), ignore_errors=True)
    found = world.ledger(lake, known, [gone, world.LAST])
    assert {cell.state for cell in found.cells if cell.day == gone} == {"blind", "not applicable"}
    assert {key: state for key, state in world.states(found).items() if key[0] == world.LAST} == world.states(full[1])


def test_days_outside_the_lake_are_refused(full: tuple[Lake, Ledger], tmp_path: Path) -> None:
    lake, _ = full
    assert calendar(lake) == [world.LAST]
    assert calendar(lake, world.START)[0] == world.START
    with pytest.raises(DataQualityError, match=f"the lake holds {world.START} to {world.LAST}"):
        calendar(lake, last=world.LAST + timedelta(days=1))
    with pytest.raises(DataQualityError, match="holds no events"):
        calendar(Lake(tmp_path))


def test_a_glob_and_sensitivities_choose_the_buckets(full: tuple[Lake, Ledger], known: Context) -> None:
    found = coverage(full[0], known, [world.LAST], sensitivities=("internal",), glob="l*")
    assert [each.bucket for each in found.buckets] == ["logs"]
    assert {cell.bucket for cell in found.cells} == {"logs"}


def test_nobody_looked_is_not_nothing_was_blind(known: Context, tmp_path: Path) -> None:
    assert blind_buckets(world.lake(tmp_path / "lake", until=1), known, world.START) is None
