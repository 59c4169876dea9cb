"""Addresses: the fast search against a plain loop, and the names, kinds and blocks that people read."""

import ipaddress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from anomaly.context import Context
from anomaly.context.intervals import Ranges, address_keys


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """Return a context with nested networks, two operators and four workflows."""
    Context.template(tmp_path)
    (tmp_path / "networks.csv").write_text(
        "cidr,label,kind\n10.0.0.0/8,corp,vpc\n10.1.0.0/16,berlin,office\n10.1.2.3,printer,other\n"
        "203.0.113.0/24,partner-net,partner\n2001:db8::/32,six,office\n::/0,any-six,other\n",
        encoding="utf-8",
    )
    (tmp_path / "asn.csv").write_text(
        "cidr,asn,organisation,country\n198.51.100.0/24,AS64500,Example Hosting,NL\n203.0.0.0/8,64501,Wide,\n",
        encoding="utf-8",
    )
    (tmp_path / "workflows.csv").write_text(
        "id,identity,bucket,destination,reason,owner,review_by\n"
        "wide,*,*,cidr:203.0.0.0/8,r,o,2027-01-01\nnarrow,*,*,cidr:203.0.113.0/24,r,o,2027-01-01\n"
        "one,*,*,ip:203.0.113.9,r,o,2027-01-01\ninside,*,*,internal,r,o,2027-01-01\n",
        encoding="utf-8",
    )
    return Context.load(tmp_path)


def row(context: Context, ip: str) -> dict[str, Any]:
    (found,) = context.addresses([ip]).to_dict("records")
    return {str(name): None if pd.isna(value) else value for name, value in found.items()}


@pytest.mark.parametrize(
    ("ip", "network", "kind"),
    [
        ("10.200.0.1", "corp", "vpc"),
        ("10.1.9.9", "berlin", "office"),
        ("10.1.2.3", "printer", "other"),
        ("10.1.2.4", "berlin", "office"),
        ("10.2.0.0", "corp", "vpc"),
        ("11.0.0.0", "11.0.0.0/24", "internet"),
        ("10.1.9.9:50123", "berlin", "office"),
        ("::ffff:10.1.9.9", "berlin", "office"),
        ("[2001:db8::7]:443", "six", "office"),
        ("2001:db8::7", "six", "office"),
        ("2a00:1:2:3::4", "any-six", "other"),
        ("198.51.100.77", "AS64500 Example Hosting", "internet"),
        ("203.0.113.1", "partner-net", "partner"),
        ("203.0.112.1", "AS64501 Wide", "internet"),
        ("8.8.8.8", "8.8.8.0/24", "internet"),
        ("8.8.0.0", "8.8.0.0/24", "internet"),
        ("255.255.255.255", "255.255.255.0/24", "internet"),
        ("192.168.7.9", "192.168.7.0/24", "private"),
        ("169.254.1.1", "169.254.1.0/24", "private"),
        ("100.64.0.1", "100.64.0.0/24", "private"),
        ("172.16.0.1", "172.16.0.0/24", "private"),
        ("172.32.0.1", "172.32.0.0/24", "internet"),
        ("AWS Internal", None, "malformed"),
        ("", None, "malformed"),
        ("10.1.2.3.4", None, "malformed"),
        ("10.1.02.3", None, "malformed"),
        ("1234", None, "malformed"),
        ("2001:db8::7::1", None, "malformed"),
        ("10.1.9.\0", None, "malformed"),
    ],
)
def test_names_and_kinds(context: Context, ip: str, network: str | None, kind: str) -> None:
    found = row(context, ip)
    assert (found["source_ip"], found["network"], found["network_kind"]) == (ip, network, kind)


@pytest.mark.parametrize(
    ("ip", "network", "kind"),
    [
        ("2001:db8:1:2::3", "2001:db8:1::/48", "internet"),
        ("2001:db8::", "2001:db8::/48", "internet"),
        ("fd00:1:2:3::1", "fd00:1:2::/48", "private"),
        ("fe80::1%eth0", "fe80::/48", "private"),
        ("::1", "::/48", "private"),
        ("::ffff:8.8.8.8", "8.8.8.0/24", "internet"),
    ],
)
def test_an_unknown_ipv6_address_is_named_by_its_block(tmp_path: Path, ip: str, network: str, kind: str) -> None:
    Context.template(tmp_path)
    found = row(Context.load(tmp_path), ip)
    assert (found["network"], found["network_kind"]) == (network, kind)


