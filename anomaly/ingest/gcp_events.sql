-- The event table's columns for one UTC day of a batch of Google Cloud's entries, without those that its log never has.
-- Reads raw (gcp_read.sql), identities, agents, calls, grants, acts, files and repeated (rows already loaded).
-- Bytes stay unknown: an entry says which object was read, not how much of it was sent.
with kept as (
    select raw.*, files.file, files.first + raw.rn - files.marker_rn - 1 as record
    from raw
    join files on raw.segment = files.segment
    where not raw.is_marker and raw.defect is null and cast(raw.event_time as date) = $day
        and raw.rn not in (select rn from repeated)
),

called as (
    select kept.*, identities.* exclude (caller), agents.user_agent, agents.tool, calls.operation as does,
        grants.* exclude (deltas, grantor, owner), acts.* exclude (rn),
        nullif(try_cast(kept.code as integer), 0) as status,
        regexp_extract(kept.resource_name, $of_object, ['bucket', 'object']) as named,
        regexp_extract(kept.other_name, $of_object, ['bucket', 'object']) as also_named,
        regexp_extract(kept.copied_to, $copied_to, ['project', 'bucket']) as target,
        regexp_matches(kept.asked, $signed) as is_signed
    from kept
    join identities on kept.caller = identities.caller
    join agents on kept.agent = agents.agent
    join calls on kept.service = calls.service and kept.api = calls.api
    join grants on kept.deltas = grants.deltas and kept.grantor = grants.grantor and kept.owner = grants.owner
    left join acts on kept.rn = acts.rn
    where kept.log = 'audit'
),

told as (
    select *,
        case
            when does = 'read' and copied_to is not null then 'copy'
            when does = 'share' and not coalesce(act_opens, grant_opens, true) then 'configure'
            when does in ('write', 'configure') and grant_kind is not null then 'share'
            else does
        end as operation,
        case
            when status is null then 'ok'
            when status in (7, 16, 401, 403) then 'denied'
            else 'error'
        end as outcome,
        kind = 'anonymous' and status is not null and not coalesce(starts_with(message, 'Anonymous caller'), false)
            as is_hidden
    from called
)

select
    event_id,
    event_time,
    'gcp' as provider,
    coalesce(project, recipient_account) as account_id,
    recipient_account,
    region,
    'gcs_audit' as source,
    case when is_hidden then 'unknown' else identity end as identity,
    case
        when is_hidden then 'workload'
        when is_signed and kind = 'workload' then 'signed_url'
        else kind
    end as identity_kind,
    identity_account,
    access_key_id,
    role_chain,
    case when outcome = 'ok' then issued_identity end as issued_identity,
    case when outcome = 'ok' then issued_key_id end as issued_key_id,
    case when regexp_matches(address, $ip_address) then address end as source_ip,
    case when address = 'private' then address end as invoked_by,
    case when is_signed then 'QueryString' end as auth_method,
    user_agent,
    tool,
    operation,
    api,
    outcome,
    case when status is not null then coalesce($status_names[status], status::varchar) end as error_code,
    case
        when service = 'storage.googleapis.com'
            then coalesce(nullif(named.bucket, ''), nullif(bucket_label, ''), nullif(also_named.bucket, ''))
        else act_bucket
    end as bucket,
    case
        when service = 'storage.googleapis.com' and operation <> 'list'
            then coalesce(nullif(named.object, ''), nullif(also_named.object, ''))
    end as object_key,
    case when operation = 'copy' and copied_to is not null then 'bucket' else coalesce(act_kind, grant_kind) end
        as destination_kind,
    case
        when operation = 'copy' and copied_to is not null then nullif(nullif(target.project, ''), '_')
        else coalesce(act_account, grant_account)
    end as destination_account,
    coalesce(nullif(target.bucket, ''), act_destination) as destination_bucket,
    file as evidence_file,
    record as evidence_record
from told
union all by name
select
    event_id,
    event_time,
    'gcp' as provider,
    coalesce(project, recipient_account) as account_id,
    recipient_account,
    region,
    'gcp_flow' as source,
    coalesce('workload:' || vm, 'address:' || source_address) as identity,
    'workload' as identity_kind,
    source_address as source_ip,
    'unknown' as tool,
    'flow' as operation,
    'Flow' as api,
    'ok' as outcome,
    'network' as destination_kind,
    vm as workload,
    end_time,
    destination_address as destination_ip,
    nullif(destination_port, 0) as destination_port,
    bytes_out,
    file as evidence_file,
    record as evidence_record
from kept
where log = 'flow'
