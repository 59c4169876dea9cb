"""Leaving signals out, on an organisation of drawn numbers: one signal carries the attacks, the others do not."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from anomaly.evaluate.ablation import LUCK, Ablation, Effect, Judged, ablation, effect, rescored
from anomaly.evaluate.bootstrap import NOTHING, Figure
from anomaly.evaluate.page import page
from anomaly.evaluate.replay import OURS, Replay
from anomaly.evaluate.report_extras import ablation_part, ablation_rows, extras_dict, needed_by, signed
from anomaly.evaluate.truth import EPOCH
from anomaly.model.spec import ModelSpec
from anomaly.model.training import train
from anomaly.score import Trained
from evaluate_result import small_result

SPEC = replace(
    ModelSpec.load("exfil-detector"),
    trees=40,
    families={"volume": ("carries", "echoes"), "timing": ("hums",), "process": ("silent",)},
)
FIRST, DAYS, SCORED, A_DAY = 1000, 24, 4, 40
UNTIL = EPOCH + timedelta(days=FIRST + DAYS - SCORED)


def drawn(seed: int) -> Replay:
    """Return 24 days of 40 sessions, the last 4 scored; on each of those one attack that ``carries`` alone shows."""
    rng = np.random.default_rng(seed)
    count = DAYS * A_DAY
    names = [f"s{place:04}" for place in range(count)]
    sessions = pd.DataFrame({"session_id": names, "day": FIRST + np.arange(count) // A_DAY})
    sessions["actor"] = [f"actor-{place % A_DAY}" for place in range(count)]
    signals = pd.DataFrame(
        {
            "carries": rng.exponential(0.3, count),
            "echoes": rng.exponential(0.3, count),
            "hums": rng.exponential(1.0, count),
            "silent": np.zeros(count),
        },
        index=pd.Index(names, name="session_id"),
    )
    scored = sessions["day"] >= FIRST + DAYS - SCORED
    attacks = sessions[scored & (sessions["actor"] == "actor-7")]
    signals.loc[attacks["session_id"], "carries"] = 4.0
    features = sessions.merge(signals.reset_index(), on="session_id")
    features = features.assign(identity=features["actor"], identity_kind="human", excluded=False)
    training = train(features, SPEC, UNTIL)
    held_out = sessions["day"] >= FIRST + DAYS - SCORED - SPEC.calibration_days
    windows = pd.Series(np.select([scored, held_out], ["scored", "calibration"], "fit"), index=sessions["session_id"])
    scores = sessions[scored].assign(covered=False, case_id=sessions["actor"] + sessions["day"].astype(str))
    scores["score"] = training.detector.score(signals.loc[scores["session_id"]])
    truth = pd.DataFrame(
        {
            "campaign": [f"S01-{day}" for day in attacks["day"]],
            "day": attacks["day"],
            "scenario": "S01",
            "kind": "attack",
            "bytes_read": 1,
            "objects": 1,
        }
    )
    return Replay(
        seed=seed,
        days=sorted(set(scores["day"])),
        trained=Trained(1, True, date.min, UNTIL, DAYS - SCORED, 0, training.metrics),
        truth=truth,
        matches=truth[["campaign", "day"]].assign(session_id=attacks["session_id"].to_numpy()),
        scores=scores,
        signals=signals.sample(frac=1, random_state=1),  # in no order: training orders rows itself
        windows=windows,
        marks=scores[["session_id", "day"]].assign(
            identity_kind="human",
            quiet=False,
            attack=scores["session_id"].isin(attacks["session_id"]),
            look_alike=False,
        ),
        promised={},
        queues={OURS: pd.DataFrame()},
    )


@pytest.fixture(scope="module")
def replays() -> list[Replay]:
    return [drawn(1), drawn(2)]


@pytest.fixture(scope="module")
def found(replays: list[Replay]) -> Ablation:
    return ablation(replays, SPEC)


def test_with_everything_left_in_it_is_the_model_that_was_trained(replays: list[Replay]) -> None:
    again = rescored(replays[0], SPEC, SPEC.families, SPEC.seed)
    expected = replays[0].scores.set_index("session_id")["score"]
    assert again.loc[expected.index].tolist() == expected.tolist()


def test_what_carries_the_attacks_earns_its_place_and_what_is_silent_does_not(found: Ablation) -> None:
    carries = found.signals["carries"]
    assert (carries.found[5].value or 0) >= 0.5
    assert (carries.places.value or 0) > 5
    assert (carries.precision.value or 0) > 0.5
    assert (carries.later, carries.sooner) == (8, 0)
    assert found.signals["silent"].places.value == pytest.approx(0, abs=1)
    assert set(found.families) == set(SPEC.families)
    assert set(found.signals) == set(SPEC.columns)


def test_a_family_takes_all_its_signals_along(found: Ablation) -> None:
    assert found.families["volume"].places.value == pytest.approx(found.signals["carries"].places.value, abs=4)
    # a family of one signal is that signal
    assert found.families["timing"] == found.signals["hums"]


def test_other_seeds_tell_how_far_luck_goes(found: Ablation) -> None:
    assert found.luck.places.value == pytest.approx(0, abs=1)
    assert found.luck.found[10].value == 0


def judged(**ranks: float) -> Judged:
    names = sorted(ranks)
    attacks = pd.DataFrame({"seed": 1, "campaign": names, "scenario": [name[0] for name in names]})
    values = [ranks[name] for name in names]
    days = pd.DataFrame({"seed": 1, "day": [5, 6], "precision": [1 / min(values), 0.5]})
    return Judged(attacks.assign(best_rank=values, best_alone=values), days)


def test_an_effect_is_told_attack_by_attack() -> None:
    told = effect([judged(a1=1, a2=4, b1=9, b2=np.inf)], [judged(a1=2, a2=8, b1=12, b2=np.inf)])
    assert told.found == {5: Figure(0.25, 0.0, 0.75), 10: Figure(0.25, 0.0, 0.75)}
    assert told.places.value == pytest.approx((1 + 4 + 3) / 3)  # the covered attack has no rank to lose
    assert (told.later, told.sooner) == (3, 0)
    assert told.scenarios == {"a": 2.5, "b": 3.0}
    assert told.precision.value == pytest.approx((1 - 1 / 2) / 2)
    assert needed_by(told) == "b by 3.0, a by 2.5"


def test_the_report_begins_with_luck_and_names_every_signal(found: Ablation) -> None:
    text = "\n\n".join(ablation_part(found))
    rows = ablation_rows(found)
    assert [name for name, _, _ in rows][:2] == [LUCK, "all of volume"]
    assert all(name in text for name in SPEC.columns)
    line = next(line for line in text.splitlines() if line.startswith("| carries"))
    assert "S01 by " in line
    assert "8, 0" in line
    assert extras_dict(found, None)["ablation"]["family"]["hums"] == "timing"


def test_the_page_has_the_same_rows(found: Ablation) -> None:
    text = page(small_result(), found)
    assert all(f"<td>{name}</td><td>{family}</td>" in text for name, family, _ in ablation_rows(found))
    assert f">{signed(found.signals['carries'].places, 2)}</td>" in text
    assert "What each family and signal earns" not in page(small_result())


def test_nothing_to_tell_reads_as_nothing(found: Ablation) -> None:
    empty = replace(found, luck=Effect({5: NOTHING, 10: NOTHING}, NOTHING, NOTHING, 0, 0, {}), signals={}, families={})
    assert "| -" in "\n".join(ablation_part(empty))
