"""Findings sent on to other systems, through an outbox that a dead receiver can neither stop nor empty."""

from anomaly.sinks.outbox import Delivered, Outbox
from anomaly.sinks.receivers import Receiver, receivers

__all__ = ["Delivered", "Outbox", "Receiver", "receivers"]
