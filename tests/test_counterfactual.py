"""Counterfactuals: levers against the catalogue, the formula against the SQL's own, the search, the small company."""

import itertools
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from anomaly.catalog import table
from anomaly.engines.duckdb import prepare
from anomaly.investigate.counterfactual import counterfactual, opened, read
from anomaly.investigate.levers import COUNTED, EVERY, LEVERS, VOLUME, WIDE, WIDEST
from anomaly.investigate.thinned import amounts_below, measures
from anomaly.listing import session_of_rank
from anomaly.model.counterfactual import Amounts, Measure, above, implied_reference, smallest_change
from anomaly.model.registry import Registry
from anomaly.pipeline import FEATURES
from anomaly.store import Store
from fixtures_org import QUIET, THEFT, ScoredOrg

SIGNALS = ("a", "b", "c", "d", "volume")


class Sum:
    """A detector whose score is the sum of its signals."""

    columns = SIGNALS

    def score(self, frame: pd.DataFrame) -> Any:
        return frame[list(SIGNALS)].to_numpy().sum(axis=1)


def search(values: dict[str, float], line: float, amounts: Amounts | None = None, wide: Any = None) -> Any:
    row = pd.Series(dict.fromkeys(SIGNALS, 0.0) | values)
    levers = {name: (name,) for name in "abcd"}
    detector: Any = Sum()
    return smallest_change(detector, row, [levers, wide or {}], [lambda scores: scores < line], amounts)


def test_every_signal_has_a_lever_and_every_lever_a_signal() -> None:
    named = {signal for lever in EVERY.values() for signal in lever.signals} | set(COUNTED)
    assert named == set(table(FEATURES).signals)


def test_a_wide_lever_does_more_than_any_single_one() -> None:
    single = [set(lever.signals) for lever in LEVERS.values()]
    assert all(not set(lever.signals) <= each for lever in WIDE.values() for each in single)
    assert VOLUME not in EVERY
    assert len(EVERY) == len(LEVERS) + len(WIDE) + len(WIDEST)


def test_the_formula_is_the_sqls_own() -> None:
    rng = np.random.default_rng(7)
    floors = [20, 50, 60, 4_194_304, 33_554_432]
    with Store() as store:
        prepare(store)
        for floor in floors:
            values, references = (rng.integers(0, int(10**power), 300) for power in (9, 7))
            store.register("asked", pd.DataFrame({"value": values, "reference": references}))
            told = [nats for (nats,) in store.rows(f"select above(value, reference, {floor}) from asked")]
            assert np.allclose(above(values, references, floor), told, rtol=1e-12, atol=1e-12)
        assert store.value("select above(1e18, 0, 20)") == float(above(1e18, 0, 20)) == 12


@pytest.mark.parametrize(("value", "reference"), [(10**9, 5 * 10**6), (500, 0), (21, 20)])
def test_a_reference_is_told_from_what_it_said(value: int, reference: int) -> None:
    assert implied_reference(float(above(value, reference, 20)), value, 20) == pytest.approx(reference, abs=1e-6)


def test_past_the_cap_the_least_reference_is_assumed() -> None:
    assert implied_reference(12.0, 10**12, 20) == 0


def test_what_stays_holds_a_measure_up() -> None:
    measure = Measure("volume_bytes_own", "bytes", value=900, rest=100, reference=50, floor=10, factor=0.5)
    assert measure.at(0.0) == pytest.approx(0.5 * np.log(110 / 60))
    assert (np.diff(measure.at(np.linspace(0, 1, 20))) > 0).all()


def test_fewest_levers_then_fewest_nats() -> None:
    assert search({"a": 5, "b": 3, "c": 1}, 7.0).levers == ("b",)
    assert search({"a": 5, "b": 3, "c": 1}, 4.5).levers == ("a",)
    assert search({"a": 5, "b": 3, "c": 1}, 2.0).levers == ("a", "b")


