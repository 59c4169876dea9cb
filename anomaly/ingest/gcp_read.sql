-- One row a kept entry of Google Cloud's logs, a marker, or an entry that cannot stand; the rest is only counted.
-- Reads one JSON array: marker {"_batch": nonce, "_segment": n} before each run of entries, one more at the end.
-- Every column is declared; nested ones stay JSON text, so no shape of theirs can stop the reader. Each is parsed once.
-- The frame without an order streams in file order; sqlfluff cannot parse one, hence the noqa.
create or replace temp table raw as
with delivered as (
    select *,
        row_number() over () as rn,
        max(case when "_batch" = $nonce then "_segment" end)
            over (rows between unbounded preceding and current row) as segment  -- noqa: PRS
    from read_json($path, format = 'array', maximum_object_size = 33554432, columns = {
        '_batch': 'VARCHAR', '_segment': 'BIGINT',
        'insertId': 'VARCHAR', 'logName': 'VARCHAR', 'timestamp': 'VARCHAR', 'resource': 'JSON', 'operation': 'JSON',
        'protoPayload': 'JSON', 'jsonPayload': 'JSON', 'textPayload': 'JSON'
    })
),

opened as (
    select *,
        coalesce("_batch" = $nonce, false) as is_marker,
        json_extract_string(protoPayload, [
            '$."@type"', '$.serviceName', '$.methodName', '$.resourceName', '$.status.code', '$.status.message',
            '$.authenticationInfo', '$.requestMetadata.callerIp', '$.requestMetadata.callerIP',
            '$.requestMetadata.callerSuppliedUserAgent', '$.metadata.destination',
            '$.serviceData.policyDelta.bindingDeltas', '$.metadata.resourceNames[0]',
            '$.requestMetadata.requestAttributes.query', '$.requestMetadata.requestAttributes.path',
            '$.resourceLocation.currentLocations[0]', '$.metadata.dryRun', '$.authorizationInfo[0].resource'
        ]) as audit,
        json_extract_string(jsonPayload, [
            '$.reporter', '$.connection.src_ip', '$.connection.dest_ip', '$.connection.dest_port', '$.bytes_sent',
            '$.start_time', '$.end_time', '$.src_instance.vm_name', '$.src_instance.region',
            '$.src_instance.project_id', '$.src_vpc.project_id'
        ]) as flow,
        json_extract_string(resource, [
            '$.labels.project_id', '$.labels.bucket_name', '$.labels.location', '$.labels.email_id'
        ]) as labels,
        json_extract_string(operation, ['$.first', '$.last']) as run
    from delivered
),

sorted as (
    select *,
        audit[2] as service, audit[3] as api, audit[5] as code,
        case
            when is_marker then null
            when starts_with(protoPayload, '{') and coalesce(audit[1] like '%AuditLog', true) then 'audit'
            when flow[2] is not null and flow[3] is not null and logName like '%vpc\_flows' escape '\' then 'flow'
            else 'other'
        end as log,
        -- of a long run the first entry has the request, the last one only says that it ended
        run[2] = 'true' and coalesce(run[1], '') <> 'true' as is_end
    from opened
),

chosen as (
    select *,
        case
            when log = 'flow' then flow[1] = 'SRC'
            when log <> 'audit' then false
            when service is null or api is null then true
            when audit[17] = 'true' then false  -- a perimeter tried out: the call itself has its own entry
            when service = 'storage.googleapis.com' then true
            when is_end or not list_contains($services, service) then false
            when not regexp_matches(service || ' ' || api, $kept) then false
            when service = 'bigquery.googleapis.com' and not contains(api, 'IamPolicy')
                then regexp_matches(protoPayload, '"(extract|extractConfig|tableCopy|tableCopyConfig)"|EXPORT_DATA')
            when service = 'cloudbuild.googleapis.com' then contains(protoPayload, 'gce_vm_image_export')
            else true
        end as relevant,
        coalesce(case when log = 'flow' then flow[6] end, "timestamp") as written_time
    from sorted
),

