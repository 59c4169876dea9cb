"""``anomaly retrain``: train a challenger, try it against the champion, move the aliases or say why they stay."""

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from anomaly.config import Settings
from anomaly.context import Context
from anomaly.errors import DataQualityError, NoModelError, UnsafeModelError
from anomaly.lock import locked
from anomaly.model.detector import ExfilDetector
from anomaly.model.registry import CHAMPION, PREVIOUS, Registry
from anomaly.retrain.gate import Decision, decide
from anomaly.retrain.trial import Trial, paired, real_days
from anomaly.score import Trained, check_columns, pipeline_for, train_model
from anomaly.store import Lake

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Retrained:
    """A challenger, the champion before it, the days they were compared on, and how it went.

    Without a champion there is nothing to compare with: ``before`` and ``decision`` are None.
    """

    trained: Trained
    before: int | None
    days: tuple[date, ...]
    decision: Decision | None
    notes: tuple[str, ...]

    @property
    def champion(self) -> int:
        """The version in use from now on."""
        return self.trained.version if self.before is None or self.promoted else self.before

    @property
    def promoted(self) -> bool:
        """Whether the new version is in use."""
        return self.decision is None or self.decision.promote

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "version": self.trained.version,
            "before": self.before,
            "champion": self.champion,
            "promoted": self.promoted,
            "trained_from": self.trained.since.isoformat(),
            "trained_until": self.trained.until.isoformat(),
            "compared_on": [day.isoformat() for day in self.days],
            "notes": list(self.notes),
            "gate": self.decision.as_dict() if self.decision else None,
        }


def retrain(
    lake: Lake,
    context: Context,
    settings: Settings,
    until: date | None = None,
    *,
    confirmed: frozenset[str] = frozenset(),
    progress: Progress = lambda _: None,
) -> Retrained:
    """Train a challenger on the trailing window and let the gate decide; the lake's lock must be free.

    The last ``retrain.gate_days`` days before ``until`` are kept from the challenger: both models are compared on them.

    Parameters
    ----------
    until
        The first day that is looked at no more; without one the newest day, whose logs may still be coming in.
    confirmed
        Ids of sessions that people confirmed as thefts: nobody learns from them, and they spend no budget.

    Raises
    ------
    DataQualityError
        Too few days to learn from, or none to compare on.
    UnsafeModelError
        The champion's file is not what was registered.
    """
    days = gate_days(lake.days("events"), until, settings.retrain.gate_days)
    registry = Registry(lake.root)
    before = _champion(registry)
    progress(f"training on the days before {days[0]}")
    trained = train_model(lake, context, settings, days[0], leave_out=confirmed)
    if before is None:
        return Retrained(trained, None, tuple(days), None, ("there was no champion: nothing to compare with",))
    notes = _notes(registry, before[0], days)
    with locked(lake.root):
        pipeline_for(lake, context, settings).build(days)
    trial = _trial(lake, context, settings, days, before, registry.load(trained.version), confirmed, progress)
    result = Retrained(trained, before[0], tuple(days), decide(trial, settings), notes)
    if result.promoted:
        with locked(lake.root):
            registry.promote(trained.version)
    _log(registry, result, trial)
    return result


def rollback(root: Path) -> tuple[int, int]:
    """Put the previous champion back in use; returns its version and that of the one it replaces, now the previous.

    Raises
    ------
    NoModelError
        There is no previous champion.
    """
    registry = Registry(root)
    held = {alias: version.number for version in registry.versions() for alias in version.aliases}
    if PREVIOUS not in held:
        raise NoModelError(f"no champion was ever replaced in {registry.folder}: there is nothing to go back to")
    with locked(root):
        registry.promote(held[PREVIOUS])
    return held[PREVIOUS], held[CHAMPION]


def gate_days(known: Sequence[date], until: date | None, count: int) -> list[date]:
    """The last days with events before ``until`` (the newest day), oldest first; raises DataQualityError for none."""
    if not known:
        raise DataQualityError("the lake holds no events: run `anomaly ingest PATH` first")
    found = [day for day in known if day < (until or known[-1])][-count:]
    if not found:
        raise DataQualityError(f"no events before {until or known[-1]}; the lake holds {known[0]} to {known[-1]}")
    return found


def _champion(registry: Registry) -> tuple[int, ExfilDetector] | None:
    try:
        return registry.champion()
    except UnsafeModelError:
        raise  # somebody should look at that before another model covers it up
    except NoModelError:
        if any(CHAMPION in version.aliases for version in registry.versions()):
            raise
        return None


def _trial(
    lake: Lake,
    context: Context,
    settings: Settings,
    days: Sequence[date],
    before: tuple[int, ExfilDetector],
    challenger: ExfilDetector,
    confirmed: frozenset[str],
    progress: Progress,
) -> Trial:
    number, champion = before
    try:
        check_columns(champion, number)
    except NoModelError:
        real = real_days(lake, days, challenger, settings.score.budget_per_day, confirmed)
        return Trial((), {"challenger": tuple(real[day].unusual for day in days)})
    return paired(lake, context, settings, days, (champion, challenger), confirmed, progress)


def _notes(registry: Registry, champion: int, days: Sequence[date]) -> tuple[str, ...]:
    until = next((each.tags.get("until", "") for each in registry.versions() if each.number == champion), "")
    known = sum(day.isoformat() < until for day in days)
    if not known:
        return ()
    return (f"the champion has learnt from {known} of these {len(days)} days, the challenger from none",)


def _log(registry: Registry, result: Retrained, trial: Trial) -> None:
    """Keep the decision, its figures and every pair as a run of the registry's evaluations."""
    if result.decision is None:
        return
    params = {
        "what": "retrain",
        "challenger": str(result.trained.version),
        "champion": str(result.before),
        "decision": "promoted" if result.promoted else "kept",
        "why": " | ".join([*result.notes, *result.decision.why]),
    }
    pairs = [
        vars(each) | {"champion": vars(each.champion), "challenger": vars(each.challenger)} for each in trial.pairs
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gate.json"
        text = json.dumps(result.as_dict() | {"pairs": pairs}, indent=1, default=str)
        path.write_text(text, encoding="utf-8")
        registry.log_evaluation(result.decision.metrics(), params, [path])
