"""Drift: how far a day lies from like days that the model was trained on, by effect size.

No p-values: on tens of thousands of sessions every difference is significant, and a night that cries wolf is not read.
Two effect sizes are given of every signal and of the score. PSI (population stability index) is the sum over bins of
(share today - share before) x ln of their ratio; the credit trade reads under 0.1 as nothing, over 0.25 as a shift. KS
(Kolmogorov-Smirnov) is the largest gap between the two distribution functions. Like days are working days for a working
day, weekend days for a weekend day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import ks_2samp

from anomaly.catalog import table
from anomaly.listing import SCORES
from anomaly.model.detector import ExfilDetector
from anomaly.pipeline import FEATURES
from anomaly.store import Lake, Store

Floats = npt.NDArray[np.float64]

LIKE_DAYS = 8
"""Like days compared with, the newest: enough that one odd day is not the reference, few enough to read every night."""
LEAST_LIKE_DAYS = 3
WINDOW_DAYS = 28
BINS = 10
SHIFT = 0.25
"""PSI from which a shift is named: the credit trade's reading."""
FACETS = ("network", "country", "tool", "bucket")


@dataclass(frozen=True)
class Shift:
    """One signal, or the score: today's sessions against those of the like days.

    ``chance`` is the PSI that two samples of this size from one population show on average, (bins - 1)(1/n + 1/m).
    """

    name: str
    psi: float
    ks: float
    chance: float
    share_stirring: float
    share_stirring_before: float
    mean: float
    mean_before: float

    @property
    def shifted(self) -> bool:
        """Whether it moved by more than the trade's threshold on top of what chance shows."""
        return self.psi > SHIFT + self.chance


@dataclass(frozen=True)
class Unseen:
    """One facet: sessions that showed a value nobody had shown before the day."""

    facet: str
    sessions: int
    sessions_with_unseen: int
    unseen_values: int
    examples: list[str]

    @property
    def share(self) -> float:
        """Share of the sessions that show the facet."""
        return self.sessions_with_unseen / self.sessions if self.sessions else 0.0


@dataclass
class Drift:
    """A day's drift; ``shifts`` is empty where there are too few like days, and ``note`` then says so."""

    day: date
    like_days: list[date] = field(default_factory=list)
    note: str = ""
    shifts: list[Shift] = field(default_factory=list)
    score: Shift | None = None
    unseen: list[Unseen] = field(default_factory=list)
    exceedance_days: list[date] = field(default_factory=list)
    realised: list[int] = field(default_factory=list)
    asked: float = 0.0

    @property
    def exceedance_ratio(self) -> float | None:
        """Alerts a day over like days, this one included, as a multiple of the budget; None for too few days."""
        if len(self.realised) < LEAST_LIKE_DAYS:
            return None
        return sum(self.realised) / len(self.realised) / self.asked

    @property
    def shifted(self) -> list[Shift]:
        """The signals that moved, furthest first."""
        return sorted((each for each in self.shifts if each.shifted), key=lambda each: -each.psi)

    def figures(self) -> dict[str, float]:
        """Every figure by name, for a place that keeps numbers only."""
        found = {f"psi.{each.name}": each.psi for each in self.shifts}
        found |= {f"ks.{each.name}": each.ks for each in self.shifts}
        if self.score:
            found |= {"psi.score": self.score.psi, "ks.score": self.score.ks}
        if self.exceedance_ratio is not None:
            found["exceedance_ratio"] = self.exceedance_ratio
        return found | {f"unseen.{each.facet}": each.share for each in self.unseen}

    def as_dict(self) -> dict[str, Any]:
        """The drift as JSON has it."""
        return {
            "day": self.day.isoformat(),
            "like_days": [day.isoformat() for day in self.like_days],
            "note": self.note,
            "shifted": [each.name for each in self.shifted],
            "signals": [asdict(each) for each in self.shifts],
            "score": asdict(self.score) if self.score else None,
            "unseen": [asdict(each) | {"share": each.share} for each in self.unseen],
            "exceedance_ratio": self.exceedance_ratio,
            "exceedance_days": [day.isoformat() for day in self.exceedance_days],
            "realised": self.realised,
            "asked": self.asked,
        }


def drift(lake: Lake, day: date, detector: ExfilDetector) -> Drift:
    """Hold a scored day against like days before it; what the model was trained on comes first."""
    found = Drift(day, _reference(lake, day, detector.facts))
    found.unseen = unseen(lake, day)
    found.exceedance_days, found.realised, found.asked = exceedance(lake, day)
    if len(found.like_days) < LEAST_LIKE_DAYS:
        found.note = f"{len(found.like_days)} like day(s) before it; {LEAST_LIKE_DAYS} are needed to tell drift"
        return found
    today, before = _signals(lake, [day]), _signals(lake, found.like_days)
    found.shifts = [shift(name, today[name], before[name]) for name in table(FEATURES).signals]
    found.score = _score_shift(lake, day, detector)
    return found


