"""Gates: what a day must hold before anything of it is published. Each says what was found and what to do.

A gate that ``daily.allow`` names only warns: the run goes on, and its report says so.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from anomaly.config.settings import DailySettings
from anomaly.coverage.facts import DayFacts, day_facts
from anomaly.daily.drift import LEAST_LIKE_DAYS
from anomaly.pruned import check_kept
from anomaly.store import Lake
from anomaly.words import visible

TABLES = ("delivery_holes",)
"""What must be built of a day before it is judged; what it reads is built with it."""
LEAST_MOVES = 20
"""Copies and shares over 28 days below which a share of them says nothing: our choice."""
SHOWN = 3


@dataclass(frozen=True)
class Refusal:
    """One gate that a day did not pass; ``allowed`` when the settings let it through."""

    gate: str
    day: date
    says: str
    do: str
    allowed: bool = False

    @property
    def text(self) -> str:
        """What was found and what to do, in one sentence each."""
        return f"{self.day}: {self.says}. {self.do}"

    def as_dict(self) -> dict[str, Any]:
        """The refusal as JSON has it."""
        return {
            "gate": self.gate,
            "day": self.day.isoformat(),
            "says": self.says,
            "do": self.do,
            "allowed": self.allowed,
        }


def fresh(lake: Lake, day: date, settings: DailySettings) -> Refusal | None:
    """Refuse a day of which no event has come; raises DataQualityError for one that was pruned."""
    check_kept(lake.root, day)
    known = lake.days("events")
    if day in known:
        return None
    newest = f"the newest events are of {known[-1]}" if known else "the lake holds no events at all"
    return Refusal(
        "fresh",
        day,
        f"no log of that day has come: {newest}",
        "Look whether logging is on and its files reach the places in daily.logs, then run again",
        "fresh" in settings.allow,
    )


def delivered(lake: Lake, day: date, settings: DailySettings) -> list[Refusal]:
    """Refuse a day with a hole in delivery or too little destination detail; its ``TABLES`` must be built."""
    facts = facts_of(lake, day)
    return [*_holes(facts, settings), *_destination(facts, settings)]


def facts_of(lake: Lake, day: date) -> DayFacts:
    """What the day tables say of a day's feeds and of the hours in which they were silent."""
    nobody = pd.DataFrame({"bucket": [], "provider": []}, dtype="str")
    return day_facts(lake, day, nobody)


def _holes(facts: DayFacts, settings: DailySettings) -> Iterator[Refusal]:
    silent = {feed: hours for feed, hours in facts.hours.items() if len(hours) > settings.max_silent_hours}
    if not silent:
        return
    expected: dict[tuple[str, str], float] = defaultdict(float)
    for hole in facts.holes:
        expected[hole.source, hole.account_id] += hole.expected
    worst = sorted(silent, key=lambda feed: (-len(silent[feed]), feed))
    named = "; ".join(
        f"{source} of account {visible(account) or 'unknown'} silent for {len(silent[source, account])} hours "
        f"in which about {expected[source, account]:,.0f} events are usual"
        for source, account in worst[:SHOWN]
    )
    more = f"; and {len(worst) - SHOWN} more" if len(worst) > SHOWN else ""
    yield Refusal(
        "holes",
        facts.day,
        f"a hole in delivery: {named}{more} (daily.max_silent_hours is {settings.max_silent_hours})",
        "Bring in the missing files and run again; if nothing happened in these hours, name holes in daily.allow",
        "holes" in settings.allow,
    )


def _destination(facts: DayFacts, settings: DailySettings) -> Iterator[Refusal]:
    moves = sum(feed.moves for feed in facts.feeds)
    named = sum(feed.moves_with_destination for feed in facts.feeds)
    if moves < LEAST_MOVES or named >= settings.destination_detail * moves:
        return
    yield Refusal(
        "destination",
        facts.day,
        f"only {named / moves:.0%} of {moves:,} copies and shares in 28 days name where the data went "
        f"(daily.destination_detail is {settings.destination_detail:.0%})",
        "Switch on the logs that tell it (`anomaly coverage` names them); until then, name destination in daily.allow",
        "destination" in settings.allow,
    )


def exceedance(day: date, realised: Sequence[int], asked: float, settings: DailySettings) -> Refusal | None:
    """Refuse to send a day's alerts where like days, itself included, raise far more than was promised.

    Parameters
    ----------
    realised
        Alerts of the like days, this one among them; under ``LEAST_LIKE_DAYS`` of them say nothing: one loud day is
        what the product is for.
    """
    if len(realised) < LEAST_LIKE_DAYS:
        return None
    mean = sum(realised) / len(realised)
    if mean <= settings.max_exceedance * asked:
        return None
    return Refusal(
        "exceedance",
        day,
        f"{mean:,.1f} alerts a day over {len(realised)} like days where {asked:g} were promised "
        f"(daily.max_exceedance is {settings.max_exceedance:g} times): the model no longer knows what is ordinary",
        "See the report for what drifted, then train anew; to have these alerts sent, name exceedance in daily.allow",
        "exceedance" in settings.allow,
    )
