"""What a stored model file may hold, checked before anything in it is built.

skops trusts by default hundreds of public classes, and a model file can name any of them; ours holds a detector made of
names, numbers and arrays. So every node of the file's schema must be on our own short list.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

from anomaly.errors import UnsafeModelError

TRUSTED = ["anomaly.model.detector.ExfilDetector"]
"""The only class of ours in a model file; given to skops, never read from the file."""
ALLOWED = {
    ("ObjectNode", "anomaly.model.detector.ExfilDetector"),
    ("DictNode", "builtins.dict"),
    ("ListNode", "builtins.list"),
    ("TypeNode", "builtins.str"),
    ("JsonNode", "builtins.str"),
    ("NdArrayNode", "numpy.ndarray"),
}
MAX_BYTES = 1 << 30
"""A forest of 300 trees is about 10 MB inflated; a gigabyte is no model of ours."""
SCHEMA = "schema.json"


def check(data: bytes) -> None:
    """Refuse a model file that is damaged or holds anything but what ours hold; raises UnsafeModelError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_size(archive)
            if (broken := archive.testzip()) is not None:
                raise UnsafeModelError(f"the model file is damaged: {broken} fails its checksum")
            schema = json.loads(archive.read(SCHEMA))
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, RecursionError, NotImplementedError) as error:
        raise UnsafeModelError(f"the model file is damaged or no model file: {error}") from error
    foreign = sorted({f"{kind} {loader}" for loader, kind in _nodes(schema) if (loader, kind) not in ALLOWED})
    if foreign:
        raise UnsafeModelError(f"the model file holds what a model of ours never holds: {', '.join(foreign)}")


def _check_size(archive: zipfile.ZipFile) -> None:
    size = sum(member.file_size for member in archive.infolist())
    if size > MAX_BYTES:
        raise UnsafeModelError(f"the model file inflates to {size:,} bytes; at most {MAX_BYTES:,} are read")


def _nodes(schema: Any) -> Iterator[tuple[str, str]]:
    """Every (loader, class) in a schema; a node is a dict that names a loader."""
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "__loader__" in node:
                yield str(node["__loader__"]), f"{node.get('__module__')}.{node.get('__class__')}"
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
