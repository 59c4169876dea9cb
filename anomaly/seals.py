"""Seals: one small file a built day, so that a long history need not be looked through again to know it still stands.

A day's seal is chained: it names the SQL, the context and the events of the day and of every day before it. While it
holds, the tables it lists stand as they are. Where it does not, each table's own fingerprint decides.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from datetime import date

from anomaly.catalog import catalog
from anomaly.stage import macros, stages
from anomaly.store import Lake, replacing


class Seals:
    """The seals of one lake's feature tables under one context."""

    def __init__(self, lake: Lake, context_digest: str) -> None:
        self._lake = lake
        self._folder = lake.root / "ledger" / "features"
        texts = [context_digest, macros(), repr(catalog()), *(stage.sql for stage in stages().values())]
        self._chain = hashlib.sha256("\n".join(texts).encode()).hexdigest()

    def next(self, day: date, events_fingerprint: str) -> str:
        """The seal that a day must carry; to be asked for oldest day first, each day once."""
        self._chain = hashlib.sha256(f"{self._chain} {day} {events_fingerprint}".encode()).hexdigest()
        return self._chain

    def standing(self, day: date, seal: str) -> dict[str, str]:
        """Table to fingerprint of what stands under this seal, its file there and of the size it was written with."""
        try:
            found = json.loads((self._folder / f"{day}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if found["seal"] != seal:
            return {}
        return {
            name: fingerprint for name, (fingerprint, size) in found["tables"].items() if self._size(name, day) == size
        }

    def write(self, day: date, seal: str, fingerprints: Mapping[str, str]) -> None:
        """Seal a day's tables."""
        tables = {name: (fingerprint, self._size(name, day)) for name, fingerprint in sorted(fingerprints.items())}
        with replacing(self._folder / f"{day}.json") as temporary:
            temporary.write_text(json.dumps({"seal": seal, "tables": tables}, indent=1), encoding="utf-8")

    def _size(self, name: str, day: date) -> int:
        try:
            return os.stat(self._lake.partition(name, day)).st_size  # noqa: PTH116 - thousands a run: no Path object each
        except OSError:
            return -1
