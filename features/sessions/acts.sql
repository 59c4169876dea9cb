-- stage:     sessions/acts
-- row:       one distinct act of the day, labelled with what the organisation knows and numbered into a session
-- key:       identity
-- inputs:    events, twins, requests, chains
-- context:   accounts, addresses, identities, inventory
-- broadcast: twins, requests
-- grain:     event_id
-- sorted:    no
-- owner:     detection
with accounts_held as (
    -- what is opened for a whole storage account opens all its containers: the most sensitive tells
    select
        split_part(bucket, '/', 1) as account,
        max({ weight: sensitivity_weight, sensitivity: sensitivity }) as most
    from inventory
    where cloud = 'azure'
    group by split_part(bucket, '/', 1)
),

distinct_events as (
    select
        e.* exclude (bytes_read, destination_account, destination_bucket),
        -- an endpoint's record of a read is no second reading of its bytes
        case when e.source != 'cloudtrail_vpce' then coalesce(e.bytes_read, r.bytes_read) end as bytes_read,
        coalesce(e.destination_bucket, r.destination_bucket) as named_bucket,
        e.destination_account as named_account,
        r.destination_account as written_account
    from events as e
    anti join twins on e.event_id = twins.event_id
    left join requests as r on e.event_id = r.event_id
    -- flows are joined to sessions later: they are no acts of an identity
    where e.operation != 'flow' and r.is_twin is distinct from true
),

addressed as (
    -- a transfer job may name a bucket of another cloud, with its scheme
    select
        d.* exclude (named_bucket),
        case
            when named_bucket like 's3://%' then 'aws'
            when named_bucket like 'gs://%' then 'gcp'
            when named_bucket like 'azure-account:%' then 'azure'
            else provider
        end as destination_cloud,
        -- a default account of Google Cloud names its project by number only: unlisted, it may well be our own
        identity_account is not null
        and not (provider = 'gcp' and regexp_matches(identity_account, '^[0-9]+$')) as has_account,
        regexp_replace(named_bucket, '^(s3://|gs://|azure-account:)', '') as destination_bucket
    from distinct_events as d
),

labelled as (
    select
        e.event_id,
        e.provider,
        epoch_us(e.event_time) as ts_us,
        e.identity,
        -- people behind one role are told apart; the machines that share a role are one actor
        case
            when
                e.session_name is not null
                and (coalesce(corrected.identity_kind, e.identity_kind) = 'human' or e.session_name like '%@%')
                then e.identity || '/' || e.session_name
            else e.identity
        end as actor,
        case
            -- what the organisation says of its identities stands above what a record looks like
            when corrected.identity_kind is not null then corrected.identity_kind
            when caller.relation = 'partner' then 'external'
            when caller.relation is null and e.has_account then 'external'
            else e.identity_kind
        end as identity_kind,
        e.identity_account,
        coalesce(caller.relation, case when e.has_account then 'foreign' else 'unknown' end)
            as identity_relation,
        e.session_name,
        e.access_key_id,
        coalesce(chain.role_chain, e.role_chain) as role_chain,
        -- the credential of a virtual machine names the machine
        coalesce(
            case when regexp_matches(e.session_name, '^i-[0-9a-f]{8,17}$') then 'instance:' || e.session_name end,
            chain.origin,
            -- of a delegated service account, and of a signature, the record itself tells who stands behind
            case when e.provider in ('gcp', 'azure') then split_part(e.role_chain, ' -> ', 1) end
        ) as known_origin,
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
        e.narrows_logging,
        e.bucket,
        e.object_key,
        -- a bucket nobody listed, or a disk, snapshot or table that is shared or copied, counts between internal and
        -- confidential: unknown is not harmless
        coalesce(
            listed.sensitivity,
            held.most.sensitivity,
            case when e.bucket is not null or e.operation in ('copy', 'share') then 'unlisted' end
        ) as sensitivity,
        coalesce(
            listed.sensitivity_weight,
            held.most.weight,
            case when e.bucket is not null or e.operation in ('copy', 'share') then 2 else 0 end
        )::bigint as sensitivity_weight,
        e.bytes_read,
        e.bytes_written,
        -- an upload into a bucket of an account that is not ours is a way out as well, and so is any request that
        -- passes a private endpoint for such a bucket: its keys alone may carry data
        (e.operation = 'write' or e.source = 'cloudtrail_vpce')
        and e.bucket is not null and e.account_id is not null
        and coalesce(owner.relation, keeper.relation, 'foreign') != 'own' as writes_outside,
        coalesce(owner.relation, keeper.relation, 'foreign') as owner_relation,
        coalesce(
            e.destination_kind, case when e.destination_bucket is not null then 'bucket' end
        ) as destination_kind,
        e.destination_cloud,
        e.destination_bucket,
        coalesce(
            e.named_account,
            target.account,
            e.written_account,
            case when e.destination_cloud = 'azure' then nullif(split_part(e.destination_bucket, '/', 1), '') end
        ) as destination_account,
        target.sensitivity_weight as destination_weight,
        -- every share that Azure logs lets somebody in: a principal, or whoever holds the link
        case when e.provider = 'azure' and e.operation = 'share' then coalesce(e.issued_identity, 'unnamed') end
            as let_in,
        e.evidence_file,
        e.evidence_record
    from addressed as e
    left join accounts as caller on e.identity_account = caller.account and e.provider = caller.cloud
    left join accounts as owner on e.account_id = owner.account and e.provider = owner.cloud
    left join addresses as address on e.source_ip = address.source_ip
    left join identities as corrected on e.identity = corrected.identity
    left join inventory as listed on e.bucket = listed.bucket and e.provider = listed.cloud
    left join accounts as keeper on listed.account = keeper.account and listed.cloud = keeper.cloud
    left join accounts_held as held
        on e.provider = 'azure' and e.operation = 'share' and e.bucket is null and e.account_id = held.account
    left join inventory as target on e.destination_bucket = target.bucket and e.destination_cloud = target.cloud
    left join chains as chain
        on
            e.identity = chain.identity
            and coalesce(e.session_name, '') = chain.session_name
            and coalesce(e.access_key_id, '') = chain.access_key_id
),

destined as (
    select
        l.* exclude (
            writes_outside, owner_relation, provider, destination_cloud, destination_weight, let_in, known_origin
        ),
        coalesce(l.known_origin, l.actor) as origin,
        case
            when l.destination_kind = 'public' then 'public'
            when l.destination_bucket is not null
                then bucket_address(l.destination_cloud, l.destination_bucket)
            when l.destination_account is not null
                then account_address(l.destination_cloud, l.destination_account)
            when l.writes_outside then bucket_address(l.provider, l.bucket)
            else l.let_in
        end as destination,
        case
            when l.destination_kind = 'public' then 'public'
            when receiver.relation is not null then receiver.relation
            when l.destination_account is not null then 'foreign'
            when l.writes_outside then l.owner_relation
            when coalesce(l.destination_bucket, l.let_in) is not null then 'unknown'
        end as destination_relation,
        -- copied to, or opened for, an account of ours: in a bucket of at least the same sensitivity it is as safe as
        -- before; in one that is less guarded, or that nobody listed, it may be on its way out
        l.operation in ('copy', 'share') and coalesce(l.destination_kind, '') != 'public'
        and coalesce(receiver.relation, '') = 'own'
        and coalesce(
            l.destination_weight >= l.sensitivity_weight, l.operation = 'share' and l.destination_bucket is null
        ) as stays_guarded
    from labelled as l
    left join accounts as receiver
        on l.destination_account = receiver.account and l.destination_cloud = receiver.cloud
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
