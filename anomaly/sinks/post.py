"""One sending over HTTP: what the answer means, how long to wait, and not a word that quotes an address or a secret."""

import logging
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import urllib3

from anomaly.sinks.receivers import Receiver

SCHEMES = ("https://", "http://")
LATER = (408, 425, 429)
"""Answers of the 4xx that ask to come again; every other one refuses the finding for good."""
LONGEST_WAIT = 6 * 3600.0
"""Seconds between two tries at most, also where the receiver asks for more."""


@dataclass(frozen=True)
class Answer:
    """What came back: empty ``problem`` where the receiver has it; ``wait`` is the seconds that it asked for."""

    problem: str = ""
    is_refused: bool = False
    wait: float = 0.0


class Poster:
    """Connections that check certificates and follow no redirect: a finding goes to the address that was set."""

    def __init__(self, seconds: float) -> None:
        # its debug lines quote the address, which may be a secret
        logging.getLogger("urllib3.connectionpool").setLevel(logging.WARNING)
        self.http = urllib3.PoolManager(timeout=urllib3.Timeout(total=seconds), retries=False)

    def post(self, receiver: Receiver, body: bytes, key: str, now: float) -> Answer:
        """Send one body; ``now`` is the Unix time that is signed."""
        address = receiver.address.reveal()
        if not address.lower().startswith(SCHEMES):
            return Answer("the address is neither http:// nor https://")
        headers = {"Content-Type": "application/json", "Idempotency-Key": key, **receiver.headers(body, int(now))}
        try:
            # the answer's body is not read: it may be endless
            answer = self.http.request(
                "POST", address, body=body, headers=headers, redirect=False, preload_content=False
            )
            answer.close()
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            # its text may quote the address
            return Answer(f"no answer: {type(error).__name__}")
        if 200 <= answer.status < 300:
            return Answer()
        is_refused = 400 <= answer.status < 500 and answer.status not in LATER
        return Answer(f"answered {answer.status}", is_refused, retry_after(answer.headers.get("Retry-After", ""), now))

    def close(self) -> None:
        """Close all connections."""
        self.http.clear()


def retry_after(asked: str, now: float) -> float:
    """Seconds that a ``Retry-After`` asks for, in seconds or as an HTTP date (RFC 9110, 10.2.3); 0 for any other text.

    >>> retry_after("120", 0), retry_after("Thu, 01 Jan 1970 01:00:00 GMT", 60), retry_after("soon", 0)
    (120.0, 3540.0, 0.0)
    >>> retry_after("Thu, 01 Jan 1970 00:00:00 GMT", 60), retry_after("9" * 400, 0)
    (0.0, 21600.0)
    """
    if asked.isascii() and asked.isdigit():
        return min(float(asked), LONGEST_WAIT)
    try:
        return min(max(0.0, parsedate_to_datetime(asked).timestamp() - now), LONGEST_WAIT)
    except (ValueError, OverflowError):
        return 0.0


def clock(now: float | None) -> float:
    """The Unix time, or the one that a test gives."""
    return time.time() if now is None else now
