"""One case as a page to hand on: one file that loads nothing, runs nothing, and can be printed."""

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from anomaly import __version__
from anomaly.dossier import FOLDER
from anomaly.dossier.charts import charts
from anomaly.dossier.filters import FILTERS
from anomaly.pages import Pages

BODY = "<body>\n"
"""Written once: what a log says is escaped, so that it can hold no tag."""
WITHDRAWN = '<p class="withdrawn" role="note"><b>Withdrawn.</b> A later run of its day no longer found it.</p>\n'


def page(finding: Mapping[str, Any]) -> str:
    """Return the page of a finding; it is the same for the same finding and version of the product."""
    # as the template includes it; no other style is taken
    style = (FOLDER / "page.css").read_text(encoding="utf-8").removesuffix("\n")
    detail = finding["workflow_detail"]
    own = detail if isinstance(detail, Mapping) else {"difference": detail}
    counterfactual = finding["counterfactual"]
    values = {
        "doc": finding,
        "style_hash": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        "charts": charts(finding["history"]),
        "difference": own.get("difference") or "",
        "counterfactual": counterfactual["says"] if isinstance(counterfactual, Mapping) else counterfactual or "",
        "json": json.dumps(finding, indent=1, sort_keys=True),
        "digest": digest(finding),
        "version": __version__,
    }
    return _templates().render("page.html.j2", values)


def digest(finding: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of the finding as JSON with sorted keys, no spaces and ASCII only."""
    return hashlib.sha256(json.dumps(finding, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@cache
def _templates() -> Pages:
    return Pages(FILTERS, FOLDER)


def withdrawn(text: str) -> str:
    """Return a page that says first that its case is no longer found; once is enough."""
    return text if WITHDRAWN in text else text.replace(BODY, BODY + WITHDRAWN, 1)
