"""Values as cells of a CSV that is safe to open in a spreadsheet."""

from typing import Any

from anomaly.words import visible

JOIN = ";"
# A spreadsheet takes a cell that starts so for a formula; the wide forms too, in some locales.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cell(value: Any) -> str | float | int:
    """Return a value as a CSV cell.

    Numbers stay. In text, unseen characters are written as escapes and a formula's first character is shielded with
    an apostrophe. Inside a list's member ``;`` becomes ``,`` so that the joined cell splits again.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    text = JOIN.join(str(each).replace(JOIN, ",") for each in value) if isinstance(value, list) else str(value)
    return ("'" if text.startswith(FORMULA) else "") + visible(text)
