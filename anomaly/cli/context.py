"""``anomaly context``: begin and check the organisation's own files."""

from datetime import UTC, datetime

import click

from anomaly.cli.front import Setup, common, say
from anomaly.words import visible


@click.group()
def context() -> None:
    """Begin and check the CSV files in which you say what is yours and what is approved."""


@context.command()
@common
def init(setup: Setup) -> None:
    """Write the context files that are missing, empty but for headers and comments; none is overwritten."""
    from anomaly.context import Context

    folder = setup.settings.context.folder
    written = Context.template(folder)
    for path in written:
        click.echo(path)
    say("fill them, then run `anomaly context check`" if written else f"all files are in {folder} already")


@context.command()
@common
def check(setup: Setup) -> None:
    """Read the context files and name every mistake with file, row and column."""
    found = setup.context
    for name in ("inventory", "accounts", "networks", "workflows", "asn", "identities"):
        click.echo(f"{name:<10} {len(getattr(found, name)):>7,} rows")
    today = datetime.now(UTC).date()
    for name, review_by in zip(found.workflows["workflow_id"], found.workflows["review_by"], strict=True):
        if str(review_by)[:10] < today.isoformat():
            say(f"workflow {visible(name)} was to be reviewed by {str(review_by)[:10]}: it no longer protects")
