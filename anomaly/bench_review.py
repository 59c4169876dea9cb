"""How long the review takes at a million cases: ``python -m anomaly.bench_review URL [CASES]``.

Publishes that many cases, serves them, and lets eight people over HTTP read pages of the queue, of cases and of
searches while a day of 50,000 cases more is published, each kind of work in a process of its own. It prints percentiles
of the server's time in milliseconds: from a request's arrival in the application to its whole page, signed in, read
from the database and drawn. Twice: with people who look at each page for half a second, and with such as never look,
who keep eight requests in the server at all times. Not one of the tests: it takes minutes and gigabytes. A database
that holds the cases already is used as it is.
"""

import http.client
import multiprocessing
import os
import random
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvicorn
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from anomaly.review import accounts
from anomaly.review.database import Database, open_database
from anomaly.review.publish import publish
from anomaly.review.queue import days
from anomaly.review.web.app import create_app
from anomaly.review.web.serve import settle
from anomaly.review.web.signing import Options

FIRST = date(2024, 1, 1)
A_DAY, CLIENTS, MORE = 2_000, 8, 50_000
LOOKS_SECONDS = 0.5
"""How long a person looks at a page at the mean: far less than one who reads it."""
ALONE_SECONDS = 30
WORDS = ("payroll", "export", "invoice", "backup", "model", "telemetry", "archive", "ledger")
NAME, TOOK, WORKED = "bench", "x-took", "x-worked"
Reading = Callable[[random.Random], str]
APART = multiprocessing.get_context("spawn")


def documents(day: date, count: int) -> Iterator[dict[str, Any]]:
    """Yield the cases of a day: names drawn from thousands, some of them common and some rare."""
    draw = random.Random(day.toordinal())
    past = _past(day, draw)
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
            "history": [{"signal": "b", "says": "bytes read", "unit": "bytes", "value": rank, "series": past}] * 3,
            "model_version": "3",
        }


def _past(day: date, draw: random.Random) -> list[dict[str, Any]]:
    """A month of a signal; the cases of a day share theirs, for drawing takes longer than publishing."""
    before = [day - timedelta(days=back) for back in range(30, -1, -1)]
    return [{"day": each.isoformat(), "value": draw.random() * 10**9} for each in before]


