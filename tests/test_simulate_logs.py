"""The simulator's other logs: access log lines beside the trail, rows that only an access log has, layouts, sources."""

import re
from collections import Counter
from pathlib import Path

import pytest

from anomaly.errors import UsageError
from anomaly.simulate import simulate
from simulate_records import records, rows

LAYOUT = re.compile(
    r"S3Access/(\d{12})/([a-z]{2}-[a-z]+-\d)/([a-z0-9-]+)/(\d{4})/(\d\d)/(\d\d)/\4-\5-\6-\d\d-\d\d-\d\d-[0-9A-F]{16}"
)
REQUEST = re.compile(r"^[0-9a-f]{64} (\S+) \[[^]]+\] (\S+) (\S+) ([A-Z2-7]{16}) (\S+) (\S+) ")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("logs") / "all"
    simulate(out, seed=3, days=6, scale=0.12, attack_from=3, sources=["cloudtrail", "s3_access"])
    return out


def lines(folder: Path) -> list[str]:
    return [
        line
        for path in sorted(folder.rglob("S3Access/**/*"))
        if path.is_file()
        for line in path.read_text().splitlines()
    ]


def test_one_more_log_leaves_the_trail_as_it_was(drawn: Path, tmp_path: Path) -> None:
    simulate(tmp_path / "alone", seed=3, days=6, scale=0.12, attack_from=3)
    trail = Path("logs/AWSLogs")
    alone = {p.relative_to(tmp_path / "alone"): p.read_bytes() for p in (tmp_path / "alone" / trail).rglob("*.gz")}
    beside = {p.relative_to(drawn): p.read_bytes() for p in (drawn / trail).rglob("*/CloudTrail/**/*.gz")}
    assert len(alone) > 100
    assert alone == beside


def test_access_logs_lie_where_storage_puts_them(drawn: Path) -> None:
    paths = [str(p.relative_to(drawn / "logs")) for p in drawn.rglob("S3Access/**/*") if p.is_file()]
    assert len(paths) > 50
    assert [path for path in paths if not LAYOUT.fullmatch(path)] == []


def test_a_call_in_both_logs_has_one_request_id_address_and_bucket(drawn: Path) -> None:
    trail = {r["requestID"]: r for _, r in records(drawn / "logs") if r["eventCategory"] == "Data"}
    matched = 0
    for line in lines(drawn):
        found = REQUEST.match(line)
        assert found, line
        bucket, address, _, request, operation, _ = found.groups()
        record = trail.get(request)
        if record and operation in ("REST.GET.OBJECT", "REST.PUT.OBJECT", "REST.GET.BUCKET"):
            matched += 1
            assert bucket == record["requestParameters"]["bucketName"]
            assert address in (record["sourceIPAddress"], "-")
    assert matched > 200


def test_access_logs_are_best_effort(drawn: Path) -> None:
    buckets = {path.name for path in (drawn / "logs/S3Access").glob("*/*/*")}
    wanted = {
        r["requestID"]
        for _, r in records(drawn / "logs")
        if r["eventCategory"] == "Data" and r["requestParameters"]["bucketName"] in buckets
    }
    seen = {found[4] for line in lines(drawn) if (found := REQUEST.match(line))}
    assert 0.98 < len(wanted & seen) / len(wanted) < 1


def test_two_buckets_are_seen_by_access_logs_alone(drawn: Path) -> None:
    listed = {row["bucket"] for row in rows(drawn / "context/inventory.csv")}
    trail = {(r["requestParameters"] or {}).get("bucketName") for _, r in records(drawn / "logs")}
    asked = {line.split(" ", 2)[1] for line in lines(drawn)}
    alone = asked - trail
    assert len(alone) == 2
    assert alone <= listed


def test_lines_have_the_shapes_that_real_ones_have(drawn: Path) -> None:
    found = lines(drawn)
    operations = Counter(line.split(" HTTP/1.1", 1)[0].split()[7] for line in found)
    for name in ("REST.GET.OBJECT", "REST.HEAD.OBJECT", "REST.PUT.OBJECT", "REST.GET.BUCKET", "BATCH.DELETE.OBJECT"):
        assert operations[name] > 0, name
    assert operations["REST.COPY.OBJECT_GET"] > 0
    assert any(line.endswith((" TLSv1.3", " TLSv1.2")) for line in found)
    assert any(line.endswith(" - -") for line in found)
    assert any(" QueryString " in line and "&X-Amz-Expires=" in line for line in found)
    assert any(' HTTP/1.1" 304 - - ' in line for line in found)
    assert any(' HTTP/1.1" 206 - ' in line for line in found)
    assert all(' HTTP/1.1" 200 - - ' in line for line in found if " REST.PUT.OBJECT " in line)


def test_an_unknown_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no log source 's3_acces' .*s3_access"):
        simulate(tmp_path / "out", days=1, sources=["s3_acces"])
    with pytest.raises(UsageError, match="at least one log source"):
        simulate(tmp_path / "out", days=1, sources=[])
