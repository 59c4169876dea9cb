"""HTML pages that a person can hand on: one file, no script, every value escaped. This is the one home of jinja2."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from anomaly.words import visible

Filters = Mapping[str, Callable[..., str]]


def rendered(folder: Path, filters: Filters, values: Mapping[str, Any]) -> str:
    """Return ``page.html.j2`` of a folder filled in.

    The filter ``visible`` is there always. Raises jinja2's UndefinedError for a name that the template uses and nobody
    gives: a hole in a page is a mistake of ours.
    """
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"visible": lambda value: visible(str(value)), **filters}
    return environment.get_template("page.html.j2").render(values)
