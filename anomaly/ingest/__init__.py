"""Raw log files into the event table: discovery, one reader a format, quarantine, and the ledger of what was read."""

from anomaly.ingest.quarantine import Quarantined, quarantined
from anomaly.ingest.report import Counts, IngestReport
from anomaly.ingest.run import ingest

__all__ = ["Counts", "IngestReport", "Quarantined", "ingest", "quarantined"]
