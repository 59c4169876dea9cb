"""What the organisation writes down: the context files, and the truth that only the simulator knows."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from anomaly.simulate.deeds import Campaign
from anomaly.simulate.draw import stamp
from anomaly.simulate.network import PARTNER
from anomaly.simulate.org import Org
from anomaly.simulate.wire import Touch

TRUTH = (
    "campaign", "scenario", "kind", "day", "identity", "session_name", "buckets", "destination",
    "first_time", "last_time", "bytes_read", "objects", "note", "sources",
)  # fmt: skip


Touched = tuple[Campaign, list[Touch]]


def write_context(out: Path, org: Org) -> None:
    """Write the five files of the context folder."""
    for name, header, rows in _papers(org):
        _write(out / name, header, [*rows, *org.more_papers.get(name, [])])


def _papers(org: Org) -> Iterator[tuple[str, Sequence[str], Iterable[Sequence[object]]]]:
    buckets = org.buckets + org.untrailed
    yield (
        "inventory.csv",
        ("bucket", "cloud", "account", "sensitivity", "owner"),
        ((b.name, "aws", b.account, b.sensitivity, f"{b.owner}@{org.name}.example") for b in buckets),
    )
    yield (
        "accounts.csv",
        ("cloud", "account", "label", "relation"),
        (("aws", a.id, a.label, a.relation) for a in org.accounts if a.relation != "stranger"),
    )
    yield "networks.csv", ("cidr", "label", "kind"), ((s.cidr, s.label, s.kind) for s in org.sites)
    yield (
        "workflows.csv",
        ("id", "identity", "bucket", "destination", "reason", "owner", "review_by", "max_bytes_per_day"),
        (workflow.cells for workflow in org.workflows),
    )
    yield "asn.csv", ("cidr", "asn", "organisation", "country"), _asn(org)


def _asn(org: Org) -> Iterable[Sequence[object]]:
    home = org.world.providers[0].country
    yield from (
        ("203.0.113.0/24", 64496, "Crownline Business Internet", home),
        ("198.51.100.0/24", 64497, "Storage Cloud Regions", home),
        (str(PARTNER), 64498, "Partner Transfer Network", home),
    )
    for p in sorted(org.world.providers, key=lambda p: p.block):
        yield str(p.block), p.asn, p.name, p.country


def write_truth(path: Path, days: Iterable[Touched]) -> None:
    """Write one row a campaign, UTC day, identity and session."""
    groups: dict[tuple[str, str, str, str], tuple[Campaign, list[Touch]]] = {}
    for campaign, touches in days:
        for touch in touches:
            key = (stamp(touch.epoch)[:10], campaign.id, touch.identity, touch.session_name)
            groups.setdefault(key, (campaign, []))[1].append(touch)
    _write(
        path,
        TRUTH,
        (_truth(key, campaign, touches) for key, (campaign, touches) in sorted(groups.items(), key=lambda g: g[0])),
    )


def _truth(key: tuple[str, str, str, str], campaign: Campaign, touches: list[Touch]) -> Sequence[object]:
    day, _, identity, session = key
    times = [touch.epoch for touch in touches]
    return (
        campaign.id,
        campaign.scenario,
        campaign.kind,
        day,
        identity,
        session,
        ";".join(sorted({t.bucket for t in touches if t.bucket})),
        ";".join(sorted({t.destination for t in touches if t.destination})),
        stamp(min(times)),
        stamp(max(times)),
        sum(t.bytes_read for t in touches),
        len({(t.bucket, t.key) for t in touches if t.key}),
        campaign.deed.note,
        ";".join(sorted({t.address for t in touches})),
    )


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
