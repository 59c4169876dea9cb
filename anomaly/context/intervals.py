"""Which range holds an address: nested ranges flattened into breakpoints once, then one binary search for all.

An address is 17 bytes: ``4`` or ``6`` and the packed address, padded with zeros, so that byte order is address order
and numpy searches them as fixed-width strings. An IPv4-mapped IPv6 address is the IPv4 address it wraps.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Keys = NDArray[np.bytes_]

KEY = "S17"
BARRIER = b"5"  # between the last IPv4 and the first IPv6 address
MALFORMED = b""
MAPPED_BITS = 96  # ::ffff:0:0/96, RFC 4291
MAPPED_BYTES = bytes(10) + b"\xff\xff"
PORT = re.compile(r"^(\d+\.\d+\.\d+\.\d+):\d{1,5}$|^\[([^]]*)\](?::\d{1,5})?$")


def address_key(text: str) -> bytes:
    """Return the key of an address, without a port or zone at its end; empty bytes when it is no address."""
    bare = text.strip()
    if port := PORT.match(bare):
        bare = port[1] or port[2]
    try:
        if ":" not in bare:
            return b"4" + socket.inet_pton(socket.AF_INET, bare)
        packed = socket.inet_pton(socket.AF_INET6, bare.partition("%")[0])
    except (OSError, ValueError):
        return MALFORMED
    return b"4" + packed[12:] if packed.startswith(MAPPED_BYTES) else b"6" + packed


def address_keys(texts: Iterable[str]) -> Keys:
    """Return the keys of addresses, shape (addresses,)."""
    return np.array([address_key(text) for text in texts], dtype=KEY)


def network(cidr: str) -> Network:
    """Read a range; one inside the IPv4-mapped block is the IPv4 range it wraps."""
    found = ipaddress.ip_network(cidr)
    wrapped = found.network_address.ipv4_mapped if isinstance(found, ipaddress.IPv6Network) else None
    if wrapped is not None and found.prefixlen >= MAPPED_BITS:
        return ipaddress.IPv4Network((wrapped, found.prefixlen - MAPPED_BITS))
    return found


class Ranges:
    """Address ranges, nested as they like, that answer which is the narrowest one around an address."""

    def __init__(self, cidrs: Sequence[str]) -> None:
        points = list(_breakpoints([network(cidr) for cidr in cidrs]))
        self._starts = np.array([key for key, _ in points], dtype=KEY)
        self._owners = np.array([owner for _, owner in points], dtype=np.int64)

    def find(self, keys: Keys) -> NDArray[np.int64]:
        """Return for each key the position of the narrowest range that holds it, -1 for none; shape as given."""
        places: NDArray[np.int64] = np.searchsorted(self._starts, keys, side="right") - 1
        return self._owners[places]


def _breakpoints(networks: list[Network]) -> Iterator[tuple[bytes, int]]:
    """Yield (first key, owner) in key order; of equal keys the last counts, as ``side='right'`` takes it."""
    yield MALFORMED, -1
    for version in (4, 6):
        chosen = [place for place, found in enumerate(networks) if found.version == version]
        chosen.sort(key=lambda place: (int(networks[place].network_address), networks[place].prefixlen))
        yield from _sweep(networks, chosen)
        if version == 4:
            yield BARRIER, -1


def _sweep(networks: list[Network], order: list[int]) -> Iterator[tuple[bytes, int]]:
    around: list[int] = []
    for place in order:
        first = int(networks[place].network_address)
        while around and int(networks[around[-1]].broadcast_address) < first:
            yield from _closed(networks, around)
        around.append(place)
        yield _key(networks[place].network_address), place
    while around:
        yield from _closed(networks, around)


def _closed(networks: list[Network], around: list[int]) -> Iterator[tuple[bytes, int]]:
    last = networks[around.pop()].broadcast_address
    if int(last) + 1 < 2**last.max_prefixlen:
        yield _key(last + 1), around[-1] if around else -1


def _key(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bytes:
    return str(address.version).encode() + address.packed
