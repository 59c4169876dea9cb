-- check:     checks/volume_kept
-- row:       an identity whose volume or number of acts changed on the way from acts to sessions, flows and days
-- inputs:    acts, sessions, flows, actor_day
-- owner:     detection
with of_acts as (
    select
        identity,
        count(*) as acts,
        coalesce(sum(bytes_read), 0) as bytes_read
    from acts
    group by identity
),

of_sessions as (
    select
        identity,
        sum(acts) as acts,
        sum(bytes_read) as bytes_read
    from sessions
    group by identity
),

of_flows as (
    select
        identity,
        sum(acts) as acts,
        sum(bytes_read) as bytes_read
    from flows
    group by identity
),

of_days as (
    select
        identity,
        sum(bytes_read) as bytes_read
    from actor_day
    group by identity
)

select
    a.identity,
    a.acts,
    a.bytes_read
from of_acts as a
left join of_sessions as s on a.identity = s.identity
left join of_flows as f on a.identity = f.identity
left join of_days as d on a.identity = d.identity
where
    a.acts is distinct from s.acts
    or a.acts is distinct from f.acts
    or a.bytes_read is distinct from s.bytes_read
    or a.bytes_read is distinct from f.bytes_read
    or a.bytes_read is distinct from d.bytes_read
