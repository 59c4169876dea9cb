-- One row a kept CloudTrail record of a batch, a marker, or a record that cannot stand; the rest is only counted.
-- Reads one JSON array: marker {"_batch": nonce, "_segment": n} before each run of records, one more at the end.
-- Every column is declared; nested ones stay JSON text, so no shape of theirs can stop the reader.
create or replace temp table raw as
with delivered as (
    select *,
        row_number() over () as rn,
        coalesce("_batch" = $nonce, false) as is_marker
    from read_json($path, format = 'array', maximum_object_size = 33554432, columns = {
        '_batch': 'VARCHAR', '_segment': 'BIGINT',
        'eventTime': 'VARCHAR', '@timestamp': 'VARCHAR', 'eventSource': 'VARCHAR', 'eventName': 'VARCHAR',
        'awsRegion': 'VARCHAR', 'sourceIPAddress': 'VARCHAR', 'userAgent': 'VARCHAR', 'errorCode': 'VARCHAR',
        'errorMessage': 'VARCHAR', 'requestID': 'VARCHAR', 'eventID': 'VARCHAR', 'sharedEventID': 'VARCHAR',
        'recipientAccountId': 'VARCHAR', 'vpcEndpointId': 'VARCHAR', 'eventType': 'VARCHAR',
        'eventCategory': 'VARCHAR', 'userIdentity': 'JSON', 'requestParameters': 'JSON',
        'additionalEventData': 'JSON', 'resources': 'JSON'
    })
),

placed as (
    select *,
        max(case when is_marker then "_segment" end) over (rows between unbounded preceding and current row) as segment,
        rn - 1 - max(case when is_marker then rn end) over (rows between unbounded preceding and current row) as place,
        try_cast(coalesce(eventTime, "@timestamp") as timestamptz) at time zone 'UTC' as event_time
    from delivered
),

judged as (
    select *,
        case
            when is_marker then null
            when eventName is null or eventSource is null then 'no eventName or no eventSource'
            when left(eventName, 1) in ('{', '[') or left(eventSource, 1) in ('{', '[')
                then 'eventName or eventSource is no text'
            when coalesce(eventTime, "@timestamp") is null then 'no eventTime and no @timestamp'
            when event_time is null
                then 'the time ' || left(coalesce(eventTime, "@timestamp"), 60) || ' cannot be read'
            when event_time not between '2006-03-14'::timestamp and '2099-12-31'::timestamp
                then 'the time ' || left(coalesce(eventTime, "@timestamp"), 60) || ' is outside 2006-03-14 to 2099-12-31'
            when left(userIdentity, 1) not in ('{', 'n') then 'userIdentity is no object'
        end as defect,
        (regexp_matches(eventSource, $s3_family) or list_contains($kept, eventSource || '/' || eventName))
        and coalesce(eventType, '') not in ('AwsVpceEvent', 'AwsCloudTrailInsight')
        and coalesce(eventCategory, '') not in ('NetworkActivity', 'Insight') as relevant
    from placed
)

select rn, segment, place, is_marker, defect, event_time, eventSource as source, eventName as api,
    awsRegion as region, sourceIPAddress as address, userAgent as agent, errorCode as error_code,
    errorMessage as error_message, requestID as request_id, sharedEventID as shared_event_id,
    recipientAccountId as recipient_account, vpcEndpointId as endpoint,
    coalesce(eventID, 'digest-' || md5(concat_ws(
        '|', eventTime, "@timestamp", eventSource, eventName, awsRegion, sourceIPAddress, userAgent, errorCode,
        requestID, userIdentity, requestParameters, additionalEventData, resources
    ))) as event_id,
    coalesce(userIdentity, 'null') as caller,
    json_extract_string(requestParameters, ['$.bucketName', '$.key', '$.prefix']) as asked,
    json_extract_string(additionalEventData, [
        '$.bytesTransferredIn', '$.bytesTransferredOut', '$.AuthenticationMethod', '$.vpcEndpointId', '$.MFAUsed'
    ]) as extra,
    nullif(regexp_extract(resources, '"account[Ii]d":"([0-9]+)"', 1), '') as owner,
    case when json_extract_string(requestParameters, '$.bucketName') is null
        or json_extract_string(requestParameters, '$.bucketName') like 'arn:%'
        or json_extract_string(requestParameters, '$.key') is null
        or list_contains($with_destination, eventName) then resources end as resources,
    case when list_contains($with_destination, eventName) then requestParameters end as parameters
from judged
where is_marker or defect is not null or relevant
