"""A synthetic organisation: raw CloudTrail of its benign life with planted attacks, for demo, tests and evaluation."""

from anomaly.simulate.plan import ATTACKS
from anomaly.simulate.run import SimulationReport, simulate

SCENARIOS = tuple(ATTACKS)

__all__ = ["SCENARIOS", "SimulationReport", "simulate"]
