"""The door: mistakes become a message and an exit code, what every command takes is declared once."""

import functools
import os
import re
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from anomaly.config import Settings
from anomaly.errors import AnomalyError
from anomaly.words import visible

if TYPE_CHECKING:
    from anomaly.context import Context
    from anomaly.store import Lake

DEBUG = "anomaly.debug"
INTERRUPTED = 130
PIPE_CLOSED = 141
"""128 + the signal's number, as a shell has it."""


class Front(click.Group):
    """A group that says what went wrong in words; the traceback only with ``--debug``."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command and turn what it raises into a message and an exit code."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except AnomalyError as error:
            _refuse(ctx, str(error), error.exit_code)
        except BrokenPipeError:
            # the reader has seen enough; nothing may be written at exit either
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            ctx.exit(PIPE_CLOSED)
        except KeyboardInterrupt:
            _refuse(ctx, "interrupted; what was finished is kept, run it again to go on", INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            _refuse(ctx, f"unexpected {type(error).__name__}: {error}\n(--debug shows where)", 1)


def _refuse(ctx: click.Context, message: str, code: int) -> NoReturn:
    if ctx.meta.get(DEBUG):
        traceback.print_exc()
    click.echo("anomaly: " + "\n".join(visible(line) for line in message.split("\n")), err=True)
    ctx.exit(code)


class Day(click.ParamType[date]):
    """A UTC date."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read ``2026-03-01`` and nothing else."""
        if isinstance(value, date):
            return value
        try:
            if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        self.fail(f"{value!r} is not a day; write it as YYYY-MM-DD, such as 2026-03-01", param, ctx)


DAY = Day()


@dataclass(frozen=True)
class Setup:
    """What a command works on: the settings, and from them the lake and the context."""

    settings: Settings

    @cached_property
    def lake(self) -> "Lake":
        """The lake, which need not exist yet."""
        from anomaly.store import Lake

        return Lake(self.settings.lake.root)

    @cached_property
    def context(self) -> "Context":
        """The context files, read; raises ContextError with every mistake."""
        from anomaly.context import Context

        return Context.load(self.settings.context.folder, self.settings.detection)


def common(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that all have; it gets a ``Setup`` first."""

    @click.option("--root", type=FOLDER, metavar="DIR", help="The lake.  [env: ANOMALY_ROOT; default: lake]")
    @click.option(
        "--context", type=FOLDER, metavar="DIR", help="Context files.  [env: ANOMALY_CONTEXT; default: context]"
    )
    @click.option("--config", type=FILE, metavar="FILE", help="Settings.  [env: ANOMALY_CONFIG; default: anomaly.toml]")
    @click.option("--debug", is_flag=True, expose_value=False, callback=_note_debug, help="Show tracebacks.")
    @functools.wraps(function)
    def wrapped(root: Path | None, context: Path | None, config: Path | None, **rest: Any) -> None:
        settings = Settings.load(config, {"lake.root": root, "context.folder": context})
        function(Setup(settings), **rest)

    return wrapped


def _note_debug(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.meta[DEBUG] = True


def common_debug(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command that uses no lake the one option that all have."""
    return click.option("--debug", is_flag=True, expose_value=False, callback=_note_debug, help="Show tracebacks.")(
        function
    )


FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")


def say(text: str) -> None:
    """Write what is going on to stderr."""
    click.echo(text, err=True)


def say_json(value: Any) -> None:
    """Write a value as JSON to stdout."""
    import json

    click.echo(json.dumps(value, indent=2, default=str))


def write_page(path: Path, text: str, what: str) -> None:
    """Write an HTML page whole or not at all, and say where it is."""
    from anomaly.store import replacing

    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    say(f"{path}: {what} as a page")


@dataclass
class DayBar:
    """Says on a terminal which day is being built, on one line."""

    what: str
    is_shown: bool = False

    def __call__(self, day: date) -> None:
        """Show a day that is done."""
        if sys.stderr.isatty():
            self.is_shown = True
            click.echo(f"\r{self.what} {day}", err=True, nl=False)

    def close(self) -> None:
        """Clear the line."""
        if self.is_shown:
            click.echo("\r\x1b[K", err=True, nl=False)
