-- stage:     sessions/sessions
-- row:       one session: what one identity did without a pause of 30 minutes, within one UTC day
-- key:       identity
-- inputs:    acts
-- grain:     session_id
-- owner:     detection
with minutes as (
    select
        identity,
        session_id,
        max(reads) as busiest_minute_reads
    from (
        select
            identity,
            session_id,
            ts_us // 60000000 as minute,
            count(*) as reads
        from acts
        where operation = 'read' and outcome = 'ok'
        group by identity, session_id, minute
    )
    group by identity, session_id
),

steps as (
    -- a copying tool takes keys in order; times are whole seconds, so keys order the reads within one
    select
        identity,
        session_id,
        object_key > lag(object_key) over (partition by identity, session_id, bucket order by ts_us, object_key)
            as is_next_key
    from acts
    where operation in ('read', 'copy') and outcome = 'ok' and not stays_guarded
),

sweeps as (
    select
        identity,
        session_id,
        -- keys in order by chance half of the time: count what is beyond that
        greatest(0, 2 * count(*) filter (where is_next_key) - count(*)) as sweep_reads
    from steps
    group by identity, session_id
),

totals as (
    select
        session_id,
        day,
        identity,
        actor,
        min(identity_kind) as identity_kind,
        min(identity_account) as identity_account,
        min(identity_relation) as identity_relation,
        min(session_name) as session_name,
        min(role_chain) as role_chain,
        bool_and(mfa) as mfa,
        min(ts_us) as start_us,
        max(ts_us) as end_us,
        count(*) as acts,
        count(*) filter (where operation = 'read' and outcome = 'ok') as reads,
        count(distinct (bucket, object_key)) filter (
            where operation in ('read', 'copy') and outcome = 'ok' and not stays_guarded
        ) as objects,
        coalesce(sum(bytes_read), 0)::bigint as bytes_read,
        count(*) filter (where operation = 'read' and outcome = 'ok' and bytes_read is null) as reads_without_bytes,
        coalesce(sum(bytes_written), 0)::bigint as bytes_written,
        coalesce(sum(bytes_read * sensitivity_weight), 0)::bigint as weighted_bytes,
        count(*) filter (where operation = 'list') as lists,
        count(*) filter (where operation = 'head') as heads,
        count(*) filter (where operation = 'write' and outcome = 'ok') as writes,
        count(*) filter (where operation = 'copy' and outcome = 'ok') as copies,
        count(*) filter (where operation = 'delete' and outcome = 'ok') as deletes,
        count(*) filter (where operation = 'restore' and outcome = 'ok') as restores,
        count(*) filter (where operation = 'share' and outcome = 'ok') as shares,
        count(*) filter (where operation = 'configure' and outcome = 'ok') as configures,
        count(*) filter (where operation = 'auth') as auths,
        count(*) filter (where outcome = 'denied') as denied,
        count(*) filter (where outcome = 'error') as errors,
        count(distinct bucket) filter (where operation in ('list', 'head') or outcome = 'denied') as buckets_probed,
        count(*) filter (
            where operation in ('read', 'head')
            and regexp_matches(
                lower(object_key),
                '(\.env|\.tfstate|id_rsa|\.pem|\.pfx|\.kdbx|\.bak|credentials|\.sql\.gz|\.dump)(\.[a-z0-9]+)?$'
            )
        ) as secret_reads,
        count(*) filter (
            -- a setting that leaves all logged, or logs more, blinds nobody; one that cannot be judged counts
            where coalesce(
                narrows_logging,
                api in (
                    'DeleteTrail', 'StopLogging', 'PutEventSelectors', 'UpdateTrail', 'PutBucketLogging',
                    'DeleteFlowLogs'
                )
                or regexp_matches(
                    api,
                    '(?i)((update|delete)sink|exclusion|\.v2\.\S+\.delete(bucket|log)|diagnosticsettings/delete)$'
                )
            )
        ) as logging_changes,
        max(sensitivity_weight) as sensitivity_weight,
        bool_or(via_endpoint is not null and network_kind = 'internet') as endpoint_from_outside,
        bool_and(network_kind in ('vpc', 'nat', 'onprem', 'private', 'service')) as stays_inside,
        coalesce(list(distinct bucket order by bucket) filter (where bucket is not null), []) as buckets,
        coalesce(list(distinct destination order by destination) filter (where destination is not null), [])
            as destinations,
        list(distinct network order by network) as networks,
        coalesce(list(distinct country order by country) filter (where country is not null), []) as countries,
        coalesce(list(distinct source_ip order by source_ip) filter (where source_ip is not null), []) as source_ips,
        coalesce(list(distinct access_key_id order by access_key_id) filter (where access_key_id is not null), [])
            as access_key_ids,
        list(distinct tool order by tool) as tools,
        -- who stands behind the role, where it is known and not the actor itself
        coalesce(list(distinct origin order by origin) filter (where origin is not null and origin != actor), [])
            as origins
    from acts
    group by session_id, day, identity, actor
)

select
    t.*,
    coalesce(m.busiest_minute_reads, 0) as busiest_minute_reads,
    coalesce(s.sweep_reads, 0) as sweep_reads
from totals as t
left join minutes as m on t.identity = m.identity and t.session_id = m.session_id
left join sweeps as s on t.identity = s.identity and t.session_id = s.session_id
