"""How long the review takes at a million cases: ``python -m anomaly.bench_review URL [CASES]``.

Publishes that many cases, then lets eight clients read the queue, cases and searches while a day of 50,000 cases more
is published, and prints the 50th and 95th percentile of each kind of reading in milliseconds. Not one of the tests: it
takes minutes and gigabytes. A database that holds the cases already is used as it is.
"""

import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

from anomaly.review.case import case
from anomaly.review.database import Database, open_database
from anomaly.review.publish import publish
from anomaly.review.queue import Filters, days, queue
from anomaly.review.viewer import Role, Viewer

FIRST = date(2024, 1, 1)
A_DAY, CLIENTS, MORE = 2_000, 8, 50_000
WORDS = ("payroll", "export", "invoice", "backup", "model", "telemetry", "archive", "ledger")
ME = Viewer("bench", Role.ANALYST)
Reading = Callable[[Database, random.Random], object]


def documents(day: date, count: int) -> Iterator[dict[str, Any]]:
    """Yield the cases of a day: names drawn from thousands, some of them common and some rare."""
    draw = random.Random(day.toordinal())
    for rank in range(1, count + 1):
        who = f"arn:aws:iam::111122223333:user/person-{int(draw.paretovariate(0.7)) % 20_000}"
        bucket = f"{draw.choice(WORDS)}-{int(draw.paretovariate(0.8)) % 3_000}"
        owner = f"team-{draw.randrange(200)}@example.org"
        level = draw.choices(("public", "internal", "confidential", "restricted"), (1, 60, 30, 9))[0]
        yield {
            "case_id": f"{day.toordinal():08x}{rank:024x}",
            "day": day.isoformat(),
            "rank": rank if rank <= count * 0.8 else None,
            "cases": count,
            "alert": rank <= 10,
            "covered": rank > count * 0.8,
            "score": 1 - rank / count / 2,
            "expected_per_day": rank / 2,
            "identity": who,
            "identity_kind": "human",
            "headline": f"read {rank} GB from {bucket}; its busiest day in 30 was 3.1 GB",
            "reasons": ["came from a network that it never used before", "listed, then read in key order"],
            "buckets": [{"bucket": bucket, "sensitivity": level, "owner": owner, "bytes_read": rank * 10**9}],
            "destinations": [f"aws-account:{draw.randrange(500):012d}"],
            "sources": [{"address": f"203.0.113.{draw.randrange(255)}", "network": f"AS{draw.randrange(300)} Example"}],
            "tools": [draw.choice(("rclone", "aws-cli", "boto3"))],
            "objects": {
                "largest": [f"{bucket}/{draw.choice(WORDS)}/{draw.randrange(10**6)}.parquet" for _ in range(5)]
            },
            "bytes_read": rank * 10**9,
            "timeline": [{"first": "02:11", "api": "GetObject", "acts": each, "bucket": bucket} for each in range(20)],
            "model_version": "3",
        }


def fill(database: Database, count: int) -> None:
    """Publish days until the database holds that many cases."""
    held = sum(each.cases for each in days(database))
    for nth in range(held // A_DAY, count // A_DAY):
        publish(database, list(documents(FIRST + timedelta(days=nth), A_DAY)), day=FIRST + timedelta(days=nth))


def readings(count: int) -> dict[str, Reading]:
    """What the clients read, by name; ``count`` cases are there."""
    spread = count // A_DAY

    def page(**asked: Callable[[random.Random], Any]) -> Reading:
        return lambda database, draw: queue(
            database, Filters(**{name: value(draw) for name, value in asked.items()}), None, 50, ME
        )

    def one(database: Database, draw: random.Random) -> object:
        day = FIRST + timedelta(days=draw.randrange(spread))
        return case(database, f"{day.toordinal():08x}{draw.randint(1, A_DAY):024x}", ME)

    return {
        "queue, open": page(state=lambda _: "open", covered=lambda _: False),
        "queue, a day": page(day=lambda draw: FIRST + timedelta(days=draw.randrange(spread))),
        "queue, owner and level": page(
            owner=lambda draw: f"team-{draw.randrange(200)}@example.org", sensitivity=lambda _: "restricted"
        ),
        "queue, judged": page(state=lambda _: "true_positive", sensitivity=lambda _: "internal"),
        "case": one,
        "search, common": page(text=lambda draw: draw.choice(WORDS)),
        "search, two common": page(text=lambda draw: f"{draw.choice(WORDS)} {draw.choice(WORDS)} rclone"),
        "search, rare": page(text=lambda draw: f"person-{draw.randrange(20_000)}"),
        "search, beginning": page(text=lambda draw: f"per* {draw.choice(WORDS)}"),
        "search, no hit": page(text=lambda draw: f"nowhere{draw.randrange(10**6)}"),
        "search, no hit together": page(text=lambda _: "rclone boto3 nowhere"),
    }


def measure(database: Database, count: int, is_over: Callable[[], bool]) -> dict[str, list[float]]:
    """Let the clients read until it is over; returns milliseconds by what was read."""
    ways = readings(count)
    taken: dict[str, list[float]] = {name: [] for name in ways}

    def client(seed: int) -> None:
        draw = random.Random(seed)
        while not is_over():
            name = draw.choice(list(ways))
            start = time.perf_counter()
            ways[name](database, draw)
            taken[name].append(1000 * (time.perf_counter() - start))

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(client, range(CLIENTS)))
    return taken


def show(title: str, taken: dict[str, list[float]]) -> None:
    """Print the percentiles."""
    print(f"{title}\n{'what':<26}{'times':>8}{'p50 ms':>9}{'p95 ms':>9}")
    for name, found in taken.items():
        ordered = sorted(found) or [0.0]
        print(f"{name:<26}{len(found):>8}{ordered[len(ordered) // 2]:>9.1f}{ordered[int(len(ordered) * 0.95)]:>9.1f}")


def main(url: str, count: int = 1_000_000) -> None:
    """Fill, read alone, read while a day is published."""
    database = open_database(url)
    start = time.perf_counter()
    fill(database, count)
    print(f"filled to {count:,} in {time.perf_counter() - start:,.0f} s")
    ends = time.perf_counter() + 30
    show("reading alone", measure(database, count, lambda: time.perf_counter() > ends))
    more = FIRST + timedelta(days=count // A_DAY + random.SystemRandom().randrange(1, 10_000))
    job = threading.Thread(target=lambda: publish(database, list(documents(more, MORE)), day=more))
    start = time.perf_counter()
    job.start()
    show(f"while {MORE:,} are published", measure(database, count, lambda: not job.is_alive()))
    print(f"published in {time.perf_counter() - start:,.0f} s")
    database.close()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:3]))
