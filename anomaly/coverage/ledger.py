"""The ledger: every sensitive bucket by scenario by day, seen, degraded, blind, or not applicable in that cloud."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from anomaly.coverage.evidence import BLIND, DEGRADED, SEEN, Evidence, Question, evidence, worst
from anomaly.coverage.facts import DayFacts
from anomaly.coverage.scenarios import Scenario, scenario_catalogue

NOT_APPLICABLE = "not applicable"
STATES = (BLIND, DEGRADED, SEEN, NOT_APPLICABLE)


@dataclass(frozen=True)
class Listed:
    """A bucket as the inventory has it."""

    bucket: str
    cloud: str
    account: str
    sensitivity: str
    owner: str


@dataclass(frozen=True)
class Cell:
    """One bucket, scenario and day; ``lacking`` names the kinds of evidence behind ``reasons``, in the same order."""

    day: date
    bucket: str
    cloud: str
    scenario: str
    state: str
    reasons: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    quiet: bool = False


@dataclass(frozen=True)
class Finding:
    """Something to act upon: severity high, medium or low."""

    severity: str
    kind: str
    subject: str
    text: str
    advice: str = ""


@dataclass
class Ledger:
    """What was asked, the cells, what follows from them, and how fresh and detailed each source is."""

    days: list[date]
    sensitivities: tuple[str, ...]
    buckets: list[Listed]
    cells: list[Cell] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many cells are in each state, worst first, none left out."""
        found = Counter(cell.state for cell in self.cells)
        return {state: found[state] for state in STATES}

    def as_dict(self) -> dict[str, Any]:
        """The ledger as JSON has it: keys are stable, days are ISO 8601."""
        return {
            "days": [day.isoformat() for day in self.days],
            "sensitivities": list(self.sensitivities),
            "counts": self.counts,
            "buckets": [asdict(bucket) for bucket in self.buckets],
            "findings": [asdict(finding) for finding in self.findings],
            "sources": self.sources,
            "cells": [asdict(cell) | {"day": cell.day.isoformat()} for cell in self.cells],
        }


def cells_of(facts: DayFacts, listed: Sequence[Listed], detail: float) -> Iterator[Cell]:
    """Judge every bucket against every scenario on one day; ``detail`` is the share of calls that must carry it."""
    scenarios = scenario_catalogue().scenarios.values()
    for bucket in listed:
        found: dict[str, Evidence] = {}
        question = Question(facts, facts.buckets[bucket.cloud, bucket.bucket], bucket.account, detail)
        for scenario in scenarios:
            yield _cell(scenario, bucket, question, found)


def _cell(scenario: Scenario, bucket: Listed, question: Question, found: dict[str, Evidence]) -> Cell:
    day = question.facts.day
    needs = scenario.needs.get(bucket.cloud)
    if needs is None:
        return Cell(day, bucket.bucket, bucket.cloud, scenario.id, NOT_APPLICABLE)
    required, wanted = _judged(needs.required, question, found), _judged(needs.wanted, question, found)
    state = worst([each.state for each in required])
    if state == SEEN and any(each.state != SEEN for each in wanted):
        state = DEGRADED
    lacking = [each for each in required if each.state == state] if state == BLIND else [*required, *wanted]
    lacking = [each for each in lacking if each.state != SEEN]
    return Cell(
        day,
        bucket.bucket,
        bucket.cloud,
        scenario.id,
        state,
        tuple(each.reason for each in lacking),
        tuple(each.kind for each in lacking),
        state == SEEN and any(each.quiet for each in required),
    )


def _judged(kinds: Sequence[str], question: Question, found: dict[str, Evidence]) -> list[Evidence]:
    """Judge kinds of evidence, each once; of alternatives the best counts, and the first of equals."""
    judged = []
    for kind in kinds:
        names = kind.split("|")
        for name in names:
            if name not in found:
                found[name] = evidence(name, question)
        judged.append(min((found[name] for name in names), key=lambda each: STATES[::-1].index(each.state)))
    return judged
