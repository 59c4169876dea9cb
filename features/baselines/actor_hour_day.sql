-- stage:     baselines/actor_hour_day
-- row:       one hour of one day in which an actor did something
-- key:       identity
-- inputs:    acts
-- grain:     actor, hour
-- owner:     detection
select
    identity,
    actor,
    day,
    min(identity_kind) as identity_kind,
    is_weekend(day) as weekend,
    (ts_us // 3600000000 % 24)::integer as hour,
    count(*) as acts
from acts
where operation != 'auth'
group by identity, actor, day, hour
