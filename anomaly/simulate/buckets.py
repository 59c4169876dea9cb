"""Buckets and what lies in them: folders of objects with heavy-tailed sizes, drawn when first looked at."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from anomaly.simulate.draw import Rng, choose, hexes, rng, some

Object = tuple[str, int]

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
HISTORY_DAYS = 60
LARGEST = 6 * GIB
SMALLEST = 120
FORGOTTEN_SHARE = 0.12


@dataclass(frozen=True)
class Style:
    """A way to fill a bucket: dated partitions or fixed folders; ranges of folders and of objects a folder.

    ``median`` is the size of an object in bytes, ``spread`` the sigma of its logarithm.
    """

    dated: bool
    folders: tuple[int, int]
    objects: tuple[int, int]
    median: int
    spread: float


STYLES = {
    "table": Style(True, (1, 3), (4, 14), 22 * MIB, 0.9),
    "feed": Style(True, (1, 2), (150, 420), 700 * KIB, 1.0),
    "logs": Style(True, (1, 2), (120, 300), 60 * KIB, 1.0),
    "dumps": Style(True, (1, 3), (1, 3), 340 * MIB, 0.8),
    "documents": Style(False, (20, 60), (8, 70), 240 * KIB, 1.7),
    "records": Style(False, (30, 90), (40, 160), 4 * KIB, 0.7),
    "media": Style(False, (6, 18), (30, 120), 9 * MIB, 1.2),
    "shards": Style(False, (3, 6), (40, 130), 96 * MIB, 0.2),
    "artifacts": Style(False, (20, 60), (3, 8), 18 * MIB, 1.1),
    "state": Style(False, (10, 24), (2, 5), 70 * KIB, 1.2),
}
TOPICS = ("invoices", "contracts", "reports", "board", "payroll", "claims", "plans", "minutes", "audits", "cases")
PLACES = ("emea", "apac", "amer", "north", "south", "hq", "shared", "archive", "drafts", "final")
TABLES = ("orders", "customers", "events", "payments", "sessions", "clicks", "ledger", "devices", "prices", "returns")
SERVICES = ("checkout", "gateway", "auth", "search", "mailer", "ledger", "pricing", "catalog", "ingest", "web")
FORGOTTEN = ("prod.env", ".env", "terraform.tfstate", "config.yml.bak", "users.sql.bak", "db-dump.sql.gz", "id_rsa.old")
ENDINGS = {
    "documents": ("pdf", "xlsx", "docx", "csv", "pptx"),
    "media": ("mp4", "tiff", "png", "wav"),
    "artifacts": ("tar.gz", "whl", "jar", "zip"),
    "state": ("tfstate", "json", "yml", "lock.hcl"),
}


@dataclass
class Bucket:
    """One bucket: where it is, how sensitive, and the population that its style draws.

    ``access`` says whether it writes a server access log, with line ends of an ``old`` or ``new`` age; ``trail`` is
    False where no trail records its objects.
    """

    seed: int
    name: str
    account: str
    region: str
    sensitivity: str
    owner: str
    style: str
    first: date
    kms: bool = False
    access: str = ""
    trail: bool = True
    _cache: dict[str, list[Object]] = field(default_factory=dict, repr=False)

    @property
    def dated(self) -> bool:
        """Whether its folders are days."""
        return STYLES[self.style].dated

    @cached_property
    def roots(self) -> list[str]:
        """The fixed beginnings of keys: tables, departments, services."""
        draw = rng(self.seed, "roots", self.name)
        low, high = STYLES[self.style].folders
        count = int(draw.integers(low, high + 1))
        return sorted({_root(self.style, draw, i) for i in range(count)})

    def folders(self, day: int) -> list[str]:
        """The folders that exist at the end of a day, in key order."""
        if not self.dated:
            return [f"{root}/" for root in self.roots]
        return [self.partition(root, d) for root in self.roots for d in range(day - HISTORY_DAYS, day + 1)]

    def partition(self, root: str, day: int) -> str:
        """The folder of one day of a dated bucket."""
        when = self.first + timedelta(days=day)
        return f"{root}/dt={when}/" if self.style == "table" else f"{root}/{when:%Y/%m/%d}/"

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
        sizes = np.clip(style.median * np.exp(draw.normal(0, style.spread, count)), SMALLEST, LARGEST)
        keys = [folder + name for name in _names(self.style, draw, count)]
        if not style.dated and self.style != "records" and draw.random() < FORGOTTEN_SHARE:
            keys[0] = folder + choose(draw, FORGOTTEN)
        return sorted(zip(keys, sizes.astype(int).tolist(), strict=True))

    def everything(self, day: int) -> list[Object]:
        """All objects that exist at the end of a day, in key order."""
        return self.of(self.folders(day))

    def sample(self, draw: Rng, day: int, folders: int) -> list[Object]:
        """The objects of a few folders, in key order."""
        return self.of(some(draw, self.folders(day), folders))

    def of(self, folders: Sequence[str]) -> list[Object]:
        """The objects of these folders."""
        return [item for folder in folders for item in self.objects(folder)]

    def changed(self, day: int) -> list[Object]:
        """What is new when a night's copy looks: yesterday's partitions, or a few folders of a fixed bucket."""
        if self.dated:
            return self.of(self.partitions(day - 1))
        return self.sample(rng(self.seed, "changed", self.name, day), day, 2)[:60]


def _root(style: str, draw: Rng, index: int) -> str:
    if style in ("table", "feed", "logs", "dumps"):
        return choose(draw, TABLES) if index == 0 else f"{choose(draw, TABLES)}_{choose(draw, PLACES)}"
    if style == "records":
        return f"{choose(draw, TABLES)}/{hexes(draw, 2)}"
    if style == "shards":
        return f"{choose(draw, TABLES)}-v{index + 1}/{choose(draw, ('train', 'train', 'eval'))}"
    if style in ("artifacts", "state"):
        return f"{choose(draw, SERVICES)}/{draw.integers(1, 6)}.{draw.integers(30)}.{draw.integers(12)}"
    return f"{choose(draw, TOPICS)}/{draw.integers(2019, 2027)}/{choose(draw, PLACES)}"


def _names(style: str, draw: Rng, count: int) -> list[str]:
    tags = _tags(draw, count)
    if style == "table":
        return [f"part-{i:05d}-{tag[:8]}-c000.snappy.parquet" for i, tag in enumerate(tags)]
    if style in ("feed", "logs"):
        return [f"{i % 24:02d}/{tag}.json.gz" for i, tag in enumerate(tags)]
    if style == "dumps":
        return [f"dump-{i:02d}.sql.gz" for i in range(count)]
    if style == "records":
        return [f"{tag[:10]}.json" for tag in tags]
    if style == "shards":
        return [f"shard-{i:05d}.tar" for i in range(count)]
    ends = ENDINGS[style]
    kinds = draw.integers(len(TOPICS) * len(ends), size=count).tolist()
    return [f"{TOPICS[k % len(TOPICS)]}-{tag[:5]}.{ends[k // len(TOPICS)]}" for k, tag in zip(kinds, tags, strict=True)]


def _tags(draw: Rng, count: int) -> list[str]:
    digits = hexes(draw, 12 * count)
    return [digits[12 * i : 12 * i + 12] for i in range(count)]
