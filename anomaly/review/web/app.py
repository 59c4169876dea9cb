"""The application put together: its guard, its routes, and what a person sees when something is refused."""

from pathlib import Path
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from anomaly.errors import AnomalyError, ForbiddenError, StaleWriteError, UnknownNameError, UsageError
from anomaly.review.database import Database
from anomaly.review.web import (
    route_account,
    route_audit,
    route_case,
    route_provider,
    route_queue,
    route_workflows,
    route_write,
)
from anomaly.review.web.guard import READS, Guard
from anomaly.review.web.pages import message_page
from anomaly.review.web.signing import NotSignedInError, Options

STATIC = Path(__file__).with_name("static")
ROUTES = (route_account, route_provider, route_queue, route_case, route_write, route_workflows, route_audit)
STATUS = ((ForbiddenError, 403), (UnknownNameError, 404), (StaleWriteError, 409), (UsageError, 422))
TITLES = {
    400: "That request cannot be read",
    403: "That is not yours to do",
    404: "There is no such thing here",
    405: "That is not done this way",
    409: "Somebody was there before you",
    422: "That cannot be saved as it is",
    500: "That went wrong",
}


class Review(FastAPI):
    """The application with its guard outermost, so that even an error of ours goes out under the same headers."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return the stack with the guard around it."""
        options: Options = self.state.options
        return Guard(super().build_middleware_stack(), hosts=options.hosts, is_tls=options.is_tls)


def create_app(database: Database, options: Options, context: Path) -> Review:
    """Return the application.

    Parameters
    ----------
    context
        Folder of the context files, where approved workflows are written for the next night's run.
    """
    # no page describes the routes: who may ask what is in docs/review.md
    app = Review(title="anomaly review", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.database, app.state.options, app.state.context = database, options, context
    for module in ROUTES:
        # one flat list: a test holds every route that there is against who may ask
        app.router.routes.extend(module.router.routes)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(NotSignedInError, _sign_in)
    app.add_exception_handler(AnomalyError, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _unreadable)
    return app


def _sign_in(request: Request, _: Exception) -> Response:
    """A page leads to the sign-in and back; a write is refused, for a form sent twice is no sign-in."""
    if request.method not in READS:
        return message_page(
            request, 401, "You are not signed in", ["Sign in and do it again: nothing was saved."], "/login"
        )
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    to = f"/login?to={quote(asked, safe='')}"
    if request.headers.get("hx-request") == "true":
        # htmx would put the sign-in into a part of the page
        return Response(status_code=401, headers={"hx-redirect": to})
    return RedirectResponse(to, 303)


def _refused(request: Request, error: Exception) -> Response:
    status = next((code for kind, code in STATUS if isinstance(error, kind)), 500)
    lines = str(error).splitlines() or ["No more is known."]
    if status == 409:
        lines.append("Nothing of yours was saved. Look at the case as it is now, then decide again.")
    return message_page(request, status, TITLES[status], lines, _back(request))


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return message_page(request, status, TITLES.get(status, "That was refused"), [], "/")


def _unreadable(request: Request, error: Exception) -> Response:
    """What the framework found wrong, without what was sent: that may be a password."""
    faults = error.errors() if isinstance(error, RequestValidationError) else ()
    lines = [f"{'.'.join(str(part) for part in fault['loc'][1:])}: {fault['msg']}" for fault in faults]
    return message_page(request, 422, TITLES[422], lines, _back(request))


def _back(request: Request) -> str:
    """The case that a write was about, else the queue."""
    case_id = request.path_params.get("case_id")
    return f"/case/{case_id}" if case_id and request.method not in READS else "/"
