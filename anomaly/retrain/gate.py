"""Whether a challenger may take the champion's place, and the figures and words of why.

It may when it is shown to be no worse at equal work: of the same thefts, hardly fewer may stand in the first places of
their day (as many as the budget), and real held-out days must keep the promise of its calibration. Alerts are told and
do not decide: a champion whose calibration has drifted raises too many of them, and would look the better for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from anomaly.config import Settings
from anomaly.config.settings import RetrainSettings
from anomaly.evaluate.bootstrap import Figure, figure
from anomaly.retrain.trial import Pair, Standing, Trial


@dataclass(frozen=True)
class Decision:
    """Which way the gate went.

    ``difference`` is challenger minus champion: the share of thefts in the first ``places`` of their day, paired, with
    its 95 % interval; ``alerts`` the same of alerts. ``exceedance`` is, by model, the real actors a day that raise an
    alert, divided by the budget. ``why`` says it in words.
    """

    promote: bool
    why: tuple[str, ...]
    places: int
    campaigns: int
    shares: dict[str, float]
    difference: Figure
    alerts: Figure
    exceedance: dict[str, Figure]

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "promote": self.promote,
            "why": list(self.why),
            "places": self.places,
            "campaigns": self.campaigns,
            "shares": self.shares,
            "difference": self.difference.as_dict(),
            "alerts": self.alerts.as_dict(),
            "exceedance": {name: each.as_dict() for name, each in self.exceedance.items()},
        }

    def metrics(self) -> dict[str, float]:
        """The figures by name, as a model registry takes them."""
        found = {"campaigns": float(self.campaigns), "promoted": float(self.promote)}
        found |= {f"share_{name}": value for name, value in self.shares.items()}
        figures = {"difference": self.difference, "alert_difference": self.alerts}
        figures |= {f"exceedance_{name}": each for name, each in self.exceedance.items()}
        for name, each in figures.items():
            parts = {"": each.value, "_low": each.low, "_high": each.high}
            found |= {f"{name}{end}": value for end, value in parts.items() if value is not None}
        return found


def decide(trial: Trial, settings: Settings) -> Decision:
    """Hold the challenger against the champion.

    Parameters
    ----------
    trial
        Both models on the same thefts and days; without pairs (the champion cannot read these features) the exceedance
        alone decides.
    """
    places = max(1, round(settings.score.budget_per_day))
    ours = settings.retrain
    champion, challenger = ([_seen(each, places) for each in side] for side in _sides(trial.pairs))
    difference = figure([float(new) - float(old) for old, new in zip(champion, challenger, strict=True)])
    alerts = figure([float(each.challenger.alert) - float(each.champion.alert) for each in trial.pairs])
    exceedance = {
        name: figure([count / settings.score.budget_per_day for count in counts])
        for name, counts in trial.unusual.items()
    }
    count = len(trial.pairs)
    shares = {"champion": sum(champion) / count, "challenger": sum(challenger) / count} if count else {}
    kept = [_worse(difference, ours), _unpromised(exceedance["challenger"], ours)]
    told = [_compared(count, places, shares, difference, alerts), *_told_exceedance(exceedance, settings)]
    reasons = [each for each in kept if each]
    last = "; ".join(reasons) if reasons else _good_enough(count, ours)
    return Decision(not reasons, (*told, last), places, count, shares, difference, alerts, exceedance)


def _sides(pairs: Sequence[Pair]) -> tuple[list[Standing], list[Standing]]:
    return [each.champion for each in pairs], [each.challenger for each in pairs]


def _seen(standing: Standing, places: int) -> bool:
    return standing.rank is not None and standing.rank <= places


def _worse(difference: Figure, ours: RetrainSettings) -> str | None:
    if difference.low is None or difference.low >= -ours.margin:
        return None
    return (
        f"kept: at worst it would lose {_points(-difference.low)} of the thefts, more than the {_points(ours.margin)} "
        "allowed (retrain.margin)"
    )


def _unpromised(exceedance: Figure, ours: RetrainSettings) -> str | None:
    value = exceedance.value
    if value is not None and ours.exceedance_low <= value <= ours.exceedance_high:
        return None
    return (
        f"kept: on days it has not seen, the challenger raises {_times(exceedance)} as many alerts "
        f"as promised, outside {ours.exceedance_low:g} to {ours.exceedance_high:g} (retrain.exceedance_low, _high)"
    )


def _compared(count: int, places: int, shares: dict[str, float], difference: Figure, alerts: Figure) -> str:
    if not count:
        return "not compared by thefts: the champion reads signals that the features no longer hold"
    return (
        f"of {count} injected thefts, the challenger has {shares['challenger']:.1%} in the first {places} of their day,"
        f" the champion {shares['champion']:.1%}: {_signed(difference)}; alerts: {_signed(alerts)}"
    )


def _told_exceedance(exceedance: dict[str, Figure], settings: Settings) -> list[str]:
    asked = f"{settings.score.budget_per_day:g} a day were promised"
    return [
        f"real actors that raise an alert, {asked}: {name} {_times(each)} as many"
        for name, each in exceedance.items()
        if each.value is not None
    ]


def _good_enough(count: int, ours: RetrainSettings) -> str:
    if not count:
        return "put in use: the promise of its calibration holds, and the champion can score nothing"
    return f"put in use: no more than {_points(ours.margin)} of the thefts lost at worst, and its promise holds"


def _signed(each: Figure) -> str:
    low, high = each.low or 0.0, each.high or 0.0
    return f"{100 * (each.value or 0.0):+.1f} points (95 % interval {100 * low:+.1f} to {100 * high:+.1f})"


def _points(share: float) -> str:
    return f"{100 * share:.1f} %"


def _times(each: Figure) -> str:
    if each.value is None or each.low is None or each.high is None:
        return "an unknown number of times"
    return f"{each.value:.2f} times ({each.low:.2f} to {each.high:.2f})"
