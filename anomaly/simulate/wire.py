"""Raw CloudTrail records as text. The hot ones are string templates, one a caller, call and bucket."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from anomaly.simulate.buckets import Bucket
from anomaly.simulate.draw import Ids, Rng, stamp

WRITES = {"PutObject", "CopyObject", "UploadPartCopy", "UploadPart", "DeleteObject", "DeleteObjects", "RestoreObject"}
LISTS = {"ListObjects", "ListObjectVersions"}
DENIED = '"errorCode":"AccessDenied","errorMessage":"Access Denied",'
MISSING = '"errorCode":"NoSuchKey","errorMessage":"The specified key does not exist.",'
DENIED_BODY_BYTES = (243, 306)
TLS = {
    "1.3": ("TLSv1.3", "TLS_AES_128_GCM_SHA256"),
    "1.2": ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256"),
}
FORM = (
    '{"eventVersion":"1.11","userIdentity":$identity,"eventTime":"%s","eventSource":"s3.amazonaws.com",'
    '"eventName":"$api","awsRegion":"$region","sourceIPAddress":"$address","userAgent":"$agent",$error'
    '"requestParameters":{"bucketName":"$bucket","Host":"$host"%s},"responseElements":$answer,'
    '"additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"$cipher","bytesTransferredIn":%d.0,$sse'
    '"AuthenticationMethod":"$auth","x-amz-id-2":"%s","bytesTransferredOut":%d.0},'
    '"requestID":"%s","eventID":"%s","readOnly":$readonly,'
    '"resources":[%s{"accountId":"$owner","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::$bucket"}],'
    '"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"%s",%s$endpoint"eventCategory":"Data"$tls}'
)


@dataclass(frozen=True)
class Credential:
    """What signs a call: the stable principal, its account and session, and the record's userIdentity as JSON."""

    identity: str
    account: str
    session_name: str
    json: str


@dataclass
class Caller:
    """A credential used from one address with one client."""

    credential: Credential
    address: str
    agent: str
    endpoint: str = ""
    endpoint_account: str = ""
    auth: str = "AuthHeader"
    tls: str = "1.3"
    extra: str = ""
    templates: dict[tuple[str, str, str], str] = field(default_factory=dict, repr=False)

    def template(self, api: str, bucket: Bucket, error: str) -> str:
        """The text of a data event, with places for what changes from call to call."""
        key = (api, bucket.name, error)
        if key not in self.templates:
            self.templates[key] = self._fill(api, bucket, error)
        return self.templates[key]

    def _fill(self, api: str, bucket: Bucket, error: str) -> str:
        version, cipher = TLS[self.tls]
        host = f"{bucket.name}.s3.{bucket.region}.amazonaws.com"
        write = api in WRITES
        sse = "aws:kms" if bucket.kms else "AES256"
        served = self.address.endswith(".amazonaws.com")
        values = {
            "identity": self.credential.json,
            "api": api,
            "region": bucket.region,
            "address": self.address,
            "agent": self.agent,
            "error": error,
            "bucket": bucket.name,
            "host": host,
            "answer": f'{{"x-amz-server-side-encryption":"{sse}"}}'
            if api.startswith(("Put", "Copy")) and not error
            else "null",
            "cipher": cipher,
            "sse": ('"SSEApplied":"Default_SSE_KMS",' if bucket.kms else '"SSEApplied":"Default_SSE_S3",')
            if api.startswith(("Put", "Copy")) and not error
            else "",
            "auth": self.auth,
            "readonly": "false" if write else "true",
            "owner": bucket.account,
            "endpoint": self._endpoint(),
            "tls": ""
            if served
            else f',"tlsDetails":{{"tlsVersion":"{version}","cipherSuite":"{cipher}","clientProvidedHostHeader":"{host}"}}',
        }
        form = FORM
        for name, value in sorted(values.items(), key=lambda pair: -len(pair[0])):
            form = form.replace("$" + name, value.replace("%", "%%"))
        return form

    def _endpoint(self) -> str:
        if not self.endpoint:
            return ""
        return f'"vpcEndpointId":"{self.endpoint}","vpcEndpointAccountId":"{self.endpoint_account}",'


class Row(NamedTuple):
    """One record as a trail delivers it."""

    epoch: int
    account: str
    region: str
    text: str


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


