"""What an ingest run did, in counts that add up."""

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any


@dataclass
class Counts:
    """Records of a file or a run: seen = loaded + duplicate + not_relevant + quarantined."""

    seen: int = 0
    loaded: int = 0
    duplicate: int = 0
    not_relevant: int = 0
    quarantined: int = 0

    def add(self, other: "Counts") -> None:
        """Add another's counts to these."""
        self.seen += other.seen
        self.loaded += other.loaded
        self.duplicate += other.duplicate
        self.not_relevant += other.not_relevant
        self.quarantined += other.quarantined

    @property
    def balanced(self) -> bool:
        """Whether every record seen is accounted for."""
        return self.seen == self.loaded + self.duplicate + self.not_relevant + self.quarantined


@dataclass
class IngestReport:
    """Files and records of one run. A file quarantined whole holds no countable record, and adds none."""

    files_seen: int = 0
    files_skipped: int = 0
    files_loaded: int = 0
    files_quarantined: int = 0
    files_undated: int = 0
    """Files read whatever days were asked for, as their paths tell of none."""
    records: Counts = field(default_factory=Counts)
    days: set[date] = field(default_factory=set)
    bytes: int = 0
    seconds: float = 0.0

    @property
    def balanced(self) -> bool:
        """Whether every file and every record seen is accounted for."""
        files = self.files_skipped + self.files_loaded + self.files_quarantined
        return self.records.balanced and self.files_seen == files

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values for JSON; days as ISO dates, oldest first."""
        return asdict(self) | {"days": [day.isoformat() for day in sorted(self.days)], "balanced": self.balanced}

    def summary_lines(self) -> list[str]:
        """Return the report for a person, one thought a line."""
        records, days = self.records, sorted(self.days)
        touched = f"{len(days)} ({days[0]} to {days[-1]})" if days else "0"
        return [
            f"files    {self.files_seen:,} seen = {self.files_loaded:,} loaded + {self.files_skipped:,} already loaded"
            f" + {self.files_quarantined:,} quarantined",
            f"records  {records.seen:,} seen = {records.loaded:,} loaded + {records.duplicate:,} duplicate"
            f" + {records.not_relevant:,} not relevant + {records.quarantined:,} quarantined",
            f"days     {touched}",
            f"read     {self.bytes / 1e6:,.1f} MB in {self.seconds:,.1f} s",
        ] + ([] if self.balanced else ["these counts do not add up: please report it"])