timed as (
    select *,
        case when relevant then try_cast(written_time as timestamptz) at time zone 'UTC' end as event_time,
        case when log = 'flow' and relevant then try_cast(flow[5] as bigint) end as bytes_out,
        coalesce(service = 'storage.googleapis.com' and audit[12] is not null, false) as has_deltas
    from chosen
),

judged as (
    select *,
        case
            when is_marker then null
            when coalesce(logName, protoPayload::varchar, jsonPayload::varchar, textPayload::varchar) is null
                then 'no log entry: no logName and no payload'
            when not starts_with(protoPayload, '{') and protoPayload <> 'null' then 'protoPayload is no object'
            when not starts_with(jsonPayload, '{') and jsonPayload <> 'null' then 'jsonPayload is no object'
            when not relevant then null
            when log = 'audit' and (service is null or api is null or left(service, 1) in ('{', '[')
                    or left(api, 1) in ('{', '['))
                then 'no serviceName or no methodName'
            when log = 'audit' and not starts_with(audit[7], '{') then 'authenticationInfo is no object'
            when written_time is null then 'no timestamp'
            when event_time is null then 'the time ' || left(written_time, 60) || ' cannot be read'
            when event_time not between timestamp '2008-04-07' and timestamp '2100-01-01'
                then 'the time ' || left(written_time, 60) || ' is outside 2008-04-07 (App Engine opened) to 2100-01-01'
            when log = 'audit' then null
            when not regexp_matches(flow[2], $ip_address) or not regexp_matches(flow[3], $ip_address)
                then 'src_ip or dest_ip is no address'
            when bytes_out is null or bytes_out < 0 then 'bytes_sent is no number'
        end as defect
    from timed
)

select rn, segment, is_marker, defect, event_time, log, insertId as insert_id,
    coalesce(
        insertId || '@' || epoch_us(event_time) || '@' || coalesce(logName, ''),
        'digest-' || md5(concat_ws('|', logName, "timestamp", resource, protoPayload, jsonPayload))
    ) as event_id,
    nullif(regexp_extract(logName, '^(?:projects/)?(.+?)/logs/', 1), '') as recipient_account,
    coalesce(labels[1], flow[10], flow[11]) as project, labels[2] as bucket_label, labels[4] as email,
    coalesce(flow[9], nullif(labels[3], ''), audit[16]) as region,
    service, api, code, audit[6] as message, coalesce(audit[7], '') as caller,
    coalesce(audit[8], audit[9]) as address, coalesce(audit[10], '') as agent,
    coalesce(audit[4], '') as resource_name, coalesce(audit[13], audit[18]) as other_name,
    audit[11] as copied_to, coalesce(audit[14], '') || ' ' || coalesce(audit[15], '') as asked,
    case when has_deltas then audit[12] else '' end as deltas,
    case when has_deltas then coalesce(audit[7], '') else '' end as grantor,
    case when has_deltas then coalesce(labels[1], '') else '' end as owner,
    case when service <> 'storage.googleapis.com' or contains(api, 'hmacKeys.create') then protoPayload end as payload,
    flow[2] as source_address, flow[3] as destination_address, try_cast(flow[4] as bigint) as destination_port,
    bytes_out, flow[8] as vm, try_cast(flow[7] as timestamptz) at time zone 'UTC' as end_time,
    case when defect is not null then json_object(
        'timestamp', "timestamp", 'logName', logName, 'insertId', insertId, 'resource', resource,
        'protoPayload', left(protoPayload::varchar, 2000), 'jsonPayload', left(jsonPayload::varchar, 2000)
    )::varchar end as defect_text
from judged
where is_marker or defect is not null
    or (log = 'audit' and relevant)
    or (relevant and bytes_out > 0 and not regexp_matches(flow[3], $not_outside))
