"""Signing in by an OpenID Connect provider: the way out, and the way back."""

import hmac
import re
import time
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from anomaly.errors import ProviderError, SignInError, UnknownNameError
from anomaly.review import accounts
from anomaly.review.web.pages import message_page
from anomaly.review.web.pending import LASTS_SECONDS, begin, opened
from anomaly.review.web.route_account import LONGEST_PATH, own_path, signed_in
from anomaly.review.web.signing import Review, options_of

if TYPE_CHECKING:
    from anomaly.review.web.provider import Provider

router = APIRouter()
BACK = "/login/provider/back"
LONGEST_PARAMETER = 4000
TITLE, UNREACHED = "You were not signed in", "The sign-in provider does not answer"
AGAIN = "Begin again from the sign-in of this page; it may have taken too long, or been begun in another window."
"""Said of a way back that fits no way out, which may have been made by a stranger: nothing of it is shown."""


@router.get("/login/provider")
def go_out(request: Request, to: Annotated[str, Query(max_length=LONGEST_PATH)] = "/") -> Response:
    """Send the browser to the provider, with what has to come back kept in a cookie."""
    provider, options = _provider(request), options_of(request)
    pending = begin(own_path(to), time.time())
    try:
        address = provider.address(pending, _back(request))
    except ProviderError as error:
        return message_page(
            request, 502, UNREACHED, [str(error), "Signing in with a password works as ever."], "/login"
        )
    answer = RedirectResponse(address, 303)
    kept = pending.sealed(provider.key)
    answer.set_cookie(
        options.pending_cookie, kept, LASTS_SECONDS, httponly=True, samesite="lax", secure=options.is_tls, path="/"
    )
    return answer


@router.get(BACK)
def come_back(
    request: Request,
    database: Review,
    state: Annotated[str, Query(max_length=LONGEST_PARAMETER)] = "",
    code: Annotated[str, Query(max_length=LONGEST_PARAMETER)] = "",
    error: Annotated[str, Query(max_length=LONGEST_PARAMETER)] = "",
    iss: Annotated[str | None, Query(max_length=LONGEST_PARAMETER)] = None,
) -> Response:
    """Begin a session for whom the provider vouches for, where they have an account here."""
    try:
        name, to = _vouched(request, state, code, error, iss)
        token = accounts.sign_in_as(database, name, _provider(request).issuer)
        if token is None:
            raise SignInError(
                f"{name} has no account here, or it is locked: anomaly review user add NAME --no-password"
            )
        answer: Response = signed_in(request, database, token, to)
    except ProviderError as fault:
        answer = message_page(request, 502, UNREACHED, [str(fault)], "/login")
    except SignInError as fault:
        answer = message_page(request, 403, TITLE, [str(fault)], "/login")
    options = options_of(request)
    answer.delete_cookie(options.pending_cookie, httponly=True, samesite="lax", secure=options.is_tls, path="/")
    return answer


def _vouched(request: Request, state: str, code: str, error: str, iss: str | None) -> tuple[str, str]:
    """The person's name, and the path to go on to."""
    provider = _provider(request)
    kept = request.cookies.get(options_of(request).pending_cookie, "")
    pending = opened(kept, provider.key, time.time())
    if pending is None or not hmac.compare_digest(pending.state.encode(), state.encode("utf-8", "replace")):
        raise SignInError(AGAIN)
    if iss is not None and iss != provider.issuer:
        # RFC 9207: the answer of one provider brought to another's client
        raise SignInError("the answer comes from another provider than the one that was asked")
    if not code:
        word = f": {error}" if re.fullmatch("[a-z_]{1,40}", error) else ""
        raise SignInError(f"the provider said no{word}")
    return provider.name(code, pending, _back(request)), pending.to


def _provider(request: Request) -> "Provider":
    found = options_of(request).provider
    if found is None:
        raise UnknownNameError("no sign-in provider is set up; see the setting review.oidc_issuer")
    return found


def _back(request: Request) -> str:
    """The address that the provider sends the browser back to; the guard has let no host through but our own."""
    scheme = "https" if options_of(request).is_tls else "http"
    return f"{scheme}://{request.headers['host'].lower()}{BACK}"
