"""Buckets and what lies in them: folders of objects with heavy-tailed sizes, drawn when first looked at."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from anomaly.simulate.draw import Rng, choose, hexes, rng, some

Object = tuple[str, int]

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
HISTORY_DAYS = 60
LARGEST = 6 * GIB


@dataclass(frozen=True)
class Style:
    """A way to fill a bucket: dated partitions or fixed folders, objects a folder, median size and spread (sigma of ln)."""

    dated: bool
    folders: tuple[int, int]
    objects: tuple[int, int]
    median: int
    spread: float


STYLES = {
    "table": Style(True, (1, 3), (4, 14), 22 * MIB, 0.9),
    "feed": Style(True, (1, 2), (20, 44), 1400 * KIB, 1.0),
    "logs": Style(True, (1, 2), (20, 40), 60 * KIB, 1.0),
    "dumps": Style(True, (1, 3), (1, 3), 340 * MIB, 0.8),
    "documents": Style(False, (20, 60), (8, 70), 240 * KIB, 1.7),
    "records": Style(False, (30, 90), (40, 160), 4 * KIB, 0.7),
    "media": Style(False, (6, 18), (30, 120), 9 * MIB, 1.2),
    "shards": Style(False, (3, 6), (40, 130), 96 * MIB, 0.2),
    "artifacts": Style(False, (20, 60), (3, 8), 18 * MIB, 1.1),
    "state": Style(False, (10, 24), (2, 5), 70 * KIB, 1.2),
}
TOPICS = (
    "invoices",
    "contracts",
    "reports",
    "board",
    "payroll",
    "claims",
    "plans",
    "minutes",
    "audits",
    "research",
    "cases",
    "forecasts",
)
PLACES = ("emea", "apac", "amer", "north", "south", "hq", "shared", "archive", "drafts", "final")
TABLES = ("orders", "customers", "events", "payments", "sessions", "clicks", "ledger", "devices", "prices", "returns")
SERVICES = ("checkout", "gateway", "auth", "search", "mailer", "ledger", "pricing", "catalog", "ingest", "web")
SECRETS = (
    "prod.env",
    ".env",
    "terraform.tfstate",
    "terraform.tfstate.backup",
    "config.yml.bak",
    "users.sql.bak",
    "db-dump.sql.gz",
    "id_rsa.old",
)
ENDINGS = {
    "documents": ("pdf", "xlsx", "docx", "csv", "pptx"),
    "media": ("mp4", "tiff", "png", "wav"),
    "artifacts": ("tar.gz", "whl", "jar", "zip"),
    "state": ("tfstate", "json", "yml", "lock.hcl"),
}


@dataclass
class Bucket:
    """One bucket: where it is, how sensitive, and the population that its style draws."""

    seed: int
    name: str
    account: str
    region: str
    sensitivity: str
    owner: str
    style: str
    first: date
    kms: bool = False
    foreign: bool = False
    _cache: dict[str, list[Object]] = field(default_factory=dict, repr=False)

    @cached_property
    def roots(self) -> list[str]:
        """The fixed beginnings of keys: tables, departments, services."""
        draw = rng(self.seed, "roots", self.name)
        low, high = STYLES[self.style].folders
        count = int(draw.integers(low, high + 1))
        return sorted({self._root(draw, i) for i in range(count)})

    def _root(self, draw: Rng, index: int) -> str:
        if self.style in ("table", "feed", "logs", "dumps"):
            return choose(draw, TABLES) if index == 0 else f"{choose(draw, TABLES)}_{choose(draw, PLACES)}"
        if self.style == "records":
            return f"{choose(draw, TABLES)}/{hexes(draw, 2)}"
        if self.style == "shards":
            return f"{choose(draw, TABLES)}-v{index + 1}/{choose(draw, ('train', 'train', 'eval'))}"
        if self.style in ("artifacts", "state"):
            return f"{choose(draw, SERVICES)}/{draw.integers(1, 6)}.{draw.integers(30)}.{draw.integers(12)}"
        return f"{choose(draw, TOPICS)}/{draw.integers(2019, 2027)}/{choose(draw, PLACES)}"

    def folders(self, day: int) -> list[str]:
        """The folders that exist at the end of a day, in key order."""
        if not STYLES[self.style].dated:
            return [f"{root}/" for root in self.roots]
        return [self.partition(root, d) for root in self.roots for d in range(day - HISTORY_DAYS, day + 1)]

    def partition(self, root: str, day: int) -> str:
        """The folder of one day of a dated bucket."""
        when = self.first + timedelta(days=day)
        if self.style == "table":
            return f"{root}/dt={when}/"
        return f"{root}/{when:%Y/%m/%d}/"

    def partitions(self, day: int) -> list[str]:
        """All folders of one day of a dated bucket."""
        return [self.partition(root, day) for root in self.roots]

    def objects(self, folder: str) -> list[Object]:
        """The objects of a folder as (key, bytes), in key order."""
        found = self._cache.get(folder)
        if found is None:
            found = self._cache[folder] = self._draw_folder(folder)
        return found

    def _draw_folder(self, folder: str) -> list[Object]:
        draw = rng(self.seed, "folder", self.name, folder)
        style = STYLES[self.style]
        count = int(draw.integers(style.objects[0], style.objects[1] + 1))
        sizes = style.median * np.exp(draw.normal(0, style.spread, count))
        keys = [folder + self._file(draw, i) for i in range(count)]
        if not style.dated and self.style != "records" and draw.random() < 0.12:
            keys[0] = folder + choose(draw, SECRETS)
        return sorted(zip(keys, (int(s) for s in np.clip(sizes, 120, LARGEST)), strict=True))

    def _file(self, draw: Rng, index: int) -> str:
        if self.style == "table":
            return f"part-{index:05d}-{hexes(draw, 8)}-c000.snappy.parquet"
        if self.style in ("feed", "logs"):
            return f"{index % 24:02d}/{hexes(draw, 12)}.json.gz"
        if self.style == "dumps":
            return f"dump-{index:02d}.sql.gz"
        if self.style == "records":
            return f"{hexes(draw, 10)}.json"
        if self.style == "shards":
            return f"shard-{index:05d}.tar"
        return f"{choose(draw, TOPICS)}-{hexes(draw, 5)}.{choose(draw, ENDINGS[self.style])}"

    def everything(self, day: int) -> list[Object]:
        """All objects that exist at the end of a day, in key order."""
        return [item for folder in self.folders(day) for item in self.objects(folder)]

    def sample(self, draw: Rng, day: int, folders: int) -> list[Object]:
        """The objects of a few folders, in key order."""
        return [item for folder in some(draw, self.folders(day), folders) for item in self.objects(folder)]
