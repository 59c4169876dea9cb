"""The coverage ledger: what the logs could show of every sensitive bucket, and what not. Silence is not safety."""

from anomaly.coverage.build import TABLES, blind_buckets, calendar, coverage, prepare_days
from anomaly.coverage.ledger import Cell, Ledger

__all__ = ["TABLES", "Cell", "Ledger", "blind_buckets", "calendar", "coverage", "prepare_days"]
