"""Who gets findings over HTTP, and the form each wants: a signed webhook, Slack's form, Splunk's event collector."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from anomaly.config.kinds import Secret
from anomaly.config.settings import SinkSettings
from anomaly.sinks.ocsf import ocsf
from anomaly.words import visible

Finding = Mapping[str, Any]
Headers = dict[str, str]
Body = Callable[[Finding], Any]
Sign = Callable[[bytes, int], Headers]

FORMS: dict[str, Body] = {"finding": dict, "ocsf": ocsf}
"""By the name in ``sinks.webhook_format``."""


@dataclass(frozen=True)
class Receiver:
    """One receiver: its address (a secret, Slack's is one), the body of a finding, and the headers of a body."""

    name: str
    address: Secret
    body: Body
    headers: Sign = field(default=lambda body, now: {})


def receivers(settings: SinkSettings) -> list[Receiver]:
    """The receivers that have an address."""
    known = [
        Receiver(
            "webhook", Secret(settings.webhook_url), FORMS[settings.webhook_format], _signed(settings.webhook_secret)
        ),
        Receiver("slack", settings.slack_url, slack),
        Receiver("hec", Secret(settings.hec_url), hec, _token(settings.hec_token)),
    ]
    return [each for each in known if each.address]


def signature(secret: Secret, body: bytes, now: int) -> str:
    """HMAC-SHA256 in hexadecimal over the Unix time, a full stop and the body."""
    return hmac.new(secret.reveal().encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()


def slack(finding: Finding) -> dict[str, Any]:
    """A message as Slack's incoming webhooks take it; nothing in it is a link, a mention or markup."""
    place = "covered" if finding["rank"] is None else f"rank {finding['rank']} of {finding['cases']}"
    text = f"{finding['day']} {place}: {finding['identity']}: {finding['headline']} (case {finding['case_id'][:12]})"
    block = {"type": "section", "text": {"type": "plain_text", "text": visible(text)[:3000], "emoji": False}}
    return {"text": _plain(visible(text)), "mrkdwn": False, "blocks": [block]}


def hec(finding: Finding) -> dict[str, Any]:
    """An event as Splunk's HTTP Event Collector takes it."""
    return {"sourcetype": "anomaly:finding", "source": "anomaly", "event": dict(finding)}


def encoded(body: Any) -> bytes:
    """The one spelling of a body: what is signed is what is sent."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


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
