"""One record of one log, before it is delivered."""

from typing import NamedTuple

from anomaly.simulate.forms import Place


class Row(NamedTuple):
    """One record of a log of ``forms.FORMS``; ``place`` are the parts of its folder (a trail's: account, region)."""

    epoch: int
    log: str
    place: Place
    text: str
