"""What a run came to: the one object that the ledger, the report, the metrics and the command line read."""

from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from anomaly.daily.drift import Drift
from anomaly.daily.gates import Refusal

DONE, REFUSED, FAILED = "done", "refused", "failed"
GATE_EXIT = 3


@dataclass
class DayResult:
    """One scored day; ``rescored`` unless what was on record was up to date.

    ``sent`` says how many of its cases became what when they were handed on; None where nothing was, because a gate
    holds the day back or nothing changed since the last time.
    """

    day: date
    asked_for: bool
    sessions: int
    cases: int
    covered: int
    alerts: int
    asked: float
    model_version: str
    rescored: bool
    sent: dict[str, int] | None = None


@dataclass(frozen=True)
class SourceLag:
    """How far a source is behind: seconds from its newest event to when the run began."""

    source: str
    account_id: str
    newest_event: str
    lag_seconds: int


@dataclass
class Night:
    """One run, from its beginning to its end."""

    number: int
    began: datetime
    asked: list[date]
    lookback: list[date] = field(default_factory=list)
    outcome: str = DONE
    exit_code: int = 0
    error: str = ""
    seconds: float = 0.0
    code: str = ""
    version: str = ""
    model_version: str = ""
    ingest: dict[str, Any] | None = None
    days: list[DayResult] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    drifts: list[Drift] = field(default_factory=list)
    sources: list[SourceLag] = field(default_factory=list)
    unpublished: dict[date, str] = field(default_factory=dict)
    """Days that could not be put before the reviewers, and why; the next run that looks at them does it."""
    sinks: dict[str, dict[str, int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    last_success: datetime | None = None

    @property
    def standing(self) -> list[Refusal]:
        """Refusals of days that were asked for and that no setting lets through: these decide the exit code."""
        return [each for each in self.refusals if not each.allowed and each.day in self.asked]

    def refused(self, day: date) -> bool:
        """Whether any gate holds this day back."""
        return any(each.day == day and not each.allowed for each in self.refusals)

    def as_dict(self) -> dict[str, Any]:
        """The run as JSON has it."""
        plain = asdict(self) | {
            "began": self.began.isoformat(timespec="seconds"),
            "asked": [day.isoformat() for day in self.asked],
            "lookback": [day.isoformat() for day in self.lookback],
            "days": [asdict(each) | {"day": each.day.isoformat()} for each in self.days],
            "refusals": [each.as_dict() for each in self.refusals],
            "drift": [each.as_dict() for each in self.drifts],
            "unpublished": {day.isoformat(): why for day, why in self.unpublished.items()},
            "last_success": self.last_success.isoformat(timespec="seconds") if self.last_success else None,
        }
        del plain["drifts"]
        return plain
