"""One check a kind of cell: text in, clean value out, or a ValueError that says what is wrong and what is right."""

import ipaddress
import re
from collections.abc import Callable, Iterable
from datetime import date

from anomaly.errors import nearest

Check = Callable[[str], object]

# AWS writes an account as 12 digits, and a spreadsheet drops the leading zeros or turns it into 1.23E+11.
AWS_ACCOUNT = re.compile(r"\d{12}")
AZURE_CONTAINER = re.compile(r"[a-z0-9]{3,24}/[a-z0-9$-]{1,63}")
# S3 allows 63 characters and once allowed 255 and capitals; Cloud Storage allows 222 with dots and underscores.
BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
COUNTRY = re.compile(r"[A-Z]{2}")
HIGHEST_ASN = 2**32 - 1  # RFC 6793: four octets


def text(value: str) -> str:
    """Any text will do."""
    return value


def word(value: str) -> str:
    """Text without white space inside, as ids are."""
    if re.search(r"\s", value):
        raise ValueError("holds white space, which no such id has")
    return value


def one_of(allowed: Iterable[str]) -> Check:
    """Return a check that allows these values only, written exactly so."""
    names = tuple(allowed)

    def check(value: str) -> str:
        if value in names:
            return value
        hint = nearest(value.lower(), names)
        raise ValueError(f"is not one of {', '.join(names)}" + (f"; {hint}" if hint.startswith("did") else ""))

    return check


def iso_date(value: str) -> date:
    """Read a day written YYYY-MM-DD."""
    if not ISO_DATE.fullmatch(value):
        raise ValueError("is not a date written YYYY-MM-DD, such as 2026-12-31")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"is no day of the calendar ({error})") from None


def cidr(value: str) -> str:
    """Read an address range and write it the one way; a single address is a range of one."""
    try:
        interface = ipaddress.ip_interface(value)
    except ValueError:
        raise ValueError("is not an address range such as 203.0.113.0/24 or 2001:db8::/48") from None
    if interface.ip != interface.network.network_address:
        raise ValueError(f"has address bits beyond its mask; the range is {interface.network}")
    return str(interface.network)


def address(value: str) -> str:
    """Read one IP address and write it the one way."""
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError("is not an IP address such as 203.0.113.7 or 2001:db8::7") from None


def asn(value: str) -> int:
    """Read an autonomous system number, written 64500 or AS64500."""
    digits = value.upper().removeprefix("AS")
    if not re.fullmatch(r"\d{1,10}", digits) or int(digits) > HIGHEST_ASN:
        raise ValueError(f"is not an AS number such as 64500 or AS64500, at most {HIGHEST_ASN}")
    return int(digits)


def size(value: str) -> int:
    """Read a number of bytes above 0, written out."""
    if not re.fullmatch(r"[1-9]\d{0,17}", value, re.ASCII):
        raise ValueError("is not a whole number of bytes above 0, such as 500000000000")
    return int(value)


def country(value: str) -> str:
    """Two capital letters of ISO 3166."""
    if not COUNTRY.fullmatch(value):
        raise ValueError("is not a country of two capital letters such as DE")
    return value


def aws_account(value: str) -> str:
    """Twelve digits; says so when a spreadsheet has eaten the leading zeros."""
    if AWS_ACCOUNT.fullmatch(value):
        return value
    if value.isascii() and value.isdigit() and len(value) < 12:
        raise ValueError(f"has {len(value)} digits, an AWS account 12; a spreadsheet drops zeros: {value.zfill(12)}?")
    raise ValueError("is not an AWS account of 12 digits; in a spreadsheet, format the column as text")


def account(cloud: str, value: str) -> str:
    """Check an account id: exact for AWS; elsewhere a project, subscription or storage account without spaces."""
    return aws_account(value) if cloud == "aws" else word(value)


def bucket(cloud: str, value: str) -> str:
    """Check a bucket's bare name; of Azure, ``account/container``."""
    bare = re.sub(r"^(s3://|gs://|arn:aws[a-z-]*:s3:::)", "", value).rstrip("/")
    if bare != value:
        raise ValueError(f"is to be the bare name: {bare!r}")
    if cloud == "azure" and not AZURE_CONTAINER.fullmatch(value):
        raise ValueError("is not STORAGE-ACCOUNT/CONTAINER, as Azure buckets are written here")
    if cloud != "azure" and not BUCKET.fullmatch(value):
        raise ValueError("is not a bucket name (letters, digits, dots, dashes and underscores; no globs here)")
    return value
