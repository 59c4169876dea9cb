"""``anomaly ingest`` and ``anomaly quarantine``: raw logs in, and what could not be read."""

import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date

import click

from anomaly.cli.front import DAY, Setup, as_json, common, say, say_json
from anomaly.errors import AnomalyError, DataQualityError, UsageError
from anomaly.words import visible


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@click.option("--from", "first", type=DAY, help="First day wanted, by the day in a file's path.")
@click.option("--to", "last", type=DAY, help="Last day wanted; the day after is read too.")
@as_json
@common
def ingest(setup: Setup, paths: tuple[str, ...], first: date | None, last: date | None, as_json: bool) -> None:
    """Load raw logs (files, folders, s3://, gs:// or az:// addresses) into the lake; what is loaded already is skipped.

    Every record is accounted for: seen = loaded + duplicate + not relevant + quarantined.
    """
    from anomaly.ingest import ingest as load

    if first and last and last < first:
        raise UsageError(f"--to {last} lies before --from {first}")
    limits = setup.settings.ingest
    with _bar() as progress:
        report = load(
            paths,
            setup.lake,
            days=(first, last),
            threads=limits.threads or None,
            progress=progress,
            max_inflated=limits.max_inflated_bytes,
        )
    if not report.files_seen:
        raise DataQualityError(
            f"there is no file {'of these days ' if first or last else ''}in {', '.join(paths)}: "
            "name the folder that holds your logs (CloudTrail delivers below AWSLogs/), or a log file"
        )
    if report.files_undated:
        say(f"{report.files_undated:,} files have no day in their path and were taken whatever days were asked for")
    if as_json:
        say_json(report.as_dict())
    else:
        click.echo("\n".join(report.summary_lines()))
    if not report.balanced:
        raise AnomalyError("the counts do not add up: this is a mistake of ours, please report it")
    if report.files_quarantined or report.records.quarantined:
        say("`anomaly quarantine` lists what could not be read")


@click.command()
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Entries shown.")
@as_json
@common
def quarantine(setup: Setup, limit: int, as_json: bool) -> None:
    """List what ingest could not read: file, record, reason and a piece of it."""
    from anomaly.ingest import quarantined

    entries = list(quarantined(setup.lake))
    if as_json:
        say_json([asdict(entry) for entry in entries])
        return
    for entry in entries[:limit]:
        where = "whole file" if entry.record is None else f"record {entry.record}"
        click.echo(visible(f"{entry.file}, {where}: {entry.reason}"))
        if entry.excerpt:
            click.echo(f"    {visible(entry.excerpt)}")
    if len(entries) > limit:
        click.echo(f"and {len(entries) - limit:,} more (--limit)")
    reasons = Counter(entry.reason for entry in entries).most_common(5)
    say("; ".join(f"{count:,} x {visible(reason)}" for reason, count in reasons) or "nothing is in quarantine")


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar over bytes on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading")
        yield lambda done, total: progress.update(task, completed=done, total=total)
