"""A model spec: the TOML file under models/ that says which signals a model reads and how it is trained."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from anomaly.catalog import Column, table
from anomaly.data import data_folder
from anomaly.errors import CatalogError, UnknownNameError, nearest

FAMILIES = ("volume", "destination", "source", "timing", "process", "sensitivity", "workflow")
FEATURE_TABLE = "session_features"
MIN_CALIBRATION_DAYS = 10
"""Fewer held-out days cannot tell one alert a day from two (design §6)."""

# field: (type, least, most); a number outside is a mistake, not a warning
NUMBERS: dict[str, tuple[type, float, float]] = {
    "seed": (int, 0, 2**32 - 1),
    "trees": (int, 1, 10_000),
    "max_samples": (int, 2, 1_000_000),
    "cap": (float, 0.1, 100.0),
    "anchor_fraction": (float, 0.0, 0.1),
    "training_days": (int, MIN_CALIBRATION_DAYS + 1, 3_650),
    "calibration_days": (int, MIN_CALIBRATION_DAYS, 3_650),
    "budget_per_day": (float, 0.01, 100_000.0),
}
TEXTS = ("name", "description", "owner")


@dataclass(frozen=True)
class ModelSpec:
    """What one model is: who owns it, how it is trained, and the signals it reads, grouped by family."""

    name: str
    description: str
    owner: str
    review_date: date
    seed: int
    trees: int
    max_samples: int
    cap: float
    anchor_fraction: float
    training_days: int
    calibration_days: int
    budget_per_day: float
    families: Mapping[str, tuple[str, ...]]

    @property
    def columns(self) -> tuple[str, ...]:
        """The signals in the order the forest reads them: family by family, as written."""
        return tuple(column for family in self.families.values() for column in family)

    @classmethod
    def load(cls, name: str) -> "ModelSpec":
        """Read ``models/NAME.toml``.

        Raises
        ------
        UnknownNameError
            There is no such spec; the nearest names are given.
        CatalogError
            The file holds mistakes; all of them are listed.
        """
        folder = data_folder("models")
        known = {path.stem: path for path in folder.glob("*.toml")}
        if name not in known:
            raise UnknownNameError(f"no model spec {name!r} in {folder}: {nearest(name, known)}")
        return cls.read(known[name])

    @classmethod
    def read(cls, path: Path) -> "ModelSpec":
        """Read a spec from a file; raises CatalogError with every mistake in it."""
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise CatalogError(f"{path}: not TOML: {error}") from error
        found = mistakes(raw) or _name_mistakes(raw, path)
        if found:
            raise CatalogError(f"{path}: {len(found)} mistake(s):\n  " + "\n  ".join(found))
        families = {name: tuple(columns) for name, columns in raw.pop("columns").items()}
        numbers = {key: kind(raw[key]) for key, (kind, _, _) in NUMBERS.items()}
        return cls(**{**raw, **numbers, "families": families})

    @property
    def card(self) -> Path:
        """Where the model card lies."""
        return data_folder("models") / f"{self.name}.md"


def mistakes(raw: Mapping[str, Any]) -> list[str]:
    """Everything wrong with a spec as read from TOML, one line a mistake; empty when sound."""
    known = {field.name for field in fields(ModelSpec)} - {"families"} | {"columns"}
    found = [f"{key}: unknown key, {nearest(key, known)}" for key in raw if key not in known]
    found += [f"{key}: missing" for key in sorted(known) if key not in raw]
    found += [f"{key}: must be text, found {raw[key]!r}" for key in TEXTS if key in raw and not _is_text(raw[key])]
    if "review_date" in raw and type(raw["review_date"]) is not date:
        found.append(f"review_date: must be a date such as 2027-01-31, found {raw['review_date']!r}")
    found += [line for key, bounds in NUMBERS.items() if key in raw for line in _number(key, raw[key], *bounds)]
    found += _column_mistakes(raw.get("columns", {}))
    return found + ([] if found else _window_mistakes(raw))


def catalogue_mistakes(spec: ModelSpec, signals: Mapping[str, Column]) -> list[str]:
    """Where a spec and the catalogue's signals disagree: unknown columns, and columns under another family."""
    found = []
    for family, columns in spec.families.items():
        for column in columns:
            if column not in signals:
                found.append(f"columns.{family}: no signal {column!r} in the catalogue: {nearest(column, signals)}")
            elif signals[column].family != family:
                found.append(f"columns.{family}: {column!r} is of family {signals[column].family!r} in the catalogue")
    return found


def check_catalogue(spec: ModelSpec) -> None:
    """Hold a spec to the feature catalogue; raises CatalogError with every disagreement."""
    found = catalogue_mistakes(spec, table(FEATURE_TABLE).signals)
    if found:
        raise CatalogError(f"models/{spec.name}.toml and features/catalog.toml disagree:\n  " + "\n  ".join(found))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _number(key: str, value: object, kind: type, least: float, most: float) -> list[str]:
    allowed = (int, float) if kind is float else (int,)
    if isinstance(value, bool) or not isinstance(value, allowed):
        return [f"{key}: must be {'a number' if kind is float else 'a whole number'}, found {value!r}"]
    return [] if least <= value <= most else [f"{key}: must be from {least:g} to {most:g}, found {value!r}"]


def _column_mistakes(columns: object) -> list[str]:
    if not isinstance(columns, dict):
        return ['columns: must be a table of families, such as [columns] volume = ["…"]']
    found = [f"columns.{name}: unknown family, {nearest(name, FAMILIES)}" for name in columns if name not in FAMILIES]
    seen: dict[str, str] = {}
    for family, names in columns.items():
        if not isinstance(names, list) or not all(_is_text(name) for name in names):
            found.append(f"columns.{family}: must be a list of column names, found {names!r}")
            continue
        for name in names:
            if name in seen:
                found.append(f"columns.{family}: {name!r} is listed twice (also under {seen[name]})")
            seen[name] = family
    return found if seen or found else ["columns: names no column at all"]


def _window_mistakes(raw: Mapping[str, Any]) -> list[str]:
    if raw["training_days"] > raw["calibration_days"]:
        return []
    return [f"training_days: {raw['training_days']} leave none to fit on after {raw['calibration_days']} to calibrate"]


def _name_mistakes(raw: Mapping[str, Any], path: Path) -> list[str]:
    return [] if raw["name"] == path.stem else [f"name: {raw['name']!r} is not the file's own name {path.stem!r}"]
