-- One source of one account as of one day: what came that day, what had come before, and how much detail it carries.
-- Reads deliveries of 90 days up to the day.
select
    source,
    account_id,
    min(day) as first_day,
    max(day) as last_day,
    max(last_us) as last_us,
    max(day) filter (where control_events > 0) as last_control_day,
    coalesce(sum(events) filter (where day = $day), 0)::bigint as events,
    coalesce(sum(object_events) filter (where day = $day), 0)::bigint as object_events,
    coalesce(sum(control_events) filter (where day = $day), 0)::bigint as control_events,
    coalesce(sum(reads) filter (where day > $day - 28), 0)::bigint as reads,
    coalesce(sum(reads_with_bytes) filter (where day > $day - 28), 0)::bigint as reads_with_bytes,
    coalesce(sum(reads_with_address) filter (where day > $day - 28), 0)::bigint as reads_with_address,
    coalesce(sum(moves) filter (where day > $day - 28), 0)::bigint as moves,
    coalesce(sum(moves_with_destination) filter (where day > $day - 28), 0)::bigint as moves_with_destination
from deliveries
where day between $day - 89 and $day
group by source, account_id
order by source, account_id
