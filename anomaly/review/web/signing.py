"""Who asks: the cookie of a session, or a header from a listed proxy. Every route asks here, and nowhere else."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from anomaly.review import accounts
from anomaly.review.database import Database
from anomaly.review.viewer import Role, Viewer
from anomaly.review.web.guard import is_listed

if TYPE_CHECKING:
    from anomaly.review.web.provider import Provider


@dataclass(frozen=True)
class Options:
    """How the page is reached.

    Parameters
    ----------
    hosts
        Names the page goes by, without or with a port.
    is_tls
        Whether browsers reach it by https: then cookies are Secure. Without, it has to be on loopback.
    proxy_header
        Header in which a proxy names the person it signed in, empty for none.
    proxies
        Addresses or CIDR blocks from which that header is believed; from all others it is ignored.
    provider
        An OpenID Connect provider that signs people in too, None for none.
    """

    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    is_tls: bool = False
    proxy_header: str = ""
    proxies: tuple[str, ...] = ()
    provider: "Provider | None" = None

    @property
    def pending_cookie(self) -> str:
        """The name of the cookie that a sign-in under way at a provider is kept in."""
        return f"{self.cookie}-sign-in"

    @property
    def cookie(self) -> str:
        """The cookie's name. With ``__Host-`` a browser takes it from this very host over https alone."""
        return "__Host-anomaly" if self.is_tls else "anomaly-review"


class NotSignedInError(Exception):
    """Nobody is signed in, or the session has ended."""


def database_of(request: Request) -> Database:
    """The review database that the application was made with."""
    found: Database = request.app.state.database
    return found


def options_of(request: Request) -> Options:
    """The options that the application was made with."""
    found: Options = request.app.state.options
    return found


def viewer_of(request: Request) -> Viewer:
    """Return who asks; raises NotSignedInError."""
    options, database = options_of(request), database_of(request)
    named = _named_by_proxy(request, options)
    found: Viewer | None
    if named is not None:
        found = accounts.known(database, named)
    else:
        token = request.cookies.get(options.cookie)
        found = accounts.viewer_of(database, token) if token else None
    if found is None:
        raise NotSignedInError
    request.state.viewer = found
    return found


def analyst_of(viewer: Annotated[Viewer, Depends(viewer_of)]) -> Viewer:
    """Return who asks; raises ForbiddenError for a viewer, who may only look."""
    viewer.must_be(Role.ANALYST, "change a case")
    return viewer


def admin_of(viewer: Annotated[Viewer, Depends(viewer_of)]) -> Viewer:
    """Return who asks; raises ForbiddenError for all but an administrator."""
    viewer.must_be(Role.ADMIN, "read the audit log")
    return viewer


def _named_by_proxy(request: Request, options: Options) -> str | None:
    """The name in the proxy's header; None unless the peer itself, whatever it forwards, is a listed proxy."""
    peer = request.client.host if request.client else ""
    if not options.proxy_header or not is_listed(peer, options.proxies):
        return None
    # twice the same header: one of the two was not written by the proxy
    found = request.headers.getlist(options.proxy_header)
    return found[0].strip() if len(found) == 1 else None


Signed = Annotated[Viewer, Depends(viewer_of)]
Analyst = Annotated[Viewer, Depends(analyst_of)]
Admin = Annotated[Viewer, Depends(admin_of)]
Review = Annotated[Database, Depends(database_of)]
