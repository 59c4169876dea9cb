-- stage:     baselines/bucket_seen
-- row:       one actor, network or destination that a bucket has ever dealt with, as of the end of the day
-- key:       bucket
-- inputs:    flows
-- before:    bucket_seen
-- grain:     bucket, facet, value
-- owner:     detection
with moves as (
    -- what was refused was not done; one success is remembered whatever else was refused
    select * from flows
    where bucket != '' and (reads + copies + shares + writes > 0 or looks > denied)
),

pairs as (
    select
        bucket,
        'actor' as facet,
        actor as value,
        day
    from moves
    union all
    select
        bucket,
        'network' as facet,
        network as value,
        day
    from moves
    union all
    select
        bucket,
        'destination' as facet,
        destination as value,
        day
    from moves
    where destination != ''
    union all
    select
        bucket,
        'active' as facet,
        '' as value,
        day
    from moves
),

all_days as (
    select
        bucket,
        facet,
        value,
        day as first_day,
        day as last_day,
        1 as days_seen
    from pairs
    group by bucket, facet, value, day
    union all by name
    select * from bucket_seen_before
    where last_day >= $day - 400
)

select
    bucket,
    facet,
    value,
    min(first_day) as first_day,
    max(last_day) as last_day,
    sum(days_seen)::bigint as days_seen
from all_days
group by bucket, facet, value