def test_the_operator_is_told_beside_the_label(context: Context) -> None:
    hosted = row(context, "198.51.100.77")
    assert (hosted["country"], hosted["asn"], hosted["organisation"]) == ("NL", 64500, "Example Hosting")
    assert (row(context, "203.0.113.1")["asn"], row(context, "203.0.113.1")["country"]) == (64501, None)
    assert row(context, "8.8.8.8")["asn"] is None


def test_each_address_comes_once_and_missing_ones_not_at_all(context: Context) -> None:
    series = pd.Series(["8.8.8.8", None, "10.0.0.1", "8.8.8.8"])
    assert context.addresses(series)["source_ip"].tolist() == ["8.8.8.8", "10.0.0.1"]


def test_a_workflow_covers_the_addresses_in_its_range_only(context: Context) -> None:
    ips = ["203.0.113.9", "203.0.113.8:443", "203.9.9.9", "204.0.0.0", "nonsense", None, "::ffff:203.0.113.9"]
    found = set(context.workflow_addresses(ips).itertuples(index=False, name=None))
    assert found == {
        *(("wide", ip) for ip in ["203.0.113.9", "203.0.113.8:443", "203.9.9.9", "::ffff:203.0.113.9"]),
        *(("narrow", ip) for ip in ["203.0.113.9", "203.0.113.8:443", "::ffff:203.0.113.9"]),
        *(("one", ip) for ip in ["203.0.113.9", "::ffff:203.0.113.9"]),
    }


# Ranges and addresses crowd together at both ends and around the middle, so that they nest and touch.
corners = {4: (0, 2**31, 2**32 - 8), 6: (0, 0xFFFF << 32, 2**127, 2**128 - 8)}


def near(version: int, spread: int) -> st.SearchStrategy[int]:
    top = 2 ** (32 if version == 4 else 128) - 1
    numbers = st.tuples(st.sampled_from(corners[version]), st.integers(-spread, spread)).map(sum)
    return numbers.map(lambda number: max(0, min(top, number)))


def addresses(version: int) -> st.SearchStrategy[Any]:
    kind = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    return (
        st.integers(0, 40).flatmap(lambda bits: near(version, 2**bits if version == 6 else 2 ** (bits % 12))).map(kind)
    )


versions = st.sampled_from([4, 6])
networks = versions.flatmap(
    lambda version: st.tuples(addresses(version), st.integers(0, 32 if version == 4 else 128))
).map(lambda pair: ipaddress.ip_network(pair, strict=False))


def mapped(address: Any) -> Any:
    return getattr(address, "ipv4_mapped", None) or address


def mapped_network(network: Any) -> Any:
    inner = mapped(network.network_address)
    wraps = network.version == 6 and inner.version == 4 and network.prefixlen >= 96
    return ipaddress.ip_network((inner, network.prefixlen - 96)) if wraps else network


def narrowest(ranges: list[Any], address: Any) -> int | None:
    """Return the prefix length of the narrowest range around an address, by a plain loop."""
    asked = mapped(address)
    inside = [each.prefixlen for each in map(mapped_network, ranges) if asked.version == each.version and asked in each]
    return max(inside, default=None)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(networks, max_size=12), st.lists(versions.flatmap(addresses), min_size=1, max_size=12))
def test_the_search_agrees_with_a_plain_loop(ranges: list[Any], asked: list[Any]) -> None:
    found = Ranges([str(each) for each in ranges]).find(address_keys(map(str, asked)))
    lengths = [mapped_network(ranges[place]).prefixlen if place >= 0 else None for place in found]
    assert lengths == [narrowest(ranges, address) for address in asked]
    inside = [(place, address) for place, address in zip(found, asked, strict=True) if place >= 0]
    assert all(mapped(address) in mapped_network(ranges[place]) for place, address in inside)


@settings(deadline=None)  # the machine may be busy
@given(st.text(st.sampled_from("0123456789abcdefA.:% []g"), max_size=20) | st.ip_addresses().map(str))
def test_what_counts_as_an_address_is_what_the_standard_library_takes(text: str) -> None:
    bare = text.strip()
    assume(not bare.startswith("[") and not (bare.count(":") == 1 and bare.count(".") == 3))  # ports: tried above
    try:
        ipaddress.ip_address(bare.partition("%")[0] if ":" in bare else bare)
        valid = True
    except ValueError:
        valid = False
    assert (address_keys([text])[0] != b"") == valid
