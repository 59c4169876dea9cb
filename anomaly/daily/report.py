"""The run report: JSON and a page, ``ROOT/reports/run-NNNNNN.*``; ``latest.*`` are copies of the newest."""

import json
import shutil
from pathlib import Path
from typing import Any

from anomaly.daily.night import Night
from anomaly.pages import rendered
from anomaly.store import Lake, replacing
from anomaly.words import in_rate

LISTED = 10


def reports_folder(lake: Lake) -> Path:
    """Where a lake's run reports lie."""
    return lake.root / "reports"


def write_report(lake: Lake, night: Night) -> Path:
    """Write the report of a run; returns the page's path."""
    folder = reports_folder(lake)
    texts = {"json": json.dumps(night.as_dict(), indent=1, default=str) + "\n", "html": page(night)}
    for suffix, text in texts.items():
        path = folder / f"run-{night.number:06d}.{suffix}"
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
        with replacing(folder / f"latest.{suffix}") as temporary:
            shutil.copyfile(path, temporary)
    return folder / f"run-{night.number:06d}.html"


def page(night: Night) -> str:
    """Return the page's text."""
    return rendered(Path(__file__).parent, {"duration": _duration, "rate": in_rate}, _values(night))


def _values(night: Night) -> dict[str, Any]:
    return {
        "night": night,
        "drifts": [{"drift": each, "signals": _furthest(each)} for each in night.drifts],
        "quarantined": night.ingest["records"]["quarantined"] + night.ingest["files_quarantined"]
        if night.ingest
        else 0,
    }


def _furthest(drift: Any) -> list[Any]:
    return sorted(drift.shifts, key=lambda each: -each.psi)[:LISTED]


def _duration(seconds: float) -> str:
    """A duration in the two units that matter.

    >>> _duration(42.4), _duration(4000), _duration(200_000)
    ('42 s', '1 h 06 min', '2 d 7 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 172_800:
        return f"{int(seconds) // 3600} h {int(seconds) % 3600 // 60:02d} min"
    return f"{int(seconds) // 86_400} d {int(seconds) % 86_400 // 3600} h"
