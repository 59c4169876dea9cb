"""The most that any ranking could find in a short list."""

import pandas as pd
import pytest

from anomaly.evaluate.ceiling import attack_days, ceiling


def test_attacks_of_one_day_compete_for_its_places() -> None:
    days = {"a": [1], "b": [1], "c": [1], "d": [2]}
    assert [ceiling(days, top) for top in (1, 2, 3, 9)] == [0.5, 0.75, 1, 1]


def test_an_attack_of_several_days_makes_room() -> None:
    assert ceiling({"long": [1, 2], "short": [1]}, 1) == 1
    # a chain: the first moves on so that the second may, so that the third may
    assert ceiling({"a": [1, 2], "b": [2, 3], "c": [3, 4], "d": [1], "e": [2]}, 1) == pytest.approx(4 / 5)
    assert ceiling({"a": [1, 2], "b": [2, 3], "c": [3, 4], "d": [1]}, 1) == 1


def test_only_attacks_are_asked_for() -> None:
    truth = pd.DataFrame({"campaign": ["a", "a", "b"], "kind": ["attack", "attack", "benign"], "day": [3, 4, 3]})
    assert attack_days(truth) == {"a": [3, 4]}
