"""From file, environment and flags to one value a setting, gathering every mistake on the way."""

import os
import re
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anomaly.config.checks import Check, HiddenValueError
from anomaly.config.kinds import Place, Secret
from anomaly.errors import ConfigError, nearest

DEFAULT_FILE = Path("anomaly.toml")
FILE_VARIABLE = "ANOMALY_CONFIG"
# Environment variable to the setting it gives; an empty one counts as not set.
ENVIRONMENT = {"ANOMALY_ROOT": "lake.root", "ANOMALY_CONTEXT": "context.folder"}

KINDS = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    dict: "a section",
    list: "a list",
}
TEXTS = tuple[str, ...]
PLACES = tuple[Place, ...]
SETTING_KINDS = {
    **KINDS,
    Path: "a path",
    TEXTS: "a list of texts",
    PLACES: "a list of paths or addresses",
    Secret: "text",
}


@dataclass(frozen=True)
class Field:
    """One setting: its type, default, meaning and check."""

    kind: Any
    default: Any
    meaning: str
    check: Check


def field_of(section: type, name: str, default: Any) -> Field:
    """Read a setting out of its declaration ``name: Annotated[kind, meaning, check] = default``."""
    annotated = typing.get_type_hints(section, include_extras=True)[name]
    meaning, check = annotated.__metadata__
    return Field(annotated.__origin__, default, meaning, check)


def gather(fields: Mapping[str, Field], config: Path | None, overrides: Mapping[str, object]) -> dict[str, Any]:
    """Return the values that were given, by dotted name; raises ConfigError with every mistake."""
    gathering = _Gathering(fields)
    gathering.take_file(*_file(config))
    for variable, name in ENVIRONMENT.items():
        if text := os.environ.get(variable):
            gathering.take(name, text, f"${variable}")
    for name in (name for name, field in fields.items() if field.kind is Secret):
        if text := os.environ.get(secret_variable(name)):
            gathering.take(name, Secret(text), f"${secret_variable(name)}")
    for name, flag in overrides.items():
        if flag is not None:
            gathering.take(name, flag, "option")
    if gathering.mistakes:
        listed = "".join(f"\n  {mistake}" for mistake in gathering.mistakes)
        raise ConfigError(f"the configuration holds mistakes:{listed}")
    return gathering.values


def secret_variable(name: str) -> str:
    """The environment variable that gives a secret setting: ``ANOMALY_DAILY_PING_SUCCESS`` for daily.ping_success."""
    return f"ANOMALY_{name.replace('.', '_').upper()}"


class _Gathering:
    """Values by dotted name, a stronger source overwriting a weaker one, and the mistakes of all."""

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self.fields = fields
        self.sections = {name.partition(".")[0] for name in fields}
        self.values: dict[str, Any] = {}
        self.mistakes: list[str] = []

    def take_file(self, path: Path, content: str) -> None:
        try:
            body = tomllib.loads(content)
        except tomllib.TOMLDecodeError as error:
            self.mistakes.append(f"{path}: is not TOML: {error}")
            return
        lines = line_numbers(content)
        for section, settings in body.items():
            self._take_section(path, lines, section, settings)

    def _take_section(self, path: Path, lines: Mapping[str, int], section: str, settings: object) -> None:
        where = f"{path}{_line(lines, section)}"
        if section not in self.sections:
            self.mistakes.append(f"{where}: no section [{section}]; {self._nearest_section(section)}")
        elif not isinstance(settings, dict):
            self.mistakes.append(f"{where}: {section} is a section; write [{section}] and its settings below it")
        else:
            for key, value in settings.items():
                name = f"{section}.{key}"
                self.take(name, value, f"{path}{_line(lines, name)}", path.parent)

    def take(self, name: str, value: object, where: str, folder: Path = Path()) -> None:
        """Take a value; a relative path starts at ``folder``."""
        if name not in self.fields:
            self.mistakes.append(f"{where}: no setting {name}; {self._nearest(name)}")
            return
        field = self.fields[name]
        if field.kind is Secret and not isinstance(value, Secret):
            # not shown: the file and its backups should not hold it, and neither should this message
            self.mistakes.append(f"{where}: {name} is a secret; give it by the environment, ${secret_variable(name)}")
            return
        try:
            found = typed(value, field.kind)
            field.check(found)
        except ValueError as error:
            shown = "" if isinstance(error, HiddenValueError) else f" = {value!r}"
            self.mistakes.append(f"{where}: {name}{shown} {error} (it says: {field.meaning})")
            return
        self.values[name] = _from_folder(found, field.kind, folder)

    def _nearest_section(self, section: str) -> str:
        owners = [name for name in self.fields if name.endswith(f".{section}")]
        return f"{section} belongs in a section: {', '.join(owners)}" if owners else nearest(section, self.sections)

    def _nearest(self, name: str) -> str:
        section, _, key = name.partition(".")
        keys = [each.removeprefix(f"{section}.") for each in self.fields if each.startswith(f"{section}.")]
        return nearest(key, keys) if keys else nearest(name, self.fields)


def _from_folder(found: Any, kind: Any, folder: Path) -> Any:
    """The value with relative paths starting at ``folder``; addresses stay, and so does a path that names nothing."""
    if kind == PLACES:
        return tuple(place if "://" in place else str(folder / place) for place in found)
    return folder / found if isinstance(found, Path) and found != Path() else found


def typed(value: object, kind: Any) -> Any:
    """Return the value as its setting's type; raises ValueError for another type. True and false are no numbers."""
    if kind is Path and isinstance(value, str | Path):
        return Path(value) if str(value) else Path()
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind in (TEXTS, PLACES) and isinstance(value, list | tuple):
        if strange := [each for each in value if not isinstance(each, str)]:
            raise ValueError(f"holds {strange[0]!r}, which is no text")
        return tuple(value)
    if type(value) is kind:
        return value
    raise ValueError(f"is {KINDS.get(type(value), type(value).__name__)}, not {SETTING_KINDS[kind]}")


def _file(config: Path | None) -> tuple[Path, str]:
    """Return the file's path and text; empty text for the default file where it is missing."""
    named = config or (Path(os.environ[FILE_VARIABLE]) if os.environ.get(FILE_VARIABLE) else None)
    path = named or DEFAULT_FILE
    try:
        return path, path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        if named is None:
            return path, ""
        beside = nearest(path.name, (each.name for each in path.parent.glob("*.toml")))
        raise ConfigError(f"no configuration file {path}; of the .toml files in that folder, {beside}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"the configuration file {path} is not UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise ConfigError(f"the configuration file {path} cannot be read: {error.strerror}") from error


def line_numbers(content: str) -> dict[str, int]:
    """Return the line of each section and setting of a TOML text, as far as a look line by line can tell."""
    found: dict[str, int] = {}
    section = ""
    for number, line in enumerate(content.splitlines(), start=1):
        if heading := re.match(r"\s*\[+\s*([\w.-]+)\s*\]", line):
            section = f"{heading[1]}."
            found.setdefault(heading[1], number)
        elif pair := re.match(r"\s*([\w.-]+)\s*=", line):
            found.setdefault(section + pair[1], number)
    return found


def _line(lines: Mapping[str, int], name: str) -> str:
    number = lines.get(name) or next((line for each, line in lines.items() if each.startswith(f"{name}.")), None)
    return f" line {number}" if number else ""
