"""VPC flow log rows: version 2 with the default fields, version 5 with chosen ones (``forms.FLOW_FIELDS``)."""

from dataclasses import dataclass

from anomaly.simulate.draw import hexes, rng, whole
from anomaly.simulate.forms import VPC_FLOW, Place
from anomaly.simulate.org import Org
from anomaly.simulate.row import Row
from anomaly.simulate.wire import Log
from anomaly.simulate.workloads import Job

TCP, ACK_FIN = 6, 19
PACKET_BYTES = 1400
# the longest that one row covers, as a flow log is set up: ten minutes is the default, one minute the other choice
WINDOW_S = {"v2": 600, "v5": 60}
ONE_MINUTE_SITES = ("vpc-prod",)
GATEWAY = "8"


@dataclass(frozen=True)
class Port:
    """A workload's network interface and the flow log that records it; ``instance`` is ``-`` without one."""

    address: str
    interface: str
    instance: str
    place: Place
    network: str

    @property
    def version(self) -> str:
        """v2 or v5."""
        return self.place[3]


@dataclass(frozen=True)
class Exchange:
    """Bytes sent to and got back from an address outside, from ``when`` on for some seconds."""

    remote: str
    port: int
    when: float
    seconds: float
    sent: int
    back: int


def port_of(org: Org, job: Job, when: float, host: int = 0) -> Port | None:
    """The interface of a job's host at a moment; None where the job is not inside a VPC of ours."""
    if job.site.count(".") != 1:
        return None
    caller = job.caller(org, when, host)
    site = next(s for s in org.sites if s.cidr.startswith(f"{job.site}."))
    account, draw = job.role.account, rng(org.seed, "flow-log", site.label, job.role.account)
    version = "v5" if site.label in ONE_MINUTE_SITES else "v2"
    place = (account, org.region, f"fl-0{hexes(draw, 16)}", version)
    instance = caller.credential.session_name if job.lifetime else "-"
    interface = f"eni-0{hexes(rng(org.seed, 'interface', caller.address, instance), 16)}"
    return Port(caller.address, interface, instance, place, f"vpc-0{hexes(draw, 16)} subnet-0{hexes(draw, 16)}")


def outward(log: Log, port: Port, deal: Exchange) -> None:
    """Write an exchange: a row out and a row in for each window that it touches."""
    window = WINDOW_S[port.version]
    local, start, left = 32768 + whole(log.draw, 28000), int(deal.when), [deal.sent, deal.back]
    end = start + max(1, round(deal.seconds))
    while start < end:
        stop = min(end, (start // window + 1) * window)
        share = (stop - start) / (end - start)
        sent, back = round(left[0] * share), round(left[1] * share)
        left = [left[0] - sent, left[1] - back]
        for out, size in ((True, sent), (False, back)):
            if size:
                ends = (port.address, deal.remote, local, deal.port)
                row = _row(port, ends if out else (ends[1], ends[0], ends[3], ends[2]), size, (start, stop), out=out)
                log.rows.append(Row(start, VPC_FLOW, port.place, row))
        start = stop


def refused(log: Log, port: Port, remote: str, service: int, when: float) -> None:
    """Somebody outside knocks and is turned away."""
    ends = (remote, port.address, 40000 + whole(log.draw, 20000), service)
    row = _row(port, ends, 40 + whole(log.draw, 20), (int(when), int(when) + 30), out=False, action="REJECT")
    log.rows.append(Row(int(when), VPC_FLOW, port.place, row))


def silent(log: Log, port: Port, when: float, status: str = "NODATA") -> None:
    """A window in which nothing passed, or that was not recorded (``SKIPDATA``)."""
    start = int(when)
    account, ends = port.place[0], f"{start} {start + WINDOW_S[port.version]}"
    if port.version == "v2":
        text = f"2 {account} {port.interface} - - - - - - - {ends} - {status}"
    else:
        text = f"5 {account} {port.interface} {port.instance} {port.network} {'- ' * 10}{ends} - - - {status}"
    log.rows.append(Row(start, VPC_FLOW, port.place, text))


def _row(
    port: Port, ends: tuple[str, str, int, int], size: int, span: tuple[int, int], *, out: bool, action: str = "ACCEPT"
) -> str:
    source, target, source_port, target_port = ends
    packets, account = max(1, -(-size // PACKET_BYTES)), port.place[0]
    if port.version == "v2":
        return (
            f"2 {account} {port.interface} {source} {target} {source_port} {target_port} {TCP} {packets} {size} "
            f"{span[0]} {span[1]} {action} OK"
        )
    path = f"egress {GATEWAY}" if out else "ingress -"
    return (
        f"5 {account} {port.interface} {port.instance} {port.network} {source} {target} {source} {target} "
        f"{source_port} {target_port} {TCP} {ACK_FIN} {packets} {size} {span[0]} {span[1]} {path} {action} OK"
    )
