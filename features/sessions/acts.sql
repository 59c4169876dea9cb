-- stage:     sessions/acts
-- row:       one distinct act of the day, labelled with what the organisation knows and numbered into a session
-- key:       identity
-- inputs:    events, twins
-- context:   accounts, addresses, inventory
-- broadcast: twins
-- grain:     event_id
-- sorted:    no
-- owner:     detection
with distinct_events as (
    select * from events anti join twins on events.event_id = twins.event_id
),

labelled as (
    select
        e.event_id,
        e.provider,
        epoch_us(e.event_time) as ts_us,
        e.identity,
        -- people behind one role are told apart; the machines that share a role are one actor
        case
            when e.session_name is not null and (e.identity_kind = 'human' or e.session_name like '%@%')
                then e.identity || '/' || e.session_name
            else e.identity
        end as actor,
        case
            when caller.relation = 'partner' then 'external'
            when caller.relation is null and e.identity_account is not null then 'external'
            else e.identity_kind
        end as identity_kind,
        e.identity_account,
        coalesce(caller.relation, case when e.identity_account is not null then 'foreign' else 'unknown' end)
            as identity_relation,
        e.session_name,
        e.access_key_id,
        e.role_chain,
        e.mfa,
        e.source_ip,
        coalesce(address.network, 'service:' || e.invoked_by, 'unknown') as network,
        coalesce(address.network_kind, case when e.invoked_by is not null then 'service' else 'unknown' end)
            as network_kind,
        -- of a network that the organisation names itself, the name says where it is
        case when address.network_kind = 'internet' then address.country end as country,
        e.via_endpoint,
        e.tool,
        e.user_agent,
        e.operation,
        e.api,
        e.outcome,
        e.bucket,
        e.object_key,
        coalesce(listed.sensitivity, case when e.bucket is not null then 'unlisted' end) as sensitivity,
        -- a bucket nobody listed counts between internal and confidential: unknown is not harmless
        coalesce(listed.sensitivity_weight, case when e.bucket is not null then 2 else 0 end)::bigint
            as sensitivity_weight,
        e.bytes_read,
        e.bytes_written,
        -- an upload into a bucket of an account that is not ours is a way out as well
        e.operation = 'write' and e.account_id is not null and coalesce(owner.relation, 'foreign') != 'own'
            as writes_outside,
        coalesce(owner.relation, 'foreign') as owner_relation,
        e.account_id,
        e.destination_kind,
        e.destination_bucket,
        coalesce(e.destination_account, target.account) as destination_account,
        e.evidence_file,
        e.evidence_record
    from distinct_events as e
    left join accounts as caller on e.identity_account = caller.account and e.provider = caller.cloud
    left join accounts as owner on e.account_id = owner.account and e.provider = owner.cloud
    left join addresses as address on e.source_ip = address.source_ip
    left join inventory as listed on e.bucket = listed.bucket and e.provider = listed.cloud
    left join inventory as target on e.destination_bucket = target.bucket and e.provider = target.cloud
),

destined as (
    select
        l.* exclude (writes_outside, owner_relation, account_id, provider),
        case
            when l.destination_kind = 'public' then 'public'
            when l.destination_bucket is not null then 's3://' || l.destination_bucket
            when l.destination_account is not null then 'aws-account:' || l.destination_account
            when l.writes_outside then 's3://' || l.bucket
        end as destination,
        case
            when l.destination_kind = 'public' then 'public'
            when receiver.relation is not null then receiver.relation
            when l.destination_account is not null then 'foreign'
            when l.writes_outside then l.owner_relation
            when l.destination_bucket is not null then 'unknown'
        end as destination_relation
    from labelled as l
    left join accounts as receiver on l.destination_account = receiver.account and l.provider = receiver.cloud
),

-- sort narrow rows only, then join them back
gaps as (
    select
        identity,
        actor,
        coalesce(session_name, '') as session_name,
        event_id,
        ts_us,
        ts_us - lag(ts_us) over (
            partition by identity, actor, coalesce(session_name, '') order by ts_us, event_id
        ) as gap_us
    from destined
),

numbered as (
    select
        identity,
        actor,
        session_name,
        event_id,
        ts_us,
        -- 30 minutes without an act end a session (design §4)
        sum(case when gap_us is null or gap_us > 1800000000 then 1 else 0 end) over (
            partition by identity, actor, session_name order by ts_us, event_id
        ) as ordinal
    from gaps
),

named as (
    select
        identity,
        event_id,
        md5(concat_ws('|', actor, session_name, min(ts_us) over (
            partition by identity, actor, session_name, ordinal
        ))) as session_id
    from numbered
)

select
    n.session_id,
    $day::integer as day,
    d.*
from destined as d
inner join named as n on d.identity = n.identity and d.event_id = n.event_id
