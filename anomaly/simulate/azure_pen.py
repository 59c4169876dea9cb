"""Azure's logs, record by record as diagnostic settings write them: blob requests, the activity log, flows of machines.

A request shows its signer as a user, an application, a key's hash or a signature's hash, and its caller's address
with a port. A server-side copy is three records of one correlation id, without bytes.
"""

import json
from typing import Any

from anomaly.simulate.buckets import MIB, Bucket
from anomaly.simulate.draw import hexes, stamp, uuid, whole
from anomaly.simulate.forms import AZURE, AZURE_FLOWS
from anomaly.simulate.multicloud import Estate, Hand, touch, within
from anomaly.simulate.row import Row
from anomaly.simulate.wire import Log

RANGE = 64 * MIB
"""Clients read larger blobs in ranges; the size is our choice within what AzCopy and the SDKs use."""
CLAIMS = "http://schemas.microsoft.com/identity/claims/"
KEYS_SHARE = 0.4
VERSION = "2023-11-03"


class AzurePen:
    """Writes one actor's day in an estate whose accounts begin with a tenant and a subscription."""

    def __init__(self, estate: Estate, log: Log) -> None:
        self.org = estate.org
        self.log = log
        self.tenant, self.subscription = estate.accounts[0].id, estate.accounts[1].id
        self._own = estate.own

    def open(self, hand: Hand, bucket: Bucket, when: float) -> None:
        """Storage Explorer asks for the account's keys now and then; other clients sign as the user."""
        if "Storage Explorer" in hand.agent and self.log.draw.random() < KEYS_SHARE:
            self.act(hand, "Microsoft.Storage/storageAccounts/listKeys/action", self.resource(bucket), when)

    def read(self, hand: Hand, bucket: Bucket, key: str, size: int, when: float, denied: bool = False) -> None:
        """One blob, in ranges when it is large."""
        if denied:
            self._blob(hand, bucket, "GetBlob", key, when, status=(403, "AuthorizationPermissionMismatch"))
            touch(self.log, hand, bucket.name, within(self.org, self.log, when))
            return
        parts = [min(RANGE, size - start) for start in range(0, size, RANGE)]
        for i, part in enumerate(parts):
            status = (206, "Success") if len(parts) > 1 else (200, "Success")
            moment = when + 0.4 * i
            self._blob(hand, bucket, "GetBlob", key, moment, status=status, responseBodySize=part)
            touch(self.log, hand, bucket.name, within(self.org, self.log, moment), key, part)

    def list(self, hand: Hand, bucket: Bucket, when: float, prefix: str = "") -> None:
        """One page of a listing."""
        sent = whole(self.log.draw, 90_000, 3_000)
        self._blob(
            hand,
            bucket,
            "ListBlobs",
            "",
            when,
            query=f"?restype=container&comp=list&prefix={prefix}",
            responseBodySize=sent,
        )
        touch(self.log, hand, bucket.name, within(self.org, self.log, when))

    def write(self, hand: Hand, bucket: Bucket, key: str, size: int, when: float) -> None:
        """One upload."""
        self._blob(hand, bucket, "PutBlob", key, when, status=(201, "Success"), requestBodySize=size)

    def delete(self, hand: Hand, bucket: Bucket, key: str, when: float) -> None:
        """One blob deleted."""
        self._blob(hand, bucket, "DeleteBlob", key, when, status=(202, "Success"))
        touch(self.log, hand, bucket.name, within(self.org, self.log, when))

    def copy(self, hand: Hand, source: Bucket, key: str, target: Bucket, when: float) -> None:
        """One server-side copy: request, source and target under one correlation id, each row naming its side."""
        one = self._correlation()
        goal, done = _url(target, key), (202, "Success")
        keeper = target if target.account in self._own else source
        for count, api in enumerate(("CopyBlob", "CopyBlobSource", "CopyBlobDestination")):
            side = source if api == "CopyBlobSource" else target
            named: dict[str, Any] = {"objectKey": _url(source, key)} if side is source else {}
            self._blob(
                hand, side, api, key, when + count * 6e-5, status=done, correlation=one, keeper=keeper,
                operationCount=count, sourceUri=_url(source, key), destinationUri=goal, **named,
            )  # fmt: skip
        where = f"{target.account}/{target.name}"
        touch(self.log, hand, source.name, within(self.org, self.log, when), key, destination=where)

    def flow(self, machine: str, address: str, remote: str, sent: int, when: float) -> None:
        """One connection as the flow log tells it: its beginning, and a minute later its end with the bytes."""
        when = within(self.org, self.log, when)
        port = whole(self.log.draw, 60_000, 33_000)
        end = within(self.org, self.log, when + 55)
        packets, answered = sent // 1400 + 1, whole(self.log.draw, 9_000, 900)
        head = f"{address},{remote},{port},443,6,O"
        tuples = [
            f"{int(when * 1000)},{head},B,NX,0,0,0,0",
            f"{int(end * 1000)},{head},E,NX,{packets},{sent},{answered // 700 + 1},{answered}",
        ]
        network = f"/subscriptions/{self.subscription}/resourceGroups/net/providers/Microsoft.Network"
        record = {
            "time": _moment(when),
            "flowLogGUID": uuid(hexes(self.log.draw, 32)),
            "macAddress": _mac(machine),
            "category": "FlowLogFlowEvent",
            "flowLogVersion": 4,
            "operationName": "FlowLogFlowEvent",
            "flowLogResourceID": f"{network}/networkWatchers/main/flowLogs/jobs".upper(),
            "targetResourceID": f"{network}/virtualNetworks/jobs",
            "flowRecords": {
                "flows": [
                    {"aclID": uuid("0" * 32), "flowGroups": [{"rule": "DefaultOutbound", "flowTuples": tuples}]},
                ],
            },
        }
        flow_log = f"flowLogResourceID=/{self.subscription.upper()}_NETWORKWATCHERRG/NETWORKWATCHER_MAIN_JOBS"
        place = (AZURE_FLOWS, flow_log, f"macAddress={_mac(machine)}")
        self.log.rows.append(Row(int(when), AZURE, place, json.dumps(record, separators=(",", ":"))))

    def act(self, hand: Hand, operation: str, resource: str, when: float, body: dict[str, Any] | None = None) -> None:
        """A call to the resource manager: a Start and a Success record of one second and one correlation id."""
        one, when = uuid(hexes(self.log.draw, 32)), int(when) + 0.13
        claims = {"ipaddr": hand.address, f"{CLAIMS}objectidentifier": hand.who.id, f"{CLAIMS}tenantid": self.tenant}
        claims |= {"upn": hand.who.identity} if "@" in hand.who.identity else {"idtyp": "app"}
        properties: dict[str, Any] = {"eventCategory": "Administrative", "entity": resource, "message": operation}
        if body is not None:
            properties["requestbody"] = json.dumps(body, separators=(",", ":"))
        for ended, signature, moment in (("Start", "Started.", when), ("Success", "Succeeded.", when + 0.7)):
            moment = within(self.org, self.log, moment)
            record = {
                "time": _moment(moment),
                "resourceId": resource.upper(),
                "operationName": operation.upper(),
                "category": "Administrative",
                "resultType": ended,
                "resultSignature": signature,
                "durationMs": "0" if ended == "Start" else "700",
                "callerIpAddress": hand.address,
                "correlationId": one,
                "identity": {"authorization": {"scope": resource, "action": operation}, "claims": claims},
                "level": "Information",
                "properties": properties,
            }
            place = ("insights-activity-logs", f"resourceId=/SUBSCRIPTIONS/{self.subscription.upper()}", "")
            self.log.rows.append(Row(int(moment), AZURE, place, json.dumps(record, separators=(",", ":"))))
        touch(self.log, hand, "", within(self.org, self.log, when))

    def resource(self, bucket: Bucket) -> str:
        """The resource id of a bucket's storage account."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/data/providers/Microsoft.Storage/"
            f"storageAccounts/{bucket.account}"
        )

    def _blob(
        self,
        hand: Hand,
        bucket: Bucket,
        api: str,
        key: str,
        when: float,
        *,
        status: tuple[int, str] = (200, "Success"),
        query: str = "",
        correlation: str = "",
        keeper: Bucket | None = None,
        **more: Any,
    ) -> None:
        when = within(self.org, self.log, when)
        home = keeper or bucket
        category = _category(api)
        latency = whole(self.log.draw, 40, 3)
        properties = {
            "accountName": home.account,
            "userAgentHeader": hand.agent,
            "clientRequestId": uuid(hexes(self.log.draw, 32)),
            "etag": f'"0x8DC{hexes(self.log.draw, 12).upper()}"',
            "serviceType": "blob",
            "objectKey": f"/{bucket.name}/{key}" if key else f"/{bucket.name}",
            "metricResponseType": "Success" if status[0] < 400 else "AuthorizationError",
            "serverLatencyMs": latency,
            "requestHeaderSize": whole(self.log.draw, 720, 380),
            "responseHeaderSize": whole(self.log.draw, 420, 250),
            "tlsVersion": "TLS 1.3",
        }
        record = {
            "time": _moment(when),
            "resourceId": f"{self.resource(home)}/blobServices/default",
            "category": category,
            "operationName": api,
            "operationVersion": VERSION,
            "schemaVersion": "1.0",
            "statusCode": status[0],
            "statusText": status[1],
            "durationMs": latency + 2,
            "callerIpAddress": f"{hand.address}:{whole(self.log.draw, 64_000, 20_000)}",
            "correlationId": correlation or self._correlation(),
            "identity": self._identity(hand),
            "location": home.region,
            "properties": properties | more,
            "uri": _url(bucket, key, ":443") + query,
            "protocol": "HTTPS",
            "resourceType": "Microsoft.Storage/storageAccounts/blobServices",
        }
        stream = f"insights-logs-{category.lower()}"
        place = (stream, f"resourceId={self.resource(home)}/blobServices/default", "")
        self.log.rows.append(Row(int(when), AZURE, place, json.dumps(record, separators=(",", ":"))))

    def _identity(self, hand: Hand) -> dict[str, Any]:
        who = hand.who
        if who.kind == "key":
            return {"type": "AccountKey", "tokenHash": f"key1({who.id})"}
        if who.kind == "sas":
            signer, signature = who.id.split()
            return {"type": "SAS", "tokenHash": f"key1({signer}),SasSignature({signature})"}
        requester = {"appId": uuid("0a" * 16), "objectId": who.id, "tenantId": self.tenant}
        requester |= {
            "audience": "https://storage.azure.com/",
            "tokenIssuer": f"https://sts.windows.net/{self.tenant}/",
        }
        if "@" in who.identity:
            requester["upn"] = who.identity
        return {"type": "OAuth", "tokenHash": (who.id.replace("-", "") * 2).upper(), "requester": requester}

    def _correlation(self) -> str:
        digits = hexes(self.log.draw, 24)
        return f"{digits[:8]}-{digits[8:11]}e-00{digits[12:14]}-{digits[14:18]}-{digits[18:]}000000"


def _category(api: str) -> str:
    if api == "DeleteBlob":
        return "StorageDelete"
    return "StorageRead" if api.startswith(("Get", "List")) else "StorageWrite"


def _url(bucket: Bucket, key: str, port: str = "") -> str:
    account, _, container = bucket.name.partition("/")
    return f"https://{account}.blob.core.windows.net{port}/{container}" + (f"/{key}" if key else "")


def _mac(machine: str) -> str:
    return "000D3A" + machine.encode().hex().upper()[-6:].rjust(6, "0")


def _moment(when: float) -> str:
    """A ten millionth of a second, as the logs write time."""
    return f"{stamp(int(when))[:-1]}.{int(when % 1 * 1e7):07d}Z"
