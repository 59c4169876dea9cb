"""``anomaly depth``: how much could leave a bucket unseen, in one day or drop by drop."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anomaly.cli.front import DAY, FILE, Setup, as_json, common, say, say_json, write_page

if TYPE_CHECKING:
    from anomaly.injection.result import Depth


@click.command()
@click.option("--bucket", required=True, help="Bucket asked about (of Azure ACCOUNT/CONTAINER).")
@click.option("--day", type=DAY, help="Last day tried.  [default: the last working day with events]")
@click.option("--days", type=click.IntRange(1, 30), default=3, show_default=True, help="Days tried.")
@click.option(
    "--trials",
    type=click.IntRange(1, 200),
    default=12,
    show_default=True,
    help="Trials of each kind of caller and route, over all days.",
)
@click.option(
    "--leak-days", type=click.IntRange(0, 60), default=30, show_default=True, help="Days of a slow leak; 0 tries none."
)
@click.option("--seed", type=int, default=20260101, show_default=True, help="Draws the objects taken.")
@click.option("--html", type=FILE, metavar="FILE", help="Also write a page that can be handed on.")
@as_json
@common
def depth(
    setup: Setup,
    bucket: str,
    day: date | None,
    days: int,
    trials: int,
    leak_days: int,
    seed: int,
    html: Path | None,
    as_json: bool,
) -> None:
    """Say how little must leave a bucket to be noticed: thefts are written into copies of real days and ranked there.

    The lake itself is not changed.
    """
    from anomaly.injection.depth import Plan, measure

    plan = Plan(bucket, day, trials, days, leak_days, seed)
    found = measure(setup.lake, setup.context, setup.settings, plan, say)
    if as_json:
        say_json(found.as_dict())
    else:
        _show(found)
    if html:
        from anomaly.injection.page import page

        write_page(html, page(found), "the depth")


def _show(found: "Depth") -> None:
    from anomaly.injection.words import day_table, leak_table
    from anomaly.show import draw

    draw(day_table(found))
    if found.leaks:
        click.echo()
        draw(leak_table(found))
