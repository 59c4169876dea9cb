"""What every test may ask for: the real log samples, where they are at hand, and an empty lake."""

import os
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from anomaly.model.registry import Registry
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


@pytest.fixture(scope="session", autouse=True)
def copied_stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """MLflow takes a second to make the tables of a new store: it makes one, and the others are copies of that."""
    made = Registry._writer

    @cache
    def empty() -> Path:
        registry = Registry(tmp_path_factory.mktemp("store"))
        made(registry).search_experiments()
        return registry.database

    def writer(registry: Registry) -> Any:
        if not registry.database.exists():
            registry.folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(empty(), registry.database)
        return made(registry)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Registry, "_writer", writer)
        yield


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Return an empty lake of the test's own."""
    return Lake(tmp_path / "lake")
