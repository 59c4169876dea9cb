"""Where the data folders that travel with the package are: packed in the wheel first, else in the checkout."""

import csv
from pathlib import Path

from anomaly.errors import AnomalyError


def data_folder(name: str) -> Path:
    """Return the folder ``features`` or ``models``; raises AnomalyError where the installation lacks it."""
    package = Path(__file__).parent
    for folder in (package / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise AnomalyError(
        f"the data folder {name!r} is missing from this installation (looked in {package} and its parent)"
    )


def source_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file of ``features/sources``: what a log's own names mean."""
    path = data_folder("features") / "sources" / name
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))
