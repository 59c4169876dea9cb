"""The page with TLS of its own: what it serves, and every certificate that it says no to before it listens."""

import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
import urllib3
from cryptography.hazmat.primitives import serialization

from anomaly.config.settings import ReviewSettings
from anomaly.errors import ConfigError
from anomaly.review.database import open_database
from anomaly.review.web.serve import Listen, listen_of, server_of
from review_people import PASSWORD, add

NAMES = ("review.corp.example", "*.team.example", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Files:
    """Where the certificates of the tests lie, and their authority."""

    folder: Path
    authority: trustme.CA

    def made(
        self, name: str, *names: str, not_before: datetime | None = None, not_after: datetime | None = None
    ) -> tuple[Path, Path]:
        """Write a certificate for these names and its key."""
        leaf = self.authority.issue_cert(*names, not_before=not_before, not_after=not_after)
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(b"".join(each.bytes() for each in leaf.cert_chain_pems))
        key.write_bytes(leaf.private_key_pem.bytes())
        return certificate, key


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("tls"), trustme.CA())


@pytest.fixture(scope="module")
def pair(files: Files) -> tuple[Path, Path]:
    return files.made("good", *NAMES)


def listen(pair: tuple[Path, Path], *hosts: str) -> Listen:
    return Listen(host="0.0.0.0", port=8750, certificate=pair[0], key=pair[1], hosts=hosts)


@pytest.mark.parametrize("host", ["review.corp.example", "Review.Corp.Example:8750", "a.team.example", "[::1]:8750"])
def test_with_a_certificate_for_its_name_it_may_be_reached_by_others(pair: tuple[Path, Path], host: str) -> None:
    page = listen(pair, host)
    page.check()
    assert page.is_tls
    assert page.address.startswith("https://")
    assert page.options().cookie.startswith("__Host-")


@pytest.mark.parametrize("host", ["other.corp.example", "a.b.team.example", "team.example", "127.0.0.2"])
def test_a_name_that_the_certificate_does_not_hold_is_said(pair: tuple[Path, Path], host: str) -> None:
    with pytest.raises(ConfigError, match=rf"review\.corp\.example.*, not for {host} of"):
        listen(pair, host).check()


def test_a_certificate_of_another_time_is_refused(files: Files) -> None:
    now, day = datetime.now(UTC), timedelta(days=1)
    old = files.made("old", *NAMES, not_before=now - 9 * day, not_after=now - day)
    early = files.made("early", *NAMES, not_before=now + day, not_after=now + 9 * day)
    with pytest.raises(ConfigError, match=r"old\.pem expired at "):
        listen(old, "review.corp.example").check()
    with pytest.raises(ConfigError, match=r"early\.pem is not valid before "):
        listen(early, "review.corp.example").check()


def test_files_that_are_none_or_do_not_belong_together_are_told_apart(files: Files, pair: tuple[Path, Path]) -> None:
    certificate, key = pair
    nothing, text, sealed = files.folder / "nothing.pem", files.folder / "text.pem", files.folder / "sealed.key"
    text.write_text("hello\n", encoding="utf-8")
    opened = serialization.load_pem_private_key(key.read_bytes(), None)
    with_password = serialization.BestAvailableEncryption(b"x")
    form = serialization.PrivateFormat.PKCS8
    sealed.write_bytes(opened.private_bytes(serialization.Encoding.PEM, form, with_password))
    other = files.made("other", *NAMES)[1]
    for wrong, said in (
        ((nothing, key), r"tls_certificate: \S+nothing\.pem cannot be read: No such file"),
        ((text, key), r"tls_certificate: \S+text\.pem holds no certificate"),
        ((certificate, nothing), r"tls_key: \S+nothing\.pem cannot be read"),
        ((certificate, text), r"tls_key: \S+text\.pem holds no key"),
        ((certificate, sealed), r"tls_key: \S+sealed\.key has a password"),
        ((certificate, other), r"tls_key: \S+other\.key is not the key of \S+good\.pem"),
    ):
        with pytest.raises(ConfigError, match=said):
            listen(wrong, "review.corp.example").check()


def test_a_proxy_with_tls_and_an_own_certificate_are_one_too_many(pair: tuple[Path, Path]) -> None:
    both = Listen(host="127.0.0.1", port=1, certificate=pair[0], key=pair[1], is_behind_tls=True)
    with pytest.raises(ConfigError, match="behind_tls"):
        both.check()


@pytest.fixture
def served(pair: tuple[Path, Path], tmp_path: Path) -> Iterator[str]:
    """The page, served with TLS as its settings say; its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    settings = ReviewSettings(port=port, tls_certificate=pair[0], tls_key=pair[1], hosts=("review.corp.example",))
    database = open_database(f"sqlite:///{tmp_path / 'review.sqlite'}")
    add(database, "ana", "analyst")
    server = server_of(database, listen_of(settings), tmp_path)
    server.config.timeout_graceful_shutdown = 1
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"https://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
    database.close()


def test_it_serves_https_with_a_secure_cookie_and_says_that_it_stays_so(served: str, files: Files) -> None:
    context = ssl.create_default_context()
    files.authority.configure_trust(context)
    with urllib3.PoolManager(ssl_context=context, retries=False) as client:
        page = client.request("GET", f"{served}/login")
        assert page.status == 200
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        origin = {"origin": served}
        data = {"name": "ana", "password": PASSWORD}
        answer = client.request(
            "POST", f"{served}/login", fields=data, encode_multipart=False, headers=origin, redirect=False
        )
        assert answer.status == 303
        said = answer.headers["set-cookie"].lower()
        assert said.startswith("__host-anomaly=")
        assert {"secure", "httponly", "samesite=lax"} <= {part.strip() for part in said.split(";")}
