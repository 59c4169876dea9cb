"""Retention: old events and what was made of them go, what later days are judged against stays."""

from anomaly.prune.planned import Plan, plan, smallest
from anomaly.prune.run import prune

__all__ = ["Plan", "plan", "prune", "smallest"]
