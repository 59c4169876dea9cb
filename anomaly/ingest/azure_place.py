"""Addresses and places as Azure logs write them: an address with its port, a blob's URL with its signature."""

import re
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

IP_WITH_PORT = r"^(\d{1,3}(?:\.\d{1,3}){3})(?::\d+)?$"
BRACKETED = r"^\[([0-9A-Fa-f:.]+)\](?::\d+)?$"
IP_BARE = r"^[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*$"
URL = r"(?i)^https?://([^/?#]*?)(?::\d+)?(/[^?#]*|$)"
"""Host and path of a URL; what follows a question mark may hold a signature and is never kept."""
STORAGE_HOST = r"(?i)^[^.]+\.(?:[a-z0-9]+\.)*(?:blob|dfs|web)\.(?:core|storage|[a-z0-9]+\.storage)\."
"""ACCOUNT.blob.core.windows.net, its like in other clouds, .z6.web. and the DNS zone endpoints .z1.blob.storage."""
PATH_STYLE = r"(?i)^(?:\d{1,3}(?:\.\d{1,3}){3}|localhost|host\.docker\.internal|azurite|\[[0-9a-f:]+\])$"
"""Hosts of an emulator: the account is the path's first part."""
PREFIX = r"[?&](?:prefix|directory)=([^&#]*)"
TRANSPORT = r"(?i)^APN/1\.0 Azure Blob|XTransport|Azure[- ]?Storage[- ]?(?:Transport|Copy) ?Agent"
"""User agents of the platform's own transport, which reads the source of a copy between accounts."""


def address_of(text: str | None) -> str | None:
    """Return an address without its port; None for what is no address.

    >>> address_of("203.0.113.9:28915"), address_of("[2001:db8::1]:443"), address_of("2001:db8::1"), address_of("-")
    ('203.0.113.9', '2001:db8::1', '2001:db8::1', None)
    """
    for pattern in (IP_WITH_PORT, BRACKETED):
        if match := re.match(pattern, text or ""):
            text = match.group(1)
    try:
        ip_address(text or "")
    except ValueError:
        return None
    return text


def place_of(url: str | None) -> tuple[str | None, str | None]:
    """Return storage account and account/container of a blob's URL.

    >>> place_of("https://acme.blob.core.windows.net:443/vault/a.csv?sv=1&sig=XXXXX")
    ('acme', 'acme/vault')
    """
    try:
        parts = urlsplit(url or "")
        host = parts.hostname or ""
    except ValueError:
        return None, None
    names = [unquote(name) for name in parts.path.split("/") if name]
    account = host.partition(".")[0].removesuffix("-secondary") or None
    if re.match(PATH_STYLE, host):
        account, names = (names[0] if names else None), names[1:]
    return account, f"{account}/{names[0]}" if account and names else None
