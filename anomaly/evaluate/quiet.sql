-- Which sessions were unusually quiet: on a day below its actor's own median, in bytes and in objects.
-- Reads the views sessions (session_id, actor, day, day_bytes, day_objects) and actor_days (actor, day, bytes_read,
-- objects: one row an actor and active day). Grain: session_id. Owner: detection
with own as (
    select
        today.actor,
        today.day,
        count(*) as own_days,
        median(past.bytes_read) as median_bytes,
        median(past.objects) as median_objects
    from (select distinct actor, day from sessions) as today
    inner join actor_days as past
        on past.actor = today.actor and past.day between today.day - 30 and today.day - 1
    group by today.actor, today.day
)

-- fewer than three days of its own tell no median, so nothing says that such a session is quiet
select
    s.session_id,
    coalesce(
        own.own_days >= 3 and s.day_bytes < own.median_bytes and s.day_objects < own.median_objects, false
    ) as quiet
from sessions as s
left join own using (actor, day)
order by s.session_id
