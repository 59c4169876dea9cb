"""Delivery: records of a day go into .json.gz files by account, region and window, a little late, some twice."""

import os
import zlib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from anomaly.simulate.draw import rng, stamp, text
from anomaly.simulate.org import Org
from anomaly.simulate.wire import Log, Row

WINDOW_S = {True: 300, False: 900}
BUSY_ROWS = 30_000
TWICE = 0.0015
LATEST_S = 2400.0
Parcel = tuple[float, Row]


def late(org: Org, log: Log, name: str) -> list[Parcel]:
    """Say when each record of an actor's day is delivered: minutes late as a rule, a few of them once more."""
    draw = rng(org.seed, "late", name, log.day)
    start, end = org.span
    rows = [row for row in log.rows if start <= row.epoch < end]
    delays = np.minimum(draw.lognormal(4.9, 0.55, len(rows)), LATEST_S)
    posted = [(row.epoch + delay, row) for row, delay in zip(rows, delays.tolist(), strict=True)]
    again = np.flatnonzero(draw.random(len(rows)) < TWICE).tolist()
    return posted + [(posted[i][0] + float(draw.uniform(5, 1500)), rows[i]) for i in again]


def deliver(out: Path, seed: int, day: int, posted: Iterable[Parcel]) -> tuple[int, int]:
    """Write the records of a simulated day; returns (files, bytes)."""
    places: dict[tuple[str, str], list[tuple[float, str]]] = defaultdict(list)
    for when, row in posted:
        places[row.account, row.region].append((when, row.text))
    files = size = 0
    for (account, region), parcels in sorted(places.items()):
        window = WINDOW_S[len(parcels) > BUSY_ROWS]
        boxes: dict[int, list[tuple[float, str]]] = defaultdict(list)
        for parcel in parcels:
            boxes[int(parcel[0]) // window].append(parcel)
        for number, box in sorted(boxes.items()):
            box.sort()
            size += _write(out, seed, day, account, region, (number + 1) * window, [line for _, line in box])
            files += 1
    return files, size


def _write(out: Path, seed: int, day: int, account: str, region: str, end: int, lines: list[str]) -> int:
    moment = stamp(end)
    date, minute = moment[:10], moment[11:16].replace(":", "")
    folder = out / "AWSLogs" / account / "CloudTrail" / region / date.replace("-", "/")
    tail = text(rng(seed, "file", day, account, region, end), 16)
    path = folder / f"{account}_CloudTrail_{region}_{date.replace('-', '')}T{minute}Z_{tail}.json.gz"
    packed = gzipped(('{"Records":[' + ",".join(lines) + "]}").encode())
    _save(path, packed)
    return len(packed)


def gzipped(plain: bytes) -> bytes:
    """Gzip without a time or a name, so that the same records give the same bytes."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(plain) + packer.flush()


def _save(path: Path, packed: bytes) -> None:
    # plain system calls: half the time of a file object, and there are hundreds of small files a day
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        left = memoryview(packed)
        while left:
            left = left[os.write(handle, left) :]
    finally:
        os.close(handle)
