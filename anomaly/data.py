"""Where the data folders that travel with the package are: packed in the wheel first, else in the checkout."""

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
