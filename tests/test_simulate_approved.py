"""Approved look-alikes: their rows of workflows.csv fit what the truth says they did, and nobody else fits them."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from anomaly.context import Context
from anomaly.simulate import simulate
from anomaly.simulate.build import build
from anomaly.simulate.deeds import Campaign
from anomaly.simulate.org import Org
from anomaly.simulate.plan import plan
from simulate_records import rows

FIRST, DAYS = date(2026, 1, 5), 42
PAIRS = (("quarter-end-approved", "quarter-end"), ("replication-approved", "own-replication"))


def planned(seed: int) -> tuple[Org, dict[str, Campaign]]:
    org = build(seed, FIRST, DAYS, 0.05)
    return org, {campaign.scenario: campaign for campaign in plan(org, [], 30)}


def done(org: Org, campaign: Campaign) -> list[tuple[str, str, str, int]]:
    """Who took how much from which bucket to where."""
    log = org.log(campaign.id, campaign.days[0], tally=True)
    campaign.deed.act(log)
    return [(touch.identity, touch.bucket, touch.destination, touch.bytes_read) for touch in log.touches]


@pytest.mark.parametrize("seed", range(1, 9))
def test_only_who_is_approved_fits_the_rows(seed: int) -> None:
    org, campaigns = planned(seed)
    for approved, other in PAIRS:
        allowed = {(row.identity, row.bucket) for row in campaigns[approved].deed.approvals}
        acted = {(who, bucket) for who, bucket, _, _ in done(org, campaigns[approved]) if bucket}
        assert acted == allowed
        assert not {who for who, _ in allowed} & {who for who, _, _, _ in done(org, campaigns[other])}
        assert campaigns[other].deed.approvals == ()


@pytest.mark.parametrize("seed", range(1, 9))
def test_an_approved_quarter_stays_within_what_a_day_may_take(seed: int) -> None:
    org, campaigns = planned(seed)
    campaign = campaigns["quarter-end-approved"]
    (row,) = campaign.deed.approvals
    assert row.allowed is not None
    assert 90 * 2**20 < sum(size for _, _, _, size in done(org, campaign)) < row.allowed


def test_the_workflows_file_covers_what_the_truth_says(tmp_path: Path) -> None:
    simulate(tmp_path / "out", seed=6, days=4, scale=0.02, attacks=[])
    flows = rows(tmp_path / "out/context/workflows.csv")
    end = str(FIRST + timedelta(days=4))
    found = [row for row in rows(tmp_path / "out/truth.csv") if row["scenario"].endswith("-approved")]
    assert {row["scenario"] for row in found} == {approved for approved, _ in PAIRS}
    for row in found:
        (flow,) = [flow for flow in flows if (flow["identity"], flow["bucket"]) == (row["identity"], row["buckets"])]
        assert flow["review_by"] > end
        assert flow["destination"] == (f"s3://{row['destination'].split('/')[1]}" if row["destination"] else "internal")
        assert int(row["bytes_read"]) <= int(flow["max_bytes_per_day"] or 0)
    context = Context.load(tmp_path / "out/context")
    assert len(context.workflows) == len(flows)
