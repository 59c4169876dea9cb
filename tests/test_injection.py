"""Injected campaigns: rows of the events' shape, in a lake beside the real one, scored as the real one would."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from anomaly.catalog import table
from anomaly.config import Settings
from anomaly.context import Context
from anomaly.errors import DataQualityError, NoModelError, UnknownNameError
from anomaly.injection.bucket import Bucket, read_bucket
from anomaly.injection.inject import chosen, largest, rows, taken
from anomaly.injection.overlay import Overlay, overlay
from anomaly.injection.routes import COPY, ELSEWHERE, NEW, READER, ROUTES, TINY, USUAL, Caller, Campaign
from anomaly.injection.trials import Bench, packed
from anomaly.pipeline import FEATURES
from anomaly.pruned import FILE, Pruned, as_text, pruned
from anomaly.store import Lake, Store
from fixtures_org import QUIET, ScoredOrg

NO_ALERTS = 1e-300
"""Alerts a day of a budget that nothing is within."""


def digest(root: Path) -> dict[str, str]:
    """Every file of a lake, but the lock, and what it holds."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


@pytest.fixture(scope="module")
def context(scored_org: ScoredOrg) -> Context:
    return Context.load(scored_org.org.context)


@pytest.fixture(scope="module")
def bench(scored_org: ScoredOrg, context: Context) -> Iterator[Bench]:
    with overlay(scored_org.lake, QUIET) as made:
        yield Bench(made, context, Settings())


@pytest.fixture(scope="module")
def reports(scored_org: ScoredOrg) -> Bucket:
    return read_bucket(scored_org.lake, "reports", QUIET)


def reader(bucket: Bucket, name: str) -> Caller:
    return next(each for each in bucket.callers if each.actor.endswith(f"user/{name}"))


def campaigns(bucket: Bucket, amount: float) -> list[Campaign]:
    """One of every route by another reader each, and one by somebody new."""
    people = [each for each in bucket.callers if each.relation == READER]
    made = [Campaign(f"c{nth}", people[nth], route, amount, QUIET, nth) for nth, route in enumerate(ROUTES)]
    return [*made, Campaign("n", bucket.new_caller(), USUAL, amount, QUIET, 9)]


def test_injected_rows_are_of_the_shape_of_the_events(reports: Bucket, context: Context) -> None:
    made = rows(reports, context, campaigns(reports, 3e6))
    assert made.schema.names == list(table("events").types)
    with Store() as store:
        store.register("made", made)
        described = {row[0]: row[1] for row in store.rows("describe made")}
        never = [column.name for column in table("events").columns if column.null == "never"]
        empty = store.records(
            "select " + ", ".join(f'count(*) - count("{name}") as "{name}"' for name in never) + " from made"
        )
    assert described == table("events").types
    assert set(empty[0].values()) == {0}


def of_campaign(bucket: Bucket, context: Context, campaign: Campaign) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rows(bucket, context, [campaign]).to_pylist()
    return found


def test_a_row_is_as_the_caller_last_read(reports: Bucket, context: Context) -> None:
    ana = reader(reports, "ana")
    template = next(row for row in reports.templates.to_pylist() if row["event_id"] == ana.event_id)
    made = of_campaign(reports, context, Campaign("c", ana, USUAL, 3e6, QUIET, 1))
    same = ("identity", "identity_kind", "access_key_id", "source_ip", "user_agent", "tool", "bucket", "source", "api")
    assert {tuple(row[name] for name in same) for row in made} == {tuple(template[name] for name in same)}
    known = dict(zip(reports.keys, reports.sizes, strict=True))
    assert all(row["bytes_read"] == known[row["object_key"]] for row in made)
    assert sum(row["bytes_read"] for row in made) == taken(reports, Campaign("c", ana, USUAL, 3e6, QUIET, 1))
    assert {row["event_time"].date() for row in made} == {QUIET}
    assert {row["evidence_file"] for row in made} == {"injected/c"}


def test_what_a_copy_takes_is_in_no_log(reports: Bucket, context: Context) -> None:
    made = of_campaign(reports, context, Campaign("c", reader(reports, "ana"), COPY, 3e6, QUIET, 1))
    assert {(row["operation"], row["api"], row["bytes_read"]) for row in made} == {("copy", "CopyObject", None)}
    assert not {row["destination_account"] for row in made} & {*context.accounts["account"], None}


