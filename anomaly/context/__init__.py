"""What the organisation knows of itself: its buckets, accounts, networks and approved workflows, from CSV files."""

from anomaly.context.organisation import Context

__all__ = ["Context"]