def shift(name: str, today: npt.ArrayLike, before: npt.ArrayLike) -> Shift:
    """Compare two samples of one signal; 0 is a bin of its own, because most sessions stir no given signal.

    >>> rng = np.random.default_rng(0)
    >>> usual = rng.exponential(1, 4000)
    >>> same, doubled = shift("x", rng.exponential(1, 4000), usual), shift("x", rng.exponential(3, 4000), usual)
    >>> same.psi < 0.02, same.shifted, doubled.psi > 0.4, doubled.shifted
    (True, False, True, True)
    """
    now, then = np.asarray(today, dtype=np.float64), np.asarray(before, dtype=np.float64)
    edges = _edges(then)
    expected, actual = _shares(then, edges), _shares(now, edges)
    psi = float(np.sum((actual - expected) * np.log(actual / expected)))
    return Shift(
        name=name,
        psi=psi,
        ks=float(ks_2samp(now, then, method="asymp").statistic),
        chance=len(edges) * (1 / len(now) + 1 / len(then)),
        share_stirring=float(np.mean(now > 0)),
        share_stirring_before=float(np.mean(then > 0)),
        mean=float(now.mean()),
        mean_before=float(then.mean()),
    )


def _edges(values: Floats) -> Floats:
    """Inner edges of the bins: 0, and quantiles of what is above it, each once."""
    above = values[values > 0]
    inner = np.quantile(above, np.linspace(0, 1, BINS)[1:-1]) if len(above) else np.empty(0)
    return np.unique(np.concatenate([[0.0], inner]))


def _shares(values: Floats, edges: Floats) -> Floats:
    """Share of values in each bin, half a session added to each so that an empty one has a logarithm."""
    counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    return np.asarray((counts + 0.5) / (len(values) + 0.5 * len(counts)), dtype=np.float64)


def _like(day: date, other: date) -> bool:
    return (day.weekday() >= 5) == (other.weekday() >= 5)


def _reference(lake: Lake, day: date, facts: Mapping[str, str]) -> list[date]:
    """The newest like days of the training window that the lake still holds, else of the four weeks before."""
    held = [each for each in lake.days(FEATURES) if each < day and _like(day, each)]
    trained = [each for each in held if facts.get("since", "") <= each.isoformat() < facts.get("until", "")]
    recent = [each for each in held if each >= day - timedelta(days=WINDOW_DAYS)]
    return (trained if len(trained) >= LEAST_LIKE_DAYS else recent)[-LIKE_DAYS:]


def _signals(lake: Lake, days: Sequence[date]) -> dict[str, Floats]:
    """Signal to its values in the sessions of these days that no workflow covers."""
    names = list(table(FEATURES).signals)
    with Store() as store:
        store.view(FEATURES, [path for day in days for path in lake.files(FEATURES, day)])
        frame = store.df(f"select {', '.join(names)} from {FEATURES} where not covered")
    return {name: frame[name].to_numpy(np.float64) for name in names}


def _score_shift(lake: Lake, day: date, detector: ExfilDetector) -> Shift | None:
    """The day's scores against those the model was calibrated on: the same forest gave both."""
    with Store() as store:
        store.view(SCORES, lake.files(SCORES, day))
        scores = [value for (value,) in store.rows(f"select score from {SCORES} where not covered")]
    return shift("score", scores, detector.calibration.scores) if scores else None


def exceedance(lake: Lake, day: date) -> tuple[list[date], list[int], float]:
    """The like days scored by the day's own model within four weeks, the day last: days, alerts of each, the budget."""
    made = lake.facts(SCORES, day)
    first = day - timedelta(days=WINDOW_DAYS)
    facts = {each: lake.facts(SCORES, each) for each in lake.days(SCORES) if first <= each <= day and _like(day, each)}
    same = {each: known for each, known in facts.items() if _same(known, made)}
    return list(same), [int(known["realised"]) for known in same.values()], float(made.get("asked", 0))


def _same(facts: Mapping[str, str], made: Mapping[str, str]) -> bool:
    return bool(facts) and all(facts.get(name) == made.get(name) for name in ("model_version", "asked"))


def unseen(lake: Lake, day: date) -> list[Unseen]:
    """Of each facet, what nobody had shown before the day."""
    before = max((each for each in lake.days("kind_seen") if each < day), default=None)
    with Store() as store:
        store.view("facets", lake.files("facets", day))
        store.view("kind_seen", lake.files("kind_seen", before) if before else [])
        sql = Path(__file__).with_name("unseen.sql").read_text(encoding="utf-8")
        return [Unseen(**row) for row in store.records(sql)]
