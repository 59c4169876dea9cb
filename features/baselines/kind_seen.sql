-- stage:     baselines/kind_seen
-- row:       on how many actor-days one kind of identity has shown one value of a facet, as of the end of the day
-- key:       value
-- inputs:    facets
-- before:    kind_seen
-- grain:     identity_kind, facet, value
-- owner:     detection
with today as (
    select
        identity_kind,
        facet,
        value,
        day as first_day,
        day as last_day,
        count(distinct actor) as actor_days
    from facets
    where acts_ok > 0
    group by identity_kind, facet, value, day
),

all_days as (
    select * from today
    union all by name
    select * from kind_seen_before
    where last_day >= $day - 400
)

select
    identity_kind,
    facet,
    value,
    min(first_day) as first_day,
    max(last_day) as last_day,
    sum(actor_days)::bigint as actor_days
from all_days
group by identity_kind, facet, value
