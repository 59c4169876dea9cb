"""The spec: the shipped one is sound and agrees with the catalogue; every mistake in a file is said at once."""

import re
from pathlib import Path

import pytest

from anomaly.catalog import Column, table
from anomaly.data import data_folder
from anomaly.errors import CatalogError, UnknownNameError
from anomaly.model.spec import FAMILIES, FEATURE_TABLE, ModelSpec, catalogue_mistakes, check_catalogue

SHIPPED = "exfil-detector"


@pytest.fixture
def text() -> str:
    return (data_folder("models") / f"{SHIPPED}.toml").read_text(encoding="utf-8")


def read(text: str, folder: Path, name: str = SHIPPED) -> ModelSpec:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return ModelSpec.read(path)


def test_every_shipped_spec_agrees_with_the_catalogue_and_has_a_card() -> None:
    for path in data_folder("models").glob("*.toml"):
        spec = ModelSpec.load(path.stem)
        check_catalogue(spec)
        card = spec.card.read_text(encoding="utf-8")
        assert spec.review_date.isoformat() in card
        assert f"Owner: {spec.owner}" in card


def test_the_detector_reads_every_signal_of_the_catalogue() -> None:
    assert set(ModelSpec.load(SHIPPED).columns) == set(table(FEATURE_TABLE).signals)


def test_the_recipe_is_the_designs() -> None:
    spec = ModelSpec.load(SHIPPED)
    assert (spec.trees, spec.max_samples, spec.cap, spec.anchor_fraction) == (300, 2048, 12.0, 0.003)
    assert spec.calibration_days >= 10
    assert set(spec.families) == set(FAMILIES)


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"'exfil-detektor'.*did you mean 'exfil-detector'"):
        ModelSpec.load("exfil-detektor")


def test_all_mistakes_are_said_at_once(tmp_path: Path, text: str) -> None:
    wrong = text.replace("trees = 300", "tress = 300").replace("calibration_days = 10", "calibration_days = 3")
    wrong = wrong.replace('owner = "detection"', "owner = 7").replace("volume = [", "volumes = [")
    with pytest.raises(CatalogError) as caught:
        read(wrong, tmp_path)
    said = str(caught.value)
    assert "5 mistake(s)" in said
    assert "tress: unknown key, did you mean 'trees'?" in said
    assert "trees: missing" in said
    assert "calibration_days: must be from 10 to 3650, found 3" in said
    assert "owner: must be text, found 7" in said
    assert "columns.volumes: unknown family, did you mean 'volume'?" in said


@pytest.mark.parametrize(
    ("found", "put", "said"),
    [
        ("cap = 12.0", 'cap = "12"', "cap: must be a number, found '12'"),
        ("cap = 12.0", "cap = nan", "cap: must be from 0.1 to 100, found nan"),
        ("seed = 20260101", "seed = true", "seed: must be a whole number, found True"),
        ("seed = 20260101", "seed = 1.5", "seed: must be a whole number, found 1.5"),
        ("2027-05-31", '"soon"', "review_date: must be a date such as 2027-01-31, found 'soon'"),
        ("training_days = 60", "training_days = 11\nname2 = 1", "name2: unknown key"),
        ("calibration_days = 10", "calibration_days = 60", "60 leave none to fit on after 60"),
        ('  "volume_bytes_own",', '  "volume_bytes_own", "volume_bytes_own",', "'volume_bytes_own' is listed twice"),
        ('  "volume_bytes_own",', "  3,", "columns.volume: must be a list of column names"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, found: str, put: str, said: str) -> None:
    assert found in text
    with pytest.raises(CatalogError, match=re.escape(said)):
        read(text.replace(found, put, 1), tmp_path)


def test_a_spec_must_bear_its_files_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(CatalogError, match="'exfil-detector' is not the file's own name 'other'"):
        read(text, tmp_path, "other")


def test_a_spec_without_columns_and_a_file_that_is_no_toml_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CatalogError, match="columns: names no column at all"):
        read(text[: text.index("[columns]")] + "[columns]\n", tmp_path)
    with pytest.raises(CatalogError, match="not TOML"):
        read("name = ", tmp_path)


def test_disagreement_with_the_catalogue_names_column_and_family() -> None:
    spec = ModelSpec.load(SHIPPED)
    signals = dict(table(FEATURE_TABLE).signals)
    lost, moved = spec.columns[0], spec.columns[1]
    del signals[lost]
    signals[moved] = Column(name=moved, type="DOUBLE", meaning="", family="timing")
    first, second = catalogue_mistakes(spec, signals)
    assert f"no signal {lost!r}" in first
    assert "did you mean" in first
    assert f"{moved!r} is of family 'timing'" in second
