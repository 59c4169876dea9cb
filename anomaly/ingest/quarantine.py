"""What could not be loaded, kept for a person: ``ROOT/quarantine/part-*.jsonl``, one line an entry."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from anomaly.store import Lake

EXCERPT = 300
"""Characters of the offending text that are kept."""

SECRETS = re.compile(
    r"(?i)((?:sessionToken|secretAccessKey|password|x-amz-security-token|x-amz-signature|authorization|[?&]sig)"
    r"(?:\\*\"\s*:\s*\\*\"|=|:\s*))([^\"&\s\\,}]{4,})"
)
"""Values that must not be copied out of a log; temporary credentials stand in AssumeRole's answer."""


@dataclass(frozen=True)
class Quarantined:
    """One entry: ``record`` is the ordinal from 0 in the file, None when the whole file is meant."""

    file: str
    record: int | None
    reason: str
    excerpt: str = ""
    digest: str = ""


def excerpt_of(text: str) -> str:
    r"""Return the beginning of a text, secrets masked and unprintable characters made visible.

    >>> excerpt_of('{"sessionToken":"FwoGZXIvYXdz"}\x00')
    '{"sessionToken":"[masked]"}\\x00'
    >>> excerpt_of("https://lake.blob.core.windows.net/a?sv=1&sig=c2VjcmV0")
    'https://lake.blob.core.windows.net/a?sv=1&sig=[masked]'
    """
    masked = SECRETS.sub(r"\1[masked]", text[: EXCERPT * 4])
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in masked[: EXCERPT * 2])
    return shown if len(shown) <= EXCERPT else shown[: EXCERPT - 1] + "…"


def quarantine_file(lake: Lake, group: str) -> Path:
    """Return where a group's entries lie."""
    return lake.root / "quarantine" / f"{group}.jsonl"


def write_quarantine(path: Path, entries: Iterable[Quarantined]) -> None:
    """Write entries to a file, one JSON object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(asdict(entry), ensure_ascii=False) for entry in entries]
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def quarantined(lake: Lake) -> Iterator[Quarantined]:
    """List what is in quarantine, oldest first."""
    for path in sorted((lake.root / "quarantine").glob("part-*.jsonl")):
        with path.open(encoding="utf-8") as handle:
            for line in handle:
                yield Quarantined(**json.loads(line))
