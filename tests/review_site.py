"""The review page over a small database, and people of each role signed in to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from anomaly.review.database import Database, open_database
from anomaly.review.publish import publish
from anomaly.review.web.app import Review, create_app
from anomaly.review.web.signing import Options
from review_documents import DAY, document
from review_people import PASSWORD, add

ORIGIN = "http://127.0.0.1:8750"
HERE = {"origin": ORIGIN}


class Fields(HTMLParser):
    """The fields of a page's forms that have a value written into them."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "input" and (name := said.get("name")) and said.get("type") != "radio":
            self.values[name] = said.get("value") or ""


def fields_of(text: str) -> dict[str, str]:
    """Return the fields of a page's forms by name."""
    found = Fields()
    found.feed(text)
    return found.values


@dataclass(frozen=True)
class Site:
    """An application, its database, and the context folder that it writes workflows to."""

    app: Review
    database: Database
    context: Path

    def client(self, name: str | None = None) -> TestClient:
        """Return a browser of this person, signed in; without a name of nobody. It follows no redirect."""
        client = TestClient(self.app, base_url=ORIGIN, follow_redirects=False)
        if name is not None:
            answer = client.post("/login", data={"name": name, "password": PASSWORD}, headers=HERE)
            assert answer.status_code == 303, answer.text
        return client


def site(folder: Path, documents: Sequence[dict[str, Any]] | None = None, options: Options | None = None) -> Site:
    """Make a page over a new database: vic may look, ana and lea are analysts, max is admin, own a data owner."""
    database = open_database(f"sqlite:///{folder / 'review.sqlite'}")
    for name, role in (("vic", "viewer"), ("ana", "analyst"), ("lea", "analyst"), ("max", "admin")):
        add(database, name, role)
    add(database, "own", "viewer", owns=("sales@corp.example",))
    publish(database, documents or [document(number) for number in range(1, 9)], day=DAY)
    context = folder / "context"
    context.mkdir()
    return Site(create_app(database, options or Options(), context), database, context)
