"""Who made a Google Cloud call: ``authenticationInfo`` as one stable principal, and whose principal it is.

The principal is the mail address, whatever credential stood behind it. The kind follows from the address: Google's own
agents are services, other service accounts workloads, everybody else a person.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SERVICE_ACCOUNT = "gserviceaccount.com"
KEY = re.compile(r"/keys/([^/]+)$")
NUMBERED = re.compile(r"(\d+)(?:-compute)?@(?:developer|cloudbuild)\.gserviceaccount\.com")
"""Default accounts of a project, which they name by its number only."""

GOOGLES_OWN = re.compile(
    r"""[^@]*@gcp-sa-[a-z0-9-]+\.iam\.gserviceaccount\.com  # the agents of most services, writers of log sinks
      | [^@]*@(?:cloudservices|system)\.gserviceaccount\.com
      | (?:service-|project-|bq-)(?:org-|folder-)?\d+@(?:bigquery-encryption|cloud-filer|cloud-memcache-sa|cloud-redis
        |cloud-tpu|cloudcomposer-accounts|compute-system|container-engine-robot|containerregistry
        |dataflow-service-producer-prod|dataproc-accounts|firebase-rules|gcf-admin-robot|gs-project-accounts
        |security-center-api|serverless-robot-prod|service-networking|sourcerepo-service-accounts
        |storage-transfer-service)\.iam\.gserviceaccount\.com
      | system@google\.com""",
    re.VERBOSE,
)
"""Service agents, from Google's list of them. By their own projects, for anybody may name an account service-1."""


@dataclass(frozen=True)
class GcpIdentity:
    """One principal as the event table names it; see ``identity`` to ``role_chain`` in the catalogue."""

    identity: str
    kind: str
    account: str | None = None
    access_key_id: str | None = None
    role_chain: str | None = None


def gcp_identity_of(raw: Any) -> GcpIdentity:
    """Read an ``authenticationInfo`` object: ``anonymous`` when it is empty, ``unknown`` when it names nobody.

    Of a refused call it is empty too, whoever made it: see ``gcp_events.sql``.

    >>> gcp_identity_of({"principalEmail": "etl@shop.iam.gserviceaccount.com"}).account
    'shop'
    """
    raw = raw if isinstance(raw, Mapping) else {}
    name = principal_of(raw) or ("unknown" if raw else "anonymous")
    key = KEY.search(_text(raw, "serviceAccountKeyName") or "")
    chain = " -> ".join(_delegates(raw.get("serviceAccountDelegationInfo")))
    return GcpIdentity(
        identity=name,
        kind=kind_of(name),
        account=account_of(name),
        access_key_id=key.group(1) if key else None,
        role_chain=chain or None,
    )


def principal_of(raw: Mapping[str, Any]) -> str | None:
    """Return the mail address of a principal, or its subject where it has none (federated callers)."""
    subject = _text(raw, "principalSubject") or ""
    return _text(raw, "principalEmail") or re.sub(r"^(?:user|serviceAccount|group):", "", subject) or None


def kind_of(name: str) -> str:
    """Tell a person from a program by the address.

    >>> kind_of("service-1234@compute-system.iam.gserviceaccount.com")
    'service'
    """
    if name in ("anonymous", "allUsers", "allAuthenticatedUsers"):
        return "anonymous"
    if GOOGLES_OWN.fullmatch(name):
        return "service"
    if name.endswith(SERVICE_ACCOUNT):
        return "workload"
    return "human" if "@" in name or "/workforcePools/" in name else "workload"


def account_of(name: str) -> str | None:
    """Return the project of a service account or the mail domain of a person; None where the address has neither.

    A default account names its project by number only: that number, then.

    >>> account_of("etl@shop.example.com.iam.gserviceaccount.com"), account_of("kim@example.com")
    ('example.com:shop', 'example.com')
    """
    _, at, domain = name.rpartition("@")
    if number := NUMBERED.fullmatch(name):
        return number.group(1)
    if not at or GOOGLES_OWN.fullmatch(name):
        return None
    if domain == f"appspot.{SERVICE_ACCOUNT}":
        return name.partition("@")[0]
    if domain.endswith(f".iam.{SERVICE_ACCOUNT}"):
        project, dot, organisation = domain.removesuffix(f".iam.{SERVICE_ACCOUNT}").partition(".")
        return f"{organisation}:{project}" if dot else project
    return None if domain.endswith(SERVICE_ACCOUNT) else domain.lower() or None


def _delegates(chain: Any) -> Iterator[str]:
    """Yield who stands behind a service account, the first of the chain first."""
    for link in chain if isinstance(chain, list) else []:
        if isinstance(link, Mapping):
            first = link.get("firstPartyPrincipal")
            name = principal_of(link) or (principal_of(first) if isinstance(first, Mapping) else None)
            if name or "thirdPartyPrincipal" in link:
                yield name or "third party"


def _text(raw: Mapping[str, Any], key: str) -> str | None:
    value = raw.get(key)
    return value.strip() or None if isinstance(value, str) else None
