"""The outside world: providers with invented names on documentation and benchmark addresses, offices, homes, VPCs.

Addresses: 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 (RFC 5737) for the company, its clouds and partners;
198.18.0.0/15 (RFC 2544) cut into /20 blocks for providers; 10.0.0.0/8 inside. AS numbers are those of RFC 5398.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from anomaly.simulate.draw import Rng, choose, rng, whole

WORLD = IPv4Network("198.18.0.0/15")
FIRST = (
    "Blue",
    "North",
    "Metro",
    "Clear",
    "Swift",
    "Green",
    "Polar",
    "Delta",
    "Sun",
    "Iron",
    "Prime",
    "Vector",
    "Open",
    "Lake",
)
HOMES = ("Fibre", "Broadband", "Cable", "Telecom", "DSL")
HOSTS = ("Hosting", "Cloud Servers", "VPS", "Datacenter")
MOBILES = ("Mobile", "Wireless", "Hotels Wi-Fi")
TUNNELS = ("VPN", "Privacy Network")
PARTNER = IPv4Network("192.0.2.128/26")


@dataclass(frozen=True)
class Provider:
    """One network on the Internet."""

    block: IPv4Network
    asn: int
    name: str
    country: str
    kind: str

    def address(self, draw: Rng, subnet: int | None = None) -> str:
        """An address of the provider, within one /24 of it when ``subnet`` is given."""
        start = int(self.block.network_address)
        if subnet is None:
            return str(IPv4Address(start + whole(draw, self.block.num_addresses - 1, 1)))
        base = start + 256 * (subnet % (self.block.num_addresses // 256))
        return str(IPv4Address(base + whole(draw, 254, 2)))


@dataclass(frozen=True)
class Site:
    """A row of networks.csv."""

    cidr: str
    label: str
    kind: str


class World:
    """Providers by kind and country; which block belongs to whom is drawn from the seed."""

    def __init__(self, seed: int, countries: tuple[str, ...], elsewhere: tuple[str, ...]) -> None:
        draw = rng(seed, "world")
        blocks = list(WORLD.subnets(new_prefix=20))
        order = draw.permutation(len(blocks)).tolist()
        plan = [("residential", c) for c in countries for _ in range(3)]
        plan += (
            [("mobile", c) for c in countries]
            + [("residential", c) for c in elsewhere]
            + [("mobile", c) for c in elsewhere[:2]]
        )
        plan += [("hosting", c) for c in (*countries[:2], *elsewhere[:2])] + [("vpn", c) for c in elsewhere[-3:]]
        self.providers = [
            Provider(blocks[order[i]], 65536 + i, _name(draw, kind), country, kind)
            for i, (kind, country) in enumerate(plan)
        ]

    def of(self, kind: str, country: str | None = None) -> list[Provider]:
        """The providers of a kind, of one country when named."""
        return [p for p in self.providers if p.kind == kind and country in (None, p.country)]


def _name(draw: Rng, kind: str) -> str:
    seconds = {"residential": HOMES, "hosting": HOSTS, "mobile": MOBILES, "vpn": TUNNELS}[kind]
    return f"{choose(draw, FIRST)}{choose(draw, FIRST).lower()} {choose(draw, seconds)}"
