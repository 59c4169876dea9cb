"""A scored day's cases handed on: to the outbox of the receivers in [sinks], to the review database where there is one.

Both take the same day again and again. A day whose scores and places are those of the last time is not handed on anew.
What reviewers approved comes back the same way, before the night begins.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from anomaly.config import Settings
from anomaly.context import Context
from anomaly.errors import AnomalyError
from anomaly.findings import documents
from anomaly.listing import SCORES
from anomaly.review.place import PUBLISHED, review_url
from anomaly.sinks import Delivered, Outbox, sinks
from anomaly.store import Lake

if TYPE_CHECKING:
    from anomaly.review.database import Database


@dataclass
class Sender:
    """Where the cases of one lake go."""

    lake: Lake
    context: Context
    settings: Settings

    def token(self, day: date) -> str:
        """What a day's handing on depends on: its scores, its places, and how many cases each takes."""
        places = [self.review_url, *sorted(self.outbox.receivers), str(self.settings.sinks.top)]
        parts = [self.lake.facts(SCORES, day).get("fingerprint", ""), *places]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def found(self, day: date) -> list[dict[str, Any]]:
        """The documents of a day, as many as its places take; none where there is no place."""
        if not (self.review_url or self.outbox.receivers):
            return []
        return documents(self.lake, day, self.context, top=max(self.settings.sinks.top, PUBLISHED))

    def queue(self, found: list[dict[str, Any]], day: date) -> dict[str, int]:
        """Put a day's documents into the outbox; returns how many."""
        if not self.outbox.receivers:
            return {}
        top = self.settings.sinks.top
        chosen = [each for each in found if each["alert"] or each["rank"] is None or each["rank"] <= top]
        return {"queued": self.outbox.enqueue(chosen, days=[day])}

    def publish(self, found: list[dict[str, Any]], day: date) -> dict[str, int]:
        """Put a day's documents before the reviewers; returns how many became what."""
        if not self.review_url:
            return {}
        # seconds to import, for those who review
        from anomaly.review.publish import publish

        with self._reviewing() as database:
            return dict(vars(publish(database, found, day=day)))

    def fetch_workflows(self) -> bool:
        """Bring what reviewers approved into the context folder; returns whether that changed anything there.

        Raises
        ------
        AnomalyError
            The review database cannot be reached, or the folder cannot be written.
        """
        if not self.review_url:
            return False
        from anomaly.review.workflows import export, is_exported

        folder = self.settings.context.folder
        with self._reviewing() as database:
            if is_exported(database, folder):
                return False
            export(database, folder)
        return True

    def deliver(self) -> Delivered:
        """Send what is due, for at most ``sinks.seconds``; a receiver that is down keeps its findings waiting."""
        return self.outbox.deliver() if self.outbox.receivers else Delivered()

    def counts(self) -> dict[str, dict[str, int]]:
        """How many findings are in which state, by receiver."""
        return self.outbox.counts() if self.outbox.receivers else {}

    @cached_property
    def review_url(self) -> str:
        """The review database, empty where there is none."""
        return review_url(self.settings, self.lake.root)

    @cached_property
    def outbox(self) -> Outbox:
        """The outbox of every sink that is named."""
        return Outbox(self.lake.root, sinks(self.settings.sinks), self.settings.sinks)

    @contextmanager
    def _reviewing(self) -> Iterator["Database"]:
        from anomaly.review.database import open_database

        try:
            database = open_database(self.review_url)
        except OSError as error:
            raise AnomalyError(f"the folder of the review database cannot be made: {error}") from error
        try:
            yield database
        finally:
            database.close()
