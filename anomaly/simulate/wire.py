"""The calls of one actor on one day as raw CloudTrail records; of a campaign also what each call did."""

import json
from typing import Any, NamedTuple

from anomaly.simulate.access_log import logged
from anomaly.simulate.buckets import Bucket
from anomaly.simulate.caller import TLS, Caller
from anomaly.simulate.draw import Ids, Rng, stamp
from anomaly.simulate.forms import CLOUDTRAIL
from anomaly.simulate.row import Row

COPY_ANSWER_BYTES = 224
IDENTITY = '"userIdentity":null'


class Touch(NamedTuple):
    """What a campaign's call did, for the truth file."""

    epoch: int
    identity: str
    session_name: str
    address: str
    bucket: str
    key: str
    bytes_read: int
    destination: str


class Seen(NamedTuple):
    """A call on an object that came through an endpoint which reports what it sees."""

    caller: Caller
    api: str
    bucket: Bucket
    epoch: int
    key: str
    request: str
    event: str


class Log:
    """One actor's day: ``day`` counts from 0, ``draw`` is what the actor lives by, ``own`` are our accounts.

    ``used`` keeps one caller a credential, ``seen`` the calls through the ``watched`` endpoints, by id.
    """

    def __init__(self, day: int, draw: Rng, ids: Ids, own: frozenset[str], tally: bool = False) -> None:
        self.day = day
        self.draw = draw
        self.rows: list[Row] = []
        self.touches: list[Touch] = []
        self.ids = ids
        self.used: dict[str, Caller] = {}
        self.seen: list[Seen] = []
        self.watched: frozenset[str] = frozenset()
        self._own = own
        self._tally = tally

    def data(
        self,
        caller: Caller,
        api: str,
        bucket: Bucket,
        when: float,
        key: str = "",
        params: str = "",
        *,
        sent: int = 0,
        received: int = 0,
        error: str = "",
    ) -> None:
        """Add a data event on one object; ``sent`` and ``received`` are bytes, ``when`` UTC seconds since 1970."""
        resource = f'{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::{bucket.name}/{key}"}},'
        asked = _named(caller, key, params)
        form = caller.template(api, bucket, error)
        ids = self._emit(form, caller, bucket, int(when), asked, resource, sent, received)
        if caller.endpoint in self.watched:
            self.seen.append(Seen(caller, api, bucket, int(when), key, *ids))
        if bucket.access:
            line = logged(caller, bucket, api, int(when), ids, key, asked, sent=sent, received=received, error=error)
            self.rows.append(line)
        if self._tally:
            read = api == "GetObject" and not error
            self._touch(caller, int(when), bucket.name, key if read else "", sent if read else 0)

    def list(
        self, caller: Caller, bucket: Bucket, when: float, prefix: str, params: str, *, sent: int, error: str = ""
    ) -> None:
        """Add one page of a listing; the log calls both versions of the call ListObjects."""
        resource = f'{{"type":"AWS::S3::Object","ARNPrefix":"arn:aws:s3:::{bucket.name}/{prefix}"}},'
        asked = f',"list-type":"2","prefix":"{prefix}","encoding-type":"url"{params}{caller.extra}'
        form = caller.template("ListObjects", bucket, error)
        ids = self._emit(form, caller, bucket, int(when), asked, resource, sent, 0)
        if bucket.access:
            self.rows.append(logged(caller, bucket, "ListObjects", int(when), ids, prefix, sent=sent, error=error))
        if self._tally:
            self._touch(caller, int(when), bucket.name, "", 0)

    def copy(
        self, caller: Caller, source: Bucket, key: str, target: Bucket, to: str, when: float, part: str = ""
    ) -> None:
        """Add a server-side copy; it is logged on the target, its bytes are those of the XML answer."""
        resource = (
            f'{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::{target.name}/{to}"}},'
            f'{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::{source.name}/{key}"}},'
            f'{{"accountId":"{source.account}","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::{source.name}"}},'
        )
        form = caller.template("UploadPartCopy" if part else "CopyObject", target, "")
        asked = _named(caller, to, f',"x-amz-copy-source":"{source.name}/{key}"{part}')
        answer = COPY_ANSWER_BYTES + len(key) % 40
        ids = self._emit(form, caller, target, int(when), asked, resource, answer, 0)
        if source.access:
            self.rows.append(logged(caller, source, "PartSource" if part else "CopySource", int(when), ids, key))
        if target.access:
            api = "UploadPartCopy" if part else "CopyObject"
            self.rows.append(logged(caller, target, api, int(when), ids, to, sent=answer))
        if self._tally:
            self._touch(caller, int(when), source.name, key, 0, f"{target.account}/{target.name}")

    def manage(self, caller: Caller, service: str, api: str, region: str, when: float, **parts: Any) -> None:
        """Add a management event; ``parts`` become or replace top-level fields, ``sent`` and ``received`` are bytes."""
        request, id2, event = self.ids.next()
        s3 = service == "s3"
        record: dict[str, Any] = {
            "eventVersion": "1.11",
            "userIdentity": None,
            "eventTime": stamp(int(when)),
            "eventSource": f"{service}.amazonaws.com",
            "eventName": api,
            "awsRegion": region,
            "sourceIPAddress": caller.address,
            "userAgent": caller.agent if s3 else caller.agent.strip("[]"),
            "requestParameters": None,
            "responseElements": None,
            "requestID": request if s3 else self.ids.event(),
            "eventID": event,
            "readOnly": api.startswith(("Get", "List", "Describe", "Head")),
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": caller.credential.account,
            "eventCategory": "Management",
        }
        if s3:
            record["additionalEventData"] = _s3_extra(caller, id2, parts.pop("sent", 0), parts.pop("received", 0))
            record |= _s3_path(caller, region)
        record.update(parts)
        line = json.dumps(record, separators=(",", ":")).replace(
            IDENTITY, f'"userIdentity":{caller.credential.json}', 1
        )
        self.rows.append(Row(int(when), CLOUDTRAIL, (record["recipientAccountId"], region), line))
        if self._tally:
            bucket = (record["requestParameters"] or {}).get("bucketName", "")
            self._touch(caller, int(when), bucket, "", 0)

    def amend(self, **facts: Any) -> None:
        """Correct what the campaign's last call did, such as the bucket its data came from or where it goes."""
        if self._tally:
            self.touches[-1] = self.touches[-1]._replace(**facts)

    def _touch(self, caller: Caller, epoch: int, bucket: str, key: str, read: int, destination: str = "") -> None:
        who = caller.credential
        touch = Touch(epoch, who.identity, who.session_name, caller.address, bucket, key, read, destination)
        self.touches.append(touch)

    def _emit(
        self, form: str, caller: Caller, bucket: Bucket, epoch: int, asked: str, resource: str, sent: int, received: int
    ) -> tuple[str, str]:
        request, id2, event = self.ids.next()
        self.used.setdefault(caller.credential.json, caller)
        time = stamp(epoch)
        first, second = bucket.account, caller.credential.account
        if first == second:
            line = form % (time, asked, received, id2, sent, request, event, resource, first, "")
            if bucket.trail:
                self.rows.append(Row(epoch, CLOUDTRAIL, (first, bucket.region), line))
            return request, id2
        # one call of two accounts: each trail of ours records it, under its own event id and one shared id
        shared = f'"sharedEventID":"{self.ids.event()}",'
        for account in (first, second) if bucket.trail else ():
            if account in self._own:
                own = event if account == first else self.ids.event()
                line = form % (time, asked, received, id2, sent, request, own, resource, account, shared)
                self.rows.append(Row(epoch, CLOUDTRAIL, (account, bucket.region), line))
        return request, id2


def _named(caller: Caller, key: str, params: str) -> str:
    return f',"key":"{key}"{params}{caller.extra}'


def _s3_extra(caller: Caller, id2: str, sent: int, received: int) -> dict[str, Any]:
    # byte counts are integers here, floats in data events
    return {
        "SignatureVersion": "SigV4",
        "CipherSuite": TLS[caller.tls][1],
        "bytesTransferredIn": received,
        "AuthenticationMethod": caller.auth,
        "x-amz-id-2": id2,
        "bytesTransferredOut": sent,
    }


def _s3_path(caller: Caller, region: str) -> dict[str, Any]:
    endpoint = {"vpcEndpointId": caller.endpoint} if caller.endpoint else {}
    if caller.served:
        return endpoint
    version, cipher = TLS[caller.tls]
    host = f"s3.{region}.amazonaws.com"
    return endpoint | {"tlsDetails": {"tlsVersion": version, "cipherSuite": cipher, "clientProvidedHostHeader": host}}
