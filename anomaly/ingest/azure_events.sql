-- The event table's columns for one UTC day of a batch of Azure Monitor records, without those that its log never has.
-- Reads raw (azure_read.sql), callers, agents, calls, links, activities, files and repeated (rows already loaded).
-- place is /account/container/object: the logged object key, or the path of a URL without its query.
-- Two rules: a read by the platform's own transport is the source of a copy, and of a copy no bytes are known.
with kept as (
    select raw.*, callers.* exclude (caller), agents.user_agent, agents.tool,
        agents.by_platform,
        calls.name, calls.operation, calls.bytes, files.file,
        files.first + raw.rn - files.marker_rn - 1 as record, activities.* exclude (rn), links.* exclude (rn),
        case
            when starts_with(raw.object_path, '/') then null
            when regexp_matches(raw.object_path, '(?i)^https?://') then raw.object_path
            else raw.uri
        end as url
    from raw
    join files on raw.segment = files.segment
    join calls on raw.api = calls.api and raw.category = calls.category
    join callers on raw.caller = callers.caller
    join agents on coalesce(raw.agent, '') = agents.agent
    left join activities on raw.rn = activities.rn
    left join links on raw.rn = links.rn
    where not raw.is_marker and raw.defect is null and cast(raw.event_time as date) = $day
        and raw.rn not in (select rn from repeated)
),

linked as (
    select *,
        regexp_extract(url, $url, ['host', 'path']) as link
    from kept
),

placed as (
    select *,
        case
            when url is null then object_path
            when regexp_matches(link.host, $path_style) then coalesce(try(url_decode(link.path)), link.path)
            else '/' || case
                when regexp_matches(link.host, $storage_host)
                    then regexp_replace(split_part(link.host, '.', 1), '-secondary$', '')
                else coalesce(account_name, link.host)
            end || coalesce(try(url_decode(link.path)), link.path)
        end as place
    from linked
),

split as (
    select *,
        nullif(split_part(place, '/', 2), '') as account,
        nullif(split_part(place, '/', 3), '') as container,
        case
            when is_storage and status_code between 200 and 399 then null
            when is_storage and status_code is null
                and regexp_matches(coalesce(metric, status_text, 'Success'), 'Success$') then null
            when is_storage then coalesce(nullif(status_text, 'Success'), metric, 'HTTP ' || status_code)
            else activity_failure
        end as failure,
        case when operation = 'list' then nullif(regexp_extract(uri, $prefix, 1), '') end as prefix
    from placed
),

told as (
    select *,
        coalesce(activity_bucket, account || '/' || container) as place_bucket,
        coalesce(account, account_name) as storage_account,
        bytes = 'copied' as is_target,
        is_storage and failure is null and coalesce(status_code in (200, 206), true) as answered
    from split
)

select
    event_id,
    request_id,
    event_time,
    'azure' as provider,
    case when is_storage then storage_account else activity_account end as account_id,
    case when starts_with(lower(resource), '/subscriptions/') then nullif(lower(split_part(resource, '/', 3)), '') end
        as recipient_account,
    region,
    case when is_storage then 'azure_storage' else 'azure_activity' end as source,
    coalesce(activity_identity, identity) as identity,
    coalesce(activity_kind, identity_kind) as identity_kind,
    coalesce(activity_tenant, identity_account) as identity_account,
    access_key_id,
    role_chain,
    issued_identity,
    activity_mfa as mfa,
    coalesce(
        activity_ip,
        nullif(regexp_extract(address, $ip_with_port, 1), ''),
        nullif(regexp_extract(address, $bracketed, 1), ''),
        case when regexp_matches(address, $ip_bare) then address end
    ) as source_ip,
    case when by_platform then 'azure-storage' end as invoked_by,
    auth_method,
    user_agent,
    tool,
    case when by_platform and bytes = 'read' then 'copy' else coalesce(activity_operation, operation) end as operation,
    case when is_storage then api else name end as api,
    case
        when failure is null then 'ok'
        when status_code in (401, 403) or regexp_matches(failure, $denied) then 'denied'
        else 'error'
    end as outcome,
    failure as error_code,
    place_bucket as bucket,
    case when operation <> 'list' then nullif(substr(place, length(account) + length(container) + 4), '') end
        as object_key,
    coalesce(try(url_decode(prefix)), prefix) as list_prefix,
    case when bytes = 'read' and answered and not by_platform
        and try_cast(bytes_answered as double) between 0 and 9e18 then try_cast(bytes_answered as double)::bigint
    end as bytes_read,
    case when bytes = 'written' and is_storage and failure is null then
        case when try_cast(coalesce(bytes_sent, content_length) as double) between 0 and 9e18
            then try_cast(coalesce(bytes_sent, content_length) as double)::bigint end
    end as bytes_written,
    coalesce(activity_destination_kind, case when is_target or link_account is not null then 'bucket' end)
        as destination_kind,
    coalesce(activity_destination_account, case when is_target then storage_account else link_account end)
        as destination_account,
    case when is_target then place_bucket else coalesce(link_bucket, activity_destination_bucket) end
        as destination_bucket,
    narrows_logging,
    file as evidence_file,
    record as evidence_record
from told
