"""Signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from anomaly.review import accounts
from anomaly.review.database import Database
from anomaly.review.web.pages import page
from anomaly.review.web.signing import Review, Signed, options_of

router = APIRouter()
LONGEST_NAME, LONGEST_PASSWORD, LONGEST_PATH = 80, 1024, 2000
REFUSED = "Name and password do not fit, or the account is locked for a while after too many tries."


@router.get("/login")
def show_login(request: Request, to: Annotated[str, Query(max_length=LONGEST_PATH)] = "/") -> HTMLResponse:
    """Ask who it is."""
    return page(request, "login.html.j2", None, _asked(request, to))


@router.post("/login")
def sign_in(
    request: Request,
    database: Review,
    name: Annotated[str, Form(max_length=LONGEST_NAME)],
    password: Annotated[str, Form(max_length=LONGEST_PASSWORD)],
    to: Annotated[str, Form(max_length=LONGEST_PATH)] = "/",
) -> Response:
    """Begin a session. Why it was refused is not said apart: that would tell which names there are."""
    token = accounts.sign_in(database, name, password)
    if token is None:
        return page(request, "login.html.j2", None, _asked(request, to, REFUSED, name), 401)
    return signed_in(request, database, token, to)


def signed_in(request: Request, database: Database, token: str, to: str) -> RedirectResponse:
    """Lead on with a new session; the one that the browser came with, whoever's it was, ends."""
    answer, options = RedirectResponse(own_path(to), 303), options_of(request)
    if former := request.cookies.get(options.cookie):
        accounts.sign_out(database, former)
    # no age: the browser forgets it when it closes, and the server ends it by its own clock
    answer.set_cookie(options.cookie, token, httponly=True, samesite="lax", secure=options.is_tls, path="/")
    return answer


@router.post("/logout")
def sign_out(request: Request, viewer: Signed, database: Review) -> RedirectResponse:
    """End the session, on the server too."""
    options = options_of(request)
    if token := request.cookies.get(options.cookie):
        accounts.sign_out(database, token)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(options.cookie, httponly=True, samesite="lax", secure=options.is_tls, path="/")
    return answer


def _asked(request: Request, to: str, message: str = "", name: str = "") -> dict[str, str]:
    """What the page that asks who it is shows."""
    provider = options_of(request).provider
    return {"to": own_path(to), "message": message, "name": name, "provider": provider.host if provider else ""}


def own_path(asked: str) -> str:
    """Return a path of this page to go on to; what a browser may take for another site's address becomes ``/``."""
    is_own = asked.startswith("/") and not asked.startswith("//") and "\\" not in asked and asked.isprintable()
    return asked if is_own else "/"
