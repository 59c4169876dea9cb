-- One row a kept Azure Monitor record of a batch, a marker, or a record that cannot stand; the rest is only counted.
-- Kept: storage resource logs of blobs, and the activity log's kept operations once they have ended.
-- Reads one JSON array: marker {"_batch": nonce, "_segment": n} before each run of records, one more at the end.
-- Three spellings of the activity log are read: exported (time), REST (eventTimestamp), SDK (event_timestamp).
-- The frame without an order streams in file order; sqlfluff cannot parse one, hence the noqa.
create or replace temp table raw as
with delivered as (
    select *,
        row_number() over () as rn,
        max(case when "_batch" = $nonce then "_segment" end)
            over (rows between unbounded preceding and current row) as segment  -- noqa: PRS
    from read_json($path, format = 'array', maximum_object_size = 33554432, columns = {
        '_batch': 'VARCHAR', '_segment': 'BIGINT',
        'time': 'VARCHAR', 'eventTimestamp': 'VARCHAR', 'event_timestamp': 'VARCHAR', 'category': 'VARCHAR',
        'operationName': 'VARCHAR', 'operation_name': 'VARCHAR', 'resourceId': 'VARCHAR', 'resource_id': 'VARCHAR',
        'statusCode': 'VARCHAR', 'statusText': 'VARCHAR', 'callerIpAddress': 'VARCHAR', 'correlationId': 'VARCHAR',
        'correlation_id': 'VARCHAR', 'identity': 'JSON', 'location': 'VARCHAR', 'properties': 'JSON', 'uri': 'VARCHAR',
        'metricName': 'VARCHAR', 'resultType': 'VARCHAR', 'resultSignature': 'VARCHAR', 'status': 'VARCHAR',
        'subStatus': 'VARCHAR', 'sub_status': 'VARCHAR', 'caller': 'VARCHAR', 'claims': 'JSON',
        'authorization': 'JSON', 'httpRequest': 'JSON', 'http_request': 'JSON', 'eventDataId': 'VARCHAR',
        'event_data_id': 'VARCHAR'
    })
),

named as (
    select *,
        coalesce("_batch" = $nonce, false) as is_marker,
        coalesce("time", eventTimestamp, event_timestamp) as written_time,
        coalesce(operationName, operation_name) as written_operation,
        case when starts_with(coalesce(operationName, operation_name), '{')
            then coalesce(operationName, operation_name)::json ->> '$.value'
            else coalesce(operationName, operation_name) end as api,
        coalesce(resourceId, resource_id) as resource,
        category in ('StorageRead', 'StorageWrite', 'StorageDelete') as is_storage,
        case when starts_with(status, '{') then status::json ->> '$.value' else coalesce(resultType, status) end
            as ended
    from delivered
),

judged as (
    select *,
        try_cast(written_time as timestamptz) at time zone 'UTC' as event_time,
        case
            -- a record may name the storage account alone as its resource
            when contains(lower(resource), '/blobservices') and is_storage then true
            when is_storage then coalesce(properties ->> '$.serviceType' = 'blob', false)
            when contains(api, '/') then list_contains($kept, lower(api))
                and coalesce(lower(ended), 'success') in ('success', 'succeeded', 'failure', 'failed')
            else false
        end as relevant
    from named
),

opened as (
    select *,
        case
            when is_marker or metricName is not null then null
            when api is null or api = '' or left(api, 1) in ('{', '[') then 'no operationName'
            when written_time is null then 'no time'
            when event_time is null then 'the time ' || left(written_time, 60) || ' cannot be read'
            when event_time not between timestamp '2010-02-01' and timestamp '2100-01-01'
                then 'the time ' || left(written_time, 60) || ' is outside 2010-02-01 (Azure opened) to 2100-01-01'
            when not starts_with(properties, '{') and properties <> 'null' then 'properties is no object'
        end as defect,
        case when is_storage then coalesce(identity, 'null') end as caller_text,
        case when is_storage then json_extract_string(properties, [
            '$.accountName', '$.objectKey', '$.userAgentHeader', '$.metricResponseType', '$.responseBodySize',
            '$.requestBodySize', '$.contentLengthHeader', '$.etag', '$.clientRequestId', '$.destinationUri'
        ]) end as told
    from judged
)

select rn, segment, is_marker, defect, event_time, coalesce(is_storage, false) as is_storage, api,
    coalesce(category, '') as category, location as region, uri, resource, ended,
    coalesce(caller_text, 'null') as caller,
    coalesce(correlationId, correlation_id) as request_id, callerIpAddress as address,
    try_cast(statusCode as integer) as status_code, statusText as status_text,
    told[1] as account_name, told[2] as object_path, told[3] as agent, told[4] as metric,
    told[5] as bytes_answered, told[6] as bytes_sent, told[7] as content_length, told[10] as destination_uri,
    coalesce(eventDataId, event_data_id, 'digest-' || md5(concat_ws(
        '|', written_time, correlationId, correlation_id, api, category, statusCode, callerIpAddress, uri, resource,
        ended, told[2], told[5], told[6], told[8], told[9]
    ))) as event_id,
    case when not is_marker and is_storage is not true then json_object(
        'caller', caller, 'claims', coalesce(claims, identity -> '$.claims'), 'properties', properties,
        'address', callerIpAddress, 'request', coalesce(httpRequest, http_request), 'identity', identity,
        'signature', resultSignature, 'status', coalesce(subStatus, sub_status)
    )::varchar end as activity,
    case when defect is not null then json_object(
        'time', written_time, 'operationName', written_operation, 'category', category, 'resourceId', resource,
        'correlationId', correlationId, 'properties',
        regexp_replace(left(properties::varchar, 1000), '(?i)([?&]sig=)[^&"]*', '\1[masked]', 'g')
    )::varchar end as defect_text
from opened
where is_marker or defect is not null or relevant
