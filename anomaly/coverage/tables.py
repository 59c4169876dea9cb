"""The ledger as a person sees it on a terminal or in a pipe: what lacked, findings, sources."""

from anomaly.coverage.ledger import Ledger
from anomaly.coverage.page import gaps, span
from anomaly.show import Table
from anomaly.words import in_count, visible

GAP_HEADERS = ("state", "bucket", "scenarios", "days", "why")
FINDING_HEADERS = ("severity", "what", "where", "why")
SOURCE_HEADERS = ("source", "account", "events", "newest event", "sizes", "addresses", "destinations")


def gap_table(ledger: Ledger, limit: int) -> Table:
    """What lacked, worst first, and how many cells are in each state."""
    found = gaps(ledger)
    rows = [
        (
            gap["state"],
            visible(gap["bucket"].bucket),
            " ".join(gap["scenarios"]),
            str(gap["days"]),
            visible(gap["reason"]),
        )
        for gap in found[:limit]
    ]
    counts = ", ".join(f"{count:,} {state}" for state, count in ledger.counts.items())
    notes = [f"{len(ledger.buckets):,} buckets x scenarios x {len(ledger.days):,} days: {counts}"]
    notes += [f"and {len(found) - limit:,} more rows (--limit)"] if len(found) > limit else []
    notes += ["`anomaly coverage --html FILE` says what to switch on"] if found else []
    marked = frozenset(place for place, row in enumerate(rows) if row[0] == "blind")
    return Table(f"{span(ledger)}: what the logs could not show", GAP_HEADERS, rows, notes, marked)


def finding_table(ledger: Ledger, limit: int) -> Table:
    """The findings, most urgent first."""
    rows = [
        (each.severity, each.kind.replace("_", " "), visible(each.subject), visible(each.text))
        for each in ledger.findings[:limit]
    ]
    more = len(ledger.findings) - limit
    notes = [f"and {more:,} more (--limit)"] if more > 0 else []
    marked = frozenset(place for place, row in enumerate(rows) if row[0] == "high")
    return Table(f"{len(ledger.findings):,} findings", FINDING_HEADERS, rows, notes, marked)


def source_table(ledger: Ledger) -> Table:
    """How fresh and how detailed each source is."""
    rows = [
        (
            row["source"],
            visible(row["account_id"]),
            in_count(row["events"]),
            row["newest_event"],
            _share(row["reads_with_bytes"], row["reads"]),
            _share(row["reads_with_address"], row["reads"]),
            _share(row["moves_with_destination"], row["moves"]),
        )
        for row in ledger.sources
    ]
    return Table(f"Sources as of {ledger.days[-1]}, detail of 28 days", SOURCE_HEADERS, rows)


def _share(known: int, of: int) -> str:
    return f"{known / of:.0%}" if of else "-"
