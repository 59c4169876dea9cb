"""``anomaly train``, ``score`` and ``models``."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

import click

from anomaly.cli.front import DAY, DayBar, Setup, as_json, common, say, say_json
from anomaly.errors import DataQualityError, UsageError


@click.command()
@click.option("--until", type=DAY, required=True, help="Train on the days before this one.")
@click.option("--from", "since", type=DAY, help="First day to train on.  [default: train.window_days before]")
@click.option("--promote", is_flag=True, help="Make it champion even where there is one.")
@as_json
@common
def train(setup: Setup, until: date, since: date | None, promote: bool, as_json: bool) -> None:
    """Train on the days before a day, calibrate, register; the first model becomes champion, later ones challenger."""
    from anomaly.score import train_model

    if since and since >= until:
        raise UsageError(f"--from {since} is not before --until {until}")
    bar = DayBar("features of")
    trained = train_model(setup.lake, setup.context, setup.settings, until, since, promote=promote, progress=bar)
    bar.close()
    if as_json:
        say_json(asdict(trained) | {"note": trained.note})
        return
    metrics = trained.metrics
    click.echo(
        f"version {trained.version} ({'champion' if trained.champion else 'challenger'}): {trained.days} days from "
        f"{trained.since} to before {trained.until}, {metrics['sessions_fit']:,.0f} sessions to learn from, "
        f"{metrics['sessions_calibration']:,.0f} held out, {metrics['sessions_excluded']:,.0f} covered ones left out"
    )
    for budget in ("1", "3", "10"):
        click.echo(f"  asked {budget:>2} a day, held-out days show {metrics[f'realised_at_{budget}']:.1f}")
    click.echo(f"  {trained.note}")
    if not trained.champion:
        say(f"the champion stays; `anomaly models --promote {trained.version}` puts this one in use")


@click.command()
@click.option("--day", type=DAY, help="Day to score.")
@click.option("--from", "first", type=DAY, help="First day to score.")
@click.option("--to", "last", type=DAY, help="Last day to score.")
@click.option("--fail-on-findings", is_flag=True, help="Exit with 1 when there is an alert.")
@as_json
@common
def score(
    setup: Setup, day: date | None, first: date | None, last: date | None, fail_on_findings: bool, as_json: bool
) -> None:
    """Score every session of a day, or of the days from one to another, and rank the cases."""
    from anomaly.score import score_days

    if (day is None) == (first is None and last is None):
        raise UsageError("say which days: --day D, or --from D --to D")
    bar = DayBar("features of")
    days = [day] if day else days_between(setup.lake.days("events"), first, last)
    scored = score_days(setup.lake, setup.context, setup.settings, days, progress=bar)
    bar.close()
    if as_json:
        say_json([asdict(each) for each in scored])
    else:
        for each in scored:
            click.echo(
                f"{each.day}  {each.sessions:,} sessions, {each.cases:,} cases, {each.covered:,} covered; "
                f"asked {each.asked:g} alerts, realised {each.realised}; model version {each.model_version}"
                f"{' (up to date)' if each.kept else ''}"
            )
    if fail_on_findings and any(each.realised for each in scored):
        raise click.exceptions.Exit(1)


@click.command()
@click.option("--promote", type=int, metavar="VERSION", help="Make this version champion.")
@as_json
@common
def models(setup: Setup, promote: int | None, as_json: bool) -> None:
    """List the registered models and which of them is in use."""
    from anomaly.model.registry import Registry

    registry = Registry(setup.lake.root)
    if promote is not None:
        from anomaly.lock import locked

        with locked(setup.lake.root):
            registry.promote(promote)
    versions = registry.versions()
    if as_json:
        say_json([asdict(version) for version in versions])
        return
    for version in versions:
        aliases = f" ({', '.join(version.aliases)})" if version.aliases else ""
        click.echo(
            f"version {version.number}{aliases}: made {version.created:%Y-%m-%d %H:%M} UTC, "
            f"trained until {version.tags.get('until', '?')}"
        )
    if not versions:
        say("no model yet: run `anomaly train --until DAY`")


def days_between(known: Sequence[date], first: date | None, last: date | None) -> list[date]:
    """The known days from first to last, both included; raises DataQualityError where there is none."""
    if first and last and first > last:
        raise UsageError(f"--from {first} is after --to {last}")
    found = [day for day in known if (first is None or day >= first) and (last is None or day <= last)]
    if not found:
        span = f"there are {known[0]} to {known[-1]}" if known else "there is none: run `anomaly ingest PATH` first"
        raise DataQualityError(f"no day from {first or 'the first'} to {last or 'the last'}; {span}")
    return found
