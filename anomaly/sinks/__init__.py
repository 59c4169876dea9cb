"""Findings handed to other systems, through an outbox that a dead receiver or a full disk cannot stop or empty."""

from anomaly.config.settings import SinkSettings
from anomaly.sinks.folders import Folder, folders
from anomaly.sinks.outbox import Delivered, Outbox, Sink
from anomaly.sinks.receivers import Receiver, receivers

__all__ = ["Delivered", "Folder", "Outbox", "Receiver", "Sink", "folders", "receivers", "sinks"]


def sinks(settings: SinkSettings) -> list[Sink]:
    """Every sink that the settings name: receivers first, they are the quicker to tell somebody."""
    return [*receivers(settings), *folders(settings)]
