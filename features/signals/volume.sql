-- stage:     signals/volume
-- row:       how far a session takes its actor's day above the actor's own past and above its kind
-- key:       identity
-- inputs:    sessions, kind_baseline
-- history:   actor_day 30
-- broadcast: kind_baseline
-- grain:     session_id
-- owner:     detection
with own as (
    select
        identity,
        actor,
        count(*) as own_days,
        max(bytes_read) as own_busiest_bytes,
        max(objects) as own_busiest_objects,
        max(weighted_bytes) as own_busiest_weighted_bytes,
        max(busiest_minute_reads) as own_busiest_minute
    from actor_day_history
    group by identity, actor
),

day_so_far as (
    -- a theft cut into many sessions still adds up
    select
        session_id,
        day,
        identity,
        actor,
        identity_kind,
        busiest_minute_reads,
        sum(bytes_read) over until_now as day_bytes,
        sum(objects) over until_now as day_objects,
        sum(weighted_bytes) over until_now as day_weighted_bytes
    from sessions
    window until_now as (partition by identity, actor order by start_us, session_id)
),

referenced as (
    select
        d.*,
        coalesce(o.own_days, 0) as own_days,
        o.own_busiest_bytes,
        o.own_busiest_objects,
        k.p99_bytes as kind_p99_bytes,
        k.p99_objects as kind_p99_objects,
        own_most(o.own_days, o.own_busiest_bytes, k.p95_bytes) as bytes_reference,
        own_most(o.own_days, o.own_busiest_objects, k.p95_objects) as objects_reference,
        own_most(o.own_days, o.own_busiest_weighted_bytes, k.p95_weighted_bytes) as weighted_reference,
        own_most(o.own_days, o.own_busiest_minute, k.p95_minute_reads) as minute_reference,
        k.p99_weighted_bytes as kind_p99_weighted_bytes
    from day_so_far as d
    left join own as o on d.identity = o.identity and d.actor = o.actor
    left join kind_baseline as k on d.identity_kind = k.identity_kind
)

select
    session_id,
    day,
    identity,
    own_days,
    day_bytes::bigint as day_bytes,
    day_objects::bigint as day_objects,
    own_busiest_bytes,
    own_busiest_objects,
    kind_p99_bytes,
    kind_p99_objects,
    -- floors: 4 MB, 20 objects, 60 reads a minute, 4 MB of internal data are nobody's theft
    above(day_bytes, bytes_reference, 4194304) as volume_bytes_own,
    above(day_objects, objects_reference, 20) as volume_objects_own,
    above(day_bytes, kind_p99_bytes, 4194304) as volume_bytes_kind,
    above(day_objects, kind_p99_objects, 20) as volume_objects_kind,
    above(busiest_minute_reads, minute_reference, 60) as volume_rate_own,
    above(day_weighted_bytes, weighted_reference, 4194304) as sensitivity_bytes_own,
    above(day_weighted_bytes, kind_p99_weighted_bytes, 4194304) as sensitivity_bytes_kind
from referenced
