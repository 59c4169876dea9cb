"""A credential used from one address with one client, and the text of the data events it makes.

The hot records are string templates: what a bucket and a call fix is built once for all callers, what a caller fixes
once for the caller, and only the rest is filled in from record to record.
"""

from dataclasses import dataclass, field
from functools import cache

from anomaly.simulate.buckets import Bucket

WRITES = {"PutObject", "CopyObject", "UploadPartCopy", "UploadPart", "DeleteObject", "RestoreObject"}
ANSWERED = {"PutObject", "CopyObject", "UploadPartCopy"}
DENIED = '"errorCode":"AccessDenied","errorMessage":"Access Denied",'
MISSING = '"errorCode":"NoSuchKey","errorMessage":"The specified key does not exist.",'
TLS = {
    "1.3": ("TLSv1.3", "TLS_AES_128_GCM_SHA256"),
    "1.2": ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256"),
}


@dataclass(frozen=True)
class Credential:
    """What signs a call: the stable principal, its account and session, and the record's userIdentity as JSON."""

    identity: str
    account: str
    session_name: str
    json: str


@dataclass
class Caller:
    """A credential used from one address with one client; ``extra`` are request parameters of every call.

    ``auth`` is how the call is signed, empty where it is not; ``origin`` is the address that asked for the credential,
    where it is another one.
    """

    credential: Credential
    address: str
    agent: str
    endpoint: str = ""
    endpoint_account: str = ""
    auth: str = "AuthHeader"
    tls: str = "1.3"
    extra: str = ""
    origin: str = ""
    templates: dict[tuple[str, str, str], str] = field(default_factory=dict, repr=False)

    def template(self, api: str, bucket: Bucket, error: str) -> str:
        """The text of a data event, with ten places for what changes from call to call.

        They are: time, request parameters, bytes in, x-amz-id-2, bytes out, request id, event id, object resources,
        recipient account, shared event id.
        """
        key = (api, bucket.name, error)
        if key not in self.templates:
            self.templates[key] = self._fill(api, bucket, error)
        return self.templates[key]

    def _fill(self, api: str, bucket: Bucket, error: str) -> str:
        call, request, answer, write, owner, tls = _bucket_parts(
            bucket.name, bucket.region, bucket.account, bucket.kms, api, error
        )
        version, cipher = TLS[self.tls]
        # a call that nobody signed names neither signature nor method
        signature = '"SignatureVersion":"SigV4",' if self.auth else ""
        method = f'"AuthenticationMethod":"{self.auth}",' if self.auth else ""
        source = f'"sourceIPAddress":"{self.address}","userAgent":"{self.agent}",'.replace("%", "%%")
        return (
            f'{{"eventVersion":"1.11","userIdentity":{self.credential.json.replace("%", "%%")},{call}{source}{request}'
            f'"additionalEventData":{{{signature}"CipherSuite":"{cipher}","bytesTransferredIn":%d.0,'
            f'{answer}{method}"x-amz-id-2":"%s","bytesTransferredOut":%d.0}},'
            f'"requestID":"%s","eventID":"%s","readOnly":{write},{owner}{self._endpoint()}"eventCategory":"Data"'
            + (tls % (version, cipher) if not self.served else "}")
        )

    @property
    def served(self) -> bool:
        """Whether an AWS service makes the call; its address is a name."""
        return self.address.endswith(".amazonaws.com")

    def _endpoint(self) -> str:
        if not self.endpoint:
            return ""
        owner = f'"vpcEndpointAccountId":"{self.endpoint_account}",' if self.endpoint_account else ""
        return f'"vpcEndpointId":"{self.endpoint}",{owner}'


@cache
def _bucket_parts(
    bucket: str, region: str, owner: str, kms: bool, api: str, error: str
) -> tuple[str, str, str, str, str, str]:
    host = f"{bucket}.s3.{region}.amazonaws.com"
    answered = api in ANSWERED and not error
    algorithm = "aws:kms" if kms else "AES256"
    reply = f'{{"x-amz-server-side-encryption":"{algorithm}"}}' if answered else "null"
    return (
        f'"eventTime":"%s","eventSource":"s3.amazonaws.com","eventName":"{api}","awsRegion":"{region}",',
        f'{error}"requestParameters":{{"bucketName":"{bucket}","Host":"{host}"%s}},"responseElements":{reply},',
        f'"SSEApplied":"Default_SSE_{"KMS" if kms else "S3"}",' if answered else "",
        "false" if api in WRITES else "true",
        f'"resources":[%s{{"accountId":"{owner}","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::{bucket}"}}],'
        '"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"%s",%s',
        f',"tlsDetails":{{"tlsVersion":"%s","cipherSuite":"%s","clientProvidedHostHeader":"{host}"}}}}',
    )
