"""``anomaly top``: the ranked cases of a day."""

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from anomaly.cli.front import DAY, Setup, as_json, common, say_json

if TYPE_CHECKING:
    from anomaly.coverage.ledger import Listed
    from anomaly.score import Scored

COVERED_SHOWN = 10


@click.command()
@click.option("--day", type=DAY, help="Day to show.  [default: the last one scored]")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Cases shown.")
@as_json
@common
def top(setup: Setup, day: date | None, limit: int, as_json: bool) -> None:
    """Show the most unusual cases of a scored day: who, from where, which data, where to, how much, and why.

    Cases that an approved workflow covers stand below, without a rank.
    """
    from anomaly.listing import cases, check_scored, scored_days
    from anomaly.score import scored

    shown_day = check_scored(setup.lake, day) if day else scored_days(setup.lake)[-1]
    found = cases(setup.lake, shown_day)
    ranked = [case for case in found if not case["covered"]][:limit]
    covered = [case for case in found if case["covered"]]
    blind = _blind(setup, shown_day)
    if as_json:
        named = None if blind is None else [each.bucket for each in blind]
        say_json(_as_dict(scored(setup.lake, shown_day), ranked, covered) | {"blind_buckets": named})
    else:
        _show(scored(setup.lake, shown_day), ranked, covered)
        click.echo(_unwatched(blind, shown_day))


def _blind(setup: Setup, day: date) -> "list[Listed] | None":
    """The sensitive buckets that no log could show that day; None where that was not looked at, or by no inventory."""
    from anomaly.coverage import blind_buckets

    return blind_buckets(setup.lake, setup.context, day) if setup.settings.context.folder.is_dir() else None


def _unwatched(blind: "list[Listed] | None", day: date) -> str:
    from anomaly.words import in_list

    if blind is None:
        return f"what the logs of {day} could not show was not looked at: anomaly coverage --day {day}"
    if not blind:
        return f"every sensitive bucket could be watched on {day}"
    noun = "bucket" if len(blind) == 1 else "buckets"
    names = in_list([each.bucket for each in blind])
    return f"{len(blind):,} sensitive {noun} could not be watched on {day}: {names}; anomaly coverage --day {day}"


def _show(facts: "Scored", ranked: list[dict[str, Any]], covered: list[dict[str, Any]]) -> None:
    from anomaly.show import case_table, draw

    notes = [
        f"asked for {facts.asked:g} alerts a day, realised {facts.realised} (marked !); {facts.sessions:,} sessions in "
        f"{facts.cases:,} cases, of which {len(ranked):,} are shown; model version {facts.model_version}",
        "`anomaly explain SESSION` tells all of one",
    ]
    draw(case_table(f"{facts.day}: cases by how unusual they are", ranked, notes))
    if covered:
        more = len(covered) - COVERED_SHOWN
        below = [f"and {more:,} more"] if more > 0 else []
        click.echo()
        draw(case_table("Covered by an approved workflow, not ranked", covered[:COVERED_SHOWN], below))


def _as_dict(facts: "Scored", ranked: list[dict[str, Any]], covered: list[dict[str, Any]]) -> dict[str, Any]:
    from anomaly.listing import plain_case

    return {
        "day": facts.day,
        "model_version": facts.model_version,
        "sessions": facts.sessions,
        "asked": facts.asked,
        "realised": facts.realised,
        "cases_in_all": facts.cases,
        "cases": [plain_case(case) for case in ranked],
        "covered": [plain_case(case) for case in covered],
    }
