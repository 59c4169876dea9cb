"""Where the review database of a lake is, and how much of a day it gets; light to import, for those who have none."""

from pathlib import Path

from anomaly.config import Settings

REVIEW_FILE = "review.sqlite"
PUBLISHED = 50
"""Cases of a day that are published besides its alerts, where nobody says otherwise."""


def review_url(settings: Settings, root: Path) -> str:
    """The address in the settings, else the lake's own database once somebody made it, else nothing."""
    own = Path(root).absolute() / REVIEW_FILE
    return settings.review.url or (f"sqlite:///{own}" if own.exists() else "")
