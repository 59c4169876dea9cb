"""The context as one frozen object: read once a command, then shown to SQL as tables."""

import fnmatch
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from anomaly.config.settings import DetectionSettings
from anomaly.context import frames, tables
from anomaly.context.addresses import AddressBook, distinct
from anomaly.context.intervals import Ranges, address_keys
from anomaly.context.reading import Mistake, Reader, Row
from anomaly.context.template import write_template
from anomaly.errors import ContextError

ASN_COLUMNS = {"cidr": frames.TEXT, "asn": frames.WHOLE, "organisation": frames.TEXT, "country": frames.TEXT}


@dataclass(frozen=True, eq=False)
class Context:
    """What the organisation knows of itself; the frames are not to be changed.

    Attributes
    ----------
    inventory, accounts, networks, workflows : DataFrame
        Columns and types as in ``anomaly.context.frames``, also when empty; an empty cell is missing (NULL in SQL).
    asn : DataFrame
        Columns cidr, asn, organisation, country; no rows where there is no asn.csv.
    identities : DataFrame
        Columns identity_glob, identity_kind, label, the most telling glob first; no rows where there is no
        identities.csv.
    role_context : DataFrame
        Column identity_glob: the setting ``detection.iam_role_context``.
    expected_countries : DataFrame
        Column country: the setting ``detection.geo_destination_threshold``.
    digest : str
        SHA-256 of the rows and of both settings. Order, spelling of ranges, quoting, comments and extra columns do not
        change it.
    """

    inventory: pd.DataFrame
    accounts: pd.DataFrame
    networks: pd.DataFrame
    workflows: pd.DataFrame
    asn: pd.DataFrame
    identities: pd.DataFrame
    role_context: pd.DataFrame
    expected_countries: pd.DataFrame
    digest: str

    @classmethod
    def load(cls, folder: Path, detection: DetectionSettings | None = None) -> "Context":
        """Read the CSV files of a folder, and take what the settings say of the organisation.

        Raises
        ------
        ContextError
            With every mistake of every file.
        """
        if not folder.is_dir():
            raise ContextError(_no_folder(folder))
        readers = {table.file: Reader(table, folder / table.file) for table in tables.READ}
        mistakes = [mistake for reader in readers.values() for mistake in reader.mistakes]
        if mistakes:
            raise ContextError(_report(folder, mistakes))
        rows = {file: reader.rows for file, reader in readers.items()}
        # no key of its own: without the file the digest stays what it was
        rows["workflows.csv"] = [*rows["workflows.csv"], *rows.pop(tables.REVIEW_WORKFLOWS.file)]
        chosen = detection or DetectionSettings()
        roles = sorted(set(chosen.iam_role_context))
        countries = sorted(set(chosen.geo_destination_threshold))
        settings: dict[str, list[Row]] = {
            "iam_role_context": [{"identity_glob": each} for each in roles],
            "geo_destination_threshold": [{"country": each} for each in countries],
        }
        return cls(
            inventory=frames.inventory(rows["inventory.csv"]),
            accounts=frames.frame_of_rows(rows["accounts.csv"], frames.ACCOUNTS),
            networks=frames.frame_of_rows(rows["networks.csv"], frames.NETWORKS),
            workflows=frames.workflows(rows["workflows.csv"]),
            asn=frames.frame_of_rows(rows["asn.csv"], ASN_COLUMNS),
            identities=frames.identity_globs(rows["identities.csv"]),
            role_context=frames.frame({"identity_glob": roles}, frames.ROLE_CONTEXT),
            expected_countries=frames.frame({"country": countries}, frames.EXPECTED_COUNTRIES),
            digest=_digest(rows | settings),
        )

    @staticmethod
    def template(folder: Path) -> list[Path]:
        """Write the files a folder lacks, empty but for header and comments; returns those written."""
        return write_template(folder)

    def addresses(self, ips: Iterable[str | None]) -> pd.DataFrame:
        """Return source_ip, network, network_kind, country, asn, organisation: a row for each distinct address.

        A port at the end is ignored, but ``source_ip`` stays as given, so that it joins. What is no address has the
        kind ``malformed`` and no network.
        """
        return self._book.look_up(ips)

    def identity_kinds(self, identities: Iterable[str]) -> pd.DataFrame:
        """Return identity, identity_kind, label: of these identities those that a glob of identities.csv fits."""
        patterns = [re.compile(fnmatch.translate(pattern)) for pattern in self.identities["identity_glob"]]
        said = list(zip(patterns, self.identities["identity_kind"], self.identities["label"], strict=True))
        rows = [
            {"identity": identity, "identity_kind": kind, "label": label}
            for identity in identities
            for _, kind, label in [row for row in said if row[0].match(identity)][:1]
        ]
        return frames.frame_of_rows(rows, frames.IDENTITIES)

    def workflow_addresses(self, ips: Iterable[str | None]) -> pd.DataFrame:
        """Return workflow_id, source_ip: which distinct addresses each workflow to a range or address covers."""
        texts = distinct(ips)
        keys = address_keys(texts)
        flows = self.workflows[self.workflows["destination_type"].isin(["cidr", "ip"])]
        pairs = [
            (flow, texts[place])
            for flow, cidr in zip(flows["workflow_id"], flows["destination_value"], strict=True)
            for place in (Ranges([cidr]).find(keys) == 0).nonzero()[0]
        ]
        columns = {"workflow_id": [flow for flow, _ in pairs], "source_ip": [ip for _, ip in pairs]}
        return frames.frame(columns, frames.WORKFLOW_ADDRESSES)

    @cached_property
    def _book(self) -> AddressBook:
        return AddressBook(self.networks, self.asn)


def _no_folder(folder: Path) -> str:
    found = "is a file" if folder.exists() else "does not exist"
    files = "".join(f"\n  {table.file}: {','.join(table.header)}" for table in tables.TABLES if table.required)
    return f"the context folder {folder} {found}; it is to hold these CSV files, each with this header:{files}"


def _report(folder: Path, mistakes: list[Mistake]) -> str:
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    return f"{count} in the context folder {folder}:" + "".join(f"\n  {mistake}" for mistake in mistakes)


def _digest(rows: dict[str, list[Row]]) -> str:
    content = {
        file: sorted(json.dumps(row, sort_keys=True, default=str) for row in found) for file, found in rows.items()
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
