"""``anomaly simulate``: a synthetic organisation's logs."""

from datetime import date
from pathlib import Path

import click

from anomaly.cli.front import DAY, FOLDER, common_debug, say


@click.command()
@click.argument("out", type=FOLDER)
@click.option("--seed", type=click.IntRange(min=0), default=7, show_default=True, help="Draws the organisation.")
@click.option("--days", type=click.IntRange(min=1), default=42, show_default=True, help="Days of logs.")
@click.option("--start", type=DAY, default="2026-01-05", show_default=True, help="First day.")
@click.option("--scale", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True, help="How busy.")
@click.option("--sources", show_default="all", help="Logs to write, joined by commas.")
@common_debug
def simulate(out: Path, seed: int, days: int, start: date, scale: float, sources: str | None) -> None:
    """Write a synthetic organisation into OUT: raw logs with planted attacks, context files, truth.csv.

    Attacks begin after five of seven parts of the days. OUT must be missing or empty.
    Log sources: cloudtrail, control, s3_access, vpc_flow, gcp, azure.
    """
    from anomaly.simulate import simulate as draw
    from anomaly.simulate.sources import EVERY

    names = EVERY if sources is None else [name.strip() for name in sources.split(",") if name.strip()]
    report = draw(out, seed=seed, days=days, start=start, scale=scale, attack_from=attack_from(days), sources=names)
    click.echo(
        f"{report.events:,} events of {report.days} days in {report.files:,} files ({report.bytes / 1e6:,.1f} MB); "
        f"planted: {', '.join(report.attacks) or 'nothing'}"
    )
    say(f"next: anomaly ingest {out}/logs, with --context {out}/context from then on")


def attack_from(days: int) -> int:
    """The day index from which attacks are planted: five of seven parts are history to learn from."""
    return days * 5 // 7
