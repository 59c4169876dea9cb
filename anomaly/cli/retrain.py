"""``anomaly retrain``, ``promote`` and ``rollback``: a newer model, and which one is in use."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anomaly.cli.front import DAY, FILE, Setup, as_json, common, say, say_json

if TYPE_CHECKING:
    from anomaly.retrain import Retrained
    from anomaly.retrain.verdicts import Verdicts


@click.command()
@click.option(
    "--until",
    type=DAY,
    help="First day not looked at.  [default: the newest day, whose logs may still be coming in]",
)
@click.option(
    "--verdicts",
    "path",
    type=FILE,
    metavar="FILE",
    help="CSV or JSON of session_id or case_id, verdict, besides those of the review; of one id these stand.",
)
@click.option(
    "--suggest",
    type=FILE,
    metavar="FILE",
    help="Write expected sessions here as rows for workflows.csv, to be filled in.",
)
@as_json
@common
def retrain(setup: Setup, until: date | None, path: Path | None, suggest: Path | None, as_json: bool) -> None:
    """Train a challenger, try it against the champion with injected thefts, put it in use where it is no worse.

    What reviewers confirmed as thefts is not learnt from.
    """
    from anomaly.retrain import retrain as run
    from anomaly.retrain.reviewed import gather
    from anomaly.review.place import review_url

    verdicts = gather(setup.lake, review_url(setup.settings, setup.lake.root), path)
    if suggest:
        _suggest(setup, verdicts, suggest)
    found = run(setup.lake, setup.context, setup.settings, until, confirmed=verdicts.confirmed, progress=say)
    if as_json:
        say_json(found.as_dict() | {"verdicts": verdicts.as_dict()})
    else:
        _show(found, verdicts)


def _suggest(setup: Setup, verdicts: "Verdicts", path: Path) -> None:
    from anomaly.retrain.verdicts import write_suggestions

    count, left = write_suggestions(setup.lake, verdicts, path)
    say(f"{path}: {count:,} row(s) for workflows.csv; each wants an owner and a review date before it protects")
    for line in left:
        say(f"  left out: {line}")


def _show(found: "Retrained", verdicts: "Verdicts") -> None:
    trained = found.trained
    click.echo(
        f"version {trained.version}: {trained.days} days from {trained.since} to before {trained.until}; "
        f"{trained.metrics['sessions_excluded']:,.0f} sessions left out (covered or confirmed)"
    )
    click.echo(f"  verdicts: {verdicts.rows['review']:,} of the review, {verdicts.rows['file']:,} of a file")
    for line in (*verdicts.notes, *found.notes, *(found.decision.why if found.decision else ())):
        click.echo(f"  {line}")
    click.echo(f"in use: version {found.champion}")


@click.command()
@click.argument("version", type=int)
@as_json
@common
def promote(setup: Setup, version: int, as_json: bool) -> None:
    """Put a registered version in use, whatever the gate said of it; the one before stays at hand as `previous`."""
    from anomaly.lock import locked
    from anomaly.model.registry import Registry

    registry = Registry(setup.lake.root)
    with locked(setup.lake.root):
        registry.promote(version)
    _in_use(version, as_json)


@click.command()
@as_json
@common
def rollback(setup: Setup, as_json: bool) -> None:
    """Put the champion before this one back in use; a second rollback takes that back."""
    from anomaly.retrain import rollback as run

    version, replaced = run(setup.lake.root)
    say(f"version {replaced} is no longer in use; it stays at hand as `previous`")
    _in_use(version, as_json)


def _in_use(version: int, as_json: bool) -> None:
    if as_json:
        say_json({"champion": version})
    else:
        click.echo(f"in use: version {version}; days are scored with it when they are next scored")
