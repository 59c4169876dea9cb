"""HTML pages with every value escaped and no name left unfilled: one file to hand on, or the pages of an application.

This is the one home of jinja2.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError

from anomaly.words import visible

Filters = Mapping[str, Callable[..., Any]]
Unfilled = UndefinedError
"""What ``render`` raises for a name that the values do not give."""


class Pages:
    """The templates of folders, read once; of two with one name the first folder's.

    The filter ``visible`` is there always.
    """

    def __init__(self, filters: Filters, *folders: Path) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(folders),
            autoescape=True,
            # else each use of a template asks the disk whether its file changed
            auto_reload=False,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {"visible": lambda value: visible(str(value)), **filters}

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """Return a template filled in.

        Raises :data:`Unfilled` for a name that the template uses and nobody gives: a hole in a page is a mistake
        of ours.
        """
        return self._environment.get_template(template).render(values)


def rendered(folder: Path, filters: Filters, values: Mapping[str, Any]) -> str:
    """Return ``page.html.j2`` of a folder filled in; raises as :meth:`Pages.render` does."""
    return Pages(filters, folder).render("page.html.j2", values)