def test_a_new_network_is_one_that_nobody_names(reports: Bucket, context: Context) -> None:
    made = of_campaign(reports, context, Campaign("c", reader(reports, "ana"), ELSEWHERE, 3e6, QUIET, 1))
    (address,) = {row["source_ip"] for row in made}
    assert context.addresses([address])["network_kind"].tolist() == ["internet"]


def test_somebody_new_has_a_name_and_a_key_of_its_own(reports: Bucket, context: Context) -> None:
    made = of_campaign(reports, context, Campaign("c", reports.new_caller(), USUAL, 3e6, QUIET, 1))
    (identity,), (key,) = {row["identity"] for row in made}, {row["access_key_id"] for row in made}
    templates = reports.templates.to_pylist()
    assert identity not in {row["identity"] for row in templates}
    assert key not in {row["access_key_id"] for row in templates}


@pytest.mark.parametrize("route", [USUAL, TINY])
def test_a_larger_amount_takes_more_and_never_more_than_asked(reports: Bucket, route: str) -> None:
    everything = largest(reports, route)
    for seed in range(20):
        before = 0.0
        for share in (0.02, 0.1, 0.5, 1.0):
            places = chosen(reports, route, share * everything, seed)
            amount = float(reports.sizes[places].sum())
            assert len(set(places.tolist())) == len(places)
            assert amount <= max(share * everything, reports.sizes.min()) + 1e-6
            assert amount >= before
            before = amount
        assert before == pytest.approx(everything)


def test_the_real_lake_is_not_touched(scored_org: ScoredOrg, reports: Bucket, bench: Bench) -> None:
    before = digest(scored_org.root)
    assert len(bench.run_day(reports, QUIET, campaigns(reports, 3e6))) == len(ROUTES) + 1
    assert digest(scored_org.root) == before


def test_days_that_were_pruned_stay_so_beside_the_lake(tmp_path: Path) -> None:
    marker = Pruned(QUIET, {QUIET - timedelta(days=1): "0" * 64})
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(as_text(marker), encoding="utf-8")
    with overlay(Lake(tmp_path), QUIET) as made:
        assert pruned(made.lake.root) == marker


def test_with_nothing_injected_the_scores_are_those_of_the_lake(
    scored_org: ScoredOrg, context: Context, bench: Bench
) -> None:
    """Also where only the events that matter to some callers are kept: what is left of a day scores the very same."""
    with Store() as store:
        store.view("scores", scored_org.lake.files("scores", QUIET))
        real = dict(store.rows("select session_id, score from scores"))
        owners = dict(store.rows("select session_id, identity from scores"))
    files = scored_org.lake.files("events", QUIET)
    with bench.on(QUIET) as tried:
        for identities in (None, set(sorted(set(owners.values()))[::2])):
            tried.features(QUIET, files, None, identities)
            made = {row["session_id"]: row for row in tried.store.records(f"select * from {FEATURES}")}
            if identities is None:
                assert made.keys() == real.keys()
            kept = [id for id in made if identities is None or owners[id] in identities]
            assert {owners[id] for id in kept} == (identities or set(owners.values()))
            scores = bench.detector.score(pd.DataFrame([made[id] for id in kept]))
            assert [real[id] for id in kept] == scores.tolist()


def test_whole_days_in_a_row_are_those_of_the_lake(scored_org: ScoredOrg, bench: Bench) -> None:
    """What a day made in memory hands on to the next is what the lake's partition of it would."""
    days = [QUIET - timedelta(days=back) for back in (2, 1, 0)]
    with bench.on(days[0]) as tried:
        for day in days[:-1]:
            tried.whole_day(day, scored_org.lake.files("events", day), None)
        tried.features(QUIET, scored_org.lake.files("events", QUIET), None)
        tried.store.view("kept", scored_org.lake.files(FEATURES, QUIET))
        for one, other in ((FEATURES, "kept"), ("kept", FEATURES)):
            columns = ", ".join(f'"{name}"' for name in table(FEATURES).types)
            difference = f"select {columns} from {one} except all select {columns} from {other}"
            assert tried.store.rows(difference) == []
        assert tried.store.value(f"select count(*) from {FEATURES}") > 0


