"""Folders that findings are written into: a file a day, or a page a case, each written whole or not at all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anomaly.config.settings import SinkSettings
from anomaly.dossier.page import page, withdrawn
from anomaly.errors import AnomalyError
from anomaly.sinks import asff, table

Finding = Mapping[str, Any]
Files = Mapping[str, str]


@dataclass(frozen=True)
class Folder:
    """A sink that is a folder.

    Attributes
    ----------
    body
        What is kept of a finding, as JSON; the time is Unix time.
    gone
        What is kept of a case that its day has no longer, made from its last body; None where nothing is.
    files
        A day's texts by path inside the folder, made from what is kept of its cases.
    first
        Where the first of them lies: where that is missing, the day is written again.
    """

    name: str
    path: Path
    body: Callable[[Finding, float], Any]
    gone: Callable[[Any, float], Any]
    files: Callable[[str, Sequence[Any]], Files]
    first: Callable[[str], str]

    def has(self, day: str) -> bool:
        """Whether the day was written and is still there."""
        return (self.path / self.first(day)).exists()

    def write(self, day: str, bodies: Sequence[Any]) -> str:
        """Write a day's files; returns what went wrong in words, empty where nothing did."""
        # seconds to import, for those who write
        from anomaly.store import replacing

        try:
            for name, text in self.files(day, bodies).items():
                with replacing(self.path / name) as temporary:
                    temporary.write_text(text, encoding="utf-8", newline="")
        except AnomalyError as error:
            return str(error)
        return ""


def folders(settings: SinkSettings) -> list[Folder]:
    """The folders that are named."""
    account = asff.Account(settings.asff_account, settings.asff_region)
    known = [
        Folder("asff", settings.asff_folder, account.finding, asff.archived, asff.files, asff.first),
        Folder("csv", settings.csv_folder, lambda finding, now: table.row(finding), _nothing, table.files, table.first),
        Folder(
            "evidence",
            settings.evidence_folder,
            lambda finding, now: {"case_id": finding["case_id"], "page": page(finding)},
            lambda body, now: body | {"page": withdrawn(body["page"])},
            lambda day, bodies: {f"{day}/{each['case_id']}.html": each["page"] for each in bodies},
            lambda day: day,
        ),
    ]
    return [each for each in known if each.path != Path()]


def _nothing(body: Any, now: float) -> None:
    return None
