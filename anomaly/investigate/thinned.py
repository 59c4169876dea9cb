"""One session thinned: the amounts it might have taken instead, and every signal that counts them.

References that no table keeps are told from the signals themselves: a signal and its value give the number it was held
to. The floors are those of features/signals.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from anomaly.investigate.levers import VOLUME
from anomaly.model.counterfactual import Amounts, Measure, implied_reference

BYTES_FLOOR, OBJECTS_FLOOR, MINUTE_FLOOR = 4_194_304, 20, 60
SLOW_BYTES_FLOOR, SLOW_OBJECTS_FLOOR = 33_554_432, 50
"""As in features/signals: volume, bucket_use and process (of sweeps), slow."""
ENVELOPE = 1.1
"""Nats above its busiest day that a workflow's envelope allows, as in features/signals/workflow.sql."""

Row = Mapping[str, Any]


def thinned(session: Row, buckets: Sequence[Row]) -> Amounts:
    """All amounts below what the session took, down to one object, and the signals at each.

    Parameters
    ----------
    session
        The session's row of sessions and session_features, and ``weighted_before``: sensitivity-weighted bytes that its
        actor read earlier that day.
    buckets
        Its rows of ``bucket_measures.sql``.
    """
    took = {"bytes": float(session["bytes_read"]), "objects": float(session["objects"])}
    amounts = amounts_below(int(session["bytes_read"]), int(session["objects"]))
    shares = {
        unit: np.array([amount[place] / took[unit] if took[unit] else 0.0 for amount in amounts])
        for place, unit in enumerate(took)
    }
    signals: dict[str, Any] = {}
    for measure in measures(session, buckets):
        at = measure.at(shares[measure.unit])
        signals[measure.signal] = np.maximum(signals[measure.signal], at) if measure.signal in signals else at
    return Amounts(VOLUME, amounts, pd.DataFrame(signals, index=range(len(amounts))))


def amounts_below(size: int, objects: int) -> list[tuple[int, int]]:
    """Pairs (bytes, objects) below what was taken, both in the same share and two significant digits, largest first.

    Where no byte is known the objects alone go down, to one.

    >>> amounts_below(120, 4)[:3], amounts_below(120, 4)[-1], amounts_below(0, 3)
    ([(110, 3), (100, 3), (99, 3)], (1, 1), [(0, 2), (0, 1)])
    """
    if not size:
        return [(0, count) for count in _round_numbers_below(objects)]
    return [(lower, _fewer(objects, lower / size)) for lower in _round_numbers_below(size)]


def measures(session: Row, buckets: Sequence[Row]) -> list[Measure]:
    """Everything that the volume signals of a session above 0 count."""
    return [each for each in chain(_of_the_day(session), _of_buckets(session, buckets)) if session[each.signal] > 0]


def _of_the_day(session: Row) -> Iterator[Measure]:
    reach = _reach(session)
    size, objects, weighted = session["bytes_read"], session["objects"], session["weighted_bytes"]
    earlier_bytes, earlier_objects = session["day_bytes"] - size, session["day_objects"] - objects
    for against in ("own", "kind"):
        yield _told(session, f"volume_bytes_{against}", "bytes", size, earlier_bytes, BYTES_FLOOR, reach)
        yield _told(session, f"volume_objects_{against}", "objects", objects, earlier_objects, OBJECTS_FLOOR, reach)
        before = session["weighted_before"]
        yield _told(session, f"sensitivity_bytes_{against}", "bytes", weighted, before, BYTES_FLOOR, reach)
    minute = session["busiest_minute_reads"]
    yield _told(session, "volume_rate_own", "objects", minute, 0, MINUTE_FLOOR, reach)
    yield _told(session, "process_sweep_own", "objects", session["sweep_reads"], 0, OBJECTS_FLOOR, 1.0)
    if session["workflow_envelope"] > 0:
        own = _told(session, "volume_bytes_own", "bytes", size, earlier_bytes, BYTES_FLOOR, reach)
        yield replace(own, signal="workflow_envelope", factor=1.0, less=ENVELOPE)


def _of_buckets(session: Row, buckets: Sequence[Row]) -> Iterator[Measure]:
    reach = _reach(session)
    for row in buckets:
        size, objects = float(row["bytes_read"]), float(row["objects"])
        if row["used"]:
            busiest = row["bucket_busiest_bytes"] or 0, row["bucket_busiest_objects"] or 0
            yield Measure("volume_bytes_bucket", "bytes", size, 0, busiest[0], BYTES_FLOOR, reach)
            yield Measure("volume_objects_bucket", "objects", objects, 0, busiest[1], OBJECTS_FLOOR, reach)
        if factor := row["slow_factor"]:
            recent, earlier = (
                (row["recent_bytes"], row["recent_objects"]),
                (row["earlier_bytes"], row["earlier_objects"]),
            )
            yield Measure("volume_bytes_slow", "bytes", size, recent[0], earlier[0], SLOW_BYTES_FLOOR, factor)
            yield Measure("volume_objects_slow", "objects", objects, recent[1], earlier[1], SLOW_OBJECTS_FLOOR, factor)


def _told(session: Row, signal: str, unit: str, value: float, rest: float, floor: float, factor: float) -> Measure:
    """A measure whose reference is told from the signal."""
    reference = implied_reference(session[signal] / factor, value + rest, floor)
    return Measure(signal, unit, float(value), float(rest), reference, floor, factor)


def _reach(session: Row) -> float:
    """Half for what a machine reads into our own networks, as in features/joined/session_features.sql."""
    return 0.5 if session["stays_inside"] and session["identity_kind"] in ("workload", "service") else 1.0


def _fewer(objects: int, share: float) -> int:
    """The share of the objects in two significant digits, rounded down, at least one where there are any."""
    count = int(objects * share)
    unit = int(10 ** max(0, len(str(count)) - 2))
    return max(min(objects, 1), count // unit * unit)


def _round_numbers_below(number: int) -> list[int]:
    """Whole numbers of at most two significant digits from just below ``number`` down to 1.

    >>> _round_numbers_below(1234)[:4], len(_round_numbers_below(1234))
    ([1200, 1100, 1000, 990], 192)
    """
    tens = [10**power for power in range(len(str(number)))]
    found = {digits * ten for ten in tens for digits in range(1, 100)}
    return sorted((each for each in found if each < number), reverse=True)
