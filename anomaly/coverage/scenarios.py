"""``features/scenarios.toml`` as objects: what each way out needs of the logs, and what to switch on."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from anomaly.data import data_folder
from anomaly.errors import CatalogError, nearest

SCENARIO_KEYS = {"title", "techniques", "plane", "owner", "review_by", "blind_spot", "needs"}
PLANES = ("DP", "CP")
CLOUDS = ("aws", "gcp", "azure")


@dataclass(frozen=True)
class Needs:
    """Evidence without which a scenario is blind, and without which it is degraded; ``a|b`` is either."""

    required: tuple[str, ...]
    wanted: tuple[str, ...]


@dataclass(frozen=True)
class Scenario:
    """One way out; a cloud that ``needs`` leaves out has no such thing."""

    id: str
    title: str
    techniques: tuple[str, ...]
    plane: str
    owner: str
    review_by: date
    blind_spot: str
    needs: dict[str, Needs]


@dataclass(frozen=True)
class Catalogue:
    """All scenarios, and of each kind of evidence its meaning and per cloud what to switch on."""

    scenarios: dict[str, Scenario]
    meaning: dict[str, str]
    advice: dict[str, dict[str, str]]


@cache
def scenario_catalogue() -> Catalogue:
    """Read the file; raises CatalogError with every mistake in it."""
    raw = tomllib.loads((data_folder("features") / "scenarios.toml").read_text(encoding="utf-8"))
    return read_catalogue(raw)


def read_catalogue(raw: dict[str, Any]) -> Catalogue:
    """Turn the parsed file into objects; raises CatalogError with every mistake in it."""
    evidence, scenarios = raw["evidence"], raw["scenario"]
    mistakes = [mistake for name, body in scenarios.items() for mistake in _mistakes(name, body, evidence)]
    if mistakes:
        raise CatalogError("features/scenarios.toml:\n  " + "\n  ".join(mistakes))
    return Catalogue(
        {name: _scenario(name, body) for name, body in scenarios.items()},
        {name: body["meaning"] for name, body in evidence.items()},
        {name: {cloud: body[cloud] for cloud in CLOUDS if cloud in body} for name, body in evidence.items()},
    )


def _mistakes(name: str, body: dict[str, Any], evidence: dict[str, Any]) -> list[str]:
    if missing := sorted(SCENARIO_KEYS - body.keys()):
        return [f"{name}: lacks {', '.join(missing)}"]
    found = [f"{name}: unknown key {key!r}" for key in sorted(body.keys() - SCENARIO_KEYS)]
    if body["plane"] not in PLANES:
        found.append(f"{name}: plane is {' or '.join(PLANES)}, not {body['plane']!r}")
    for cloud, needs in body["needs"].items():
        if cloud not in CLOUDS:
            found.append(f"{name}: no cloud {cloud!r}: {nearest(cloud, CLOUDS)}")
        kinds = [kind for each in (*needs["required"], *needs["wanted"]) for kind in each.split("|")]
        found += [f"{name}: no evidence {kind!r}: {nearest(kind, evidence)}" for kind in kinds if kind not in evidence]
    return found


def _scenario(name: str, body: dict[str, Any]) -> Scenario:
    needs = {cloud: Needs(tuple(each["required"]), tuple(each["wanted"])) for cloud, each in body["needs"].items()}
    return Scenario(**{**body, "id": name, "techniques": tuple(body["techniques"]), "needs": needs})
