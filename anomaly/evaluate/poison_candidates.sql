-- row:    one actor and one sensitive bucket that it reads, and that it could take more from: who might be an insider
-- inputs: flows, acts, actor_day, session_features (the ordinary days)
-- $fewest_days: days on which it must have been at work; $stock: how many times its whole volume the bucket must hold;
-- $sensitive: the least sensitivity weight of a bucket worth it
with own as (
    select
        identity,
        actor,
        arg_max(identity_kind, day) as kind,
        sum(bytes_read)::bigint as own_bytes,
        count(*) as own_days
    from actor_day
    group by identity, actor
),

-- what a workflow covers is listed, never ranked: nobody can be caught there by a rank
covered as (
    select distinct actor
    from session_features
    where covered
),

read_here as (
    select
        identity,
        actor,
        bucket,
        max(sensitivity_weight) as sensitivity_weight,
        arg_max(sensitivity, sensitivity_weight) as sensitivity,
        sum(bytes_read)::bigint as bytes_here
    from flows
    where bucket != '' and reads > 0
    group by identity, actor, bucket
),

-- whoever reads by links that it signed, for others to use, has no reads of its own to double
by_itself as (
    select distinct
        identity,
        actor,
        bucket
    from acts
    where operation = 'read' and outcome = 'ok' and identity_kind not in ('anonymous', 'signed_url')
),

objects as (
    select
        bucket,
        object_key,
        max(bytes_read) as size
    from acts
    where operation = 'read' and outcome = 'ok' and object_key is not null
    group by bucket, object_key
),

held as (
    select
        bucket,
        sum(size)::bigint as bucket_bytes
    from objects
    group by bucket
)

select
    r.identity,
    r.actor,
    o.kind,
    r.bucket,
    r.sensitivity,
    o.own_bytes as normal_bytes
from read_here as r
inner join own as o on r.identity = o.identity and r.actor = o.actor
inner join held as h on r.bucket = h.bucket
semi join by_itself as b on r.identity = b.identity and r.actor = b.actor and r.bucket = b.bucket
anti join covered as c on r.actor = c.actor
where
    r.bytes_here > 0
    and o.own_days >= $fewest_days
    and r.sensitivity_weight >= $sensitive
    and h.bucket_bytes >= $stock * o.own_bytes
-- one bucket an actor: the most sensitive
qualify
    row_number() over (
        partition by r.identity, r.actor order by r.sensitivity_weight desc, r.bytes_here desc, r.bucket
    ) = 1
order by o.kind, o.own_bytes, r.actor, r.bucket
