"""``anomaly evaluate``: how much of what was planted is found, on organisations of seeds nobody built with."""

from pathlib import Path

import click

DEFAULT_OUT = ".evaluate"
LEAST_DAYS = 28
"""Five of seven parts are 20 days: ten to learn from, ten to calibrate on."""
DEBUG = "anomaly.debug"
"""Where the command line notes that tracebacks are wanted."""


class Seeds(click.ParamType[tuple[int, ...]]):
    """Whole numbers separated by commas."""

    name = "seeds"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Read ``101,102,103``; each seed once, from 0 on."""
        if isinstance(value, tuple):
            return value
        texts = [text.strip() for text in str(value).split(",")]
        if not all(text.isdecimal() for text in texts):
            self.fail(f"{value!r} is not a list of whole numbers such as 101,102,103", param, ctx)
        seeds = tuple(int(text) for text in texts)
        if len(set(seeds)) < len(seeds):
            self.fail(f"{value!r} names a seed twice", param, ctx)
        return seeds


def _note_debug(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.meta[DEBUG] = True


@click.command()
@click.option("--seeds", type=Seeds(), default="101,102,103", show_default=True, help="One organisation a seed.")
@click.option(
    "--days", type=click.IntRange(min=LEAST_DAYS), default=42, show_default=True, help="Days drawn; 5/7 to train."
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=DEFAULT_OUT, show_default=True, help="Where to."
)
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    default=None,
    help="Alerts a day asked for.  [default: score.budget_per_day of the settings, 10]",
)
@click.option(
    "--scale",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Size of the organisations.",
)
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Settings.  [default: anomaly.toml]",
)
@click.option("--without-attacks", is_flag=True, help="Plant no attack: what the promise of the budget is worth.")
@click.option("--ablation", is_flag=True, help="Also fit the model without each family and signal in turn.")
@click.option("--poison", is_flag=True, help="Also try insiders that double what they take every week.")
@click.option("--fresh", is_flag=True, help="Draw the organisations anew even where they are there.")
@click.option("--misses", "show_misses", is_flag=True, help="Also show each attack's rank and strongest signals.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--debug", is_flag=True, expose_value=False, callback=_note_debug, help="Show tracebacks.")
def evaluate(
    seeds: tuple[int, ...],
    days: int,
    out: Path,
    budget: float | None,
    scale: float,
    config: Path | None,
    without_attacks: bool,
    ablation: bool,
    poison: bool,
    fresh: bool,
    show_misses: bool,
    as_json: bool,
) -> None:
    """Measure detection on synthetic organisations with planted attacks.

    Draws an organisation a seed, trains on the days before the attacks, scores the later days in order, and prints how
    many attacks stood in each day's first cases, how many alerts a day came of the budget asked, and the same of simple
    baselines. The result is also written to OUT as evaluation.json, evaluation.md and, with charts, evaluation.html,
    and kept in MLflow.
    """
    from anomaly.config import Settings
    from anomaly.evaluate.poison import QuietPlan
    from anomaly.evaluate.run import run
    from anomaly.evaluate.world import Plan

    settings = Settings.load(config, {"score.budget_per_day": budget})
    plans = [Plan(seed, days, scale, attacked=not without_attacks) for seed in seeds]
    written = run(
        out,
        plans,
        settings,
        fresh=fresh,
        with_ablation=ablation,
        insiders_in=[QuietPlan(seed, scale=scale) for seed in seeds] if poison else (),
        say=lambda text: click.echo(text, err=True),
    )
    click.echo(written.json if as_json else written.markdown + ("\n" + written.misses if show_misses else ""))
