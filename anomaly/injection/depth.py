"""How much may leave a bucket unseen: searched by injection, for every kind of caller and every route.

A trial is one caller on one day over one route; its amount is halved and doubled until the smallest one is known that
still stands in the queue. A leak is the same amount day after day, caught when one of its days is.
"""

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from anomaly.config import Settings
from anomaly.context import Context
from anomaly.errors import DataQualityError
from anomaly.injection.bucket import Bucket, check_bucket, read_bucket
from anomaly.injection.inject import impossible, largest
from anomaly.injection.leak import Leak, LeakProbe
from anomaly.injection.overlay import overlay
from anomaly.injection.result import Cell, Depth, LeakCell
from anomaly.injection.routes import ROUTES, USUAL, Caller, Campaign
from anomaly.injection.search import Search, ladder
from anomaly.injection.trials import LINES, Bench, Outcome
from anomaly.pipeline import no_events
from anomaly.store import Lake

SEED = 20260101
FEWEST_DAYS = 14
"""Of history before a day that is tried; with less, everything in it is new (the warm-up is 10 days)."""
MOST_ROUNDS = 7
"""Halvings of a search; what is not settled by then is told by the smallest amount that was tried and caught."""
LEAK_ROUNDS = 4
"""Of a leak every round builds all its days."""
LEAKS_TOGETHER = 4
"""Leaks of one kind of caller: they share a build, and from the second day on each raises what is usual for its kind
and for the bucket. More of them would measure each other."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What is asked: ``trials`` a cell over ``days`` days up to ``day``; leaks of ``leak_days`` days, none where 0."""

    bucket: str
    day: date | None = None
    trials: int = 12
    days: int = 3
    leak_days: int = 30
    seed: int = SEED


@dataclass
class Trial:
    """One caller on one day over one route, and what is known of it so far."""

    caller: Caller
    route: str
    day: date
    number: int
    search: Search[Outcome]

    def campaign(self, place: int, seed: int) -> Campaign:
        """The campaign of one amount."""
        name = f"{self.number}.{place}"
        return Campaign(name, self.caller, self.route, self.search.amounts[place], self.day, _seed(seed, self.number))


def measure(lake: Lake, context: Context, settings: Settings, plan: Plan, progress: Progress = lambda _: None) -> Depth:
    """Search the depth of a bucket; the lake itself is not written.

    Raises
    ------
    UnknownNameError
        No event names the bucket, or the day has no events.
    DataQualityError
        There is too little history, or no read of the bucket that a route could be shaped after.
    NoModelError
        There is no champion.
    """
    days = trial_days(lake.days("events"), plan)
    check_bucket(lake, plan.bucket, days[0])
    with overlay(lake, days[-1]) as made:
        bench = Bench(made, context, settings)
        for day in days:
            progress(f"the real cases of {day}")
            bench.queue(day)
        bucket = read_bucket(made.lake, plan.bucket, days[0])
        trials = _trials(bench, bucket, days, plan)
        _run(bench, bucket, trials, plan, progress)
        leaks, leak_span, why_not = _leaks(bench, plan, days[-1], progress)
        return Depth(
            bucket=bucket.name,
            in_bytes=bucket.in_bytes,
            days=tuple(days),
            budget=settings.score.budget_per_day,
            model_version=bench.version,
            objects=len(bucket.keys),
            builds=bench.builds,
            cells=tuple(_cells(trials)),
            leak_days=leak_span,
            leaks=tuple(leaks),
            not_tried=(*_not_tried(bucket, trials), *why_not),
        )


def trial_days(known: Sequence[date], plan: Plan) -> list[date]:
    """The days to try, oldest first: the one asked about (the last working day) and those before of its sort.

    A working day is compared with working days, a weekend with weekends.
    """
    if not known:
        raise DataQualityError("the lake holds no events: run `anomaly ingest PATH` first")
    last = plan.day or max((day for day in known if day.weekday() < 5), default=known[-1])
    if last not in known:
        raise no_events(known, last)
    ready = known[0] + timedelta(days=FEWEST_DAYS)
    found = [day for day in known if ready <= day <= last and (day.weekday() < 5) == (last.weekday() < 5)]
    if not found:
        raise DataQualityError(
            f"too little history: {last} has {(last - known[0]).days} days before it, {FEWEST_DAYS} are needed"
        )
    return found[-plan.days :]


