"""The days that were pruned, as building later ones sees them: what is kept of them is read and never made again."""

from collections.abc import Sequence
from datetime import date
from functools import cached_property

import pyarrow as pa
import pyarrow.parquet as pq

from anomaly.catalog import table
from anomaly.errors import AnomalyError
from anomaly.pruned import Pruned, gone, pruned
from anomaly.store import Lake


class Frozen:
    """The pruned days of one lake."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    @cached_property
    def marker(self) -> Pruned | None:
        """What was pruned, None where nothing was."""
        return pruned(self.lake.root)

    @cached_property
    def days(self) -> list[date]:
        """The days whose events are gone, oldest first."""
        return self.marker.days if self.marker else []

    def __contains__(self, day: date) -> bool:
        return self.marker is not None and day < self.marker.before

    def refuse(self, days: Sequence[date]) -> None:
        """Refuse to make anything of a pruned day; raises DataQualityError for the first."""
        for day in days:
            if self.marker and day < self.marker.before:
                raise gone(self.marker.before, day)

    def fingerprint(self, name: str, day: date) -> str:
        """The fingerprint of what is kept of a table's day, of the events that of those that are gone.

        Raises
        ------
        AnomalyError
            A table that later days read is lost, or of an older version of the product. Without it they would be
            judged against another past, so nothing is built.
        """
        if self.marker and name == "events":
            return self.marker.events.get(day, "")
        path = self.lake.partition(name, day)
        held = self.lake.facts(name, day).get("fingerprint")
        if held is None:
            raise AnomalyError(
                f"{path} is kept of a day whose events were pruned and is missing or damaged: it cannot be made again, "
                "bring it back from a backup"
            )
        try:
            columns = set(pq.read_schema(path).names)
        except (OSError, pa.ArrowException) as error:
            raise AnomalyError(f"{path} cannot be read: {str(error).partition(chr(10))[0]}") from error
        if lacking := [column for column in table(name).types if column not in columns]:
            raise AnomalyError(
                f"{path} was made by an older version and has no {', '.join(lacking)}, and its events were pruned: "
                "ingest the logs that you still have anew into an empty folder and train there"
            )
        return held
