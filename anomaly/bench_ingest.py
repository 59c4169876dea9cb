"""What ingest costs, beside its limits in the same run: events a second on 2 threads and on 1, and peak memory.

The limits are decompressing alone, and decompressing and parsing with simdjson into nothing: what no ingest can beat.
"""

import contextlib
import importlib.util
import itertools
import multiprocessing
import os
import random
import resource
import statistics
import string
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isal import igzip

from anomaly.ingest import ingest
from anomaly.store import Lake

RECORDS = 1_000_000
BIG, SMALL = 10_000, 500
"""Records a file: half come in files as CloudTrail writes them in a busy account, half in small ones."""

RUNS = 3
ACCOUNT = "111111111111"
PARSED = "limit: gunzip and simdjson, 2 processes"
SIMDJSON = "simdjson"
"""A development tool, imported by name: the product never needs it, and does not declare it."""

Say = Callable[[str], None]


@dataclass
class Cost:
    """What a run took: seconds on the wall, seconds of processor, peak memory of its process."""

    seconds: float = 0.0
    processor: float = 0.0
    megabytes: float = 0.0


RECORD = string.Template(
    '{"eventVersion":"1.09","userIdentity":$caller,"eventTime":"$time","eventSource":"$source","eventName":"$api",'
    '"awsRegion":"eu-west-1","sourceIPAddress":"$address","userAgent":"$agent","requestParameters":{"bucketName":'
    '"$bucket","Host":"$bucket.s3.eu-west-1.amazonaws.com",$asked},"responseElements":null,"additionalEventData":'
    '{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"AuthenticationMethod":'
    '"AuthHeader","x-amz-id-2":"$noise","bytesTransferredOut":$size.0},"requestID":"$request","eventID":"$id",'
    '"readOnly":true,"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::$bucket/$key"},{"accountId":'
    '"111111111111","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::$bucket"}],"eventType":"AwsApiCall",'
    '"managementEvent":false,"recipientAccountId":"111111111111","eventCategory":"Data","tlsDetails":{"tlsVersion":'
    '"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"$bucket.s3.eu-west-1.amazonaws.com"}}'
)
CALLER = string.Template(
    '{"type":"AssumedRole","principalId":"AROA$role:$session","arn":"arn:aws:sts::111111111111:assumed-role/role-$role/'
    '$session","accountId":"111111111111","accessKeyId":"ASIA$key","sessionContext":{"sessionIssuer":{"type":"Role",'
    '"principalId":"AROA$role","arn":"arn:aws:iam::111111111111:role/role-$role","accountId":"111111111111","userName":'
    '"role-$role"},"attributes":{"creationDate":"2024-03-01T00:00:00Z","mfaAuthenticated":"false"}}}'
)
CALLS = (("GetObject", 75), ("PutObject", 10), ("ListObjects", 7), ("HeadObject", 3), ("Decrypt", 5))
AGENTS = (
    "[aws-cli/2.15.30 Python/3.11.8 Linux/6.1 exe/x86_64 prompt/off command/s3.sync]",
    "[Boto3/1.34.51 md/Botocore#1.34.51 ua/2.0 os/linux md/arch#x86_64 lang/python#3.11.8 cfg/retry-mode#legacy]",
    "[aws-sdk-java/2.20.1 Linux/5.10 OpenJDK_64-Bit_Server_VM/17.0.10 Java/17.0.10 vendor/Amazon.com_Inc. io/sync]",
    "[rclone/v1.66.0]",
)


def main(say: Say = print) -> None:
    """Draw a million records, then time each way a few times in turn and print the medians."""
    with tempfile.TemporaryDirectory(prefix="anomaly-bench-") as temporary:
        folder = Path(temporary)
        say(f"ingest: drawing {RECORDS:,} CloudTrail records …")
        files = draw(folder / "logs")
        size = sum(file.stat().st_size for file in files)
        say(
            f"{len(files):,} files, {size / 1e6:,.0f} MB compressed, {os.cpu_count()} processors, median of {RUNS} runs"
        )
        ways: dict[str, Callable[[], Cost]] = {
            "ingest, 2 threads": lambda: apart(loading, folder, 2),
            "ingest, 1 thread": lambda: apart(loading, folder, 1),
            "limit: gunzip only, 2 threads": lambda: apart(unpacking, files),
            PARSED: lambda: parsing(files),
        }
        if importlib.util.find_spec(SIMDJSON) is None:
            say("  pysimdjson is not installed, its limit is left out (make setup brings it)")
            del ways[PARSED]
        taken: dict[str, list[Cost]] = {name: [] for name in ways}
        for name in list(ways) * RUNS:
            taken[name].append(ways[name]())
        for name, costs in taken.items():
            say("  " + line(name, costs))


def line(name: str, costs: list[Cost]) -> str:
    """Say medians. Processor time an event is what a busy machine does not blur; events a second need a quiet one."""
    seconds = statistics.median(cost.seconds for cost in costs)
    processor = statistics.median(cost.processor for cost in costs) / RECORDS * 1e6
    peak = max(cost.megabytes for cost in costs)
    rate = f"{RECORDS / seconds:>10,.0f} events/s"
    return f"{name:<42}{rate} {processor:>7.1f} µs of processor an event, peak {peak:,.0f} MB"


