"""People at work: their days, sitting by sitting."""

from anomaly.simulate import sittings
from anomaly.simulate.draw import weighted
from anomaly.simulate.org import Org
from anomaly.simulate.person import Person
from anomaly.simulate.wire import Log

MONTH_END_FACTOR = 4.0


class Employee(Person):
    """A person who goes to work."""

    def live(self, org: Org, log: Log) -> None:
        """A day at work, or the rare look on a day off, and nights on call."""
        if log.day < self.start:
            return
        place = self.place(log.day, log.draw)
        busy = self.works(org, log.day)
        for _ in range(org.count(self.eagerness(org, log.day), log.draw)):
            hour = self.hour(log.draw) if busy else float(log.draw.uniform(9, 22))
            self.session(org, log, org.at(log.day, hour - self.offset), place)
        for _ in range(org.count(1.2, log.draw) if log.day in self.on_call else 0):
            hour = float(log.draw.uniform(20, 30)) % 24
            self.session(org, log, org.at(log.day, hour - self.offset), "home")

    def session(self, org: Org, log: Log, start: float, place: str) -> None:
        """One sitting with one bucket."""
        bucket = self.known[weighted(log.draw, list(self.habits), list(self.habits.values()))]
        tool = weighted(log.draw, list(self.tools), list(self.tools.values()))
        factor = self.appetite * (MONTH_END_FACTOR if self.closes_books(org, log.day) else 1.0)
        sitting = sittings.Sitting(self, org, log, start, place, bucket, factor)
        sittings.sit(sitting, tool)
