"""A patient insider: doubles what it takes every week, so that each week makes the next look usual.

Its reads are written into the ordinary life of a simulated organisation and replayed as in production: every day is
scored the night after, the model is trained anew every week on all that was seen, the insider's own days included.
It comes from its usual network, in its usual way, at its usual hour; only the amount tells.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pyarrow as pa

from anomaly.config import Settings
from anomaly.context import Context
from anomaly.evaluate.outcome import FOUND_RANK
from anomaly.evaluate.world import START, Plan, World, open_world
from anomaly.injection.bucket import Bucket, read_bucket
from anomaly.injection.inject import largest, rows, taken
from anomaly.injection.overlay import Overlay, overlay
from anomaly.injection.routes import USUAL, Campaign
from anomaly.score import score_days, train_model
from anomaly.store import Lake, Store

CANDIDATES = (Path(__file__).parent / "poison_candidates.sql").read_text(encoding="utf-8")
PLACE = (
    "select min(case_rank), bool_or(alert), arg_min(headline, rank) from scores where actor = $actor and not covered"
)
NORMAL_DAYS, RAMP_WEEKS, WEEK = 35, 6, 7
"""Ordinary days before (a month to compare with), then weeks that double: 2 + 4 + ... weeks' worth,
ten normal months in the fifth."""
MONTH_DAYS = 30
LIMIT_MONTHS = 10.0
"""An insider should be caught before this many of its normal months have left."""
KINDS = ("human", "workload")
PLACES = (0.25, 0.5, 0.75)
"""Which insiders of a kind are tried, by their own volume: a small, a middling and a large one."""
FEWEST_DAYS, STOCK, SENSITIVE = 5, 2.0, 4
"""It was at work on five days of the month; its bucket holds two of its months, so that doubling goes on into the fifth
week; the bucket is confidential (4) or restricted (10)."""
WORKING_DAYS = 5
SEED = 20260101
Say = Callable[[str], None]


@dataclass(frozen=True)
class QuietPlan(Plan):
    """An organisation in which nobody plants anything, long enough for a ramp."""

    days: int = NORMAL_DAYS + WEEK * RAMP_WEEKS
    attacked: bool = False
    normal_days: int = NORMAL_DAYS

    @property
    def ramp_from(self) -> date:
        """The first day of the ramp."""
        return START + timedelta(days=self.normal_days)


@dataclass(frozen=True)
class Insider:
    """Who takes from where; ``normal_bytes`` is what all its reads of the month before came to."""

    identity: str
    actor: str
    kind: str
    bucket: str
    sensitivity: str
    normal_bytes: int

    def works_on(self, day: date) -> bool:
        """People take on working days, machines on all."""
        return self.kind != "human" or day.weekday() < WORKING_DAYS


@dataclass(frozen=True)
class Night:
    """What the list of one day said of an actor: place of its best case (None: no case), alert, headline."""

    rank: int | None
    alert: bool
    headline: str

    @property
    def shown(self) -> bool:
        """Whether somebody who works through the alerts, or the first cases, meets it."""
        return self.alert and self.rank is not None and self.rank <= FOUND_RANK


@dataclass(frozen=True)
class Poisoned:
    """What became of an insider.

    Attributes
    ----------
    caught
        Day of the ramp (1 is the first) on which it was in an alert among the first 10 cases, and would not have been
        by its ordinary work of that day; None where it never was.
    months
        What it had taken beyond its ordinary work by the evening of that day, or in all where it was never caught, in
        normal months.
    limit_day
        Day of the ramp on which ten normal months would have left; None where the ramp ends before.
    usual_alerts, usual_days
        Of how many of the days up to then its ordinary work alone was shown: what it gets by chance.
    full_amount
        Whether it could double to the end: the bucket's objects are finite.
    """

    seed: int
    insider: Insider
    caught: int | None
    months: float
    limit_day: int | None
    headline: str
    usual_alerts: int
    usual_days: int
    full_amount: bool

    @property
    def in_time(self) -> bool:
        """Whether it was caught before ten normal months had left."""
        return self.caught is not None and self.months < LIMIT_MONTHS


def poison(
    out: Path, plans: Sequence[QuietPlan], settings: Settings, *, fresh: bool = False, say: Say
) -> list[Poisoned]:
    """Try insiders on each of these organisations, drawn below ``out``; raises as ``open_world`` does."""
    found: list[Poisoned] = []
    for plan in plans:
        tell = partial(_tell, say, plan.seed)
        tell("drawing and ingesting")
        found += tried(open_world(out, plan, fresh=fresh), plan.ramp_from, settings, tell)
    return found


def tried(world: World, first: date, settings: Settings, say: Say = lambda _: None) -> list[Poisoned]:
    """Try the insiders of one organisation, ``first`` being the ramp's first day.

    Those of a round share a replay: one of each kind, in buckets of their own.
    """
    settings = replace(settings, lake=replace(settings.lake, root=world.lake.root))
    context = Context.load(world.organisation / "context")
    ramp = [day for day in world.lake.days("events") if first <= day < world.plan.end]
    say("the same days without an insider")
    _night(world.lake, context, settings, ramp[0], first)  # makes the tables that tell who might be one
    rounds = list(together(insiders(world.lake, first)))
    for day in ramp[1:] if rounds else []:
        _night(world.lake, context, settings, day, first)
    found: list[Poisoned] = []
    for place, group in enumerate(rounds, start=1):
        say(f"round {place} of {len(rounds)}: {', '.join(each.actor.rsplit('/', 1)[-1] for each in group)}")
        with overlay(world.lake, ramp[-1]) as made, made.replacing(set(ramp)):
            ways = _ramped(made, context, settings, group, ramp)
            found += [way.outcome(world.plan.seed, ramp) for way in ways]
    return found


def _tell(say: Say, seed: int, text: str) -> None:
    say(f"patient insiders, seed {seed}: {text}")


def insiders(lake: Lake, first: date) -> list[Insider]:
    """Who is tried: of each kind, in the order of their own volume, those at ``PLACES``, smallest first."""
    with Store() as store:
        for name in ("flows", "acts", "actor_day", "session_features"):
            store.view(name, lake.files(name, first - timedelta(days=MONTH_DAYS), first - timedelta(days=1)))
        asked = {"fewest_days": FEWEST_DAYS, "stock": STOCK, "sensitive": SENSITIVE}
        known = [Insider(**row) for row in store.records(CANDIDATES, asked)]
    chosen: list[Insider] = []
    for kind in KINDS:
        of_kind = [each for each in known if each.kind == kind]
        chosen += [of_kind[place] for place in sorted({int(share * len(of_kind)) for share in PLACES}) if of_kind]
    return chosen


def together(chosen: Sequence[Insider]) -> Iterator[list[Insider]]:
    """Groups that do not measure each other: a kind's busy days and a bucket's are what others are held to."""
    waiting = list(chosen)
    while waiting:
        group: list[Insider] = []
        for each in list(waiting):
            if all(each.kind != other.kind and each.bucket != other.bucket for other in group):
                group.append(each)
                waiting.remove(each)
        yield group


def extra_bytes(insider: Insider, day: date, first: date) -> float:
    """What it takes beyond its ordinary work: in week n of the ramp its whole volume is 2 to the n times the normal."""
    if not insider.works_on(day):
        return 0.0
    days_a_week = WORKING_DAYS if insider.kind == "human" else WEEK
    a_day = insider.normal_bytes / MONTH_DAYS * WEEK / days_a_week
    return float(a_day * (2 ** ((day - first).days // WEEK + 1) - 1))


def _night(lake: Lake, context: Context, settings: Settings, day: date, first: date) -> None:
    """One night as in production: trained anew at the start of a week on the days before, then the day is scored."""
    if (day - first).days % WEEK == 0:
        train_model(lake, context, settings, day, promote=True)
    score_days(lake, context, settings, [day])


@dataclass
class Ramp:
    """One insider's way: its bucket, what its ordinary work of each day alone shows, what it took and what was seen."""

    insider: Insider
    bucket: Bucket
    usual: Mapping[date, Night]
    gone: dict[date, float] = field(default_factory=dict)
    seen: dict[date, Night] = field(default_factory=dict)

    @property
    def caught(self) -> date | None:
        """The first day it was shown on and would not have been by its ordinary work."""
        return next((day for day, night in self.seen.items() if night.shown and not self.usual[day].shown), None)

    def campaign(self, day: date, first: date) -> Campaign | None:
        """Its reads of a day, None on a day off; other objects every day."""
        amount = extra_bytes(self.insider, day, first)
        if not amount:
            return None
        caller = next(each for each in self.bucket.callers if each.actor == self.insider.actor)
        return Campaign(f"{self.insider.kind}-{day}", caller, USUAL, amount, day, SEED + day.toordinal())

    def outcome(self, seed: int, ramp: Sequence[date]) -> Poisoned:
        """What became of it."""
        caught, limit = self.caught, LIMIT_MONTHS * self.insider.normal_bytes
        until = caught or max(self.seen)
        asked = {day: extra_bytes(self.insider, day, ramp[0]) for day in ramp}
        left = list(itertools.accumulate(asked.values()))
        return Poisoned(
            seed=seed,
            insider=self.insider,
            caught=None if caught is None else ramp.index(caught) + 1,
            months=sum(bytes_ for day, bytes_ in self.gone.items() if day <= until) / self.insider.normal_bytes,
            limit_day=next((place for place, bytes_ in enumerate(left, start=1) if bytes_ >= limit), None),
            headline="" if caught is None else self.seen[caught].headline,
            usual_alerts=sum(night.shown for day, night in self.usual.items() if day <= until),
            usual_days=sum(day <= until for day in self.usual),
            full_amount=max(asked[day] for day in self.seen if day <= until) <= largest(self.bucket, USUAL),
        )


