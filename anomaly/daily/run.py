"""The run: new logs in, gates, scores, cases handed on, drift, a report; each step may be done again.

A run that is killed leaves whole partitions and whole ledger lines, and the next one goes through the same steps and
finds most of them done.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from anomaly import __version__
from anomaly.config import Settings
from anomaly.config.kinds import Secret
from anomaly.context import Context
from anomaly.daily.ledger import RunLedger, code_digest, history
from anomaly.daily.logs import note
from anomaly.daily.metrics import write_metrics
from anomaly.daily.night import DONE, FAILED, GATE_EXIT, REFUSED, Night
from anomaly.daily.ping import ping
from anomaly.daily.plan import Asked, check_clock
from anomaly.daily.report import write_report
from anomaly.daily.steps import Steps
from anomaly.errors import AnomalyError
from anomaly.lock import locked
from anomaly.store import Lake

LOCK = ".daily.lock"
WARNING = 30


@dataclass(frozen=True)
class Job:
    """What a run works on; ``clock`` says what time it is."""

    lake: Lake
    context: Context
    settings: Settings
    logs: tuple[str, ...]
    asked: Asked
    lookback_days: int
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


def run_daily(job: Job) -> Night:
    """Do a night's work and tell of it; the outcome is in what is returned.

    Raises
    ------
    LockedError
        Another run is at it; it says nothing and changes nothing.
    AnomalyError
        The night failed; it has been told of, and what was finished is kept.
    """
    with locked(job.lake.root, LOCK):
        past = history(job.lake)
        night = Night(past.last_number + 1, job.clock(), job.asked.days, version=__version__, code=code_digest())
        night.last_success = past.last_success
        started = time.monotonic()
        ledger = RunLedger(job.lake, night.number)
        try:
            ledger.begin(night.began, _facts(job, night))
            if past.cut_off:
                night.notes.append(f"Run {past.cut_off} was cut off before its end; this one did its work again.")
            if said := check_clock(job.asked, night.began, past):
                night.notes.append(said)
            note("begin", run=night.number, days=_span(job), logs=len(job.logs))
            Steps(job.lake, job.context, job.settings, night, ledger, past, job.clock).work(
                job.logs, job.asked, job.lookback_days
            )
            _judge(night)
            night.seconds = time.monotonic() - started
            note("report", page=write_report(job.lake, night))
        except BaseException as error:
            _failed(night, error)
            night.seconds = time.monotonic() - started
            _try("report", lambda: write_report(job.lake, night))
            raise
        finally:
            _tell(job, night, ledger)
    return night


def _facts(job: Job, night: Night) -> dict[str, object]:
    return {
        "version": night.version,
        "code": night.code,
        "days": [day.isoformat() for day in job.asked.days],
        "lookback_days": job.lookback_days,
        "logs": list(job.logs),
        "allow": list(job.settings.daily.allow),
    }


def _judge(night: Night) -> None:
    """A night with a day held back is refused, one that reviewers do not see failed; everything else of it was done."""
    if night.unpublished:
        night.outcome, night.exit_code = FAILED, AnomalyError.exit_code
    if night.standing:
        night.outcome, night.exit_code = REFUSED, GATE_EXIT
    unseen = [f"the cases of {day} were not published: {why}" for day, why in night.unpublished.items()]
    night.error = "; ".join([*(each.text for each in night.standing), *unseen])


def _failed(night: Night, error: BaseException) -> None:
    night.outcome = FAILED
    night.exit_code = error.exit_code if isinstance(error, AnomalyError) else 1
    # what is not ours to say is named by its kind: its text may hold anything
    night.error = str(error) if isinstance(error, AnomalyError) else f"unexpected {type(error).__name__}"


def _tell(job: Job, night: Night, ledger: RunLedger) -> None:
    """Ledger, metrics and watchdog; none of them may change how the night went."""
    facts = {"outcome": night.outcome, "exit_code": night.exit_code, "error": night.error, "seconds": night.seconds}
    _try("ledger", lambda: ledger.say("end", job.clock(), facts))
    _try("metrics", lambda: write_metrics(metrics_file(job), night))
    daily = job.settings.daily
    _ping(daily.ping_success if night.outcome == DONE else daily.ping_failure, daily.ping_seconds)
    level = 20 if night.outcome == DONE else 40
    note("end", level, run=night.number, outcome=night.outcome, exit_code=night.exit_code, error=night.error)


def metrics_file(job: Job) -> Path:
    """Where the metrics go."""
    named = job.settings.daily.metrics_file
    return job.lake.root / "metrics" / "anomaly.prom" if named == Path() else named


def _ping(address: Secret, seconds: float) -> None:
    if address and (problem := ping(address, seconds)):
        note("ping failed", WARNING, problem=problem)


def _try(what: str, action: Callable[[], object]) -> None:
    try:
        action()
    except (AnomalyError, OSError) as error:
        note(f"{what} failed", WARNING, problem=str(error))


def _span(job: Job) -> str:
    first, last = job.asked.days[0], job.asked.days[-1]
    return f"{first}" if first == last else f"{first} to {last}"
