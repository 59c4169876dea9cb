"""What the tests of the documentation share: the pages, their code blocks, and the command line as click knows it."""

import importlib
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import house

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```", flags=re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{2,} (?P<title>.+)$", flags=re.MULTILINE)


def all_pages() -> list[Path]:
    """Return every Markdown page of the project."""
    return house.files_of(".md")


def text_of(page: Path) -> str:
    """Return a page's text."""
    return page.read_text(encoding="utf-8")


def shell_lines(page: Path) -> Iterator[str]:
    """Yield the commands of a page's shell blocks, comments and prompts removed."""
    for fence in FENCE.finditer(text_of(page)):
        if fence["language"] in {"sh", "bash", "console"}:
            for line in fence["body"].splitlines():
                yield line.removeprefix("$ ").strip()


def calls_of(program: str, page: Path) -> Iterator[list[str]]:
    """Yield the arguments of every call of a program in a page's shell blocks."""
    for line in shell_lines(page):
        words = shlex.split(line, comments=True)
        if words and words[0].rpartition("/")[2] == program:
            yield words[1:]


def sections(page: Path) -> dict[str, str]:
    """Return a page's sections, heading to text."""
    text = text_of(page)
    heads = list(HEADING.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return {head["title"].strip("` "): text[head.end() : end] for head, end in zip(heads, ends, strict=True)}


def command_line() -> click.Group:
    """Return the click group behind ``anomaly``; skips the test while there is no command line at all."""
    found = importlib.util.find_spec("anomaly.cli")
    if found is None or found.origin is None:
        pytest.skip("there is no anomaly.cli yet: its documentation is checked from the day there is")
    main = importlib.import_module("anomaly.cli").main
    assert isinstance(main, click.Group)
    return main


def commands(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield every command that does something, by its full name: groups are walked, hidden ones left out."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def options(command: click.Command) -> set[str]:
    """Return the long names of a command's visible options."""
    shown = [option for option in command.params if not getattr(option, "hidden", False)]
    return {name for option in shown for name in (*option.opts, *option.secondary_opts) if name.startswith("--")}