class Log:
    """The calls of one actor on one day; of a campaign also what each call did."""

    def __init__(self, draw: Rng, own: frozenset[str], tally: bool = False) -> None:
        self.rows: list[Row] = []
        self.touches: list[Touch] = []
        self.ids = Ids(draw)
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
        sent: int = 0,
        received: int = 0,
        error: str = "",
    ) -> None:
        """Add a data event on one object or one listing; ``sent`` and ``received`` are bytes, ``when`` UTC seconds."""
        if api in LISTS:
            resource = f'{{"type":"AWS::S3::Object","ARNPrefix":"arn:aws:s3:::{bucket.name}/{key}"}},'
            params = f',"list-type":"2","prefix":"{key}","encoding-type":"url"{params}{caller.extra}'
        else:
            resource = f'{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::{bucket.name}/{key}"}},'
            params = f',"key":"{key}"{params}{caller.extra}'
        self._emit(caller, api, bucket, int(when), params, resource, sent, received, error)
        if self._tally:
            read = sent if api == "GetObject" and not error else 0
            counted = key if api in ("GetObject",) and not error else ""
            self._touch(caller, int(when), bucket.name, counted, read)

    def copy(
        self, caller: Caller, source: Bucket, key: str, target: Bucket, to: str, when: float, part: str = ""
    ) -> None:
        """Add a server-side copy; it is logged on the target, its bytes are those of the XML answer."""
        params = f',"key":"{to}","x-amz-copy-source":"{source.name}/{key}"{part}'
        resource = (
            f'{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::{target.name}/{to}"}},'
            f'{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::{source.name}/{key}"}},'
            f'{{"accountId":"{source.account}","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::{source.name}"}},'
        )
        api = "UploadPartCopy" if part else "CopyObject"
        self._emit(caller, api, target, int(when), params, resource, 234 if part else 224 + len(key) % 40, 0, "")
        if self._tally:
            self._touch(caller, int(when), source.name, key, 0, f"{target.account}/{target.name}")

    def manage(self, caller: Caller, service: str, api: str, region: str, when: float, **parts: Any) -> None:
        """Add a management event; ``parts`` become or replace top-level fields, None leaves a field out."""
        request, id2, event = self.ids.next()
        account = caller.credential.account or str(parts.get("recipientAccountId", ""))
        record: dict[str, Any] = {
            "eventVersion": "1.11",
            "userIdentity": json.loads(caller.credential.json),
            "eventTime": stamp(int(when)),
            "eventSource": f"{service}.amazonaws.com",
            "eventName": api,
            "awsRegion": region,
            "sourceIPAddress": caller.address,
            "userAgent": caller.agent if service == "s3" else caller.agent.strip("[]"),
            "requestParameters": None,
            "responseElements": None,
            "requestID": request if service == "s3" else self.ids.next()[2],
            "eventID": event,
            "readOnly": api.startswith(("Get", "List", "Describe", "Head")),
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": account,
            "eventCategory": "Management",
        }
        if service == "s3":
            record["additionalEventData"] = s3_extra(caller, id2, parts.pop("sent", 0), parts.pop("received", 0))
        record.update(parts)
        record = {field: value for field, value in record.items() if value is not Ellipsis}
        self.rows.append(Row(int(when), str(record["recipientAccountId"]), region, compact(record)))
        if self._tally:
            self._touch(caller, int(when), _bucket_of(record), "", 0)

    def note_destination(self, destination: str) -> None:
        """Say where the campaign's last call sends data."""
        if self._tally:
            self.touches[-1] = self.touches[-1]._replace(destination=destination)

    def _touch(self, caller: Caller, epoch: int, bucket: str, key: str, read: int, destination: str = "") -> None:
        who = caller.credential
        self.touches.append(
            Touch(epoch, who.identity, who.session_name, caller.address, bucket, key, read, destination)
        )

    def _emit(
        self,
        caller: Caller,
        api: str,
        bucket: Bucket,
        epoch: int,
        params: str,
        resource: str,
        sent: int,
        received: int,
        error: str,
    ) -> None:
        form = caller.template(api, bucket, error)
        request, id2, event = self.ids.next()
        time = stamp(epoch)
        across = caller.credential.account != bucket.account
        shared = f'"sharedEventID":"{self.ids.next()[2]}",' if across else ""
        first, second = bucket.account, caller.credential.account
        if first not in self._own:
            first, second = second, ""
        values = (time, params, received, id2, sent, request, event, resource, first, shared)
        self.rows.append(Row(epoch, first, bucket.region, form % values))
        if across and second in self._own:
            values = (time, params, received, id2, sent, request, self.ids.next()[2], resource, second, shared)
            self.rows.append(Row(epoch, second, bucket.region, form % values))


def compact(record: Mapping[str, Any]) -> str:
    """JSON as CloudTrail writes it: no blanks."""
    return json.dumps(record, separators=(",", ":"))


def s3_extra(caller: Caller, id2: str, sent: int, received: int) -> dict[str, Any]:
    """The additionalEventData of an S3 management event; its byte counts are integers."""
    return {
        "SignatureVersion": "SigV4",
        "CipherSuite": TLS[caller.tls][1],
        "bytesTransferredIn": received,
        "AuthenticationMethod": caller.auth,
        "x-amz-id-2": id2,
        "bytesTransferredOut": sent,
    }


def _bucket_of(record: Mapping[str, Any]) -> str:
    return str((record.get("requestParameters") or {}).get("bucketName", ""))
