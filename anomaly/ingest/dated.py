"""The day that a log's path tells of, in the layouts in which providers deliver.

CloudTrail, VPC flow logs and Google Cloud write ``…/2024/03/01/…``, Azure ``…/y=2024/m=03/d=01/…``, Hive-style
deliveries ``…/year=2024/month=03/day=01/…`` or ``…/date=2024-03-01/…``, and S3 access logs begin a name with the day.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

LATE = timedelta(days=1)
"""A record of the last minutes of a day is delivered into the next day's folder; CloudTrail takes about 5 minutes, S3
access logs "a few hours" (their documentation), so one day further is read."""

FULL = re.compile(
    r"(?:^|(?<=/))(?:year=|y=)?(?P<y>20\d\d)(?P<to_m>/(?:month=|m=)?)(?P<m>\d\d)(?P<to_d>/(?:day=|d=)?)(?P<d>\d\d)(?=/)"
    r"|(?<!\d)(?P<y2>20\d\d)-(?P<m2>\d\d)-(?P<d2>\d\d)(?=/|(?:-\d\d){3}-[0-9A-F]{16}$)"
)
"""A whole day in a path: three folders, one folder, or the beginning of an access log's name."""

MONTH = re.compile(r"(?:^|/)(?:year=|y=)?(20\d\d)/(?:month=|m=)?(\d\d)/?$")
"""The folder of a month, in a path that ends with it."""


@dataclass(frozen=True)
class Days:
    """The days asked for, ``first`` to ``last``, both included; None leaves that end open."""

    first: date | None
    last: date | None

    @property
    def until(self) -> date:
        """The last day whose folder may hold a record of these days."""
        return self.last + LATE if self.last and self.last < date.max - LATE else date.max

    @property
    def since(self) -> date:
        """The first day whose folder may."""
        return self.first or date.min

    def __contains__(self, day: date) -> bool:
        return self.since <= day <= self.until

    def want(self, path: str) -> bool:
        """Whether a file of that path may hold records of these days; one without a day may."""
        found = dated(path)
        return found is None or found.day in self

    def want_folder(self, path: str) -> bool:
        """Whether a folder may lead to wanted files: a month of other days does not, nor does a day."""
        found = MONTH.search(path)
        if found and 1 <= int(found[2]) <= 12:
            year, month = int(found[1]), int(found[2])
            after = date(year + month // 12, month % 12 + 1, 1)
            return date(year, month, 1) <= self.until and after > self.since
        return self.want(path.rstrip("/") + "/")


ALWAYS = Days(None, None)


@dataclass(frozen=True)
class Dated:
    """Where a day stands in a path: ``head`` before it, and ``joints`` between year, month and day."""

    day: date
    head: str
    joints: tuple[str, str]

    def at(self, day: date) -> str:
        """Return the path up to another day, in the same layout."""
        to_month, to_day = self.joints
        return f"{self.head}{day.year:04d}{to_month}{day.month:02d}{to_day}{day.day:02d}"

    @property
    def after(self) -> str:
        """A text that sorts behind every day below the same head: ``9999`` is behind all years."""
        return self.head + "9999"


def dated(path: str) -> Dated | None:
    """Find the first day in a path; None where there is none, or one that no calendar has."""
    found = FULL.search(path)
    if found is None:
        return None
    parts = ("y", "m", "d") if found["y"] else ("y2", "m2", "d2")
    try:
        day = date(*(int(found[part]) for part in parts))
    except ValueError:
        return None
    joints = (found["to_m"], found["to_d"]) if found["y"] else ("-", "-")
    return Dated(day, path[: found.start(parts[0])], joints)


def without_day(paths: Iterable[str]) -> int:
    """Count the paths that tell no day."""
    return sum(dated(path) is None for path in paths)
