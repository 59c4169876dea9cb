"""Logs read from an object store: a server process that speaks S3, and the same events as from local files."""

import gzip
import sys
from collections.abc import Iterator
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

import log_lines
from anomaly.cli import main
from anomaly.errors import UnreachableError, UsageError
from anomaly.ingest import ingest
from anomaly.ingest.dated import Days
from anomaly.ingest.discover import discover
from anomaly.ingest.remote import RemoteFile
from anomaly.store import Lake
from ingest_records import delivered, entries, load, record, rows
from s3_server import Server, running

if find_spec("obstore") is None or find_spec("moto") is None:
    pytest.skip("needs the extra object-stores, and moto of the group dev", allow_module_level=True)

NAMES = (f"test-{number}" for number in range(100))
DENIED = (
    "<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>AKIACANARY</AWSAccessKeyId>"
    "<StringToSign>secret-canary</StringToSign></Error>"
)


@pytest.fixture(scope="module")
def process() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def server(process: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name, value in process.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("anomaly.ingest.remote_list.RETRIES", {"max_retries": 3})
    yield process
    process.fault("", 0, times=0)


def day_of(number: int, day: int) -> bytes:
    return gzip.compress(delivered([record(number, eventTime=f"2024-03-{day:02d}T00:00:01Z")]))


def trail(days: int, regions: tuple[str, ...] = ("eu-west-1",), files: int = 1) -> dict[str, bytes]:
    """CloudTrail's own layout, a record a file."""
    return {
        f"AWSLogs/1/CloudTrail/{region}/2024/03/{day:02d}/1_CloudTrail_202403{day:02d}T0005Z_{file}.json.gz": day_of(
            (n * 100 + day) * 100 + file, day
        )
        for n, region in enumerate(regions)
        for day in range(1, days + 1)
        for file in range(files)
    }


def test_the_events_are_those_of_the_same_files_read_locally(server: Server, tmp_path: Path) -> None:
    makers = (log_lines.cloudtrail, log_lines.s3_access, log_lines.vpc_flow, log_lines.gcp, log_lines.azure)
    files = {f"logs/{make.__name__}": "\n".join(make(n) for n in range(9)).encode() for make in makers}
    files |= {"logs/a/broken.json": b'{"Records": [7, {', "logs/a/x y+é.json.gz": day_of(7000, 2), "logs/no": b"no log"}
    local, remote = Lake(tmp_path / "local"), Lake(tmp_path / "remote")
    for name, data in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    load(local, tmp_path / "logs")
    report = ingest([server.bucket(next(NAMES), files) + "/logs"], remote)
    assert (report.balanced, report.files_seen) == (True, len(files))
    assert len(rows(remote)) > 40
    assert rows(remote) == rows(local)
    assert entries(remote) == entries(local) != []


def test_a_second_run_fetches_nothing_and_a_changed_object_is_read_again(server: Server, lake: Lake) -> None:
    url = server.bucket(next(NAMES), trail(2))
    assert ingest([url], lake).files_loaded == 2
    assert sum(asked.startswith("GET") and "list-type" not in asked for asked in server.asked()) == 2
    assert ingest([url], lake).files_skipped == 2
    assert [asked.partition("?")[0] for asked in server.asked()] == [f"GET /{url.removeprefix('s3://')}"]
    name = next(iter(trail(2)))
    server.call("PUT", f"/{url.removeprefix('s3://')}/{name}", day_of(77, 1))
    report = ingest([url], lake)
    assert (report.files_skipped, report.files_loaded, report.records.loaded) == (1, 1, 1)


def test_only_the_days_asked_for_are_listed(server: Server, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    files = trail(28, ("af-south-1", "eu-west-1", "us-east-1"), files=4)
    url = server.bucket(next(NAMES), files)
    for room in ("remote", "remote_list"):  # the server gives as many as it is asked for; a client asks for none
        monkeypatch.setattr(f"anomaly.ingest.{room}.PAGE", 20)
    server.page(20)
    try:
        found = {file.name for file in discover([url])}
        assert found == set(files)
        everything = server.lists()
        report = ingest([url], lake, days=(date(2024, 3, 10), date(2024, 3, 11)))
        asked = server.asked()
    finally:
        server.page(1_000)
    lists = sum("list-type=2" in request for request in asked)
    assert everything > len(files) / 20
    # a region costs the jump to its first day, at most two pages of three days' files, and the jump behind its last
    assert lists <= 3 * 4 < everything
    assert (report.files_loaded, report.files_undated) == (3 * 3 * 4, 0)
    assert {day.day for day in report.days} == {10, 11, 12}
    fetched = {request.split("/", 2)[2].rstrip("?") for request in asked if "list-type" not in request}
    assert {name.split("/")[6] for name in fetched} == {"10", "11", "12"}


def test_access_logs_side_by_side_are_listed_by_the_day_in_their_names(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {
        f"{head}2024-03-{day:02d}-10-00-0{n}-0123456789ABCDEF": b"x"
        for head in ("access/vault-", "access/web-")
        for day in range(1, 29)
        for n in range(3)
    }
    url = server.bucket(next(NAMES), names | {"access/readme.txt": b"x"})
    monkeypatch.setattr("anomaly.ingest.remote.PAGE", 10)
    monkeypatch.setattr("anomaly.ingest.remote_list.PAGE", 10)
    server.page(10)
    try:
        found = [file.name for file in discover([f"{url}/access"], days=Days(date(2024, 3, 20), date(2024, 3, 20)))]
    finally:
        server.page(1_000)
    assert len(found) == 2 * 2 * 3 + 1
    assert {name.partition("2024-03-")[2][:2] for name in found} == {"20", "21", ""}
    assert server.lists() <= 7 < len(names) / 10


def test_what_has_no_day_in_its_path_is_read_and_said(server: Server, lake: Lake) -> None:
    url = server.bucket(next(NAMES), {"any/a.json.gz": day_of(1, 1)} | trail(3))
    done = CliRunner().invoke(main, ["ingest", url, "--root", str(lake.root), "--from", "2024-03-03"])
    assert done.exit_code == 0, done.output
    assert "1 files have no day in their path" in done.stderr
    assert {row["evidence_file"][:3] for row in rows(lake)} == {"any", "AWS"}


def test_an_object_that_vanishes_is_told_and_the_rest_loads(server: Server, lake: Lake) -> None:
    url = server.bucket(next(NAMES), trail(3))
    server.fault(r"GET .*/03/02/", 404, body="<Error><Code>NoSuchKey</Code></Error>")
    report = ingest([url], lake)
    assert (report.balanced, report.files_loaded, report.files_quarantined) == (True, 2, 1)
    assert [entry.reason for entry in entries(lake)] == ["file cannot be read: the object vanished after it was listed"]
    server.fault("", 0, times=0)
    assert ingest([url], lake).files_loaded == 1


def test_an_object_that_changed_since_it_was_listed_is_read_as_it_is_now(server: Server) -> None:
    name, data = next(iter(trail(1).items()))
    url = server.bucket(next(NAMES), {name: data})
    (file,) = discover([url])
    server.call("PUT", f"/{url.removeprefix('s3://')}/{name}", b"new")
    assert file.read() == b"new"
    server.call("DELETE", f"/{url.removeprefix('s3://')}/{name}")
    with pytest.raises(OSError, match="vanished"):
        file.read()


def test_a_store_that_is_busy_is_asked_again(server: Server, lake: Lake) -> None:
    url = server.bucket(next(NAMES), trail(2))
    server.fault("GET", 503, times=2)
    assert ingest([url], lake).files_loaded == 2


def test_a_store_that_stays_away_ends_the_run_and_keeps_what_was_loaded(
    server: Server, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anomaly.ingest.run.BATCH_BYTES", 1)
    url = server.bucket(next(NAMES), trail(4))
    server.fault(r"GET .*/03/03/", 503)
    with pytest.raises(UnreachableError, match=r"cannot be reached \(HTTP 503\).*run it again"):
        ingest([url], lake, threads=1)
    assert len(rows(lake)) == 2
    server.fault("", 0, times=0)
    assert (ingest([url], lake).files_loaded, len(rows(lake))) == (2, 4)


@pytest.mark.parametrize("debug", [[], ["--debug"]])
def test_refused_credentials_are_said_without_a_secret(server: Server, lake: Lake, debug: list[str]) -> None:
    url = server.bucket(next(NAMES), trail(1))
    server.fault("GET", 403, body=DENIED)
    done = CliRunner().invoke(main, ["ingest", url, "--root", str(lake.root), *debug])
    assert done.exit_code == 2
    assert "refuses these credentials (HTTP 403 SignatureDoesNotMatch)" in done.output
    assert not [secret for secret in ("AKIACANARY", "secret-canary") if secret in done.output]


def test_an_object_refused_for_itself_is_told(server: Server, lake: Lake) -> None:
    url = server.bucket(next(NAMES), trail(2))
    server.fault(r"GET .*/03/02/", 403, body=DENIED)
    assert ingest([url], lake).files_loaded == 1
    reason = "file cannot be read: the store refuses this object (HTTP 403 SignatureDoesNotMatch)"
    assert [entry.reason for entry in entries(lake)] == [reason]


def test_a_bucket_or_folder_that_is_not_there_is_said(server: Server, lake: Lake) -> None:
    with pytest.raises(UsageError, match=r"no bucket s3://nobody \(HTTP 404 NoSuchBucket\)"):
        ingest(["s3://nobody/AWSLogs"], lake)
    url = server.bucket(next(NAMES), trail(1))
    with pytest.raises(UsageError, match=r"no object at or below .*did you mean 'AWSLogs'"):
        ingest([f"{url}/AWSLog"], lake)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("s4://logs", "no object store is known by s4://: did you mean 's3'"),
        ("s3://KEY:secret-canary@logs/x", "takes a bucket and a prefix"),
        ("s3://", "takes a bucket and a prefix"),
        ("az://logs", "set AZURE_STORAGE_ACCOUNT_NAME"),
    ],
)
def test_an_address_that_cannot_be_is_refused(url: str, says: str, lake: Lake) -> None:
    with pytest.raises(UsageError, match=says) as refused:
        ingest([url], lake)
    assert "secret-canary" not in str(refused.value)


def test_without_the_extra_the_message_names_it(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore.exceptions", None)
    done = CliRunner().invoke(main, ["ingest", "s3://logs", "--root", str(lake.root)])
    assert done.exit_code == 2
    assert "pip install 'anomaly[object-stores]'" in done.output


def test_no_more_is_held_than_the_batches_at_hand(server: Server, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    files = trail(12)
    url = server.bucket(next(NAMES), files)
    monkeypatch.setattr("anomaly.ingest.run.BATCH_BYTES", 1)  # a file a batch
    most = []
    really = RemoteFile.read

    def read(file: RemoteFile) -> bytes:
        most.append(len(file.bucket.held))
        return really(file)

    monkeypatch.setattr(RemoteFile, "read", read)
    assert ingest([url], lake, threads=2).files_loaded == len(files)
    assert max(most) <= 2