def draw(folder: Path) -> list[Path]:
    """Write the records as CloudTrail delivers them: AWSLogs/…/YYYY/MM/DD/*.json.gz; always the same ones."""
    source = random.Random(1)
    records = _records(source)
    sizes = [BIG] * (RECORDS // 2 // BIG) + [SMALL] * (RECORDS // 2 // SMALL)
    source.shuffle(sizes)
    return [
        _write(folder, number, len(sizes), list(itertools.islice(records, size))) for number, size in enumerate(sizes)
    ]


def _write(folder: Path, number: int, count: int, records: list[str]) -> Path:
    day, minute = divmod(number * 3 * 1440 // count, 1440)
    stamp = f"202403{day + 1:02d}T{minute // 60:02d}{minute % 60:02d}Z"
    name = f"{ACCOUNT}_CloudTrail_eu-west-1_{stamp}_{number:016d}.json.gz"
    path = folder / "AWSLogs" / ACCOUNT / "CloudTrail" / "eu-west-1" / "2024" / "03" / f"{day + 1:02d}" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    time_of = f"2024-03-{day + 1:02d}T{minute // 60:02d}:{minute % 60:02d}"
    text = '{"Records":[' + ",".join(records).replace("@TIME", time_of) + "]}"
    path.write_bytes(igzip.compress(text.encode(), 2))
    return path


def _records(source: random.Random) -> Iterator[str]:
    callers = [_caller(source, number) for number in range(300)]
    apis, weights = [api for api, _ in CALLS], [weight for _, weight in CALLS]
    for number in itertools.count():
        api = source.choices(apis, weights)[0]
        bucket, key = f"bucket-{source.randrange(60)}", f"data/year=2024/part-{source.randrange(10**6):06d}.parquet"
        yield RECORD.substitute(
            caller=source.choice(callers),
            time=f"@TIME:{number % 60:02d}Z",
            source="kms.amazonaws.com" if api == "Decrypt" else "s3.amazonaws.com",
            api=api,
            address=f"10.{number % 4}.{source.randrange(256)}.{source.randrange(256)}",
            agent=source.choice(AGENTS),
            bucket=bucket,
            asked='"prefix":"data/","list-type":"2"' if api == "ListObjects" else f'"key":"{key}"',
            noise=f"{source.getrandbits(304):076x}",
            size=source.randrange(10**7),
            request=f"{source.getrandbits(64):016X}",
            id=_id(source),
            key=key,
        )


def _id(source: random.Random) -> str:
    digits = f"{source.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _caller(source: random.Random, number: int) -> str:
    session = source.choice((f"i-{source.getrandbits(68):017x}", f"user{number}@example.com", f"job-{number}"))
    return CALLER.substitute(role=number % 40, session=session, key=f"{source.getrandbits(64):016X}")


def loading(folder: Path, threads: int) -> Cost:
    """Ingest into a fresh lake."""
    with tempfile.TemporaryDirectory(dir=folder) as root, measured() as cost:
        report = ingest([folder / "logs"], Lake(Path(root)), threads=threads)
    if not (report.balanced and report.records.seen == RECORDS):
        raise RuntimeError(f"the bench lost records: {report.as_dict()}")
    return cost


def unpacking(files: list[Path]) -> Cost:
    """Decompress every file and nothing else, on two threads."""
    with measured() as cost, ThreadPoolExecutor(2) as pool:
        for _ in pool.map(_unpacked, files):
            pass
    return cost


def parsing(files: list[Path]) -> Cost:
    """Decompress and parse every file, in two processes (simdjson holds the interpreter lock)."""
    began = time.perf_counter()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_parsed_all, [files[:1], files[:1]]))
        began = time.perf_counter()
        halves = list(pool.map(_parsed_all, [files[0::2], files[1::2]]))
        seconds = time.perf_counter() - began
    return Cost(seconds, sum(half.processor for half in halves), max(half.megabytes for half in halves))


def apart(work: Callable[..., Cost], *arguments: Any) -> Cost:
    """Call a function in a process of its own, so that the peak is its alone."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


@contextlib.contextmanager
def measured() -> Iterator[Cost]:
    """Fill in what the block cost."""
    cost = Cost()
    began, worked = time.perf_counter(), time.process_time()
    yield cost
    cost.seconds, cost.processor = time.perf_counter() - began, time.process_time() - worked
    cost.megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _unpacked(file: Path) -> int:
    data: bytes = igzip.decompress(file.read_bytes())  # type: ignore[no-untyped-call]  # isal states no types for it
    return len(data)


def _parsed_all(files: list[Path]) -> Cost:
    simdjson = importlib.import_module(SIMDJSON)
    with measured() as cost:
        for file in files:
            data: bytes = igzip.decompress(file.read_bytes())  # type: ignore[no-untyped-call]  # as above
            simdjson.Parser().parse(data)
    return cost


if __name__ == "__main__":
    main()
