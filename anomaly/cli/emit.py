"""``anomaly emit``: findings to their receivers and folders, by hand."""

from datetime import date

import click

from anomaly.cli.front import DAY, Setup, common, say
from anomaly.errors import UsageError, nearest


@click.command()
@click.option("--day", type=DAY, help="Scored day whose findings are put into the outbox.")
@click.option("--sink", multiple=True, metavar="NAME", help="Only webhook, slack, hec, asff, csv or evidence.")
@click.option("--retry-dead", is_flag=True, help="Try again what was given up.")
@click.option("--status", is_flag=True, help="Hand over nothing, only say how the outbox stands.")
@common
def emit(setup: Setup, day: date | None, sink: tuple[str, ...], retry_dead: bool, status: bool) -> None:
    """Hand the findings of a day, and whatever the outbox still holds, to the receivers and folders in [sinks]."""
    from anomaly.findings import documents
    from anomaly.sinks import Outbox, sinks

    known = {each.name: each for each in sinks(setup.settings.sinks)}
    for name in sink:
        if name not in known:
            raise UsageError(f"no sink {name!r} is named in [sinks]: {nearest(name, known)}")
    outbox = Outbox(setup.lake.root, [known[name] for name in sink or known], setup.settings.sinks)
    if not status:
        if not known:
            raise UsageError("no sink is named in [sinks], see docs/sinks.md")
        if day:
            context = setup.context if setup.settings.context.folder.is_dir() else None
            found = documents(setup.lake, day, context, top=setup.settings.sinks.top)
            outbox.enqueue(found, days=[day])
        if retry_dead:
            outbox.revive()
        done = outbox.deliver()
        say(f"{done.sent:,} sent, {done.failed:,} failed and to be tried again, {done.dead:,} given up")
    for name, states in outbox.counts().items():
        click.echo(f"{name}: " + ", ".join(f"{count:,} {state}" for state, count in sorted(states.items())))
    for name, case, state, problem in outbox.problems():
        click.echo(f"  {name} {case[:12]} {state}: {problem}")
