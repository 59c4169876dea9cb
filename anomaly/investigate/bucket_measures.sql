-- What one session took from each bucket, and what the signals held that to: the busiest day of anyone, and its actor's
-- 14 days against the time before (as features/signals/bucket_use.sql and slow.sql do).
-- Reads flows, bucket_use and session_features of its day, and actor_bucket_day of the 45 days before.
with chosen as (
    select
        session_id,
        day,
        identity,
        actor,
        least(32, greatest(0, day - 13 - first_day)) as earlier_span
    from session_features
    where session_id = $session
),

taken as (
    select
        bucket,
        max(sensitivity_weight) as sensitivity_weight,
        sum(bytes_read)::bigint as bytes_read,
        sum(objects)::bigint as objects,
        sum(reads + copies) > 0 as took
    from flows
    where session_id = $session and bucket != ''
    group by bucket
),

past as (
    select
        a.bucket,
        coalesce(sum(a.bytes_read) filter (where a.day > c.day - 14), 0)::bigint as recent_bytes,
        coalesce(sum(a.objects) filter (where a.day > c.day - 14), 0)::bigint as recent_objects,
        coalesce(sum(a.bytes_read) filter (where a.day <= c.day - 14), 0)::bigint as earlier_bytes,
        coalesce(sum(a.objects) filter (where a.day <= c.day - 14), 0)::bigint as earlier_objects
    from actor_bucket_day as a
    inner join chosen as c on a.identity = c.identity and a.actor = c.actor
    group by a.bucket
)

select
    t.bucket,
    t.bytes_read,
    t.objects,
    u.session_id is not null as used,
    u.bucket_busiest_bytes,
    u.bucket_busiest_objects,
    coalesce(p.recent_bytes, 0) as recent_bytes,
    coalesce(p.recent_objects, 0) as recent_objects,
    coalesce(p.earlier_bytes * 14 // nullif(c.earlier_span, 0), 0) as earlier_bytes,
    coalesce(p.earlier_objects * 14 // nullif(c.earlier_span, 0), 0) as earlier_objects,
    case when t.took and c.earlier_span >= 7 then sensitivity_factor(t.sensitivity_weight) else 0.0 end as slow_factor
from taken as t
cross join chosen as c
left join bucket_use as u on c.session_id = u.session_id and t.bucket = u.bucket
left join past as p on t.bucket = p.bucket
order by t.bucket
