"""``anomaly prune``: retention."""

from typing import TYPE_CHECKING

import click

from anomaly.cli.front import DayBar, Setup, as_json, common, say, say_json

if TYPE_CHECKING:
    from anomaly.prune import Plan


@click.command()
@click.option(
    "--keep-days", type=int, required=True, metavar="N", help="Days that stay, the newest with events among them."
)
@click.option("--apply", "is_applied", is_flag=True, help="Do it; without, only what would go is told.")
@as_json
@common
def prune(setup: Setup, keep_days: int, is_applied: bool, as_json: bool) -> None:
    """Remove events, and what was made of them, that are older than the last N days. They cannot be brought back.

    Scores stay, what later days are judged against, and findings that are still to be handed over. Models, ledgers and
    the review database are not touched.
    """
    from datetime import UTC, datetime

    from anomaly.prune import plan
    from anomaly.prune import prune as run

    today = datetime.now(UTC).date()
    if not is_applied:
        found = plan(setup.lake, setup.settings, keep_days, today)
    else:
        bar = DayBar("up to date:")
        found = run(setup.lake, setup.context, setup.settings, keep_days, today, progress=bar)
        bar.close()
    if as_json:
        say_json(found.as_dict() | {"applied": is_applied})
    else:
        _show(found, is_applied)


def _show(found: "Plan", is_applied: bool) -> None:
    from anomaly.words import in_bytes

    if not (found.going or found.outbox):
        click.echo(f"nothing is older than {found.before}; the lake holds {found.first} to {found.newest}")
        return
    for name, (count, size) in found.tables.items():
        click.echo(f"{name:18} {count:6,} day(s) {in_bytes(size):>10}")
    if found.outbox:
        click.echo(f"{'outbox':18} {found.outbox:6,} finding(s) that were handed over")
    verb = "removed" if is_applied else "would remove"
    click.echo(f"{verb} {in_bytes(found.bytes)} of days before {found.before}; {found.before} and later stay")
    if not is_applied:
        say("nothing was touched: --apply removes it, for good")
