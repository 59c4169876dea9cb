"""A synthetic organisation: raw CloudTrail of its benign life with planted attacks, for demo, tests and evaluation."""

from anomaly.simulate.run import SimulationReport, simulate
from anomaly.simulate.thefts import ALWAYS, THEFTS

SCENARIOS = tuple(THEFTS)

__all__ = ["ALWAYS", "SCENARIOS", "SimulationReport", "simulate"]
