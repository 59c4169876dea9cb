"""``anomaly coverage``: what the logs could show of every sensitive bucket, and what they could not."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anomaly.cli.front import DAY, FILE, DayBar, Setup, as_json, common, say, say_json, write_page
from anomaly.errors import UsageError

if TYPE_CHECKING:
    from anomaly.coverage import Ledger

SENSITIVITIES = ("public", "internal", "confidential", "restricted")


def _globbed(_: click.Context, __: click.Parameter, value: str) -> str:
    from anomaly.globs import glob

    try:
        return glob(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@click.option("--day", type=DAY, help="Day asked about.  [default: the last one with events]")
@click.option("--from", "first", type=DAY, help="First day.")
@click.option("--to", "last", type=DAY, help="Last day.")
@click.option("--bucket", default="*", metavar="GLOB", callback=_globbed, help="Only buckets named so.")
@click.option(
    "--sensitivity",
    "sensitivities",
    type=click.Choice(SENSITIVITIES),
    multiple=True,
    default=("confidential", "restricted"),
    help="Buckets asked about; may be given again.  [default: confidential, restricted]",
)
@click.option(
    "--detail",
    type=click.FloatRange(0, 1),
    default=0.9,
    show_default=True,
    help="Share of calls that must tell a size, an address or a destination.",
)
@click.option("--html", type=FILE, metavar="FILE", help="Also write a page that can be handed on.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Rows shown.")
@as_json
@common
def coverage(setup: Setup, day: date | None, first: date | None, last: date | None, **rest: Any) -> None:
    """Say of each sensitive bucket which ways out the logs could show, and where they were blind.

    Held against the logs that really arrived. Days on which nothing came are judged as well.
    """
    from anomaly.coverage import calendar

    if day and (first or last):
        raise UsageError("say which days: --day D, or --from D --to D")
    _run(setup, calendar(setup.lake, day or first, day or last), **rest)


def _run(
    setup: Setup,
    days: list[date],
    bucket: str,
    sensitivities: tuple[str, ...],
    detail: float,
    html: Path | None,
    limit: int,
    as_json: bool,
) -> None:
    from anomaly.coverage import coverage as judged
    from anomaly.coverage import prepare_days

    options = setup.settings.features
    bar = DayBar("coverage of")
    prepare_days(
        setup.lake,
        setup.context,
        days,
        threads=options.threads or None,
        memory_limit=options.memory_limit,
        progress=bar,
    )
    bar.close()
    ledger = judged(setup.lake, setup.context, days, sensitivities=sensitivities, glob=bucket, detail=detail)
    if not ledger.buckets:
        say(f"inventory.csv lists no {' or '.join(sensitivities)} bucket named {bucket}: nothing to judge")
    if as_json:
        say_json(ledger.as_dict())
    else:
        _show(ledger, limit)
    if html:
        from anomaly.coverage.page import page

        write_page(html, page(ledger), "the ledger")


def _show(ledger: "Ledger", limit: int) -> None:
    from anomaly.coverage.tables import finding_table, gap_table, source_table
    from anomaly.show import draw

    for table in (gap_table(ledger, limit), finding_table(ledger, limit), source_table(ledger)):
        draw(table)
        click.echo()
