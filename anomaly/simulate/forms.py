"""How each log is delivered: where its files lie, how rows are packed, how late they come, how many are lost.

A row says which log it belongs to and its place, the parts of its folder; adding a log means adding a ``Form`` here.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anomaly.simulate.draw import Rng, hexes, text

Place = tuple[str, ...]
Floats = npt.NDArray[np.float64]
CLOUDTRAIL, S3_ACCESS, VPC_FLOW = "cloudtrail", "s3_access", "vpc_flow"
GCP, AZURE = "gcp", "azure"
AZURE_FLOWS = "insights-logs-flowlogflowevent"
FLOW_FIELDS = {
    "v2": "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
    "log-status",
    "v5": "version account-id interface-id instance-id vpc-id subnet-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr "
    "srcport dstport protocol tcp-flags packets bytes start end flow-direction traffic-path action log-status",
}


@dataclass(frozen=True)
class Form:
    """One log's delivery.

    ``path`` takes a row's place, the UTC text of the end of a file's window and a generator of the file's own;
    ``pack`` takes the place and the file's rows in order of delivery; ``delays`` draws seconds for a number of rows;
    ``twice`` and ``lost`` are shares of rows. A file covers ``window_s`` seconds, ``busy_window_s`` on a busy day.
    """

    path: Callable[[Place, str, Rng], str]
    pack: Callable[[Place, Sequence[str]], bytes]
    delays: Callable[[Rng, int], Floats]
    window_s: int
    busy_window_s: int
    twice: float = 0.0
    lost: float = 0.0


def gzipped(plain: bytes) -> bytes:
    """Gzip without a time or a name, so that the same records give the same bytes."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(plain) + packer.flush()


def minutes_late(draw: Rng, count: int) -> Floats:
    """Minutes as a rule, two thirds of an hour at most: a trail, a flow log."""
    return np.minimum(draw.lognormal(4.9, 0.55, count), 2400.0)


def hours_late(draw: Rng, count: int) -> Floats:
    """Half an hour as a rule, some hours at times: access logs promise best effort only."""
    return np.minimum(draw.lognormal(7.5, 0.7, count), 6 * 3600.0)


def _trail_path(place: Place, end: str, draw: Rng) -> str:
    account, region = place
    date, minute = end[:10], end[11:16].replace(":", "")
    name = f"{account}_CloudTrail_{region}_{date.replace('-', '')}T{minute}Z_{text(draw, 16)}.json.gz"
    return f"AWSLogs/{account}/CloudTrail/{region}/{date.replace('-', '/')}/{name}"


def _trail_file(place: Place, rows: Sequence[str]) -> bytes:
    return gzipped(('{"Records":[' + ",".join(rows) + "]}").encode())


def _access_path(place: Place, end: str, draw: Rng) -> str:
    account, region, bucket = place
    date = end[:10]
    name = f"{date}-{end[11:19].replace(':', '-')}-{hexes(draw, 16).upper()}"
    return f"S3Access/{account}/{region}/{bucket}/{date.replace('-', '/')}/{name}"


def _access_file(place: Place, rows: Sequence[str]) -> bytes:
    return ("\n".join(rows) + "\n").encode()


def _flow_path(place: Place, end: str, draw: Rng) -> str:
    account, region, flow_log, _ = place
    date, minute = end[:10], end[11:16].replace(":", "")
    name = f"{account}_vpcflowlogs_{region}_{flow_log}_{date.replace('-', '')}T{minute}Z_{hexes(draw, 8)}.log.gz"
    return f"AWSLogs/{account}/vpcflowlogs/{region}/{date.replace('-', '/')}/{name}"


def _flow_file(place: Place, rows: Sequence[str]) -> bytes:
    return gzipped(("\n".join([FLOW_FIELDS[place[3]], *rows]) + "\n").encode())


def at_once(draw: Rng, count: int) -> Floats:
    """Files named after the hour of their rows' own time, which a later row is still put into."""
    return np.zeros(count)


def _hour(end: str) -> str:
    return str(np.datetime64(end[:13], "h") - np.timedelta64(1, "h"))


def _sink_path(place: Place, end: str, draw: Rng) -> str:
    project, log = place
    day, hour = _hour(end).split("T")
    return f"gcp/{project}/{log}/{day.replace('-', '/')}/{hour}:00:00_{hour}:59:59_S0.json"


def _azure_path(place: Place, end: str, draw: Rng) -> str:
    container, resource, machine = place
    day, hour = _hour(end).split("T")
    year, month, date = day.split("-")
    folder = f"azure/{container}/{resource}/y={year}/m={month}/d={date}/h={hour}/m=00"
    return f"{folder}/{machine}/PT1H.json" if machine else f"{folder}/PT1H.json"


def _lines(place: Place, rows: Sequence[str]) -> bytes:
    return ("\n".join(rows) + "\n").encode()


def _azure_file(place: Place, rows: Sequence[str]) -> bytes:
    if place[0] == AZURE_FLOWS:
        return ('{"records":[' + ",".join(rows) + "]}").encode()
    return _lines(place, rows)


FORMS = {
    CLOUDTRAIL: Form(_trail_path, _trail_file, minutes_late, 900, 300, twice=0.0015),
    S3_ACCESS: Form(_access_path, _access_file, hours_late, 3600, 600, lost=0.002),
    VPC_FLOW: Form(_flow_path, _flow_file, minutes_late, 3600, 300),
    GCP: Form(_sink_path, _lines, at_once, 3600, 3600),
    AZURE: Form(_azure_path, _azure_file, at_once, 3600, 3600),
}
