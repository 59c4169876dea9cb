-- One row a kept CloudTrail record of a batch, a marker, or a record that cannot stand; the rest is only counted.
-- Reads one JSON array: marker {"_batch": nonce, "_segment": n} before each run of records, one more at the end.
-- Every column is declared; nested ones stay JSON text, so no shape of theirs can stop the reader.
-- The frame without an order streams in file order; sqlfluff cannot parse one, hence the noqa.
-- A CASE is evaluated only for the rows that need it: the costly tests stand in branches.
create or replace temp table raw as
with delivered as (
    select *,
        row_number() over () as rn,
        max(case when "_batch" = $nonce then "_segment" end)
            over (rows between unbounded preceding and current row) as segment  -- noqa: PRS
    from read_json($path, format = 'array', maximum_object_size = 33554432, columns = {
        '_batch': 'VARCHAR', '_segment': 'BIGINT',
        'eventTime': 'VARCHAR', '@timestamp': 'VARCHAR', 'eventSource': 'VARCHAR', 'eventName': 'VARCHAR',
        'awsRegion': 'VARCHAR', 'sourceIPAddress': 'VARCHAR', 'userAgent': 'VARCHAR', 'errorCode': 'VARCHAR',
        'errorMessage': 'VARCHAR', 'requestID': 'VARCHAR', 'eventID': 'VARCHAR', 'sharedEventID': 'VARCHAR',
        'recipientAccountId': 'VARCHAR', 'vpcEndpointId': 'VARCHAR', 'eventType': 'VARCHAR',
        'eventCategory': 'VARCHAR', 'digestStartTime': 'VARCHAR', 'userIdentity': 'JSON', 'requestParameters': 'JSON',
        'additionalEventData': 'JSON', 'resources': 'JSON', 'responseElements': 'JSON'
    })
),

timed as (
    select *,
        coalesce("_batch" = $nonce, false) as is_marker,
        coalesce(eventTime, "@timestamp") as written_time,
        -- an Insight names no call of its own, a digest file holds the signatures of log files
        coalesce(eventType = 'AwsCloudTrailInsight', false) or coalesce(eventCategory = 'Insight', false)
        or (digestStartTime is not null and eventName is null) as aside,
        try_cast(coalesce(eventTime, "@timestamp") as timestamptz) at time zone 'UTC' as event_time
    from delivered
),

judged as (
    select *,
        case
            when eventName between 'A' and 'Z~' and eventSource is not null and starts_with(userIdentity, '{')
                and event_time between timestamp '2006-03-14' and timestamp '2100-01-01' then null
            when is_marker or aside then null
            when eventName is null or eventSource is null then 'no eventName or no eventSource'
            when left(eventName, 1) in ('{', '[') or left(eventSource, 1) in ('{', '[')
                then 'eventName or eventSource is no text'
            when written_time is null then 'no eventTime and no @timestamp'
            when event_time is null then 'the time ' || left(written_time, 60) || ' cannot be read'
            when event_time not between timestamp '2006-03-14' and timestamp '2100-01-01'
                then 'the time ' || left(written_time, 60) || ' is outside 2006-03-14 (S3 opened) to 2100-01-01'
            when not starts_with(userIdentity, '{') and userIdentity <> 'null' then 'userIdentity is no object'
        end as defect,
        case
            when aside then false
            when starts_with(eventSource, 's3') then regexp_matches(eventSource, $s3_family)
            else list_contains($kept, eventSource || '/' || eventName)
        end as relevant
    from timed
),

opened as (
    select *,
        case when eventName in ('GetObject', 'PutObject', 'HeadObject', 'DeleteObject') then false
            else list_contains($with_destination, eventName) end as names_destination,
        case when eventName in ('GetObject', 'PutObject', 'HeadObject', 'DeleteObject') then false
            else list_contains($issuing, eventName) end as hands_out,
        -- the answer is opened where it hands out a credential, and only its names are taken
        case when hands_out then json_extract_string(responseElements, [
            '$.assumedRoleUser.arn', '$.federatedUser.arn', '$.credentials.accessKeyId', '$.Credentials.AccessKeyId',
            '$.credentials.AccessKeyId', '$.accessKey.accessKeyId', '$.accessKey.userName', '$.loginProfile.userName'
        ]) end as answered,
        case when hands_out then json_extract_string(requestParameters, [
            '$.roleArn', '$.roleSessionName', '$.targetPrincipal'
        ]) end as sought,
        case when eventName = 'SwitchRole' then json_extract_string(additionalEventData, '$.SwitchFrom') end
            as switched_from,
        json_extract_string(requestParameters, ['$.bucketName', '$.key', '$.prefix']) as asked,
        json_extract_string(additionalEventData, [
            '$.bytesTransferredIn', '$.bytesTransferredOut', '$.AuthenticationMethod', '$.vpcEndpointId', '$.MFAUsed'
        ]) as extra,
        json_extract_string(resources, [
            '$[0].accountId', '$[1].accountId', '$[0].accountid', '$[1].accountid', '$[2].accountId'
        ]) as owners
    from judged
    where is_marker or defect is not null or relevant
)

select rn, segment, is_marker, defect, event_time, eventSource as source, eventName as api,
    awsRegion as region, sourceIPAddress as address, userAgent as agent, errorCode as error_code,
    errorMessage as error_message, requestID as request_id, sharedEventID as shared_event_id,
    recipientAccountId as recipient_account, vpcEndpointId as endpoint,
    coalesce(starts_with(eventType, 'AwsVpceEvent') or eventCategory = 'NetworkActivity', false) as at_endpoint,
    coalesce(eventID, 'digest-' || md5(concat_ws(
        '|', eventTime, "@timestamp", eventSource, eventName, awsRegion, sourceIPAddress, userAgent, errorCode,
        requestID, userIdentity, requestParameters, additionalEventData, resources
    ))) as event_id,
    coalesce(userIdentity, 'null') as caller,
    asked[1] as bucket_name, asked[2] as key_name, asked[3] as prefix,
    extra[1] as bytes_in, extra[2] as bytes_out, extra[3] as auth_method, extra[4] as extra_endpoint,
    extra[5] as mfa_used,
    hands_out, sought, answered, switched_from,
    coalesce(owners[1], owners[2], owners[3], owners[4], owners[5]) as owner,
    case when asked[1] is null or asked[2] is null or starts_with(asked[1], 'arn:') or names_destination
        then resources end as resources,
    case when names_destination then requestParameters end as parameters,
    case when defect is not null then json_object(
        'eventTime', written_time, 'eventSource', eventSource, 'eventName', eventName, 'eventID', eventID,
        'userIdentity', userIdentity, 'requestParameters', requestParameters
    )::varchar end as defect_text
from opened
