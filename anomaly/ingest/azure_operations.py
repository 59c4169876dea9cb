"""Which Azure operations are kept and what they do to storage: ``features/sources/azure_operations.csv`` as lookups.

Names with a slash are of the activity log, where their case varies; the others are of the storage resource logs, where
every operation on blobs is kept and one that the file does not name is judged by its category.
"""

from dataclasses import dataclass
from functools import cache

from anomaly.data import source_rows

BY_CATEGORY = {"StorageRead": "head", "StorageWrite": "configure", "StorageDelete": "delete"}


@dataclass(frozen=True)
class AzureOperation:
    """One operation: ``does`` as ``operation`` of the event table, ``bytes`` is read, written, copied or empty."""

    name: str
    does: str
    bytes: str


@cache
def azure_operations() -> dict[str, AzureOperation]:
    """Return the operations of the map by their name in small letters."""
    return {
        row["operation"].lower(): AzureOperation(row["operation"], row["does"], row["bytes"])
        for row in source_rows("azure_operations.csv")
    }


@cache
def activity_names() -> tuple[str, ...]:
    """Return the activity log's kept operations, in small letters."""
    return tuple(name for name in azure_operations() if "/" in name)


def azure_operation(name: str, category: str) -> AzureOperation:
    """Return what an operation does.

    >>> azure_operation("GetBlob", "StorageRead").bytes
    'read'
    >>> azure_operation("GetContainerProperties", "StorageRead").does
    'head'
    """
    known = azure_operations().get(name.lower())
    return known or AzureOperation(name, BY_CATEGORY.get(category, "configure"), "")
