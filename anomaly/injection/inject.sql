-- row:    one event that never happened: as the caller's own log would tell it
-- inputs: picks (campaign, nth, object_key, size, ts_us), campaigns, callers, resource
-- callers are events of those who act, resource the last read of the bucket: what the log says of it comes from there
select
    concat_ws('-', 'injected', p.campaign, p.nth) as event_id,
    null as shared_event_id,
    concat_ws('-', 'injected', p.campaign, p.nth) as request_id,
    make_timestamp(p.ts_us) as event_time,
    r.provider,
    r.account_id,
    r.recipient_account,
    r.region,
    r.source,
    coalesce(c.new_identity, t.identity) as identity,
    case when c.new_identity is null then t.identity_kind else 'human' end as identity_kind,
    t.identity_account,
    case when c.new_identity is null then t.session_name end as session_name,
    case when c.new_identity is null then t.access_key_id else c.new_key end as access_key_id,
    case when c.new_identity is null then t.role_chain end as role_chain,
    null as issued_identity,
    null as issued_session,
    null as issued_key_id,
    case when c.new_identity is null then t.mfa end as mfa,
    coalesce(c.new_address, t.source_ip) as source_ip,
    case when c.new_address is null then t.via_endpoint end as via_endpoint,
    case when c.new_address is null then t.invoked_by end as invoked_by,
    r.auth_method,
    t.user_agent,
    t.tool,
    case when c.copy_api is null then 'read' else 'copy' end as operation,
    coalesce(c.copy_api, r.api) as api,
    'ok' as outcome,
    null as error_code,
    r.bucket,
    p.object_key,
    null as list_prefix,
    case when c.copy_api is null then p.size end as bytes_read,
    null as bytes_written,
    case when c.foreign_bucket is not null then 'bucket' end as destination_kind,
    c.foreign_account as destination_account,
    c.foreign_bucket as destination_bucket,
    null as workload,
    null as end_time,
    null as destination_ip,
    null as destination_port,
    null as bytes_out,
    null as narrows_logging,
    concat('injected/', p.campaign) as evidence_file,
    p.nth as evidence_record
from picks as p
inner join campaigns as c on p.campaign = c.campaign
inner join callers as t on c.caller_event = t.event_id
cross join resource as r
order by p.campaign, p.nth
