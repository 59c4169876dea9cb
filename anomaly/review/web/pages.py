"""Templates filled in: every page knows who looks, where they are, and which pages they may open."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from anomaly.dossier import FOLDER
from anomaly.dossier.filters import FILTERS
from anomaly.pages import Pages
from anomaly.review.viewer import Role, Viewer

TEMPLATES = Pages(FILTERS, Path(__file__).with_name("templates"), FOLDER)
QUEUE, BUCKETS, WORKFLOWS, AUDIT, ABOUT = "/", "/buckets", "/workflows", "/audit", "/about"


def page(
    request: Request, template: str, viewer: Viewer | None, values: Mapping[str, Any], status: int = 200
) -> HTMLResponse:
    """Return a template as an answer."""
    frame = {"viewer": shown(viewer), "places": places(viewer), "here": request.url.path}
    return HTMLResponse(TEMPLATES.render(template, {**frame, **values}), status)


def message_page(request: Request, status: int, title: str, lines: list[str], to: str) -> HTMLResponse:
    """Return a page that says what was refused and why."""
    names = {"/": "To the queue", "/login": "Sign in"}
    values = {"title": title, "lines": lines, "kind": "bad", "to": to, "to_name": names.get(to, "Back to the case")}
    # who was found out to ask before it was refused keeps the bar of pages
    return page(request, "message.html.j2", getattr(request.state, "viewer", None), values, status)


def shown(viewer: Viewer | None) -> dict[str, Any] | None:
    """Who looks, in words."""
    return {"name": viewer.name, "role": viewer.role.word} if viewer else None


def places(viewer: Viewer | None) -> list[tuple[str, str]]:
    """The pages in the bar: path and name."""
    if viewer is None:
        return []
    own = [(BUCKETS, "My buckets")] if viewer.owns else []
    audit = [(AUDIT, "Audit log")] if viewer.role >= Role.ADMIN else []
    return [(QUEUE, "Queue"), *own, (WORKFLOWS, "Workflows"), *audit, (ABOUT, "About")]
