"""What every test may ask for: the real log samples, where they are at hand, and an empty lake."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from anomaly.store import Lake

# The small company that the tests of scoring and of the command line share.
pytest_plugins = ["fixtures_org", "daily_world", "fixtures_review"]

REPOSITORY = Path(__file__).parent.parent
SHARED_DATA = "ANOMALY_SHARED_DATA"

# No time limit an example: machines that run tests are shared. In CI hypothesis also repeats the same examples.
settings.register_profile("house", parent=settings(), deadline=None)
settings.load_profile("house")


def pytest_configure() -> None:
    """Forget the settings of the person who runs the tests: they would be flags nobody sees."""
    for name in [name for name in os.environ if name.startswith("ANOMALY_") and name != SHARED_DATA]:
        del os.environ[name]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real log samples: ``$ANOMALY_SHARED_DATA``, else ``shared/data`` beside the checkout."""
    named = os.environ.get(SHARED_DATA)
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        if named:
            pytest.fail(f"{SHARED_DATA} names {folder}, which is no folder")
        pytest.skip(f"the real log samples are not at hand: no folder {folder}, and {SHARED_DATA} is not set")
    return folder


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Return an empty lake of the test's own."""
    return Lake(tmp_path / "lake")
