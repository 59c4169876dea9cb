"""The database of a command: what it may hold in memory, and where the rest goes."""

import tempfile
from pathlib import Path

import pytest

from anomaly.store import MEMORY, Store

MUCH = "select count(*), max(s) from (select repeat(hash(i)::varchar, 4) as s from range(1000000) as t (i) order by s)"


def test_what_does_not_fit_goes_to_a_folder_that_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Store(threads=1) as store:
        whole = store.rows(MUCH)
        assert not list(tmp_path.iterdir())
    with Store(threads=1, memory_limit="60MB") as store:
        assert store.rows(MUCH) == whole
        assert len(list(tmp_path.iterdir())) == 1
    assert not list(tmp_path.iterdir())


def test_two_connections_spill_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Store() as one, Store() as other:
        where = "select current_setting('temp_directory')"
        assert one.value(where) != other.value(where)
        assert Path(one.value(where)).parent == tmp_path


def test_memory_is_bounded_unless_a_setting_leaves_it_to_the_machine() -> None:
    limit = "select current_setting('memory_limit')"
    with Store() as usual, Store(memory_limit=MEMORY) as said, Store(memory_limit="") as free:
        assert usual.value(limit) == said.value(limit) != free.value(limit)
