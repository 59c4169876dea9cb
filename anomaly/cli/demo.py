"""``anomaly demo``: the whole way on a synthetic organisation."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anomaly.cli.front import FOLDER, common_debug, say
from anomaly.cli.simulate import attack_from
from anomaly.words import visible

if TYPE_CHECKING:
    from anomaly.demo import Campaign, Demo, DemoDay

SHOWN = 5
SHOWN_FINDINGS = 4
LEAST_DAYS = 28
"""Five of seven parts are 20 days: ten to learn from, ten to calibrate on."""


@click.command()
@click.option("--seed", type=click.IntRange(min=0), default=7, show_default=True, help="Another seed, another company.")
@click.option("--out", type=FOLDER, default=".demo", show_default=True, metavar="DIR", help="Where everything goes.")
@click.option("--days", type=click.IntRange(min=LEAST_DAYS), default=35, show_default=True, help="Days of logs drawn.")
@click.option("--scale", type=click.FloatRange(min=0, min_open=True), default=0.25, show_default=True, help="How busy.")
@common_debug
def demo(seed: int, out: Path, days: int, scale: float) -> None:
    """Draw an organisation with hidden thefts, read its raw logs, learn, and print the ranking, thefts marked."""
    from anomaly.demo import run

    found = run(out, seed=seed, days=days, scale=scale, attack_from=attack_from(days), say=say)
    # how long it took goes to stderr with the other times: the same seed prints the same on stdout
    click.echo("\n".join(line for line in found.ingested.summary_lines() if not line.startswith("read ")))
    click.echo(f"events   {', '.join(f'{count:,} {source}' for source, count in found.sources.items())}\n")
    for day in found.days:
        _show_day(day)
    _show_outcome(found)
    _show_gaps(found)
    _show_next(found)


def _show_day(day: "DemoDay") -> None:
    from anomaly.show import case_table, draw

    below = [
        f"#{case['case_rank']}: {day.marks[case['case_id']]}"
        for case in day.cases[SHOWN:]
        if case["case_id"] in day.marks
    ]
    notes = [
        f"asked for {day.scored.asked:g} alerts, realised {day.scored.realised} (marked !); "
        f"the first {min(SHOWN, len(day.cases))} of {day.scored.cases} cases are shown"
    ]
    notes += [f"further down, planted: {', '.join(below)}"] if below else []
    draw(
        case_table(
            f"{day.scored.day}, {day.scored.sessions:,} sessions", day.cases[:SHOWN], notes, day.marks, day.thefts
        )
    )
    click.echo()


def _show_outcome(found: "Demo") -> None:
    thefts = [each for each in found.campaigns if each.is_theft]
    hits = [each for each in thefts if each.is_found]
    clouds = sorted({each.cloud for each in thefts})
    parts = [f"{cloud} {_count(hits, cloud)} of {_count(thefts, cloud)}" for cloud in clouds]
    click.secho(
        f"Thefts among the first ten cases of a day: {len(hits)} of {len(thefts)} ({', '.join(parts)})", bold=True
    )
    for each in thefts:
        click.echo(f"  {'found ' if each.is_found else 'MISSED'}  {_story(each)}")
    if alike := [each for each in found.campaigns if not each.is_theft]:
        click.secho(
            f"Harmless look-alikes among the first ten cases: {sum(each.is_found for each in alike)} of {len(alike)}",
            bold=True,
        )
        for each in alike:
            click.echo(f"  {_story(each)}")
    realised = [day.scored.realised for day in found.days]
    asked = found.days[0].scored.asked
    click.echo(
        f"Alerts a day: asked {asked:g}, realised {sum(realised) / len(realised):.1f} "
        f"(least {min(realised)}, most {max(realised)}) over {len(realised)} days"
    )


def _count(campaigns: Sequence["Campaign"], cloud: str) -> int:
    return sum(each.cloud == cloud for each in campaigns)


def _story(campaign: "Campaign") -> str:
    unranked = "covered by a workflow" if campaign.is_covered else "nothing of it touched storage, so it has no rank"
    rank = f"rank {campaign.best_rank} on {campaign.best_day}" if campaign.best_rank else unranked
    return f"{campaign.scenario:<5} {campaign.cloud:<5} {rank}: {campaign.note}"


def _show_gaps(found: "Demo") -> None:
    """What the logs of the last day could not show: a demo that only praises its finds would hide it."""
    ledger = found.ledger
    counts = ", ".join(f"{count:,} {state}" for state, count in ledger.counts.items())
    click.secho(f"\nWhat the logs of {ledger.days[-1]} could not show", bold=True)
    click.echo(f"  {len(ledger.buckets):,} sensitive buckets x scenarios: {counts}")
    for finding in ledger.findings[:SHOWN_FINDINGS]:
        click.echo(f"  {finding.severity:<6} {visible(finding.subject)}: {visible(finding.text)}")
    if (more := len(ledger.findings) - SHOWN_FINDINGS) > 0:
        click.echo(f"  and {more:,} more findings: anomaly coverage")


def _show_next(found: "Demo") -> None:
    say("; ".join(f"{step} {seconds:.1f} s" for step, seconds in found.seconds.items()))
    options = f"--root {found.out / 'lake'} --context {found.out / 'org' / 'context'}"
    days = [day for day in found.days if day.thefts]
    day = (days or found.days)[0]
    planted = [case for case in day.cases if case["case_id"] in day.thefts]
    session = (planted or day.cases)[0]["session_id"][:10]
    click.echo("\nLook further:")
    click.echo(f"  anomaly top --day {day.scored.day} {options}")
    click.echo(f"  anomaly explain {session} {options}")
    click.echo(f"  anomaly coverage --day {found.ledger.days[-1]} {options}")
    click.echo(f"  anomaly review publish --day {day.scored.day} {options}")
    click.echo(f"  anomaly review serve {options}")
    click.echo(f"  anomaly export --format csv --out scores.csv {options}")
