"""KMS: the calls that S3 makes with a principal's authority when an object is encrypted."""

import json
from dataclasses import replace

from anomaly.simulate.buckets import Bucket
from anomaly.simulate.caller import Caller
from anomaly.simulate.draw import UPPER, hexes, rng, text, uuid
from anomaly.simulate.wire import Log

INTERNAL = "AWS Internal"


def decrypt(log: Log, caller: Caller, bucket: Bucket, key: str, when: float) -> None:
    """The KMS twin of a read: the same principal, another access key, the address "AWS Internal"."""
    who = json.loads(caller.credential.json)
    who |= {"accessKeyId": "ASIA" + text(log.draw, 16, UPPER), "invokedBy": INTERNAL}
    twin = Caller(replace(caller.credential, json=json.dumps(who, separators=(",", ":"))), INTERNAL, INTERNAL)
    key_id = uuid(hexes(rng(bucket.seed, "kms", bucket.name), 32))
    key_arn = f"arn:aws:kms:{bucket.region}:{bucket.account}:key/{key_id}"
    asked = {
        "encryptionContext": {"aws:s3:arn": f"arn:aws:s3:::{bucket.name}/{key}"},
        "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
    }
    used = [{"accountId": bucket.account, "type": "AWS::KMS::Key", "ARN": key_arn}]
    log.manage(twin, "kms", "Decrypt", bucket.region, when, requestParameters=asked, readOnly=True, resources=used)
