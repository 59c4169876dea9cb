"""How clients move data: pages of listings, gets in key order by several lanes, big objects in ranged parts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from anomaly.simulate.buckets import MIB, Bucket, Object
from anomaly.simulate.caller import DENIED, MISSING, Caller
from anomaly.simulate.draw import choose, text
from anomaly.simulate.wire import Log

PAGE_KEYS = 1000
LISTED_KEY_BYTES = 340
DENIED_BODY_BYTES = (243, 306)
COPY_PART = 512 * MIB


@dataclass(frozen=True)
class Pace:
    """How fast a client moves: lanes at once, part size in bytes (0: whole), bytes/s a lane, seconds a call."""

    lanes: int = 10
    part: int = 8 * MIB
    speed: float = 6e6
    latency: float = 0.09


CLI = Pace()
LOOP = Pace(lanes=1, part=0, speed=25e6, latency=0.15)
RCLONE = Pace(lanes=4, part=64 * MIB, speed=8e6, latency=0.12)
SPARK = Pace(lanes=16, part=64 * MIB, speed=40e6, latency=0.05)
SCAN = Pace(lanes=4, part=0, speed=60e6, latency=0.05)
BROWSER = Pace(lanes=2, part=0, speed=8e6, latency=1.2)
HAND = Pace(lanes=1, part=0, speed=8e6, latency=14.0)
TOOLS = {"boto3": LOOP, "rclone": RCLONE, "cyberduck": BROWSER}


def ranges(objects: Iterable[Object], part: int) -> list[tuple[str, int, str]]:
    """Cut objects into the requests that read them: (key, bytes, range parameter)."""
    reads = []
    for key, size in objects:
        if not part or size <= part:
            reads.append((key, size, ""))
            continue
        ends = [(at, min(at + part, size)) for at in range(0, size, part)]
        reads += [(key, end - at, f',"Range":"bytes={at}-{end - 1}"') for at, end in ends]
    return reads


def listing(log: Log, caller: Caller, bucket: Bucket, prefix: str, keys: int, when: float) -> float:
    """List a prefix page by page; returns when it ends."""
    for page in range(max(1, -(-keys // PAGE_KEYS))):
        left = min(PAGE_KEYS, max(keys - page * PAGE_KEYS, 0))
        token = f',"continuation-token":"{text(log.draw, 44)}="' if page else ""
        if caller.agent.startswith("[rclone"):
            token += ',"max-keys":"1000"'
        log.list(caller, bucket, when, prefix, token, sent=320 + left * LISTED_KEY_BYTES)
        when += 0.4 + 0.6 * float(log.draw.random())
    return when


def browse(log: Log, caller: Caller, bucket: Bucket, prefix: str, when: float, keys: int = 40) -> float:
    """List one folder as people do in a console or file browser."""
    size = 320 + keys * LISTED_KEY_BYTES
    log.list(caller, bucket, when, prefix, ',"delimiter":"/","max-keys":"1000"', sent=size)
    return when + 3


def fetch(log: Log, caller: Caller, bucket: Bucket, objects: Sequence[Object], start: float, pace: Pace = CLI) -> float:
    """Read objects in the order given; returns when the last one ends."""
    reads = ranges(objects, pace.part)
    if not reads:
        return start
    sizes = np.array([size for _, size, _ in reads], dtype=float)
    seconds = pace.latency * log.draw.uniform(0.6, 1.8, len(reads)) + sizes / pace.speed
    begins = start + (np.cumsum(seconds) - seconds) / pace.lanes
    if pace.lanes > 1:
        begins += log.draw.uniform(0, 0.8, len(reads))
    for (key, size, part), when in zip(reads, begins.tolist(), strict=True):
        log.data(caller, "GetObject", bucket, when, key, part, sent=size)
    return float(begins[-1] + seconds[-1])


def head(log: Log, caller: Caller, bucket: Bucket, objects: Sequence[Object], start: float) -> float:
    """Ask for the headers of objects."""
    for key, _ in objects:
        log.data(caller, "HeadObject", bucket, start, key)
        start += SCAN.latency * (0.5 + float(log.draw.random()))
    return start


def sync(
    log: Log,
    caller: Caller,
    bucket: Bucket,
    prefix: str,
    objects: Sequence[Object],
    start: float,
    pace: Pace = CLI,
) -> float:
    """`aws s3 sync`: list all pages, then get the keys in order by ten lanes."""
    start = listing(log, caller, bucket, prefix, len(objects), start)
    return fetch(log, caller, bucket, objects, start, pace)


def upload(
    log: Log, caller: Caller, bucket: Bucket, objects: Sequence[Object], start: float, pace: Pace = CLI
) -> float:
    """Write objects whole."""
    for key, size in objects:
        log.data(caller, "PutObject", bucket, start, key, received=size)
        start += (pace.latency * (0.6 + float(log.draw.random())) + size / pace.speed) / pace.lanes
    return start


def copies(
    log: Log,
    caller: Caller,
    source: Bucket,
    objects: Sequence[Object],
    target: Bucket,
    prefix: str,
    start: float,
) -> float:
    """Copy on the server; big objects in parts of half a gigabyte."""
    for key, size in objects:
        if size <= COPY_PART:
            log.copy(caller, source, key, target, prefix + key, start)
        for number, at in enumerate(range(0, size, COPY_PART), 1) if size > COPY_PART else ():
            last = min(at + COPY_PART, size) - 1
            span = f',"x-amz-copy-source-range":"bytes={at}-{last}","partNumber":{number}'
            log.copy(caller, source, key, target, prefix + key, start + number / 4, span)
        start += (CLI.latency * (0.6 + float(log.draw.random())) + size / 200e6) / CLI.lanes
    return start


def delete(log: Log, caller: Caller, bucket: Bucket, objects: Sequence[Object], start: float) -> float:
    """Delete objects one by one."""
    for key, _ in objects:
        log.data(caller, "DeleteObject", bucket, start, key)
        start += 0.05 + 0.1 * float(log.draw.random())
    return start


def refused(log: Log, caller: Caller, bucket: Bucket, key: str, when: float) -> None:
    """A read that is denied; the error body still counts as bytes sent."""
    log.data(caller, "GetObject", bucket, when, key, sent=choose(log.draw, DENIED_BODY_BYTES), error=DENIED)


def locked_out(log: Log, caller: Caller, bucket: Bucket, when: float) -> None:
    """A listing that is denied."""
    log.list(caller, bucket, when, "", "", sent=choose(log.draw, DENIED_BODY_BYTES), error=DENIED)


def missed(log: Log, caller: Caller, bucket: Bucket, key: str, when: float) -> None:
    """A read of an object that is not there."""
    log.data(caller, "GetObject", bucket, when, key, sent=291, error=MISSING)


def slowed(pace: Pace, bytes_per_s: float, patience: float = 1.0) -> Pace:
    """The same client on a narrower line (all lanes together), or told to wait between calls."""
    return replace(pace, speed=bytes_per_s / pace.lanes, latency=pace.latency * patience)
