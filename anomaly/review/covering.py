"""Which published cases a workflow would have covered, told from their documents alone.

The night's run judges every flow in SQL (``features/signals/workflow.sql``) and knows more: whose account a bucket is
in, of what kind a network is. Where a document leaves that open the answer here is yes, so what a draft would hide is
never told too small.
"""

import fnmatch
import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any

from anomaly.context.destinations import split_destination
from anomaly.review.record import destination_name

Document = Mapping[str, Any]
OWN_ADDRESSED = ("internal", "bucket", "gcs-bucket")
UNLISTED = re.compile(r"AS\d+ |[0-9a-fA-F.:]+/\d+$")
"""How a network is called that no row of networks.csv names: by its operator or by its block."""
UNSAID = "aws-account:", "gcp-project:", "azure-account:"


class Pattern:
    """What a workflow names, ready to be held against many cases."""

    def __init__(self, identity: str, bucket: str, destination: str, max_bytes_per_day: int | None) -> None:
        self.identity = re.compile(fnmatch.translate(identity))
        self.bucket = re.compile(fnmatch.translate(bucket))
        self.kind, self.value = split_destination(destination)
        self.destination = destination
        self.most = max_bytes_per_day

    def covers(self, document: Document) -> bool:
        """Whether the workflow may cover all that the case moved."""
        guarded = [each["bucket"] for each in document["buckets"] if each.get("sensitivity") != "public"]
        return (
            bool(guarded)
            and all(self.identity.match(name) for name in identities(document))
            and all(self.bucket.match(name) for name in guarded)
            and self._goes_there(document)
            and not self._is_too_much(document)
        )

    def _goes_there(self, document: Document) -> bool:
        if self.kind == "any":
            return True
        if document["destinations"]:
            return all(self._is_named(destination_name(each)) for each in document["destinations"])
        return self._reaches_caller(document)

    def _is_named(self, found: str) -> bool:
        if self.kind in ("aws-account", "gcp-project", "azure-account"):
            # a bucket's name does not tell its account
            return found == self.destination or not found.startswith(UNSAID)
        if self.kind in ("bucket", "gcs-bucket"):
            return found == self.destination
        return self.kind == "internal"

    def _reaches_caller(self, document: Document) -> bool:
        """What is read goes to the caller: to its account, its address, its network."""
        if self.kind in ("aws-account", "gcp-project"):
            return bool(document.get("identity_account") == self.value)
        if self.kind in ("cidr", "ip"):
            network = ipaddress.ip_network(str(self.value), strict=False)
            return _all_within(document["sources"], network)
        if self.kind in OWN_ADDRESSED:
            return all(_may_be_own(each) for each in document["sources"])
        return self.kind == "internet"

    def _is_too_much(self, document: Document) -> bool:
        taken = document.get("bytes_read")
        return self.most is not None and taken is not None and taken > self.most


def identities(document: Document) -> list[str]:
    """Everybody in a case."""
    return [document["identity"], *(each["identity"] for each in document.get("sessions") or ())]


def _all_within(sources: Sequence[Mapping[str, Any]], network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    addresses = [_address(each.get("address")) for each in sources]
    return bool(addresses) and all(each is not None and each in network for each in addresses)


def _may_be_own(source: Mapping[str, Any]) -> bool:
    address = _address(source.get("address"))
    if address is not None and address.is_private:
        return True
    return not UNLISTED.match(str(source.get("network") or "0/0"))


def _address(text: Any) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(str(text))
    except ValueError:
        return None
