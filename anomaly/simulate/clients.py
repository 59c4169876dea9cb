"""How clients move data: pages of listings, gets in key order by several lanes, big objects in ranged parts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from anomaly.simulate.buckets import MIB, Bucket, Object
from anomaly.simulate.draw import Rng, choose, text
from anomaly.simulate.wire import DENIED, DENIED_BODY_BYTES, MISSING, Caller, Log

PAGE_KEYS = 1000
LISTED_KEY_BYTES = 340


@dataclass(frozen=True)
class Pace:
    """How fast a client moves: lanes at once, part size in bytes (0: whole objects), bytes a second a lane, seconds a call."""

    lanes: int = 10
    part: int = 8 * MIB
    speed: float = 6e6
    latency: float = 0.09


CLI = Pace()
LOOP = Pace(lanes=1, part=0, speed=25e6, latency=0.15)
SPARK = Pace(lanes=16, part=64 * MIB, speed=40e6, latency=0.05)
SCAN = Pace(lanes=4, part=0, speed=60e6, latency=0.05)
HAND = Pace(lanes=1, part=0, speed=8e6, latency=14.0)


def ranges(objects: Iterable[Object], part: int) -> list[tuple[str, int, str]]:
    """Cut objects into the requests that read them: (key, bytes, range parameter)."""
    reads = []
    for key, size in objects:
        if not part or size <= part:
            reads.append((key, size, ""))
            continue
        reads += [
            (key, min(part, size - at), f',"Range":"bytes={at}-{min(at + part, size) - 1}"')
            for at in range(0, size, part)
        ]
    return reads


def listing(log: Log, caller: Caller, bucket: Bucket, prefix: str, keys: int, when: float, draw: Rng) -> float:
    """List a prefix page by page; returns when it ends."""
    pages = max(1, -(-keys // PAGE_KEYS))
    for page in range(pages):
        left = min(PAGE_KEYS, max(keys - page * PAGE_KEYS, 0))
        token = f',"continuation-token":"{text(draw, 44)}="' if page else ""
        log.data(caller, "ListObjects", bucket, when, prefix, token, sent=320 + left * LISTED_KEY_BYTES)
        when += 0.4 + 0.6 * float(draw.random())
    return when


def browse(log: Log, caller: Caller, bucket: Bucket, prefix: str, when: float, keys: int = 40) -> float:
    """List one folder as people do in a console or file browser."""
    log.data(
        caller,
        "ListObjects",
        bucket,
        when,
        prefix,
        ',"delimiter":"/","max-keys":"1000"',
        sent=320 + keys * LISTED_KEY_BYTES,
    )
    return when + 3


def fetch(
    log: Log, caller: Caller, bucket: Bucket, objects: Sequence[Object], start: float, draw: Rng, pace: Pace = CLI
) -> float:
    """Read objects in the order given; returns when the last one ends."""
    reads = ranges(objects, pace.part)
    if not reads:
        return start
    sizes = np.array([size for _, size, _ in reads], dtype=float)
    seconds = pace.latency * draw.uniform(0.6, 1.8, len(reads)) + sizes / pace.speed
    begins = start + (np.cumsum(seconds) - seconds) / pace.lanes
    if pace.lanes > 1:
        begins += draw.uniform(0, 0.8, len(reads))
    for (key, size, part), when in zip(reads, begins.tolist(), strict=True):
        log.data(caller, "GetObject", bucket, when, key, part, sent=size)
    return float(begins[-1] + seconds[-1])


def head(
    log: Log, caller: Caller, bucket: Bucket, objects: Sequence[Object], start: float, draw: Rng, pace: Pace = SCAN
) -> float:
    """Ask for the headers of objects."""
    for key, _ in objects:
        log.data(caller, "HeadObject", bucket, start, key)
        start += pace.latency * (0.5 + float(draw.random()))
    return start


def sync(
    log: Log,
    caller: Caller,
    bucket: Bucket,
    prefix: str,
    objects: Sequence[Object],
    start: float,
    draw: Rng,
    pace: Pace = CLI,
) -> float:
    """`aws s3 sync`: list all pages, then get the keys in order by ten lanes."""
    return fetch(
        log, caller, bucket, objects, listing(log, caller, bucket, prefix, len(objects), start, draw), draw, pace
    )


def upload(
    log: Log, caller: Caller, bucket: Bucket, objects: Sequence[Object], start: float, draw: Rng, pace: Pace = CLI
) -> float:
    """Write objects whole."""
    for key, size in objects:
        log.data(caller, "PutObject", bucket, start, key, received=size)
        start += (pace.latency * (0.6 + float(draw.random())) + size / pace.speed) / pace.lanes
    return start


def copies(
    log: Log,
    caller: Caller,
    source: Bucket,
    objects: Sequence[Object],
    target: Bucket,
    prefix: str,
    start: float,
    draw: Rng,
    pace: Pace = CLI,
) -> float:
    """Copy on the server; big objects in parts of half a gigabyte."""
    part = 512 * MIB
    for key, size in objects:
        to = prefix + key
        for at in range(0, size, part) if size > part else ():
            span = f',"x-amz-copy-source-range":"bytes={at}-{min(at + part, size) - 1}","partNumber":{at // part + 1}'
            log.copy(caller, source, key, target, to, start, span)
            start += 2 / pace.lanes
        if size <= part:
            log.copy(caller, source, key, target, to, start)
        start += (pace.latency * (0.6 + float(draw.random())) + size / 200e6) / pace.lanes
    return start


def delete(log: Log, caller: Caller, bucket: Bucket, objects: Sequence[Object], start: float, draw: Rng) -> float:
    """Delete objects one by one."""
    for key, _ in objects:
        log.data(caller, "DeleteObject", bucket, start, key)
        start += 0.05 + 0.1 * float(draw.random())
    return start


def refused(
    log: Log, caller: Caller, bucket: Bucket, key: str, when: float, draw: Rng, api: str = "GetObject"
) -> float:
    """A call that is denied; the error body still counts as bytes sent."""
    log.data(caller, api, bucket, when, key, sent=choose(draw, DENIED_BODY_BYTES), error=DENIED)
    return when + 2


def missed(log: Log, caller: Caller, bucket: Bucket, key: str, when: float) -> float:
    """A read of an object that is not there."""
    log.data(caller, "GetObject", bucket, when, key, sent=291, error=MISSING)
    return when + 1


def slowed(pace: Pace, bytes_per_s: float) -> Pace:
    """The same client on a narrower line (all lanes together)."""
    return replace(pace, speed=bytes_per_s / pace.lanes)