def _ramped(
    made: Overlay, context: Context, settings: Settings, group: Sequence[Insider], ramp: Sequence[date]
) -> list[Ramp]:
    """Write the insiders' reads day by day and look at each night's list, until all of them are caught."""
    ways = [
        Ramp(
            each,
            read_bucket(made.real, each.bucket, ramp[0]),
            {day: night(made.real, day, each.actor) for day in ramp},
        )
        for each in group
    ]
    for day in ramp:
        planned = [(way, way.campaign(day, ramp[0])) for way in ways]
        parts = [(way.bucket, campaign) for way, campaign in planned if campaign]
        _write(made, day, [rows(bucket, context, [campaign]) for bucket, campaign in parts])
        _night(made.lake, context, settings, day, ramp[0])
        for way, campaign in planned:
            way.gone[day] = taken(way.bucket, campaign) if campaign else 0.0
            way.seen[day] = night(made.lake, day, way.insider.actor)
        if all(way.caught for way in ways):
            break
    return ways


def _write(made: Overlay, day: date, added: Sequence[pa.Table]) -> None:
    """Give a day its own events and what the insiders add to them."""
    with Store() as store:
        store.view("events", made.own_files(day))
        if added:
            store.register("added", pa.concat_tables(added))
        made.write_day(day, store, "select * exclude (date) from events", "select * from added" if added else None)


def night(lake: Lake, day: date, actor: str) -> Night:
    """What the list of a scored day says of an actor."""
    with Store() as store:
        store.view("scores", lake.files("scores", day))
        ((rank, alert, headline),) = store.rows(PLACE, {"actor": actor})
    return Night(rank, bool(alert), headline or "")
