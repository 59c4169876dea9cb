"""Who gets findings over HTTP, and the form each wants: a signed webhook, Slack's form, Splunk's event collector."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from anomaly.config.kinds import Secret
from anomaly.config.settings import SinkSettings
from anomaly.sinks.ocsf import closed, ocsf
from anomaly.words import visible

Finding = Mapping[str, Any]
Headers = dict[str, str]
Body = Callable[[Finding], Any]
Sign = Callable[[bytes, int], Headers]

FORMS: dict[str, tuple[Body, Body]] = {"finding": (dict, dict), "ocsf": (ocsf, closed)}
"""Of a finding and of a notice that it is gone, by the name in ``sinks.webhook_format``."""
GONE = "a later run of its day no longer hands it on"


@dataclass(frozen=True)
class Receiver:
    """One receiver: its address (a secret, Slack's is one), the body of a finding and of a notice, a body's headers."""

    name: str
    address: Secret
    body: Body
    gone: Body
    headers: Sign = field(default=lambda body, now: {})


def receivers(settings: SinkSettings) -> list[Receiver]:
    """The receivers that have an address."""
    known = [
        Receiver(
            "webhook", Secret(settings.webhook_url), *FORMS[settings.webhook_format], _signed(settings.webhook_secret)
        ),
        Receiver("slack", settings.slack_url, slack, slack_gone),
        Receiver("hec", Secret(settings.hec_url), hec, hec, _token(settings.hec_token)),
    ]
    return [each for each in known if each.address]


def signature(secret: Secret, body: bytes, now: int) -> str:
    """HMAC-SHA256 in hexadecimal over the Unix time, a full stop and the body."""
    return hmac.new(secret.reveal().encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()


def slack(finding: Finding) -> dict[str, Any]:
    """A message as Slack's incoming webhooks take it; nothing in it is a link, a mention or markup."""
    place = "covered" if finding["rank"] is None else f"rank {finding['rank']} of {finding['cases']}"
    return _message(
        f"{finding['day']} {place}: {finding['identity']}: {finding['headline']} (case {finding['case_id'][:12]})"
    )


def slack_gone(told: Finding) -> dict[str, Any]:
    """A notice as a message."""
    return _message(f"{told['day']} withdrawn: {told['says']} (case {told['case_id'][:12]})")


def hec(finding: Finding) -> dict[str, Any]:
    """An event, of a finding or a notice, as Splunk's HTTP Event Collector takes it."""
    return {"sourcetype": "anomaly:finding", "source": "anomaly", "event": dict(finding)}


def notice(case: str, day: str, now: float) -> dict[str, Any]:
    """What tells of a case that its day has no longer, ``now`` in Unix time; nothing else is kept of what was sent."""
    # seconds to import, for those who only deliver
    from anomaly.findings import SCHEMA

    at = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"schema": SCHEMA, "case_id": case, "day": day, "withdrawn": True, "says": GONE, "at": at}


def encoded(body: Any) -> bytes:
    """The one spelling of a body: what is signed is what is sent."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _message(text: str) -> dict[str, Any]:
    block = {"type": "section", "text": {"type": "plain_text", "text": visible(text)[:3000], "emoji": False}}
    return {"text": _plain(visible(text)), "mrkdwn": False, "blocks": [block]}


def _plain(text: str) -> str:
    # the three characters that Slack's documentation says to escape
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _signed(secret: Secret) -> Sign:
    def headers(body: bytes, now: int) -> Headers:
        if not secret:
            return {}
        return {"X-Anomaly-Timestamp": str(now), "X-Anomaly-Signature": f"sha256={signature(secret, body, now)}"}

    return headers


def _token(token: Secret) -> Sign:
    return lambda body, now: {"Authorization": f"Splunk {token.reveal()}"}
