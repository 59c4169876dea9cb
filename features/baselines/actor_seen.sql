-- stage:     baselines/actor_seen
-- row:       one value of one facet an actor has ever shown, as of the end of the day
-- key:       identity
-- inputs:    facets
-- before:    actor_seen
-- grain:     actor, facet, value
-- owner:     detection
with today as (
    -- what was refused was not done: probing must not make itself familiar
    select
        identity,
        actor,
        facet,
        value,
        day as first_day,
        day as last_day,
        1 as days_seen
    from facets
    where acts_ok > 0
    group by identity, actor, facet, value, day
),

all_days as (
    select * from today
    union all by name
    -- what was not seen for 400 days is forgotten: the state must not grow for ever
    select * from actor_seen_before
    where last_day >= $day - 400
)

select
    identity,
    actor,
    facet,
    value,
    min(first_day) as first_day,
    max(last_day) as last_day,
    sum(days_seen)::bigint as days_seen
from all_days
group by identity, actor, facet, value
