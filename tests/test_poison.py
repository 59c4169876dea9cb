"""Insiders that double every week: what they take, what counts as caught, and a ramp written into a small company."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from anomaly.config import Settings
from anomaly.evaluate import poison
from anomaly.evaluate.page import page
from anomaly.evaluate.poison import Insider, Night, Poisoned, QuietPlan, Ramp, extra_bytes, insiders, together, tried
from anomaly.evaluate.report_extras import extra_parts, extras_dict, poison_row, poison_summary
from anomaly.evaluate.world import START, World
from anomaly.injection.bucket import Bucket
from anomaly.injection.routes import READER, Caller
from anomaly.store import Lake, Store
from evaluate_result import small_result
from fixtures_org import OWN, QUIET, THEFT, ScoredOrg
from html_page import parsed

MONDAY = date(2026, 2, 9)
MB = 10**6
ANA = Insider("ana", "ana", "human", "reports", "confidential", 300 * MB)
BOT = Insider("bot", "bot", "workload", "lake", "restricted", 300 * MB)
ASIDE, SHOWN = Night(14, False, "reads much"), Night(3, True, "reads very much")
HIDDEN_ALERT = Night(11, True, "behind ten others")


def weeks(who: Insider, count: int) -> list[float]:
    days = [MONDAY + timedelta(days=place) for place in range(7 * count)]
    return [sum(extra_bytes(who, day, MONDAY) for day in days[7 * n : 7 * n + 7]) for n in range(count)]


@pytest.mark.parametrize("who", [ANA, BOT])
def test_its_whole_volume_doubles_every_week(who: Insider) -> None:
    usual = 70 * MB  # of 300 MB in 30 days
    assert [extra + usual for extra in weeks(who, 4)] == pytest.approx([2 * usual, 4 * usual, 8 * usual, 16 * usual])


def test_people_take_on_working_days_and_machines_on_all() -> None:
    assert extra_bytes(ANA, MONDAY + timedelta(days=5), MONDAY) == 0
    assert extra_bytes(BOT, MONDAY + timedelta(days=5), MONDAY) == pytest.approx(10 * MB)


def test_a_round_holds_one_of_a_kind_in_buckets_of_their_own() -> None:
    eve, hal = replace(ANA, actor="eve"), replace(BOT, actor="hal", bucket="reports")
    assert list(together([ANA, eve, hal, BOT])) == [[ANA, BOT], [eve], [hal]]
    assert list(together([])) == []


def ramp(seen: list[Night], usual: list[Night], takes: float = 100 * MB) -> Poisoned:
    days = [MONDAY + timedelta(days=place) for place in range(28)]
    bucket = Bucket(
        name="reports",
        cloud="aws",
        keys=np.array(["a", "b"], dtype=object),
        sizes=np.array([50.0 * MB, 100.0 * MB]),
        callers=(Caller("ana", "ana", "human", READER, "event"),),
        resource=pa.table({}),
        templates=pa.table({}),
    )
    way = Ramp(ANA, bucket, dict(zip(days, usual, strict=False)))
    way.seen.update(zip(days, seen, strict=False))
    way.gone.update(dict.fromkeys(days[: len(seen)], takes))
    return way.outcome(7, days)


def test_it_is_caught_on_the_first_day_that_its_ordinary_work_would_not_have_shown_it() -> None:
    found = ramp([SHOWN, HIDDEN_ALERT, SHOWN, SHOWN], [SHOWN, ASIDE, ASIDE, ASIDE])
    assert (found.caught, found.headline) == (3, "reads very much")
    assert found.months == pytest.approx(1.0)
    assert (found.usual_alerts, found.usual_days) == (1, 3)
    assert found.in_time
    assert found.full_amount


def test_one_that_is_never_caught_has_all_that_it_took() -> None:
    found = ramp([ASIDE] * 28, [ASIDE] * 28, takes=110 * MB)
    assert (found.caught, found.in_time) == (None, False)
    assert found.months == pytest.approx(28 * 110 / 300)
    assert not found.full_amount  # in the fourth week it wants more a day than the bucket holds
    assert "never" in poison_row(found)
    assert "all that the bucket holds" in poison_row(found)[5]


def test_caught_after_ten_months_is_not_in_time() -> None:
    found = ramp([ASIDE, ASIDE, SHOWN], [ASIDE] * 3, takes=1001 * MB)
    assert (found.caught, found.in_time) == (3, False)
    assert poison_summary([found, ramp([SHOWN], [ASIDE])]) == "1 of 2 were caught before 10 normal months had left."
    assert extras_dict(None, [found])["patient_insiders"][0]["in_time"] is False
    assert "3 (week 1)" in "\n".join(extra_parts(None, [found]))


def test_nobody_to_try_is_said() -> None:
    assert "Nobody could be one" in "\n".join(extra_parts(None, []))


def test_the_page_shows_what_the_report_says_and_escapes_it() -> None:
    found = replace(ramp([SHOWN], [ASIDE]), headline="<script>alert(1)</script>")
    text = page(small_result(), None, [found])
    assert parsed(text).loads == []
    assert "script" not in parsed(text).tags
    assert poison_summary([found]) in text
    assert all(f"<td>{cell}</td>" in text for cell in poison_row(found)[:-1])
    assert "A patient insider" not in page(small_result())


@pytest.fixture
def company(own_copy: ScoredOrg, monkeypatch: pytest.MonkeyPatch) -> World:
    """The small company as a world of the evaluation; there an internal bucket is worth it, and holds little."""
    folder = own_copy.root.parent
    (folder / "organisation").symlink_to(own_copy.org.context.parent)
    monkeypatch.setattr(poison, "SENSITIVE", 1)
    monkeypatch.setattr(poison, "STOCK", 0.5)
    monkeypatch.setattr(poison, "PLACES", (0.5,))
    monkeypatch.setattr(poison, "KINDS", ("workload",))
    return World(QuietPlan(0, days=(THEFT - START).days + 1), folder)


def test_the_loader_under_a_workflow_is_no_insider(company: World) -> None:
    found = insiders(company.lake, QUIET)
    assert [each.identity for each in found] == [f"arn:aws:iam::{OWN}:role/reporter"]
    with Store() as store:
        store.view("actor_day", company.lake.files("actor_day", QUIET - timedelta(days=30), QUIET - timedelta(days=1)))
        asked = "select sum(bytes_read) from actor_day where actor = $actor"
        assert found[0].normal_bytes == store.value(asked, {"actor": found[0].actor})


def test_a_ramp_is_replayed_night_by_night_and_leaves_the_lake_alone(
    company: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gentle, said = extra_bytes, list[str]()
    monkeypatch.setattr(poison, "extra_bytes", lambda *asked: 20 * gentle(*asked))
    settings = Settings.load(None, {"score.budget_per_day": 1.0})
    events = event_files(company.lake)
    (found,) = tried(company, QUIET, settings, said.append)
    assert found.caught == 1
    assert found.usual_alerts == 0
    assert found.months == pytest.approx(20 / 30, rel=0.1)
    assert "reports" in found.headline or "MB" in found.headline
    assert event_files(company.lake) == events
    assert any("reporter" in line for line in said)


def event_files(lake: Lake) -> dict[Path, int]:
    return {path: path.stat().st_size for path in (lake.root / "events").rglob("*.parquet")}
