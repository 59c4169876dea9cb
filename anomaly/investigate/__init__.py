"""All that an incident responder asks of one session, gathered from the lake as plain values."""

from anomaly.investigate.report import investigate

__all__ = ["investigate"]