def fill(database: Database, count: int) -> None:
    """Publish days until the database holds that many cases."""
    held = sum(each.cases for each in days(database))
    for nth in range(held // A_DAY, count // A_DAY):
        publish(database, list(documents(FIRST + timedelta(days=nth), A_DAY)), day=FIRST + timedelta(days=nth))


def readings(count: int) -> dict[str, Reading]:
    """What people read: the path of a page by its name; ``count`` cases are there."""
    spread = count // A_DAY

    def page(**asked: Callable[[random.Random], object]) -> Reading:
        return lambda draw: f"/?{urlencode({name: value(draw) for name, value in asked.items()})}"

    def day(draw: random.Random) -> date:
        return FIRST + timedelta(days=draw.randrange(spread))

    def team(draw: random.Random) -> str:
        return f"team-{draw.randrange(200)}@example.org"

    def word(draw: random.Random) -> str:
        return draw.choice(WORDS)

    return {
        "queue, open": page(state=lambda _: "open"),
        "queue, all, covered too": page(covered=lambda _: "yes"),
        "queue, a day": page(day=day),
        "queue, owner and level": page(owner=team, sensitivity=lambda _: "restricted"),
        "queue, judged": page(state=lambda _: "true_positive", sensitivity=lambda _: "internal"),
        "case": lambda draw: f"/case/{day(draw).toordinal():08x}{draw.randint(1, A_DAY):024x}",
        "search, common": page(text=word),
        "search, two common": page(text=lambda draw: f"{word(draw)} {word(draw)} rclone"),
        "search, rare": page(text=lambda draw: f"person-{draw.randrange(20_000)}"),
        "search, beginning": page(text=lambda draw: f"per* {word(draw)}"),
        "search, no hit": page(text=lambda draw: f"nowhere{draw.randrange(10**6)}"),
        "search, no hit together": page(text=lambda _: "rclone boto3 nowhere"),
        "search, rare in common": page(text=lambda draw: f"{word(draw)} person-{draw.randrange(20_000)} rclone"),
    }


class Timed:
    """ASGI middleware around all of the application: headers say how long a page took, until all of it was there.

    Another says how much processor time the server has used since it began.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; the start of an answer waits for its body."""
        start, held = time.perf_counter(), []

        async def send_timed(message: Message) -> None:
            held.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                headers = MutableHeaders(scope=held[0])
                headers[TOOK], headers[WORKED] = f"{1000 * (time.perf_counter() - start):.3f}", str(time.process_time())
                for each in held:
                    await send(each)

        await self.app(scope, receive, send_timed if scope["type"] == "http" else send)


def serve(url: str, listening: socket.socket, context: str) -> None:
    """Serve the pages as ``anomaly review serve`` does, timed."""
    app = Timed(create_app(open_database(url), Options(), Path(context)))
    config = uvicorn.Config(app, server_header=False, access_log=False, log_level="warning", proxy_headers=False)
    settle()
    uvicorn.Server(config).run(sockets=[listening])


@contextmanager
def served(url: str) -> Iterator[int]:
    """A server in a process of its own; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening, tempfile.TemporaryDirectory() as context:
        process = APART.Process(target=serve, args=(url, listening, context), daemon=True)
        process.start()
        try:
            yield listening.getsockname()[1]
        finally:
            process.terminate()
            process.join()


def signed_in(url: str) -> str:
    """Return a session's token of an analyst made for this."""
    database, password = open_database(url), secrets.token_urlsafe()
    if accounts.known(database, NAME) is None:
        accounts.add(database, NAME, "analyst", password=password)
    accounts.set_password(database, NAME, password)
    token = accounts.sign_in(database, NAME, password)
    database.close()
    return str(token)


def publish_more(url: str, day: date) -> None:
    """What the night's job does meanwhile."""
    database = open_database(url)
    publish(database, list(documents(day, MORE)), day=day)
    database.close()


def measure(port: int, token: str, count: int, looks: float, is_over: Callable[[], bool]) -> dict[str, list[float]]:
    """Let people read until it is over, each looking at a page for so many seconds; returns milliseconds by page."""
    ways = readings(count)
    taken: dict[str, list[float]] = {name: [] for name in ways}
    worked: list[float] = []

    def person(seed: int) -> None:
        draw = random.Random(seed)
        line = http.client.HTTPConnection("127.0.0.1", port)
        while not is_over():
            name = draw.choice(list(ways))
            line.request("GET", ways[name](draw), headers={"cookie": f"{Options().cookie}={token}"})
            answer = line.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise SystemExit(f"{name}: {answer.status} {text.decode()}")
            taken[name].append(float(answer.headers[TOOK]))
            worked.append(float(answer.headers[WORKED]))
            if looks:
                time.sleep(draw.expovariate(1 / looks))
        line.close()

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(person, range(CLIENTS)))
    print(f"\n{1000 * (max(worked) - min(worked)) / len(worked):.1f} ms of the server's processor a page")
    return taken


def show(title: str, taken: dict[str, list[float]]) -> None:
    """Print the percentiles."""
    everything = [each for found in taken.values() for each in found]
    print(f"{title} (load {os.getloadavg()[0]:.1f})\n{'page':<26}{'times':>8}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}")
    for name, found in (*taken.items(), ("all", everything)):
        ordered = sorted(found) or [0.0]
        at = (ordered[int(len(ordered) * part)] for part in (0.5, 0.95, 0.99))
        print(f"{name:<26}{len(found):>8}" + "".join(f"{each:>9.1f}" for each in at), flush=True)


def round_of(url: str, port: int, token: str, count: int, looks: float) -> None:
    """Read alone, then while a day is published."""
    how = f"{CLIENTS} people, {looks} s a page" if looks else f"{CLIENTS} requests at all times"
    ends = time.perf_counter() + ALONE_SECONDS
    show(f"{how}: alone", measure(port, token, count, looks, lambda: time.perf_counter() > ends))
    more = FIRST + timedelta(days=count // A_DAY + random.SystemRandom().randrange(1, 10_000))
    job = APART.Process(target=publish_more, args=(url, more))
    start = time.perf_counter()
    job.start()
    show(f"{how}: while {MORE:,} are published", measure(port, token, count, looks, lambda: not job.is_alive()))
    print(f"published in {time.perf_counter() - start:,.0f} s")


def main(url: str, count: int = 1_000_000) -> None:
    """Fill, serve, read at both paces."""
    database = open_database(url)
    start = time.perf_counter()
    fill(database, count)
    print(f"filled to {count:,} in {time.perf_counter() - start:,.0f} s")
    database.close()
    with served(url) as port:
        token = signed_in(url)
        for looks in (LOOKS_SECONDS, 0.0):
            round_of(url, port, token, count, looks)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:3]))
