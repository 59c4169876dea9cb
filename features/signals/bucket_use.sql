-- stage:     signals/bucket_use
-- row:       how unusual one session is for one bucket: more than anyone takes, or from someone or somewhere new to it
-- key:       bucket
-- inputs:    flows
-- history:   bucket_day 30
-- before:    bucket_seen
-- grain:     session_id, bucket
-- owner:     detection
with busiest as (
    select
        bucket,
        max(busiest_actor_bytes) as bucket_busiest_bytes,
        max(busiest_actor_objects) as bucket_busiest_objects
    from bucket_day_history
    group by bucket
),

known as (
    select
        bucket,
        coalesce(sum(days_seen) filter (where facet = 'actor'), 0)::bigint as actor_days,
        count(*) filter (where facet = 'actor' and days_seen = 1) as actors_once,
        coalesce(sum(days_seen) filter (where facet = 'network'), 0)::bigint as network_days,
        count(*) filter (where facet = 'network' and days_seen = 1) as networks_once
    from bucket_seen_before
    group by bucket
),

used as (
    select
        session_id,
        day,
        identity,
        actor,
        bucket,
        network,
        max(sensitivity_weight) as sensitivity_weight,
        sum(bytes_read)::bigint as bytes_read,
        sum(objects)::bigint as objects,
        sum(reads + copies + shares)::bigint as taken
    from flows
    where bucket != '' and acts > denied
    group by session_id, day, identity, actor, bucket, network
),

judged as (
    select
        u.*,
        sum(u.bytes_read) over (partition by u.bucket, u.session_id) as session_bytes,
        sum(u.objects) over (partition by u.bucket, u.session_id) as session_objects,
        b.bucket_busiest_bytes,
        b.bucket_busiest_objects,
        -- Good-Turing: a newcomer is as likely as those seen once make it
        case when a.days_seen is null then surprise((coalesce(k.actors_once, 0) + 1) / (coalesce(k.actor_days, 0) + 2))
            else 0.0 end as actor_surprise,
        case
            when n.days_seen is null
                then surprise((coalesce(k.networks_once, 0) + 1) / (coalesce(k.network_days, 0) + 2))
            else 0.0
        end as network_surprise
    from used as u
    left join busiest as b on u.bucket = b.bucket
    left join known as k on u.bucket = k.bucket
    left join bucket_seen_before as a on u.bucket = a.bucket and u.actor = a.value and a.facet = 'actor'
    left join bucket_seen_before as n on u.bucket = n.bucket and u.network = n.value and n.facet = 'network'
)

select
    session_id,
    day,
    identity,
    bucket,
    max(bucket_busiest_bytes) as bucket_busiest_bytes,
    max(bucket_busiest_objects) as bucket_busiest_objects,
    max(above(session_bytes, bucket_busiest_bytes, 4194304)) as bytes_above,
    max(above(session_objects, bucket_busiest_objects, 20)) as objects_above,
    max(actor_surprise * sensitivity_factor(sensitivity_weight)) as actor_surprise,
    -- a look costs little: half as surprising as a taking
    max(network_surprise * sensitivity_factor(sensitivity_weight) * case when taken > 0 then 1.0 else .5 end)
        as network_surprise
from judged
group by session_id, day, identity, bucket
