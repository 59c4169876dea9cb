"""Every query by example: folders of rows under ``tests/features/STAGE/CASE/``, what goes in and what must come out.

``case.toml`` says what the case shows, its day, and the arithmetic behind its numbers; a CSV a view holds what the
stage reads; ``expected.csv`` holds the columns that are checked, of every row. How a cell is written stands in
``rows.py``.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

import rows
from anomaly.catalog import table
from anomaly.context import frames
from anomaly.engines.duckdb import Sources, prepare, run_stage
from anomaly.stage import Stage, stage_named, stages
from anomaly.store import Store

FOLDER = Path(__file__).parent / "features"
CASE_KEYS = {"shows", "day", "arithmetic"}
# what makes a stage one with a boundary: a comparison with a number, a floor, a quantile, a window of days
THRESHOLD = re.compile(r"[<>]=? ?[$\d.]|\b(above|least|greatest|quantile_disc|surprise)\(")


@dataclass(frozen=True)
class Case:
    """One folder of rows."""

    folder: Path
    shows: str
    day: date

    @property
    def stage(self) -> Stage:
        return stage_named(self.folder.parent.name)

    @property
    def views(self) -> dict[str, str]:
        """The views the stage reads, each with the table behind it."""
        stage = self.stage
        shown = {name: name for name in stage.inputs}
        shown |= {f"{name}_history": name for name in stage.history}
        return shown | {f"{name}_before": name for name in stage.before}


def read_case(folder: Path) -> Case:
    facts = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
    if unknown := facts.keys() - CASE_KEYS:
        raise ValueError(f"{folder}/case.toml: unknown key {', '.join(sorted(unknown))}")
    return Case(folder, facts["shows"], facts["day"])


def case_folders() -> list[Path]:
    return sorted(path.parent for path in FOLDER.glob("*/*/case.toml"))


def sources(case: Case, scratch: Path) -> Sources:
    known = {*case.views, *case.stage.context, "expected"}
    if unknown := {path.stem for path in case.folder.glob("*.csv")} - known:
        raise ValueError(f"{case.folder}: the stage reads no {', '.join(sorted(unknown))}")
    files = {view: (name, written(case, view, name, scratch)) for view, name in case.views.items()}
    return Sources(files, {name: frame(case, name) for name in case.stage.context})


def written(case: Case, view: str, name: str, scratch: Path) -> list[Path]:
    path = case.folder / f"{view}.csv"
    if not path.exists():
        return []
    _, found = rows.table_rows(path, table(name), case.day, of_day=view == name)
    return [rows.write_rows(scratch / f"{view}.parquet", table(name), found)]


def frame(case: Case, name: str) -> pd.DataFrame:
    path = case.folder / f"{name}.csv"
    types = rows.CONTEXT[name]
    return frames.frame_of_rows(rows.context_rows(path, types, case.day) if path.exists() else [], types)


def run(case: Case, store: Store, scratch: Path, partitions: int) -> list[rows.Row]:
    target = scratch / "made.parquet"
    run_stage(store, case.stage, case.day, sources(case, scratch), target, {}, partitions)
    return rows.read_rows(target)


def judged(case: Case, made: list[rows.Row]) -> str:
    """Hold the rows a stage made to the expected ones, on the columns that the case names."""
    columns, expected = rows.table_rows(case.folder / "expected.csv", table(case.stage.name), case.day, of_day=True)
    return rows.difference(
        [{c: row[c] for c in columns} for row in expected], [{c: row[c] for c in columns} for row in made]
    )


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with Store(threads=1) as opened:
        prepare(opened)
        yield opened


@pytest.mark.parametrize("partitions", [1, 3])
@pytest.mark.parametrize("folder", case_folders(), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_case(folder: Path, partitions: int, store: Store, tmp_path: Path) -> None:
    case = read_case(folder)
    apart = judged(case, run(case, store, tmp_path, partitions))
    assert not apart, f"{case.shows}\n{apart}"


@pytest.mark.parametrize("stage", stages().values(), ids=lambda stage: stage.name)
def test_every_stage_has_its_cases(stage: Stage) -> None:
    code = re.sub(r"--.*", "", stage.sql)
    needed = {"normal", "missing"} | ({"boundary"} if THRESHOLD.search(code) else set())
    has = {folder.name for folder in case_folders() if folder.parent.name == stage.name}
    # a stage may have several boundaries: boundary_gap, boundary_midnight
    assert {name for name in needed if not any(found.startswith(name) for found in has)} == set()


def test_every_case_belongs_to_a_stage_and_says_what_it_shows() -> None:
    assert {folder.parent.name for folder in case_folders()} <= stages().keys()
    assert [folder for folder in case_folders() if not read_case(folder).shows.endswith(".")] == []


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [("reads", 99, "reads: expected 99"), ("bucket", "elsewhere", "bucket: expected 'elsewhere'")],
)
def test_a_wrong_cell_is_told(column: str, value: object, said: str) -> None:
    made = [{"bucket": "b", "reads": 1}, {"bucket": "c", "reads": 2}]
    expected = [made[0], made[1] | {column: value}]
    assert said in rows.difference(expected, made)
    assert rows.difference(made[::-1], made) == ""


def test_a_missing_row_and_a_hair_s_breadth_are_told() -> None:
    made = [{"x": 0.5}, {"x": 0.25}]
    assert "1 rows expected, 2 made" in rows.difference(made[:1], made)
    assert rows.difference([{"x": 0.5 + 2e-9}, {"x": 0.25}], made) != ""
    assert rows.difference([{"x": 0.5 + 5e-10}, {"x": 0.25}], made) == ""


def test_a_column_or_a_view_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "twins" / "wrong"
    folder.mkdir(parents=True)
    (folder / "case.toml").write_text('shows = "nothing."\nday = 2026-03-04\n', encoding="utf-8")
    (folder / "evnts.csv").write_text("event_id\ne\n", encoding="utf-8")
    with pytest.raises(ValueError, match="reads no evnts"):
        sources(read_case(folder), tmp_path)
    (folder / "evnts.csv").rename(folder / "events.csv").write_text("evnt_id\ne\n", encoding="utf-8")
    with pytest.raises(ValueError, match="events has no column evnt_id"):
        sources(read_case(folder), tmp_path)