def test_all_of_a_bucket_stands_before_one_object(reports: Bucket, bench: Bench) -> None:
    ana = reader(reports, "ana")
    amounts = (1.0, largest(reports, USUAL) / 10, largest(reports, USUAL))
    found = [bench.run_day(reports, QUIET, [Campaign("c", ana, USUAL, each, QUIET, 1)])["c"] for each in amounts]
    scores = [each.score or 0.0 for each in found]
    assert scores == sorted(scores)
    assert (found[-1].rank, found[-1].caught) == (1, {"alert": True, "top 10": True, "top 5": True})


def test_campaigns_that_share_a_build_do_not_disturb_each_other(reports: Bucket, bench: Bench) -> None:
    together = campaigns(reports, largest(reports, USUAL) / 3)
    shared = bench.run_day(reports, QUIET, together)
    with bench.on(QUIET) as tried:
        for campaign in together:
            sessions = bench.sessions(tried, QUIET, [(reports, [campaign])])
            alone = bench.outcomes(reports, bench.queue(QUIET), [campaign], sessions)
            assert alone[campaign.name] == shared[campaign.name]


def test_a_caller_has_one_campaign_a_build(reports: Bucket) -> None:
    ana, ben = reader(reports, "ana"), reader(reports, "ben")
    asked = [Campaign(str(nth), who, USUAL, 1e6, QUIET, nth) for nth, who in enumerate([ana, ana, ben, ana])]
    asked += [Campaign(f"n{nth}", reports.new_caller(), USUAL, 1e6, QUIET, nth) for nth in range(3)]
    groups = [[each.name for each in group] for group in packed(asked)]
    assert groups == [["0", "2", "n0", "n1", "n2"], ["1"], ["3"]]


def test_a_leak_is_known_to_its_later_days_and_ends_with_an_alert(reports: Bucket, bench: Bench) -> None:
    days = [QUIET - timedelta(days=back) for back in (2, 1, 0)]
    stranger = reports.new_caller()
    assert stranger.relation == NEW
    plan = {day: [Campaign("c", stranger, USUAL, 1e6, day, 1)] for day in days}
    # somebody new is an alert on its first day, so that it must be let go on for what the later ones know to be seen
    lenient = replace(bench.settings, score=replace(bench.settings.score, budget_per_day=NO_ALERTS))
    scores = [
        each.score for each in Bench(bench.overlay, bench.context, lenient).run_leaks(reports, plan)["c"].values()
    ]
    assert len(scores) == len(days)
    assert all(score is not None for score in scores)
    # on its second day it is no stranger any more
    assert np.diff(np.array(scores, dtype=float))[0] < 0
    noticed = bench.run_leaks(reports, plan)["c"]
    assert list(noticed) == days[:1]
    assert (noticed[days[0]].caught["alert"], noticed[days[0]].score) == (True, scores[0])


def test_a_bucket_that_nobody_knows_is_answered_with_the_nearest(scored_org: ScoredOrg) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'reports'"):
        read_bucket(scored_org.lake, "report", QUIET)


def test_a_bucket_without_reads_says_what_cannot_be_tried(own_copy: ScoredOrg) -> None:
    for part in own_copy.lake.files("events", own_copy.lake.days("events")[0], QUIET):
        with Store() as store:
            store.view("events", [part])
            store.run(
                "copy (select * exclude (date) replace "
                "(case when operation = 'read' then 'list' else operation end as operation) "
                f"from events) to '{part}.made' (format parquet)"
            )
        Path(f"{part}.made").replace(part)
    with pytest.raises(DataQualityError, match="no log tells of objects read in 'reports'"):
        read_bucket(own_copy.lake, "reports", QUIET)


def test_without_a_champion_nothing_is_tried(tmp_path: Path, context: Context) -> None:
    with pytest.raises(NoModelError):
        Bench(Overlay(Lake(tmp_path / "real"), tmp_path / "beside", QUIET), context, Settings())
