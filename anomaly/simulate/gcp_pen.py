"""Google Cloud's logs, entry by entry as a log sink writes them: audit entries of storage and flows of machines.

Fields follow the LogEntry and AuditLog messages. Reads carry no byte count; a copy is the read of its source with
``metadata.destination``; numbers of flows are strings.
"""

import json
from typing import Any

from anomaly.simulate.buckets import Bucket
from anomaly.simulate.draw import stamp, whole
from anomaly.simulate.forms import GCP
from anomaly.simulate.multicloud import Estate, Hand, touch, within
from anomaly.simulate.row import Row
from anomaly.simulate.wire import Log

TYPE = "type.googleapis.com/google.cloud.audit.AuditLog"
AUDIT, FLOWS = "cloudaudit.googleapis.com", "compute.googleapis.com/vpc_flows"
DENIED = {"code": 7, "message": "Permission denied on resource."}
STORAGE = "storage.googleapis.com"


class GcpPen:
    """Writes one actor's day in an estate."""

    def __init__(self, estate: Estate, log: Log) -> None:
        self.org = estate.org
        self.log = log
        self.home = estate.accounts[0].id
        self.zone = f"{estate.buckets[0].region}-b"
        self._own = estate.own

    def open(self, hand: Hand, bucket: Bucket, when: float) -> None:
        """The project's buckets are listed."""
        labels = {"type": "gcs_bucket", "project_id": bucket.account, "location": "global"}
        self.act(hand, STORAGE, "storage.buckets.list", f"projects/{bucket.account}", labels, when, reads=True)

    def read(self, hand: Hand, bucket: Bucket, key: str, size: int, when: float, denied: bool = False) -> None:
        """One object read. The entry tells no bytes, so the truth tells none."""
        self._object(hand, bucket, "get", key, when, denied=denied)
        touch(self.log, hand, bucket.name, within(self.org, self.log, when), "" if denied else key)

    def list(self, hand: Hand, bucket: Bucket, when: float, prefix: str = "") -> None:
        """One page of a listing; the entry names the bucket alone."""
        self._object(hand, bucket, "list", "", when)
        touch(self.log, hand, bucket.name, within(self.org, self.log, when))

    def write(self, hand: Hand, bucket: Bucket, key: str, size: int, when: float) -> None:
        """One upload."""
        self._object(hand, bucket, "create", key, when)

    def copy(self, hand: Hand, source: Bucket, key: str, target: Bucket, when: float) -> None:
        """One rewrite: the source is read for a destination; the target's entry stands in its own project's log."""
        goal = f"projects/_/buckets/{target.name}/objects/{key}"
        self._object(hand, source, "get", key, when, metadata={"destination": goal})
        if target.account in self._own:
            self._object(hand, target, "create", key, when + 0.08)
        where = f"{target.account}/{target.name}"
        touch(self.log, hand, source.name, within(self.org, self.log, when), key, destination=where)

    def flow(self, machine: str, address: str, remote: str, sent: int, when: float) -> None:
        """One aggregate of a connection, told by its sender."""
        when = within(self.org, self.log, when)
        end = within(self.org, self.log, when + 55)
        project = self.home
        place = {"project_id": project, "region": self.zone[:-2], "zone": self.zone, "vm_name": machine}
        entry = {
            "jsonPayload": {
                "connection": {
                    "src_ip": address,
                    "src_port": whole(self.log.draw, 60_000, 33_000),
                    "dest_ip": remote,
                    "dest_port": 443,
                    "protocol": 6,
                },
                "reporter": "SRC",
                "bytes_sent": str(sent),
                "packets_sent": str(sent // 1400 + 1),
                "start_time": _moment(when),
                "end_time": _moment(end),
                "src_instance": place,
                "src_vpc": {"project_id": project, "vpc_name": "main", "subnetwork_name": "jobs"},
            },
            "resource": {
                "type": "gce_subnetwork",
                "labels": {"project_id": project, "subnetwork_name": "jobs", "location": self.zone},
            },
        }
        self._post(entry, project, FLOWS.replace("/", "%2F"), FLOWS, when)

    def act(
        self,
        hand: Hand,
        service: str,
        method: str,
        resource: str,
        labels: dict[str, str],
        when: float,
        **parts: Any,
    ) -> None:
        """Any other call; ``labels`` hold the resource's ``type`` beside its labels, ``parts`` go into the payload.

        ``reads`` among the parts sends it to the data access log; else it is an admin activity.
        """
        stream = "data_access" if parts.pop("reads", False) else "activity"
        kind = labels["type"]
        named = {name: value for name, value in labels.items() if name != "type"}
        payload = self._payload(hand, service, method, resource, when) | parts
        entry = {"protoPayload": payload, "resource": {"type": kind, "labels": named}, "severity": "NOTICE"}
        self._post(entry, labels["project_id"], f"{AUDIT}%2F{stream}", f"{AUDIT}/{stream}", when)
        touch(self.log, hand, named.get("bucket_name", ""), within(self.org, self.log, when))

    def _object(
        self,
        hand: Hand,
        bucket: Bucket,
        verb: str,
        key: str,
        when: float,
        *,
        denied: bool = False,
        metadata: dict[str, str] | None = None,
    ) -> None:
        resource = f"projects/_/buckets/{bucket.name}" + (f"/objects/{key}" if key else "")
        payload = self._payload(hand, STORAGE, f"storage.objects.{verb}", resource, when)
        payload["authorizationInfo"][0]["granted"] = not denied
        payload["resourceLocation"] = {"currentLocations": [bucket.region]}
        if denied:
            payload["status"] = DENIED
        if metadata:
            payload["metadata"] = metadata
        labels = {"bucket_name": bucket.name, "project_id": bucket.account, "location": bucket.region}
        entry = {
            "protoPayload": payload,
            "resource": {"type": "gcs_bucket", "labels": labels},
            "severity": "ERROR" if denied else "INFO",
        }
        self._post(entry, bucket.account, f"{AUDIT}%2Fdata_access", f"{AUDIT}/data_access", when)

    def _payload(self, hand: Hand, service: str, method: str, resource: str, when: float) -> dict[str, Any]:
        asked = {"resource": resource, "permission": method, "granted": True, "resourceAttributes": {}}
        who: dict[str, Any] = {"principalEmail": hand.who.identity}
        if hand.who.kind == "key":
            who["serviceAccountKeyName"] = (
                f"//iam.googleapis.com/projects/{self.home}/serviceAccounts/{hand.who.identity}/keys/{hand.who.id}"
            )
        if hand.who.kind == "lent":
            who["serviceAccountDelegationInfo"] = [{"firstPartyPrincipal": {"principalEmail": hand.who.id}}]
        return {
            "@type": TYPE,
            "status": {},
            "authenticationInfo": who,
            "requestMetadata": {
                "callerIp": hand.address,
                "callerSuppliedUserAgent": f"{hand.agent},gzip(gfe)",
                "requestAttributes": {"time": _moment(within(self.org, self.log, when)), "auth": {}},
                "destinationAttributes": {},
            },
            "serviceName": service,
            "methodName": method,
            "authorizationInfo": [asked],
            "resourceName": resource,
        }

    def _post(self, entry: dict[str, Any], project: str, stream: str, folder: str, when: float) -> None:
        when = within(self.org, self.log, when)
        entry |= {
            "insertId": self.log.ids.next()[0].lower(),
            "timestamp": _moment(when),
            "receiveTimestamp": _moment(when + 0.9),
            "logName": f"projects/{project}/logs/{stream}",
        }
        self.log.rows.append(Row(int(when), GCP, (project, folder), json.dumps(entry, separators=(",", ":"))))


def _moment(when: float) -> str:
    """Nanoseconds, as the log writes time."""
    return f"{stamp(int(when))[:-1]}.{int(when % 1 * 1e9):09d}Z"
