-- The rows that bench_scale.sql draws, as records that CloudTrail would have delivered them in, one line of JSON each.
select to_json({
    eventVersion: '1.09',
    userIdentity: case when identity_kind = 'workload' then {
        type: 'AssumedRole',
        principalId: 'AROA' || md5(identity)[:16] || ':' || session_name,
        arn: replace(replace(identity, ':iam:', ':sts:'), ':role/', ':assumed-role/') || '/' || session_name,
        accountId: account_id,
        accessKeyId: access_key_id,
        sessionContext: {
            sessionIssuer: {
                type: 'Role', arn: identity, accountId: account_id, principalId: 'AROA' || md5(identity)[:16]
            }
        }
    } else {
        type: 'IAMUser',
        principalId: 'AIDA' || md5(identity)[:16],
        arn: identity,
        accountId: account_id,
        accessKeyId: access_key_id,
        sessionContext: null
    } end,
    eventTime: strftime(event_time, '%Y-%m-%dT%H:%M:%SZ'),
    eventSource: 's3.amazonaws.com',
    eventName: api,
    awsRegion: region,
    sourceIPAddress: source_ip,
    userAgent: '[' || user_agent || '.15.30 Python/3.11.8 Linux/6.1 exe/x86_64 prompt/off command/s3.sync]',
    requestParameters: { bucketName: bucket, Host: bucket || '.s3.eu-west-1.amazonaws.com', key: object_key },
    responseElements: null,
    additionalEventData: {
        SignatureVersion: 'SigV4',
        bytesTransferredIn: coalesce(bytes_written, 0),
        bytesTransferredOut: coalesce(bytes_read, 0),
        "x-amz-id-2": md5(event_id) || md5(request_id)
    },
    requestID: md5(request_id)[:16],
    eventID: md5(event_id)::uuid,
    readOnly: operation != 'write',
    eventType: 'AwsApiCall',
    managementEvent: false,
    recipientAccountId: recipient_account,
    eventCategory: 'Data'
}) as record
from read_parquet($files)
order by event_time
