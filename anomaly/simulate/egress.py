"""Attacks that only the network shows: what a workload reads leaves it for an address outside."""

from anomaly.simulate import agents
from anomaly.simulate.buckets import MIB
from anomaly.simulate.caller import Caller
from anomaly.simulate.deeds import SENSITIVE, Deed, Loot, haul, patience, take, volume
from anomaly.simulate.draw import Rng, choose
from anomaly.simulate.flow_log import Exchange, outward, port_of
from anomaly.simulate.org import Org
from anomaly.simulate.wire import Log, Touch
from anomaly.simulate.workloads import Job, Service

# TLS and TCP around what is sent
OVERHEAD = 1.04
UPLOAD_BYTES_PER_S = 12e6


def s17(org: Org, draw: Rng) -> Deed:
    """A streamed copy: an instance reads a sensitive bucket, and its bytes go on to a network outside."""
    service = _service(org, draw)
    host, hour = _host(draw, service.job), float(draw.uniform(0, 20))
    remote, most, waits = _drop(org, draw), int(draw.integers(80, 900)), patience(draw)
    want, agent = volume(draw, 50 * MIB), agents.server_cli(draw, "s3.cp")

    def act(log: Log) -> None:
        start = org.at(log.day, hour)
        normal = service.job.caller(org, start, host)
        caller = Caller(normal.credential, normal.address, agent, normal.endpoint, normal.endpoint_account)
        items = haul(service.bucket, log.draw, log.day, want, most)
        end = take(log, caller, service.bucket, Loot("cli", items, waits), start)
        _leave(org, log, service.job, host, Exchange(remote, 443, start + 5, end - start + 20, _size(items), 40_000))
        log.touches[:] = [touch._replace(destination=remote) for touch in log.touches]

    return Deed(f"instance of {service.name} streams what it reads to {remote}", act)


def s18(org: Org, draw: Rng) -> Deed:
    """A tool on an instance pointed at somebody else's storage: nothing but the network tells."""
    service = _service(org, draw)
    host, hour = _host(draw, service.job), float(draw.uniform(0, 21))
    remote, want = _drop(org, draw), volume(draw, 200 * MIB)

    def act(log: Log) -> None:
        start = org.at(log.day, hour)
        deal = Exchange(remote, 9000, start, max(want / UPLOAD_BYTES_PER_S, 30), round(want), 90_000)
        _leave(org, log, service.job, host, deal)
        who = service.job.caller(org, start, host)
        seen = who.credential
        for when in (deal.when, deal.when + deal.seconds):
            touch = Touch(int(when), seen.identity, seen.session_name, who.address, "", "", 0, remote)
            log.touches.append(touch)

    return Deed(f"instance of {service.name} uploads to storage at {remote}", act)


def _host(draw: Rng, job: Job) -> int:
    return int(draw.integers(job.hosts))


def _service(org: Org, draw: Rng) -> Service:
    services = [actor for actor in org.actors if isinstance(actor, Service)]
    return choose(draw, [actor for actor in services if actor.bucket.sensitivity in SENSITIVE] or services)


def _drop(org: Org, draw: Rng) -> str:
    return choose(draw, org.world.of("hosting")).address(draw)


def _size(items: list[tuple[str, int]]) -> int:
    return round(OVERHEAD * sum(size for _, size in items))


def _leave(org: Org, log: Log, job: Job, host: int, deal: Exchange) -> None:
    port = port_of(org, job, deal.when, host)
    if port is not None:
        outward(log, port, deal)
