"""A feature stage: one SQL file that makes one table, and what its header declares of it."""

import re
from dataclasses import dataclass, field
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from anomaly.catalog import catalog
from anomaly.data import data_folder
from anomaly.errors import CatalogError, UnknownNameError, nearest

CONTEXT_TABLES = {
    "accounts",
    "addresses",
    "expected_countries",
    "identities",
    "inventory",
    "role_context",
    "workflows",
    "workflow_addresses",
}
HEADER_KEYS = {"stage", "row", "key", "inputs", "history", "before", "context", "broadcast", "grain", "sorted", "owner"}
HEADER_LINE = re.compile(r"-- (?P<key>[a-z]+):\s+(?P<value>.*\S)\s*")


@dataclass(frozen=True)
class Stage:
    """One SQL file.

    ``inputs`` are tables of the same day, ``history`` tables with the number of days strictly before the day that are
    shown as NAME_history, ``before`` tables whose last state before the day is shown as NAME_before, ``context`` the
    organisation's own files. All but the context and the views named in ``broadcast`` are split by ``key``.
    """

    name: str
    path: str
    sql: str
    row: str
    key: str | None
    grain: tuple[str, ...]
    owner: str
    inputs: tuple[str, ...] = ()
    history: dict[str, int] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    broadcast: frozenset[str] = frozenset()
    is_sorted: bool = True


@cache
def stages() -> dict[str, Stage]:
    """Read every stage below ``features/``, in an order in which each comes after what it reads.

    Raises
    ------
    CatalogError
        For a header that is wrong, a table that nothing makes, or a circle.
    """
    folder = data_folder("features")
    found = [read_stage(path, folder) for path in sorted(folder.glob("*/*.sql")) if path.parent.name != "checks"]
    by_name = {stage.name: stage for stage in found}
    for stage in found:
        _check_reads(stage, by_name)
    try:
        order = list(TopologicalSorter({s.name: [i for i in s.inputs if i != "events"] for s in found}).static_order())
    except CycleError as error:
        raise CatalogError(f"features/: these stages read each other in a circle: {error.args[1]}") from error
    return {name: by_name[name] for name in order}


def stage_named(name: str) -> Stage:
    """Return one stage; raises UnknownNameError with the nearest names."""
    if name not in stages():
        raise UnknownNameError(f"no stage {name!r} under features/: {nearest(name, stages())}")
    return stages()[name]


@cache
def macros() -> str:
    """The SQL macros that every stage may use."""
    return (data_folder("features") / "macros.sql").read_text(encoding="utf-8")


def read_stage(path: Path, folder: Path) -> Stage:
    """Read one SQL file and its header; raises CatalogError naming the file."""
    sql = path.read_text(encoding="utf-8")
    where = path.relative_to(folder).as_posix()
    header = _header(sql, where)
    if header["stage"] != where.removesuffix(".sql"):
        raise CatalogError(f"features/{where}: the header says stage {header['stage']!r}")
    return Stage(
        name=path.stem,
        path=where,
        sql=sql,
        row=header["row"],
        key=None if header["key"] == "none" else header["key"],
        grain=_names(header["grain"]),
        owner=header["owner"],
        inputs=_names(header.get("inputs", "")),
        history={name: int(days) for name, days in (part.split() for part in _names(header.get("history", "")))},
        before=_names(header.get("before", "")),
        context=_names(header.get("context", "")),
        broadcast=frozenset(_names(header.get("broadcast", ""))),
        is_sorted=header.get("sorted", "yes") == "yes",
    )


def _header_lines(sql: str) -> dict[str, str]:
    header: dict[str, str] = {}
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        if match := HEADER_LINE.fullmatch(line):
            header[match["key"]] = match["value"]
    return header


def _header(sql: str, where: str) -> dict[str, str]:
    header = _header_lines(sql)
    if unknown := sorted(header.keys() - HEADER_KEYS):
        raise CatalogError(f"features/{where}: unknown header key {unknown[0]!r}: {nearest(unknown[0], HEADER_KEYS)}")
    if missing := sorted({"stage", "row", "key", "grain", "owner"} - header.keys()):
        raise CatalogError(f"features/{where}: the header lacks {', '.join(missing)}")
    return header


def declared_inputs(sql: str) -> tuple[str, ...]:
    """The tables that a query's header names as its inputs."""
    return _names(_header_lines(sql).get("inputs", ""))


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _check_reads(stage: Stage, known: dict[str, Stage]) -> None:
    where = f"features/{stage.path}"
    for name in (*stage.inputs, *stage.history, *stage.before):
        if name not in known and name != "events":
            raise CatalogError(f"{where}: no stage makes the table {name!r}: {nearest(name, known)}")
    for name in stage.context:
        if name not in CONTEXT_TABLES:
            raise CatalogError(f"{where}: no context table {name!r}: {nearest(name, CONTEXT_TABLES)}")
    if stage.name not in catalog():
        raise CatalogError(f"{where}: features/catalog.toml does not describe the table {stage.name!r}")
