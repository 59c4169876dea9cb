"""``anomaly export``: scores for other programs."""

import sys
from datetime import date
from pathlib import Path

import click

from anomaly.cli.front import DAY, FILE, Setup, common, say
from anomaly.errors import AnomalyError


@click.command()
@click.option("--format", "kind", type=click.Choice(["csv", "json"]), required=True, help="What to write.")
@click.option("--from", "first", type=DAY, help="First day.  [default: the first one scored]")
@click.option("--to", "last", type=DAY, help="Last day.  [default: the last one scored]")
@click.option("--out", type=FILE, metavar="FILE", help="File to write.  [default: standard output]")
@common
def export(setup: Setup, kind: str, first: date | None, last: date | None, out: Path | None) -> None:
    """Write one row a scored session, as CSV (lists joined by ';', cells safe for spreadsheets) or as JSON."""
    from anomaly.cli.score import days_between
    from anomaly.export import exported, write_csv, write_json
    from anomaly.listing import scored_days
    from anomaly.store import replacing

    rows = exported(setup.lake, days_between(scored_days(setup.lake), first, last))
    write = write_csv if kind == "csv" else write_json
    if out is None:
        write(rows, sys.stdout)
        return
    if out.is_dir():
        raise AnomalyError(f"cannot write {out}: it is a folder")
    with replacing(out) as temporary, temporary.open("w", encoding="utf-8", newline="") as handle:
        count = write(rows, handle)
    say(f"{count:,} sessions in {out}")
