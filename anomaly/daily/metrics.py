"""Figures of a run for Prometheus, as a file that the node exporter's textfile collector picks up.

This is the one home of prometheus_client. The file is replaced whole after every run, good or not: what a failed run
cannot know (such as the sessions of a day that was not scored) is left out rather than told as 0.
"""

from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from anomaly.daily.night import DONE, Night
from anomaly.store import replacing

PREFIX = "anomaly_daily"
METRICS = {
    "run_number": "number of the last run",
    "run_timestamp_seconds": "when the last run began",
    "last_success_timestamp_seconds": "when the last run that went well began; absent before the first",
    "success": "1 when the last run went well, else 0",
    "exit_code": "exit code of the last run",
    "duration_seconds": "how long the last run took",
    "records": "log records of the last run, by what became of them",
    "files": "log files of the last run, by what became of them",
    "sessions_scored": "sessions of the days asked for that were scored",
    "cases": "ranked cases of the days asked for",
    "alerts": "alerts of the days asked for",
    "alerts_asked": "alerts a day that were promised",
    "days_refused": "days asked for that a gate held back",
    "gate_refused": "days that a gate held back, or would have but for daily.allow",
    "source_lag_seconds": "from a source's newest event to the beginning of the run",
    "drift_psi": "population stability index of the last day against like days: the score, and the furthest signal",
    "drift_signals_shifted": "signals of the last day that moved further than chance and the usual threshold",
    "exceedance_ratio": "alerts a day over like days as a multiple of the budget",
    "unseen_share": "share of the last day's sessions that showed a value nobody had shown before, by facet",
    "sink_findings": "findings in the outbox, by sink and state (pending, sent, dead)",
}
"""Every metric there is; docs/operate.md lists them, and a test holds the page to it."""


class _Gauges:
    """The gauges of one file, each made when it is first set."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._made: dict[str, Gauge] = {}

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set one figure."""
        if name not in self._made:
            self._made[name] = Gauge(f"{PREFIX}_{name}", METRICS[name], list(labels), registry=self.registry)
        gauge = self._made[name]
        (gauge.labels(**labels) if labels else gauge).set(value)


def metrics_text(night: Night) -> str:
    """Return the figures in Prometheus' text format."""
    gauges = _Gauges()
    _run(gauges, night)
    _ingested(gauges, night)
    _days(gauges, night)
    _drift(gauges, night)
    for lag in night.sources:
        gauges.set("source_lag_seconds", lag.lag_seconds, source=lag.source, account=lag.account_id)
    for sink, states in night.sinks.items():
        for state, count in states.items():
            gauges.set("sink_findings", count, sink=sink, state=state)
    return generate_latest(gauges.registry).decode()


def write_metrics(path: Path, night: Night) -> None:
    """Replace the file at once; raises AnomalyError when it cannot be written."""
    with replacing(path) as temporary:
        temporary.write_text(metrics_text(night), encoding="utf-8")
        temporary.chmod(0o644)  # the collector runs as another user


def _run(gauges: _Gauges, night: Night) -> None:
    gauges.set("run_number", night.number)
    gauges.set("run_timestamp_seconds", night.began.timestamp())
    gauges.set("success", float(night.outcome == DONE))
    gauges.set("exit_code", night.exit_code)
    gauges.set("duration_seconds", night.seconds)
    success = night.began if night.outcome == DONE else night.last_success
    if success:
        gauges.set("last_success_timestamp_seconds", success.timestamp())
    gauges.set("days_refused", len({each.day for each in night.standing}))
    for gate in sorted({each.gate for each in night.refusals}):
        gauges.set("gate_refused", sum(each.gate == gate for each in night.refusals), gate=gate)


def _ingested(gauges: _Gauges, night: Night) -> None:
    if night.ingest is None:
        return
    for state in ("loaded", "duplicate", "not_relevant", "quarantined"):
        gauges.set("records", night.ingest["records"][state], state=state)
    for state in ("loaded", "skipped", "quarantined"):
        gauges.set("files", night.ingest[f"files_{state}"], state=state)


def _days(gauges: _Gauges, night: Night) -> None:
    days = [each for each in night.days if each.asked_for]
    if days:
        gauges.set("sessions_scored", sum(each.sessions for each in days))
        gauges.set("cases", sum(each.cases for each in days))
        gauges.set("alerts", sum(each.alerts for each in days))
        gauges.set("alerts_asked", days[-1].asked)


def _drift(gauges: _Gauges, night: Night) -> None:
    if not night.drifts:
        return
    last = night.drifts[-1]
    if last.score:
        gauges.set("drift_psi", last.score.psi, of="score")
    if last.shifts:
        gauges.set("drift_psi", max(each.psi for each in last.shifts), of="furthest signal")
        gauges.set("drift_signals_shifted", len(last.shifted))
    if last.exceedance_ratio is not None:
        gauges.set("exceedance_ratio", last.exceedance_ratio)
    for each in last.unseen:
        gauges.set("unseen_share", each.share, facet=each.facet)
