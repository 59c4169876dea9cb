"""Delivery: records of a day go into .json.gz files by account, region and window, a little late, some twice."""

import zlib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from anomaly.simulate.draw import Rng, rng, stamp, text
from anomaly.simulate.wire import Row

WINDOW_S = {True: 600, False: 900}
BUSY_ROWS = 3000
TWICE = 0.0015
Parcel = tuple[float, str]


def late(rows: list[Row], draw: Rng) -> list[tuple[float, Row]]:
    """Say when each record is delivered: minutes late as a rule, a few of them a second time, later."""
    delays = np.minimum(draw.lognormal(4.9, 0.55, len(rows)), 2400.0)
    again = np.flatnonzero(draw.random(len(rows)) < TWICE)
    posted = [(row.epoch + delay, row) for row, delay in zip(rows, delays.tolist(), strict=True)]
    return posted + [(posted[i][0] + float(draw.uniform(5, 1500)), rows[i]) for i in again.tolist()]


def deliver(out: Path, seed: int, day: int, posted: Iterable[tuple[float, Row]]) -> tuple[int, int]:
    """Write the records of a simulated day; returns (files, bytes)."""
    places: dict[tuple[str, str], list[Parcel]] = defaultdict(list)
    for when, row in posted:
        places[row.account, row.region].append((when, row.text))
    files = size = 0
    for (account, region), parcels in sorted(places.items()):
        window = WINDOW_S[len(parcels) > BUSY_ROWS]
        boxes: dict[int, list[Parcel]] = defaultdict(list)
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
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed)
    return len(packed)


def gzipped(plain: bytes) -> bytes:
    """Gzip without a time or a name, so that the same records give the same bytes."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(plain) + packer.flush()
