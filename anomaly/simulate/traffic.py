"""What workloads in our VPCs say to the Internet on an ordinary day, and what the Internet tries on them."""

from dataclasses import dataclass

from anomaly.simulate.draw import choose, rng, some, whole
from anomaly.simulate.flow_log import Exchange, outward, port_of, refused, silent
from anomaly.simulate.org import Org
from anomaly.simulate.wire import Log
from anomaly.simulate.workloads import Job

STORAGE = "198.51.100"
KNOCKED = (22, 23, 445, 3389, 8080)
SERVICES = 6


def switch_on(org: Org) -> None:
    """Give every job inside a VPC its traffic; the services it talks to are drawn once for each job."""
    jobs = [getattr(actor, "job", None) for actor in org.actors]
    for job in jobs:
        if isinstance(job, Job) and job.site.count(".") == 1:
            org.actors.append(_traffic(org, job))


def _traffic(org: Org, job: Job) -> "Traffic":
    draw = rng(org.seed, "traffic", job.name)
    company = rng(org.seed, "traffic")
    hosts = org.world.of("hosting")
    services = [choose(company, hosts).address(company) for _ in range(SERVICES)]
    used = tuple(some(draw, services, whole(draw, 4, 1)))
    return Traffic(f"traffic-{job.name}", job, used, float(draw.uniform(25, 70)), float(draw.lognormal(9.5, 0.8)))


@dataclass
class Traffic:
    """A job's ordinary traffic: package mirrors, APIs and storage; ``mean`` exchanges a day and host.

    ``sent`` is the usual number of bytes that an API call sends.
    """

    name: str
    job: Job
    services: tuple[str, ...]
    mean: float
    sent: float

    def live(self, org: Org, log: Log) -> None:
        """A day of it on every host."""
        for host in range(self.job.hosts):
            for hour in log.draw.uniform(0, 23.9, org.count(self.mean, log.draw)).tolist():
                self.talk(org, log, host, org.at(log.day, hour))

    def talk(self, org: Org, log: Log, host: int, when: float) -> None:
        """One thing that happens on a host's interface."""
        port, luck = port_of(org, self.job, when, host), log.draw.random()
        if port is None:
            return
        if luck < 0.45:
            remote = f"{STORAGE}.{whole(log.draw, 255, 130)}"
            sent, back = int(log.draw.lognormal(8.5, 1)), int(log.draw.lognormal(14, 2))
            outward(log, port, Exchange(remote, 443, when, float(log.draw.exponential(40)), sent, back))
        elif luck < 0.75:
            sent, back = int(self.sent * log.draw.lognormal(0, 0.7)), int(log.draw.lognormal(10, 1))
            outward(log, port, Exchange(choose(log.draw, self.services), 443, when, 20.0, sent, back))
        elif luck < 0.85:
            other = f"{self.job.site}.{whole(log.draw, 16)}.{whole(log.draw, 250, 4)}"
            outward(log, port, Exchange(other, 5432, when, 10.0, 4000, 20000))
        elif luck < 0.94:
            knock = choose(log.draw, org.world.providers).address(log.draw)
            refused(log, port, knock, choose(log.draw, KNOCKED), when)
        else:
            silent(log, port, when, "NODATA" if luck < 0.995 else "SKIPDATA")