def test_below_already_needs_no_change_and_three_may_not_do() -> None:
    assert search({"a": 5}, 6.0).levers == ()
    hopeless = search({"a": 5, "b": 4, "c": 3, "d": 2}, 2.0)
    assert (hopeless.levers, hopeless.line, hopeless.score) == (("a", "b", "c"), None, 2.0)
    wide = search({"a": 5, "b": 4, "c": 3, "d": 2}, 2.0, wide={"all": tuple("abcd")})
    assert (wide.levers, wide.line) == (("all",), 0)


def test_the_largest_amount_that_passes_with_all_below_it() -> None:
    # at 60 the signal dips, at 50 it fails again: the dip is no promise
    left = {90: 9.0, 80: 8.0, 70: 7.0, 60: 3.0, 50: 6.0, 40: 4.0, 30: 3.0, 20: 2.0, 10: 1.0}
    amounts = Amounts("thin", [(size, 1) for size in left], pd.DataFrame({"volume": list(left.values())}))
    assert search({"volume": 10.0}, 4.5, amounts).amount == (40, 1)
    assert search({"volume": 10.0, "a": 1.0}, 2.5, amounts).amount == (10, 1)


def test_amounts_fall_to_nothing_in_numbers_that_can_be_said() -> None:
    amounts = amounts_below(412_345_678, 15_000)
    assert amounts[0] == (410_000_000, 14_000)
    assert amounts[-1] == (1, 1)
    assert all(first > second for (first, _), (second, _) in itertools.pairwise(amounts))
    assert all(objects <= max(1, 15_000 * size / 412_345_678) for size, objects in amounts)
    assert amounts_below(0, 0) == []


def of(found: ScoredOrg, rank: int = 1) -> dict[str, Any]:
    _, detector = Registry(found.root).champion()
    return counterfactual(found.lake, THEFT, session_of_rank(found.lake, THEFT, rank), detector)


def test_the_theft_told_as_plain_values(scored_org: ScoredOrg) -> None:
    told = of(scored_org)
    assert json.loads(json.dumps(told)) == told
    assert 1 <= len(told["changes"]) <= 3
    assert all(change["words"] in told["says"] for change in told["changes"])
    assert told["rank"] <= told["cases"]
    # Mallory's morning belongs to the same case
    assert told["says"].endswith("; its case holds 1 more session")


def test_a_covered_session_needs_none(scored_org: ScoredOrg) -> None:
    with Store() as store:
        store.view("scores", scored_org.lake.files("scores", THEFT))
        (session,) = [row[0] for row in store.rows("select session_id from scores where covered")]
    _, detector = Registry(scored_org.root).champion()
    told = counterfactual(scored_org.lake, THEFT, session, detector)
    assert (told["line"], told["changes"], told["rank"]) == (None, [], None)
    assert "workflow covers it" in told["says"]


def test_what_is_measured_is_what_the_features_say(scored_org: ScoredOrg) -> None:
    """At the full share every measure gives back the signal that the SQL wrote."""
    seen: set[str] = set()
    for day in (QUIET, THEFT):
        for session, buckets in rows_of(scored_org, day):
            at_full: dict[str, float] = {}
            for measure in measures(session, buckets):
                at_full[measure.signal] = max(at_full.get(measure.signal, 0.0), float(measure.at(1.0)))
            expected = {name: session[name] for name in COUNTED if session[name] > 0}
            assert at_full == pytest.approx(expected, rel=1e-9)
            seen |= at_full.keys()
    assert {"volume_bytes_own", "volume_bytes_bucket", "sensitivity_bytes_kind", "process_sweep_own"} <= seen


def rows_of(found: ScoredOrg, day: Any) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    with opened(found.lake, day) as store:
        sessions = [row[0] for row in store.rows("select session_id from scores order by session_id")]
        return [read(store, session)[:2] for session in sessions]
