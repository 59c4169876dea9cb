"""MITRE ATT&CK: which techniques the acts of a session fit. Identifiers and names are those of attack.mitre.org."""

from collections.abc import Mapping
from typing import Any

Record = Mapping[str, Any]

EXFILTRATION = ("T1048", "Exfiltration Over Alternative Protocol")
STORAGE = ("T1530", "Data from Cloud Storage")
TRANSFER = ("T1537", "Transfer Data to Cloud Account")
DISCOVERY = ("T1619", "Cloud Storage Object Discovery")


def techniques(session: Record) -> list[dict[str, str]]:
    """The techniques that a row of ``sessions`` joined with ``session_features`` fits.

    T1048 stands first: it is what the product looks for, and a score says how likely, not the tag.
    """
    fits = {
        EXFILTRATION: True,
        STORAGE: session["reads"] + session["copies"] > 0,
        TRANSFER: session["copies_outside"] + session["shares_outside"] > 0,
        DISCOVERY: session["lists"] + session["heads"] > 0,
    }
    return [{"technique": technique, "name": name} for (technique, name), fitting in fits.items() if fitting]
