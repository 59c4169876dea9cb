"""S3 server access log lines of the same calls that a trail records, under the same request id.

The fields and their order are those of the "Amazon S3 server access log format" page of the S3 user guide. Buckets
of the older kind end their lines after the TLS version, as lines did before access point and ACL fields came.
"""

import json
import re
from functools import cache
from hashlib import blake2b
from urllib.parse import quote

from anomaly.simulate.buckets import Bucket
from anomaly.simulate.caller import DENIED, TLS, Caller
from anomaly.simulate.draw import stamp
from anomaly.simulate.forms import S3_ACCESS
from anomaly.simulate.row import Row

OPERATIONS = {
    "GetObject": ("REST.GET.OBJECT", "GET"),
    "HeadObject": ("REST.HEAD.OBJECT", "HEAD"),
    "PutObject": ("REST.PUT.OBJECT", "PUT"),
    "UploadPart": ("REST.PUT.PART", "PUT"),
    "DeleteObject": ("REST.DELETE.OBJECT", "DELETE"),
    "RestoreObject": ("REST.POST.RESTORE", "POST"),
    "ListObjects": ("REST.GET.BUCKET", "GET"),
    "CopyObject": ("REST.COPY.OBJECT", "PUT"),
    "UploadPartCopy": ("REST.COPY.PART", "PUT"),
    "CopySource": ("REST.COPY.OBJECT_GET", "PUT"),
    "PartSource": ("REST.COPY.PART_GET", "PUT"),
    "DeleteObjects": ("REST.POST.MULTI_OBJECT_DELETE", "POST"),
    "BatchDelete": ("BATCH.DELETE.OBJECT", ""),
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
STATUS = {"DeleteObject": 204, "BatchDelete": 204, "RestoreObject": 202}
# answers whose size the log leaves out
SILENT = ("PutObject", "UploadPart", "DeleteObject", "CopySource", "PartSource", "BatchDelete", "RestoreObject")
RANGE = re.compile(r'"Range":"bytes=')
EXPIRES = re.compile(r'"X-Amz-Expires":"(\d+)"')
NEWER_END = " - -"


def logged(
    caller: Caller,
    bucket: Bucket,
    api: str,
    when: int,
    ids: tuple[str, str],
    key: str,
    asked: str = "",
    *,
    sent: int = 0,
    received: int = 0,
    error: str = "",
    status: int = 0,
) -> Row:
    """One line; ``ids`` are request id and x-amz-id-2, ``asked`` the trail's request parameters."""
    request, id2 = ids
    operation, verb = OPERATIONS[api]
    name = quote(key, safe="/") or "-"
    code, reason = _answer(api, asked, error, status)
    uri = f'"{verb} {_target(bucket, name, api, asked, caller, when, request)} HTTP/1.1"' if verb else "-"
    amount = "-" if (api in SILENT and not error) or not sent else str(sent)
    size = _size(api, asked, sent, received, error)
    took = 8 + int(request[:2], 36) % 40 + (sent + received) // 90_000
    wait = "-" if api == "BatchDelete" else str(min(took, 6 + int(request[2:4], 36) % 30))
    cipher, scheme, tls = _crypto(caller)
    agent = caller.agent[1:-1] if caller.agent.startswith("[") else caller.agent
    text = (
        f"{_canonical(bucket.account)} {bucket.name} [{_clock(when)}] {_address(caller)} "
        f"{requester(caller)} {request} {operation} {name} {uri} {code} {reason} {amount} {size} {took} {wait} "
        f'"-" "{agent}" - {id2} {scheme[0]} {cipher} {scheme[1]} '
        f"{bucket.name}.s3.{bucket.region}.amazonaws.com {tls}"
    )
    end = "" if bucket.access == "old" else NEWER_END
    return Row(when, S3_ACCESS, (bucket.account, bucket.region, bucket.name), text + end)


def requester(caller: Caller) -> str:
    """Who asks, as the log names them: an ARN, a service, another account's canonical id, ``-`` for nobody."""
    return _requester(caller.credential.json)


@cache
def _requester(identity: str) -> str:
    who = json.loads(identity)
    if who["type"] == "AWSService":
        return f"svc:{who['invokedBy']}"
    if who["type"] == "AWSAccount":
        return "-" if who["accountId"] == "ANONYMOUS_PRINCIPAL" else _canonical(who["accountId"])
    return str(who["arn"])


@cache
def _canonical(account: str) -> str:
    return blake2b(account.encode(), digest_size=32).hexdigest()


def _address(caller: Caller) -> str:
    return "-" if caller.served else caller.address


def _crypto(caller: Caller) -> tuple[str, tuple[str, str], str]:
    version, cipher = TLS[caller.tls]
    scheme = ("-", "-") if requester(caller) == "-" else ("SigV4", caller.auth)
    return cipher, scheme, version


def _clock(when: int) -> str:
    text = stamp(when)
    return f"{text[8:10]}/{MONTHS[int(text[5:7]) - 1]}/{text[:4]}:{text[11:19]} +0000"


def _answer(api: str, asked: str, error: str, status: int) -> tuple[int, str]:
    if error:
        return (403, "AccessDenied") if error == DENIED else (404, "NoSuchKey")
    if RANGE.search(asked):
        return 206, "-"
    return status or STATUS.get(api, 200), "-"


def _size(api: str, asked: str, sent: int, received: int, error: str) -> str:
    if error or api in ("ListObjects", "DeleteObjects"):
        return "-"
    if api == "GetObject" and not RANGE.search(asked):
        return str(sent or "-")
    return str(received or "-")


def _target(bucket: Bucket, name: str, api: str, asked: str, caller: Caller, when: int, request: str) -> str:
    if api == "ListObjects":
        return f"/?list-type=2&prefix={name if name != '-' else ''}&encoding-type=url"
    if api == "DeleteObjects":
        return "/?delete"
    if api == "RestoreObject":
        return f"/{name}?restore"
    if caller.auth != "QueryString":
        return f"/{name}"
    date, found = stamp(when).replace("-", "").replace(":", ""), EXPIRES.search(asked)
    scope = quote(f"{request}/{date[:8]}/{bucket.region}/s3/aws4_request", safe="")
    return (
        f"/{name}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIA{scope}&X-Amz-Date={date}"
        f"&X-Amz-Expires={found[1] if found else 900}&X-Amz-SignedHeaders=host&X-Amz-Signature="
        f"{_canonical(request)}"
    )
