"""Which published cases a workflow would have covered, told from their documents alone.

The night's run judges every flow in SQL (``features/signals/workflow.sql``) and knows more: whose account a bucket is
in, of what kind a network is. Where a document leaves that open the answer here is yes, so what a draft would hide is
never told too small.
"""

import fnmatch
import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from anomaly.context.destinations import split_destination
from anomaly.review.record import destination_name

Document = Mapping[str, Any]
MOVING = "reads", "copies", "shares"
OUTSIDE = "internet", "malformed", "unknown"
"""Kinds of networks that are not the organisation's, as in the night's SQL."""
OWN_ADDRESSED = ("internal", "bucket", "gcs-bucket")
UNLISTED = re.compile(r"AS\d+ |[0-9a-fA-F.:]+/\d+$")
"""How a network is called that no row of networks.csv names: by its operator or by its block."""
UNSAID = "aws-account:", "gcp-project:", "azure-account:"


class Pattern:
    """What a workflow names, ready to be held against many cases; ``bucket`` and ``destination`` may be several."""

    def __init__(self, identity: str, bucket: str, destination: str, max_bytes_per_day: int | None) -> None:
        self.identity = re.compile(fnmatch.translate(identity))
        self.buckets = [re.compile(fnmatch.translate(each)) for each in bucket.split()]
        self.ways = [Way(each) for each in destination.split()]
        self.most = max_bytes_per_day

    def covers(self, document: Document) -> bool:
        """Whether the workflow may cover all that the case moved."""
        if not guarded(document):
            return self._fills(document)
        return not self.lacks(document)

    def _fills(self, document: Document) -> bool:
        """Whether a case that moved nothing touched no bucket but those that the workflow names to go to."""
        named = {way.value for way in self.ways if way.kind in ("bucket", "gcs-bucket")}
        touched = {each["bucket"] for each in document["buckets"] if each.get("writes")}
        return bool(touched) and touched <= named and all(self.identity.match(who) for who in identities(document))

    def lacks(self, document: Document) -> list[str]:
        """What of a case the workflow surely leaves uncovered, in words."""
        # of a bucket that was only written to, the document does not tell whether that left the organisation
        buckets = [each["bucket"] for each in guarded(document) if moved(each)]
        return [
            *(f"{who} is somebody else" for who in identities(document) if not self.identity.match(who)),
            *(f"the bucket {name} is not named" for name in buckets if not self._is_named(name)),
            *(f"{name} is not named as a destination" for name in self._unnamed(document)),
            *(f"what was read at {place} is approved to no such place" for place in self._unreached(document)),
            *self._too_much(document),
        ]

    def _is_named(self, bucket: str) -> bool:
        return any(each.match(bucket) for each in self.buckets)

    def _unnamed(self, document: Document) -> list[str]:
        found = [each for each in document["destinations"] if has_left(each)]
        return [destination_name(each) for each in found if not any(way.names(each) for way in self.ways)]

    def _unreached(self, document: Document) -> list[str]:
        """Where the case read from and no way leads; what names a destination need not have been read at all."""
        sources = [each for each in document["sources"] if each.get("reads", not document["destinations"])]
        lost = [each for each in sources if not any(way.reaches(each, document) for way in self.ways)]
        return [str(each.get("address") or each.get("network") or "an unknown address") for each in lost]

    def _too_much(self, document: Document) -> list[str]:
        # the limit is for each destination, and a document does not tell what went to which
        limit = None if self.most is None else self.most * len(self.ways)
        over = [each["bucket"] for each in guarded(document) if limit and (each.get("bytes_read") or 0) > limit]
        return [f"more was read of {name} than it allows for a day" for name in over]


class Way:
    """One destination of a workflow."""

    def __init__(self, destination: str) -> None:
        self.kind, self.value = split_destination(destination)
        self.destination = destination

    def names(self, entry: Any) -> bool:
        """Whether data that was sent to this destination may have gone where the workflow says."""
        found, known = destination_name(entry), entry if isinstance(entry, Mapping) else {}
        if self.kind in ("aws-account", "gcp-project", "azure-account"):
            # a bucket's name does not tell its account, and what goes to Azure is named by container
            is_same = f"{found}/".startswith(f"{self.destination}/")
            return is_same or (known.get("account", self.value) == self.value and not found.startswith(UNSAID))
        if self.kind in ("bucket", "gcs-bucket"):
            return found == self.destination
        return self.kind == "any" or (self.kind == "internal" and known.get("relation", "own") == "own")

    def reaches(self, source: Mapping[str, Any], document: Document) -> bool:
        """Whether what is read from here goes where the workflow says: to the caller's account, address, network."""
        if self.kind in ("aws-account", "gcp-project"):
            return bool(document.get("identity_account") == self.value)
        if self.kind in ("cidr", "ip"):
            address = _address(source.get("address"))
            return address is not None and address in ipaddress.ip_network(str(self.value), strict=False)
        if self.kind in OWN_ADDRESSED:
            return may_be_own(source)
        return self.kind in ("internet", "any")


def guarded(document: Document) -> list[Mapping[str, Any]]:
    """The buckets from which a case may have moved data that is not public, most sensitive first."""
    uploads = any(
        isinstance(each, Mapping) and each.get("writes") and has_left(each) for each in document["destinations"]
    )
    private = [each for each in document["buckets"] if each.get("sensitivity") != "public"]
    return [each for each in private if moved(each) or (uploads and each.get("writes"))]


def moved(entry: Mapping[str, Any]) -> bool:
    """Whether data was read, copied or shared here; yes where the document does not count."""
    counted = [entry[name] for name in MOVING if name in entry]
    return not counted or sum(counted) > 0


def has_left(entry: Any) -> bool:
    """Whether data went to this destination; an upload counts where it leaves the organisation."""
    if not isinstance(entry, Mapping) or moved(entry):
        return True
    return bool(entry.get("writes")) and entry.get("relation") != "own"


def identities(document: Document) -> list[str]:
    """Everybody in a case."""
    return [document["identity"], *(each["identity"] for each in document.get("sessions") or ())]


def may_be_own(source: Mapping[str, Any]) -> bool:
    """Whether a source may lie in a network of the organisation."""
    if "network_kind" in source:
        return source["network_kind"] not in OUTSIDE
    address = _address(source.get("address"))
    if address is not None and address.is_private:
        return True
    return not UNLISTED.match(str(source.get("network") or "0/0"))


def _address(text: Any) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(str(text))
    except ValueError:
        return None
