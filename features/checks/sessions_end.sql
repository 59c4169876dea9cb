-- check:     checks/sessions_end
-- row:       a session that leaves its UTC day, ends before it begins or pauses for more than 30 minutes
-- inputs:    acts
-- owner:     detection
with pauses as (
    select
        session_id,
        day,
        ts_us,
        ts_us - lag(ts_us) over (partition by session_id order by ts_us) as pause_us
    from acts
)

select
    session_id,
    min(ts_us) as start_us,
    max(ts_us) as end_us
from pauses
group by session_id, day
having
    min(ts_us) // 86400000000 != day
    or max(ts_us) // 86400000000 != day
    or coalesce(max(pause_us), 0) > 1800000000
