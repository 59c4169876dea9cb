"""Source addresses into what a person calls them: your network's label, the operator, or the bare address block."""

import ipaddress
from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from anomaly.context import frames
from anomaly.context.intervals import MALFORMED, Keys, Ranges, address_keys

# Loopback, RFC 1918, RFC 6598 (carrier and cluster networks), link-local (RFC 3927, RFC 4291), unique local (RFC 4193).
PRIVATE = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::/127",
    "fc00::/7",
    "fe80::/10",
)
# What one site is given as a rule: a /24 of IPv4, a /48 of IPv6 (RFC 6177).
IPV6_BLOCK = 48


class AddressBook:
    """Names addresses by networks.csv first, then asn.csv, then the block they lie in."""

    def __init__(self, networks: pd.DataFrame, asn: pd.DataFrame) -> None:
        self._networks = Ranges(networks["cidr"].tolist())
        self._asn = Ranges(asn["cidr"].tolist())
        self._private = Ranges(PRIVATE)
        # One row more at the end: position -1, "in no range", takes it and reads as missing.
        self._labels = _with_none(networks["label"])
        self._kinds = _with_none(networks["kind"])
        self._operators = {name: _with_none(asn[name]) for name in ("asn", "organisation", "country")}

    def look_up(self, ips: Iterable[str | None]) -> pd.DataFrame:
        """Return one row a distinct address, in the order met; missing ones are left out."""
        texts = distinct(ips)
        keys = address_keys(texts)
        operator = self._asn.find(keys)
        known = {name: values[operator] for name, values in self._operators.items()}
        place = self._networks.find(keys)
        names = [
            label or (f"AS{number} {organisation}" if number is not None else block(key))
            for label, number, organisation, key in zip(
                self._labels[place], known["asn"], known["organisation"], keys.tolist(), strict=True
            )
        ]
        kinds = self._kind(keys, place)
        return frames.frame({"source_ip": texts, "network": names, "network_kind": kinds, **known}, frames.ADDRESSES)

    def _kind(self, keys: Keys, place: NDArray[np.int64]) -> NDArray[np.object_]:
        unlisted = np.where(self._private.find(keys) >= 0, "private", "internet")
        unlisted = np.where(keys == MALFORMED, "malformed", unlisted)
        return np.where(place >= 0, self._kinds[place], unlisted.astype(object))


def distinct(ips: Iterable[str | None]) -> list[str]:
    """Return the addresses that are there, each once, in the order met."""
    return [ip for ip in dict.fromkeys(ips) if isinstance(ip, str)]


def block(key: bytes) -> str | None:
    """Return the address block around a key: IPv4 /24, IPv6 /48; None for what is no address."""
    if not key:
        return None
    # numpy drops the zero bytes at the end of a key; they come back here.
    packed = key[1:]
    if key.startswith(b"4"):
        first, second, third = packed.ljust(4, b"\0")[:3]
        return f"{first}.{second}.{third}.0/24"
    return f"{ipaddress.IPv6Address(packed[:6].ljust(16, bytes(1)))}/{IPV6_BLOCK}"


def _with_none(column: pd.Series) -> NDArray[np.object_]:
    values = [None if pd.isna(value) else value for value in column]
    return np.array([*values, None], dtype=object)
