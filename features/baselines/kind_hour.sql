-- stage:     baselines/kind_hour
-- row:       on how many actor-days of the 30 days before one kind of identity was at work in one hour
-- key:       identity_kind
-- history:   actor_hour_day 30
-- grain:     identity_kind, weekend, hour
-- owner:     detection
with actor_days as (
    select
        identity_kind,
        weekend,
        count(distinct (actor, day)) as actor_days
    from actor_hour_day_history
    group by identity_kind, weekend
)

select
    h.identity_kind,
    h.weekend,
    h.hour,
    count(*) as actor_days_in_hour,
    min(d.actor_days) as actor_days
from actor_hour_day_history as h
inner join actor_days as d on h.identity_kind = d.identity_kind and h.weekend = d.weekend
group by h.identity_kind, h.weekend, h.hour
