"""A fetch that tells a watchdog how the night went. It has bounded time, and its failure fails nothing."""

import http.client
import threading
import urllib.error
import urllib.request

from anomaly import __version__
from anomaly.config.kinds import Secret

SCHEMES = ("https://", "http://")
LATE = "no answer in time"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A watchdog's address is a secret: it is told to the one host that was named."""

    def redirect_request(self, *_: object) -> None:
        return None


def ping(address: Secret, seconds: float) -> str:
    """Fetch an address; returns what went wrong in words that do not name it, empty when it answered.

    The limit holds for the whole fetch, however slowly the other side drips its answer.
    """
    said = [LATE]
    worker = threading.Thread(target=_fetch, args=(address, seconds, said), daemon=True, name="ping")
    worker.start()
    worker.join(seconds)
    return said[-1]


def _fetch(address: Secret, seconds: float, said: list[str]) -> None:
    text = address.reveal()
    if not text.startswith(SCHEMES):
        said.append("the address is neither http:// nor https://")
        return
    try:
        opener = urllib.request.build_opener(_NoRedirect)
        request = urllib.request.Request(text, headers={"User-Agent": f"anomaly/{__version__}"})
        with opener.open(request, timeout=seconds):
            said.append("")
    except urllib.error.HTTPError as error:
        said.append(f"it answered {error.code}")
        error.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        # not the error's own text: that may quote the address
        said.append(LATE if isinstance(reason, TimeoutError) else f"it could not be reached ({type(reason).__name__})")
