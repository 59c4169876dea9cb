-- The event table's columns for one UTC day of a batch of S3 server access logs, without those that its log never has.
-- Reads raw (s3_access_read.sql), requesters, agents, calls, hosts, files and repeated (rows already loaded).
with kept as (
    select
        raw.*,
        requesters.* exclude (requester),
        agents.user_agent,
        agents.tool,
        calls.operation as meant,
        calls.bytes,
        files.file,
        case when raw.auth in ('QueryString', 'AuthHeader') then raw.auth end as auth_method,
        hosts.region,
        case
            when raw.status[1] in ('2', '3') then 'ok'
            when raw.status in ('401', '403') then 'denied'
            else 'error'
        end as outcome
    from raw
    inner join requesters on raw.requester = requesters.requester
    inner join agents on raw.agent = agents.agent
    inner join calls on raw.operation_name = calls.operation_name
    inner join hosts on coalesce(raw.host, '') = hosts.host
    inner join files on raw.segment = files.segment
    where raw.defect is null and cast(raw.event_time as date) = $day
        and raw.rn not in (select rn from repeated)
)

select
    event_id,
    nullif(request_id, '-') as request_id,
    event_time,
    'aws' as provider,
    region,
    's3_access' as source,
    identity,
    case when identity_kind != 'anonymous' and auth_method = 'QueryString' then 'signed_url' else identity_kind end
        as identity_kind,
    identity_account,
    session_name,
    -- a presigned address names the key that signed it
    case when auth_method = 'QueryString'
        then nullif(regexp_extract(uri, '(?:X-Amz-Credential|AWSAccessKeyId)=([A-Z0-9]{16,128})', 1), '')
    end as access_key_id,
    case when regexp_matches(address, $ip_address) then address end as source_ip,
    case when identity_kind = 'service' then identity[9:] end as invoked_by,
    auth_method,
    user_agent,
    tool,
    -- a conditional read that the client's own copy answers sends nothing
    case when meant = 'read' and status = '304' then 'head' else meant end as operation,
    operation_name as api,
    outcome,
    case
        when outcome != 'ok' then coalesce(nullif(error, '-'), case status when '-' then 'NoStatus' else status end)
    end as error_code,
    nullif(bucket, '-') as bucket,
    case
        when meant = 'list' or object_key = '-' then null
        when contains(object_key, '%25') then url_decode(url_decode(object_key))
        when contains(object_key, '%') then url_decode(object_key)
        else object_key
    end as object_key,
    case when meant = 'list' then nullif(url_decode(regexp_extract(uri, '[?&]prefix=([^& ]*)', 1)), '') end
        as list_prefix,
    -- never the object's size for a read: a range or a broken connection sends less
    case when bytes = 'read' and outcome = 'ok' and status != '304' then try_cast(bytes_sent as bigint) end
        as bytes_read,
    case when bytes = 'written' and outcome = 'ok' then try_cast(object_size as bigint) end as bytes_written,
    file as evidence_file,
    record as evidence_record
from kept
