"""``anomaly daily``: the scheduled job."""

from datetime import date
from typing import TYPE_CHECKING

import click

from anomaly.cli.front import DAY, Setup, as_json, common, say_json
from anomaly.errors import AnomalyError, DataQualityError

if TYPE_CHECKING:
    from anomaly.daily.night import Night


@click.command()
@click.argument("paths", nargs=-1, type=click.Path())
@click.option(
    "--date", "day", type=DAY, envvar="ANOMALY_DATE", help="Day to do.  [env: ANOMALY_DATE; default: yesterday]"
)
@click.option("--from", "first", type=DAY, help="First day to do.")
@click.option("--to", "last", type=DAY, help="Last day to do.")
@click.option(
    "--lookback",
    type=click.IntRange(min=0),
    help="Days before that late logs may still change.  [default: daily.lookback_days]",
)
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="On stderr.")
@as_json
@common
def daily(
    setup: Setup,
    paths: tuple[str, ...],
    day: date | None,
    first: date | None,
    last: date | None,
    lookback: int | None,
    log_format: str,
    as_json: bool,
) -> None:
    """Do a night's work: new logs in, scores, cases, their delivery, drift, and a report.

    The logs are those of daily.logs, or PATHS. It may be run again, or killed and run again, at any time. Exit code 3
    says that a gate held a day back, and why.
    """
    from datetime import UTC, datetime

    from anomaly.daily.logs import logging_to_stderr
    from anomaly.daily.plan import asked_days
    from anomaly.daily.run import Job, run_daily

    settings = setup.settings
    span = first or last
    named = click.get_current_context().get_parameter_source("day") == click.core.ParameterSource.COMMANDLINE
    # a span that is asked for is stronger than a day of the environment
    asked = asked_days(datetime.now(UTC), None if span and not named else day, first, last)
    job = Job(
        setup.lake,
        setup.context,
        settings,
        paths or settings.daily.logs,
        asked,
        settings.daily.lookback_days if lookback is None else lookback,
    )
    with logging_to_stderr(log_format):
        night = run_daily(job)
    if as_json:
        say_json(night.as_dict())
    else:
        _show(night)
    if night.exit_code:
        raise DataQualityError(night.error) if night.standing else AnomalyError(night.error)


def _show(night: "Night") -> None:
    for each in night.days:
        click.echo(
            f"{each.day}  {each.sessions:,} sessions, {each.cases:,} cases, {each.covered:,} covered; "
            f"asked {each.asked:g} alerts, realised {each.alerts}; model version {each.model_version}"
            f"{'' if each.rescored else ' (up to date)'}"
        )
    for refusal in night.refusals:
        click.echo(
            f"{refusal.day}  {'let through' if refusal.allowed else 'held back'} by {refusal.gate}: {refusal.says}"
        )
