-- stage:     signals/slow
-- row:       how far a session's actor takes more from a bucket over 14 days than in the time before
-- key:       identity
-- inputs:    flows
-- history:   actor_bucket_day 45
-- before:    actor_seen
-- grain:     session_id
-- owner:     detection
with touched as (
    select
        session_id,
        day,
        identity,
        actor,
        bucket,
        max(sensitivity_weight) as sensitivity_weight,
        sum(bytes_read)::bigint as bytes_read,
        sum(objects)::bigint as objects,
        sum(reads + copies)::bigint as reads
    from flows
    where bucket != ''
    group by session_id, day, identity, actor, bucket
    having sum(reads + copies) > 0
),

past as (
    select
        identity,
        actor,
        bucket,
        coalesce(sum(bytes_read) filter (where day > $day - 14), 0)::bigint as recent_bytes,
        coalesce(sum(objects) filter (where day > $day - 14), 0)::bigint as recent_objects,
        count(*) filter (where day > $day - 14 and reads > 0) as recent_days,
        coalesce(sum(bytes_read) filter (where day <= $day - 14), 0)::bigint as earlier_bytes,
        coalesce(sum(objects) filter (where day <= $day - 14), 0)::bigint as earlier_objects,
        count(*) filter (where day <= $day - 14 and reads > 0) as earlier_days
    from actor_bucket_day_history
    group by identity, actor, bucket
),

known as (
    select
        identity,
        actor,
        -- days of history before the 14, at most the 32 that the window holds
        least(32, greatest(0, $day - 13 - first_day)) as earlier_span
    from actor_seen_before
    where facet = 'active'
),

compared as (
    select
        t.*,
        t.bytes_read + coalesce(p.recent_bytes, 0) as slow_bytes,
        t.objects + coalesce(p.recent_objects, 0) as slow_objects,
        coalesce(p.recent_days, 0) + 1 as slow_days,
        -- what 14 days of the earlier time held; an actor known for less than a week before is not judged here
        p.earlier_bytes * 14 // nullif(k.earlier_span, 0) as earlier_bytes,
        p.earlier_objects * 14 // nullif(k.earlier_span, 0) as earlier_objects,
        p.earlier_days * 14 // nullif(k.earlier_span, 0) as earlier_days,
        coalesce(k.earlier_span, 0) >= 7 as known
    from touched as t
    left join past as p on t.identity = p.identity and t.actor = p.actor and t.bucket = p.bucket
    left join known as k on t.identity = k.identity and t.actor = k.actor
),

judged as (
    select
        * exclude (slow_days, slow_bytes),
        case when known then slow_days end as slow_days,
        case when known then slow_bytes end as slow_bytes,
        case when known then sensitivity_factor(sensitivity_weight) else 0.0 end as factor,
        above(slow_bytes, earlier_bytes, 33554432) as bytes_above,
        above(slow_objects, earlier_objects, 50) as objects_above,
        4 * above(slow_days, earlier_days, 3) as days_above
    from compared
),

placed as (
    select
        *,
        row_number() over (partition by identity, session_id order by factor * bytes_above desc, bucket) as bytes_place,
        row_number() over (partition by identity, session_id order by factor * days_above desc, bucket) as habit_place
    from judged
)

select
    session_id,
    day,
    identity,
    -- each number is of the bucket whose signal speaks
    max(case when habit_place = 1 then slow_days end) as slow_days,
    max(case when bytes_place = 1 then slow_bytes end) as slow_bytes,
    max(factor * bytes_above) as volume_bytes_slow,
    max(factor * objects_above) as volume_objects_slow,
    max(factor * days_above) as timing_habit_new
from placed
group by session_id, day, identity
