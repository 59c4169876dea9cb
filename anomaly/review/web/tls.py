"""The page's own TLS: its certificate and key are looked at before anything listens, and what is wrong is said."""

import ipaddress
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from anomaly.errors import ConfigError


def check(certificate: Path, key: Path, names: Iterable[str]) -> None:
    """Raise ConfigError unless a browser could trust the page by this certificate.

    Parameters
    ----------
    certificate
        PEM file: the page's own certificate first, then those between it and the authority.
    key
        PEM file of its key, without a password: nobody is there to type one when the machine starts.
    names
        Names that the page goes by, without or with a port; the certificate has to hold each.
    """
    own = _own(certificate)
    _check_time(certificate, own)
    _check_pair(certificate, key)
    held = _names(own)
    foreign = [name for name in map(_bare, names) if not any(_covers(each, name) for each in held)]
    if foreign:
        raise ConfigError(
            f"review.tls_certificate: {certificate} is for {', '.join(held) or 'no name'}, "
            f"not for {', '.join(foreign)} of review.hosts"
        )


def _own(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(_read("review.tls_certificate", path))[0]
    except ValueError as error:
        raise ConfigError(f"review.tls_certificate: {path} holds no certificate in PEM form: {error}") from None


def _read(setting: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{setting}: {path} cannot be read: {error.strerror}") from None


def _check_time(path: Path, own: x509.Certificate) -> None:
    now = datetime.now(UTC)
    if own.not_valid_after_utc <= now:
        raise ConfigError(f"review.tls_certificate: {path} expired at {own.not_valid_after_utc:%Y-%m-%d %H:%M} UTC")
    if own.not_valid_before_utc > now:
        raise ConfigError(
            f"review.tls_certificate: {path} is not valid before {own.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        )


def _check_pair(certificate: Path, key: Path) -> None:
    if b"ENCRYPTED" in _read("review.tls_key", key):
        raise ConfigError(
            f"review.tls_key: {key} has a password; write the key without one, readable by this user alone"
        )
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ConfigError(f"review.tls_key: {key} is not the key of {certificate}") from None
        raise ConfigError(f"review.tls_key: {key} holds no key in PEM form: {error.reason or error}") from None


def _names(own: x509.Certificate) -> list[str]:
    """The names and addresses that a certificate is for; browsers read no other place of it."""
    try:
        held = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = [str(each) for each in held.get_values_for_type(x509.IPAddress)]
    return [*held.get_values_for_type(x509.DNSName), *addresses]


def _covers(held: str, name: str) -> bool:
    """Whether a name of a certificate is this one; a star stands for one part, the first (RFC 6125)."""
    if held.startswith("*."):
        return name.partition(".")[2] == held[2:].lower()
    return held.lower() == name


def _bare(name: str) -> str:
    """A name as a certificate holds it: small letters, no port, no brackets."""
    lower = name.lower()
    host, colon, port = lower.rpartition(":")
    found = (host if colon and port.isdecimal() and not host.endswith(":") else lower).strip("[]")
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        return found
