-- The event table's columns for one UTC day of a batch, without those that its log never has.
-- Reads raw (cloudtrail_read.sql), identities, agents, calls, files, destinations and repeated (rows already loaded).
with kept as (
    select raw.*, identities.* exclude (caller), agents.user_agent, agents.tool, calls.operation, calls.bytes,
        files.file, files.first + raw.rn - files.marker_rn - 1 as record,
        destinations.* exclude (rn),
        raw.api in ('CopyObject', 'UploadPartCopy') as is_copy,
        case
            when raw.api = 'ConsoleLogin' and raw.error_message is not null
                then coalesce(raw.error_code, raw.error_message)
            else nullif(raw.error_code, '')
        end as failure,
        coalesce(
            nullif(regexp_extract(raw.resources, $bucket_in_arn, 1), ''), nullif(raw.bucket_name, '')
        ) as bucket_in_resources,
        ('"' || nullif(regexp_extract(raw.resources, $key_in_arn, 1), '') || '"')::json ->> '$' as key_in_resources
    from raw
    join identities on raw.caller = identities.caller
    join agents on coalesce(raw.agent, '') = agents.agent
    join calls on raw.source = calls.source and raw.api = calls.api
    join files on raw.segment = files.segment
    left join destinations on raw.rn = destinations.rn
    where not raw.is_marker and raw.defect is null and cast(raw.event_time as date) = $day
        and raw.rn not in (select rn from repeated)
),

handed_out as (
    -- what a refused call asked for was handed to nobody
    select
        *,
        case
            when not hands_out or failure is not null then null
            when starts_with(api, 'AssumeRole') then regexp_replace(coalesce(
                sought[1], nullif(regexp_extract(resources, $role_in_resources, 1), ''),
                regexp_replace(answered[1], $role_session, 'arn:\1:iam::\2:role/\3')
            ), $sso_role, '\1/\2')
            when sought[3] like 'arn:%' then sought[3]
            when api = 'AssumeRoot' then 'arn:aws:iam::' || sought[3] || ':root'
            -- the credential in the answer stays the caller's own
            when api in ('GetFederationToken', 'GetSessionToken', 'CreateSession') then identity
            when ends_with(identity, '/' || coalesce(answered[7], answered[8])) then identity
            else 'arn:aws:iam::' || coalesce(identity_account, recipient_account)
                || ':user/' || coalesce(answered[7], answered[8])
        end as issued_identity,
        case
            when not hands_out or failure is not null then null
            when starts_with(api, 'AssumeRole')
                then coalesce(sought[2], nullif(regexp_extract(answered[1], $role_session, 4), ''))
            when api = 'GetFederationToken' then nullif(regexp_extract(answered[2], 'federated-user/(.+)$', 1), '')
            when api = 'CreateSession' then session_name
        end as issued_session,
        case when hands_out and failure is null
            then coalesce(answered[3], answered[4], answered[5], answered[6]) end as issued_key_id
    from kept
)

select
    event_id,
    shared_event_id,
    request_id,
    event_time,
    'aws' as provider,
    case when is_copy then source_account else owner end as account_id,
    recipient_account,
    region,
    case when at_endpoint then 'cloudtrail_vpce' else 'cloudtrail' end as source,
    identity,
    case
        when identity_kind = 'anonymous' then 'anonymous'
        when auth_method = 'QueryString' then 'signed_url'
        when account_principal and identity_account <> recipient_account then 'external'
        else identity_kind
    end as identity_kind,
    identity_account,
    session_name,
    access_key_id,
    coalesce(role_chain, switched_from) as role_chain,
    issued_identity,
    issued_session,
    issued_key_id,
    coalesce(mfa, case mfa_used when 'Yes' then true when 'No' then false end) as mfa,
    case when regexp_matches(address, $ip_address) then address end as source_ip,
    coalesce(endpoint, extra_endpoint) as via_endpoint,
    coalesce(
        invoked_by,
        case when address = 'AWS Internal' or address like '%.amazonaws.com' then address end
    ) as invoked_by,
    auth_method,
    user_agent,
    tool,
    coalesce(judged_operation, operation) as operation,
    api,
    case when failure is null then 'ok' when regexp_matches(failure, $denied) then 'denied' else 'error' end as outcome,
    failure as error_code,
    case
        when is_copy or source_bucket is not null then source_bucket
        -- the bucket of another provider, by its name there
        when api = 'CreateLocationObjectStorage' then null
        when bucket_name is null or bucket_name = '' or starts_with(bucket_name, 'arn:') then bucket_in_resources
        else bucket_name
    end as bucket,
    case
        when is_copy or source_key is not null then source_key
        when operation = 'list' then null
        else coalesce(nullif(key_name, ''), key_in_resources)
    end as object_key,
    case when operation = 'list' then nullif(prefix, '') end as list_prefix,
    case when bytes = 'read' and failure is null and not at_endpoint then
        case when try_cast(bytes_out as double) between 0 and 9e18 then try_cast(bytes_out as double)::bigint end
    end as bytes_read,
    case when bytes = 'written' and failure is null and not at_endpoint then
        case when try_cast(bytes_in as double) between 0 and 9e18 then try_cast(bytes_in as double)::bigint end
    end as bytes_written,
    destination_kind,
    destination_account,
    destination_bucket,
    narrows_logging,
    file as evidence_file,
    record as evidence_record
from handed_out
