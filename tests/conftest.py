"""What every test may ask for: the real log samples, where they are at hand, and an empty lake."""

import os
from pathlib import Path

import pytest

from anomaly.store import Lake

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real log samples: ``$ANOMALY_SHARED_DATA``, else ``shared/data`` beside the checkout."""
    named = os.environ.get("ANOMALY_SHARED_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        if named:
            pytest.fail(f"ANOMALY_SHARED_DATA names {folder}, which is no folder")
        pytest.skip(f"the real log samples are not at hand: no folder {folder}, and ANOMALY_SHARED_DATA is not set")
    return folder


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Return an empty lake of the test's own."""
    return Lake(tmp_path / "lake")