def _trials(bench: Bench, bucket: Bucket, days: Sequence[date], plan: Plan) -> list[Trial]:
    """Every cell's trials: callers spread over days, different ones for different routes where there are enough."""
    a_day = -(-plan.trials // len(days))
    routes = [name for name in ROUTES if not impossible(bucket, name)]
    trials: list[Trial] = []
    for place, route in enumerate(routes):
        amounts = ladder(largest(bucket, route), in_bytes=bucket.in_bytes)
        for callers in groups(bucket.callers).values():
            for day in days:
                quiet = [each for each in callers if each.actor not in bench.queue(day).alerting]
                chosen = rotated(quiet, place * a_day)[:a_day]
                trials += [Trial(each, route, day, 0, Search(amounts, LINES)) for each in chosen]
        for day in days:
            trials += [Trial(bucket.new_caller(), route, day, 0, Search(amounts, LINES)) for _ in range(a_day)]
    for number, trial in enumerate(trials):
        trial.number = number
    return trials


def _not_tried(bucket: Bucket, trials: Sequence[Trial]) -> list[str]:
    """The routes that this bucket's log knows nothing of, and the callers that were left out, with the reason."""
    tried = {trial.caller.who for trial in trials}
    left_out = [who for who in groups(bucket.callers) if who not in tried]
    return [
        *(f"{name}: {why}" for name in ROUTES if (why := impossible(bucket, name))),
        *(f"{who}: all of them stand in the queue of these days for something else" for who in left_out),
    ]


def groups(callers: Iterable[Caller]) -> dict[str, list[Caller]]:
    """Callers by kind and by whether they read the bucket."""
    found: dict[str, list[Caller]] = defaultdict(list)
    for each in callers:
        found[each.who].append(each)
    return dict(found)


def rotated(callers: Sequence[Caller], by: int) -> list[Caller]:
    """The same callers, beginning elsewhere."""
    start = by % len(callers) if callers else 0
    return [*callers[start:], *callers[:start]]


def _run(bench: Bench, bucket: Bucket, trials: Sequence[Trial], plan: Plan, progress: Progress) -> None:
    for turn in range(MOST_ROUNDS):
        due: dict[date, list[tuple[Trial, int]]] = defaultdict(list)
        for trial in trials:
            if (place := trial.search.next_place()) is not None:
                due[trial.day].append((trial, place))
        for day, asked in sorted(due.items()):
            progress(f"one day, round {turn + 1}: {len(asked)} campaigns on {day}")
            campaigns = {f"{t.number}.{place}": t.campaign(place, plan.seed) for t, place in asked}
            found = bench.run_day(bucket, day, list(campaigns.values()))
            for trial, place in asked:
                trial.search.probes[place] = found[f"{trial.number}.{place}"]


def _cells(trials: Sequence[Trial]) -> list[Cell]:
    by_cell: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in trials:
        by_cell[trial.caller.who, trial.route].append(trial)
    return [
        Cell(
            who=who,
            route=route,
            smallest=found[0].search.amounts[0],
            largest=found[0].search.amounts[-1],
            caught={line: tuple(_smallest(each.search, line) for each in found) for line in LINES},
            covered=sum(any(probe.covered for probe in each.search.probes.values()) for each in found),
            contradictions=sum(each.search.contradictions(LINES[0]) for each in found),
        )
        for (who, route), found in by_cell.items()
    ]


def _smallest(search: Search[Outcome] | Search[LeakProbe], line: str = "alert") -> float:
    probe = search.smallest(line)
    return probe.taken if probe else float("inf")


def _leaks(
    bench: Bench, plan: Plan, last: date, progress: Progress
) -> tuple[list[LeakCell], tuple[date, ...], tuple[str, ...]]:
    """Search the slowest leak of every kind of caller; the days it had, and why there is none."""
    known = [day for day in bench.overlay.real.days("events") if day <= last]
    ready = max(known[0] + timedelta(days=FEWEST_DAYS), last - timedelta(days=plan.leak_days - 1))
    days = [day for day in known if day >= ready]
    if not plan.leak_days:
        return [], (), ()
    if len(days) < 2:
        return [], (), (f"a slow leak: there are {len(days)} days after the first {FEWEST_DAYS} of the history",)
    bucket = read_bucket(bench.overlay.lake, plan.bucket, days[0])
    leaks = _leaks_of(bucket, min(plan.trials, LEAKS_TOGETHER))
    for turn in range(LEAK_ROUNDS):
        due = [(leak, place) for leak in leaks if (place := leak.search.next_place()) is not None]
        if not due:
            break
        progress(f"a leak of {len(days)} days, round {turn + 1}: {len(due)} at once")
        found = bench.run_leaks(
            bucket,
            {
                day: [
                    leak.campaign(place, day, _seed(plan.seed, leak.number, day.toordinal()))
                    for leak, place in due
                    if leak.works_on(day)
                ]
                for day in days
            },
        )
        for leak, place in due:
            leak.search.probes[place] = LeakProbe.of(found[str(leak.number)])
    return _leak_cells(leaks), tuple(days), ()


def _leaks_of(bucket: Bucket, of_each: int) -> list[Leak]:
    """The leaks that run at once: some callers of every kind, each of another identity."""
    amounts = ladder(largest(bucket, USUAL), in_bytes=bucket.in_bytes)
    taken: set[str] = set()
    callers: list[Caller] = []
    for found in groups(bucket.callers).values():
        free = [each for each in found if each.identity not in taken]
        chosen = list({each.identity: each for each in free}.values())[:of_each]
        taken |= {each.identity for each in chosen}
        callers += chosen
    callers += [bucket.new_caller()] * of_each
    return [Leak(each, USUAL, number, Search(amounts, LINES[:1])) for number, each in enumerate(callers)]


def _leak_cells(leaks: Sequence[Leak]) -> list[LeakCell]:
    by_who: dict[str, list[Leak]] = defaultdict(list)
    for leak in leaks:
        by_who[leak.caller.who].append(leak)
    caught = {
        who: [probe for each in found if (probe := each.search.smallest("alert"))] for who, found in by_who.items()
    }
    return [
        LeakCell(
            who=who,
            route=found[0].route,
            smallest=found[0].search.amounts[0],
            largest=found[0].search.amounts[-1],
            caught={"alert": tuple(_smallest(each.search) for each in found)},
            days=tuple(probe.day for probe in caught[who] if probe.day),
            lost=tuple(probe.lost for probe in caught[who]),
        )
        for who, found in by_who.items()
    ]


def _seed(*parts: int) -> int:
    return zlib.crc32(",".join(map(str, parts)).encode())
