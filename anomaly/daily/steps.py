"""The steps of a night, each of which says in the ledger what it did."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from anomaly.config import Settings
from anomaly.context import Context
from anomaly.coverage.facts import Feed
from anomaly.daily import gates
from anomaly.daily.drift import drift, exceedance
from anomaly.daily.heal import remove_damaged
from anomaly.daily.ledger import History, RunLedger
from anomaly.daily.logs import note
from anomaly.daily.night import DayResult, Night, SourceLag
from anomaly.daily.plan import Asked
from anomaly.daily.send import Sender
from anomaly.errors import AnomalyError
from anomaly.ingest import ingest
from anomaly.model.detector import ExfilDetector
from anomaly.model.registry import Registry
from anomaly.score import Scored, check_columns, pipeline_for, score_days
from anomaly.store import DatabaseError, Lake
from anomaly.words import in_time

Clock = Callable[[], datetime]
Result = TypeVar("Result")
INFO, WARNING = 20, 30


class Steps:
    """One night's steps on one lake."""

    def __init__(
        self,
        lake: Lake,
        context: Context,
        settings: Settings,
        night: Night,
        ledger: RunLedger,
        past: History,
        clock: Clock,
    ) -> None:
        self.lake, self.context, self.settings = lake, context, settings
        self.night, self.ledger, self.past, self.clock = night, ledger, past, clock
        self.sender = Sender(lake, context, settings)

    def work(self, logs: Sequence[str], asked: Asked, lookback_days: int) -> None:
        """Do everything, in order; a day that a gate holds back is left out of what follows."""
        self.honour()
        known = self.lake.days("events")
        self.ingest(logs, asked.first_listed(known, lookback_days), asked.days[-1])
        known = self.lake.days("events")
        self.night.lookback = asked.lookback(known, lookback_days)
        version, detector = Registry(self.lake.root).champion()
        check_columns(detector, version)
        self.night.model_version = str(version)
        days = self.passing([*self.night.lookback, *asked.days])
        scored = self.whole(days, lambda: self.score(days))
        for each in scored:
            self.after(each, detector)
        self.deliver()
        self.keep_drift()

    def honour(self) -> None:
        """Take over what reviewers approved since; where that cannot be done, go by what the context folder has."""
        try:
            changed = self.sender.fetch_workflows()
        except AnomalyError as error:
            self.night.notes.append(f"What reviewers approved since the last run is not honoured yet: {error}")
            self.ledger.say("workflows", self.clock(), {"problem": str(error)})
            note("workflows not fetched", WARNING, problem=str(error))
            return
        if changed:
            folder = self.settings.context.folder
            self.context = self.sender.context = Context.load(folder, self.settings.detection)
            self.ledger.say("workflows", self.clock(), {"context": self.context.digest})
            note("workflows fetched", folder=str(folder))

    def ingest(self, logs: Sequence[str], first: date, last: date) -> None:
        """Bring in what is new of these days."""
        if not logs:
            self.night.notes.append("No logs are named (daily.logs, or PATH): what the lake holds was scored.")
            note("no logs named", WARNING)
            return
        limits = self.settings.ingest
        report = self.whole(
            [last],
            lambda: ingest(
                list(logs),
                self.lake,
                days=(first, last),
                threads=limits.threads or None,
                max_inflated=limits.max_inflated_bytes,
            ),
        )
        if not report.balanced:
            raise AnomalyError("the counts of ingest do not add up: this is a mistake of ours, please report it")
        self.night.ingest = report.as_dict()
        facts = {"first": first.isoformat(), "last": last.isoformat(), **self.night.ingest}
        self.ledger.say("ingest", self.clock(), facts)
        records = report.records
        note("ingest", files=report.files_loaded, records=records.loaded, quarantined=records.quarantined)

    def passing(self, days: Sequence[date]) -> list[date]:
        """The days that no gate holds back before they are scored."""
        here = []
        for day in days:
            if refusal := gates.fresh(self.lake, day, self.settings.daily):
                self._refuse(refusal)
            else:
                here.append(day)
        if not here:
            return []
        refusals, feeds = self.whole(here, lambda: self._delivered(here))
        for refusal in refusals:
            self._refuse(refusal)
        self.night.sources = [_lag(feed, self.night.began) for feed in feeds]
        return [day for day in here if not self.night.refused(day)]

    def _delivered(self, days: Sequence[date]) -> tuple[list[gates.Refusal], list[Feed]]:
        """What the day tables say against these days, and the feeds as of the last of them."""
        pipeline_for(self.lake, self.context, self.settings).build(days, gates.TABLES)
        refusals = [each for day in days for each in gates.delivered(self.lake, day, self.settings.daily)]
        return refusals, gates.facts_of(self.lake, days[-1]).feeds

    def score(self, days: Sequence[date]) -> list[Scored]:
        """Score the days; those that are up to date are kept."""
        if not days:
            return []
        return score_days(self.lake, self.context, self.settings, days)

    def after(self, scored: Scored, detector: ExfilDetector) -> None:
        """Note a scored day; hold it against like days when it was asked for; hand it on."""
        day, night = scored.day, self.night
        result = DayResult(
            day=day,
            asked_for=day in night.asked,
            sessions=scored.sessions,
            cases=scored.cases,
            covered=scored.covered,
            alerts=scored.realised,
            asked=scored.asked,
            model_version=scored.model_version,
            rescored=not scored.kept,
        )
        night.days.append(result)
        if result.rescored:
            facts = {"day": day.isoformat(), "sessions": scored.sessions, "alerts": scored.realised}
            self.ledger.say("scored", self.clock(), facts | {"model_version": scored.model_version})
        note("scored", day=day, sessions=scored.sessions, alerts=scored.realised, kept=scored.kept)
        _, realised, asked = exceedance(self.lake, day)
        if refusal := gates.exceedance(day, realised, asked, self.settings.daily):
            self._refuse(refusal)
        if result.asked_for:
            made = self.whole([day], lambda: drift(self.lake, day, detector), lambda: self.score([day]))
            night.drifts.append(made)
        self.send(result)

    def send(self, result: DayResult) -> None:
        """Hand a day on, unless it is held back or is where it was; the ledger remembers which scores went out."""
        day, token = result.day, self.sender.token(result.day)
        if self.night.refused(day) or self.past.sent.get(day) == token:
            return
        found = self.whole([day], lambda: self.sender.found(day), lambda: self.score([day]))
        sent = self.sender.queue(found, day)
        try:
            sent |= self.sender.publish(found, day)
        except AnomalyError as error:
            self._unpublished(day, error)
            return
        finally:
            result.sent = sent or None
        if sent:
            self.ledger.say("sent", self.clock(), {"day": day.isoformat(), "token": token, **sent})
            note("sent", day=day, **sent)

    def deliver(self) -> None:
        """Send what is due; what cannot be sent waits in the outbox and fails nothing."""
        try:
            done = self.sender.deliver()
            self.night.sinks = self.sender.counts()
        except AnomalyError as error:
            self.night.notes.append(str(error))
            note("delivery failed", WARNING, problem=str(error))
            return
        if self.night.sinks:
            note("delivered", WARNING if done.failed + done.dead else INFO, **vars(done))

    def keep_drift(self) -> None:
        """Keep the figures of the last day in MLflow, where the settings ask for it."""
        if not (self.night.drifts and self.settings.daily.mlflow):
            return
        last = self.night.drifts[-1]
        try:
            Registry(self.lake.root).log_night(last.day, self.night.model_version, last.figures())
        except AnomalyError as error:  # a record for later; the report has the same figures
            self.night.notes.append(str(error))
            note("mlflow failed", WARNING, problem=str(error))

    def whole(
        self, days: Sequence[date], action: Callable[[], Result], make: Callable[[], object] | None = None
    ) -> Result:
        """Do something; where a file cannot be read, remove what is made from others and do it once more.

        ``make`` makes anew what the action only reads.

        Raises
        ------
        AnomalyError
            What broke is an event file (which, and how to bring it back), or nothing that removing could mend.
        """
        try:
            return action()
        except (DatabaseError, AnomalyError, OSError) as error:
            if isinstance(error, AnomalyError) and type(error) is not AnomalyError:
                raise  # a gate, a lock, a missing model: nothing is broken
            removed = remove_damaged(self.lake, days)
            if not removed:
                raise _said(error) from error
            names = [path.relative_to(self.lake.root).as_posix() for path in removed]
            self.night.notes.append(f"Could not be read, and was made anew: {', '.join(names)}.")
            self.ledger.say("healed", self.clock(), {"removed": names})
            note("healed", WARNING, removed=names)
        if make:
            make()
        return action()

    def _unpublished(self, day: date, error: AnomalyError) -> None:
        """The rest of the night is done all the same; without a line of the ledger the next run publishes the day."""
        self.night.unpublished[day] = str(error)
        self.ledger.say("unpublished", self.clock(), {"day": day.isoformat(), "problem": str(error)})
        note("not published", WARNING, day=day, problem=str(error))

    def _refuse(self, refusal: gates.Refusal) -> None:
        self.night.refusals.append(refusal)
        self.ledger.say("gate", self.clock(), refusal.as_dict())
        note("gate", WARNING, **refusal.as_dict())


def _said(error: Exception) -> AnomalyError:
    """The error in our own tree: the database's message is its first line."""
    if isinstance(error, AnomalyError):
        return error
    return AnomalyError(f"the lake could not be read or written: {str(error).partition(chr(10))[0]}")


def _lag(feed: Feed, now: datetime) -> SourceLag:
    seconds = int((now - datetime.fromtimestamp(0, UTC)) / timedelta(seconds=1)) - feed.last_us // 1_000_000
    return SourceLag(feed.source, feed.account_id, in_time(feed.last_us), max(0, seconds))
