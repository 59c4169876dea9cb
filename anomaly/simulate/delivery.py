"""Delivery: rows of a day go into the files of their logs, by place and window, late, some twice, some never."""

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from anomaly.simulate.draw import rng, stamp
from anomaly.simulate.forms import CLOUDTRAIL, FORMS, Place
from anomaly.simulate.org import Org
from anomaly.simulate.row import Row
from anomaly.simulate.wire import Log

BUSY_ROWS = 30_000
AGAIN_S = (5, 1500)
Parcel = tuple[float, Row]


def late(org: Org, log: Log, name: str) -> list[Parcel]:
    """Say when each row of an actor's day is delivered: late by its log's habit, a few once more or never."""
    start, end = org.span
    logs: dict[str, list[Row]] = defaultdict(list)
    trail = CLOUDTRAIL in org.sources
    for row in log.rows:
        if start <= row.epoch < end and (trail or row.log != CLOUDTRAIL):
            logs[row.log].append(row)
    return [parcel for kind, rows in logs.items() for parcel in _posted(org, log.day, name, kind, rows)]


def _posted(org: Org, day: int, name: str, kind: str, rows: list[Row]) -> list[Parcel]:
    form = FORMS[kind]
    # each log has a generator of its own, so that one more log moves no file of another
    draw = rng(org.seed, "late", name, day) if kind == CLOUDTRAIL else rng(org.seed, "late", kind, name, day)
    posted = [(row.epoch + delay, row) for row, delay in zip(rows, form.delays(draw, len(rows)).tolist(), strict=True)]
    again = np.flatnonzero(draw.random(len(rows)) < form.twice).tolist() if form.twice else []
    twice = [(posted[i][0] + float(draw.uniform(*AGAIN_S)), rows[i]) for i in again]
    if form.lost:
        kept = np.flatnonzero(draw.random(len(rows)) >= form.lost).tolist()
        posted = [posted[i] for i in kept]
    return posted + twice


def deliver(out: Path, seed: int, day: int, posted: Iterable[Parcel]) -> tuple[int, int]:
    """Write the rows of a simulated day; returns (files, bytes)."""
    places: dict[tuple[str, Place], list[tuple[float, str]]] = defaultdict(list)
    for when, row in posted:
        places[row.log, row.place].append((when, row.text))
    files = size = 0
    for (kind, place), parcels in sorted(places.items()):
        form = FORMS[kind]
        window = form.busy_window_s if len(parcels) > BUSY_ROWS else form.window_s
        boxes: dict[int, list[tuple[float, str]]] = defaultdict(list)
        for parcel in parcels:
            boxes[int(parcel[0]) // window].append(parcel)
        for number, box in sorted(boxes.items()):
            box.sort()
            draw = rng(seed, "file", day, *place, (number + 1) * window)
            path = out / form.path(place, stamp((number + 1) * window), draw)
            size += _save(path, form.pack(place, [line for _, line in box]))
            files += 1
    return files, size


def _save(path: Path, packed: bytes) -> int:
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
    return len(packed)
