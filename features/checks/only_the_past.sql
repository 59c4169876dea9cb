-- check:     checks/only_the_past
-- row:       a remembered value first or last seen after the day whose end it describes
-- inputs:    actor_seen, actor_day
-- owner:     detection
select
    s.actor,
    s.facet,
    s.value,
    s.first_day,
    s.last_day
from actor_seen as s
where s.first_day > s.last_day or s.last_day > (select max(d.day) from actor_day as d)
