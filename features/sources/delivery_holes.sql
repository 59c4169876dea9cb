-- stage:     sources/delivery_holes
-- row:       one hour in which one source told improbably little of one account, against like days of the 28 before
-- key:       source
-- inputs:    deliveries
-- history:   deliveries 28
-- grain:     source, account_id, hour
-- owner:     detection
with known as (
    select
        source,
        account_id,
        min(day) as first_day
    from deliveries_history
    group by source, account_id
),

-- working days are judged by working days, weekends by weekends; a day on which nothing came counts as 0
likened as (
    select
        source,
        account_id,
        len(list_filter(range(first_day, $day), lambda d: is_weekend(d) = is_weekend($day))) as days
    from known
),

-- an hour alone, a quarter of the day, the day: what is too thin to tell by the hour may show by the day
spans as (
    select
        source,
        account_id,
        days,
        span,
        hour as slot
    from likened, unnest([1, 6, 24]) as s (span), unnest(range(24)) as h (hour)
    where hour < 24 // span
),

past as (
    select
        source,
        account_id,
        day,
        span,
        hour // span as slot,
        sum(events)::bigint as events
    from deliveries_history, unnest([1, 6, 24]) as s (span)
    where is_weekend(day) = is_weekend($day)
    group by source, account_id, day, span, hour // span
),

usual as (
    select
        source,
        account_id,
        span,
        slot,
        sum(events)::bigint as total,
        sum(events * events)::bigint as squares
    from past
    group by source, account_id, span, slot
),

today as (
    select
        source,
        account_id,
        span,
        hour // span as slot,
        sum(events)::bigint as found
    from deliveries, unnest([1, 6, 24]) as s (span)
    group by source, account_id, span, hour // span
),

judged as (
    select
        s.source,
        s.account_id,
        s.days,
        s.span,
        s.slot,
        u.total,
        coalesce(t.found, 0) as found,
        silence(coalesce(t.found, 0), s.days, u.total, u.squares) as nats
    from spans as s
    inner join usual as u
        on s.source = u.source and s.account_id = u.account_id and s.span = u.span and s.slot = u.slot
    left join today as t
        on s.source = t.source and s.account_id = t.account_id and s.span = t.span and s.slot = t.slot
    where s.days >= 3
),

-- under a quarter of what is usual, and under 1 in 100,000 by chance
suspicious as (
    select * from judged
    where found * days * 4 < total and nats >= 11.5
)

select
    h.source,
    h.account_id,
    $day::integer as day,
    h.slot::integer as hour,
    ($day::bigint * 24 + h.slot) * 3600000000 as hour_us,
    h.total / h.days::double as expected,
    h.found,
    min(s.span)::integer as span_hours,
    max(s.nats) as nats
from judged as h
inner join suspicious as s
    on h.source = s.source and h.account_id = s.account_id and h.slot // s.span = s.slot
where h.span = 1 and h.found * h.days * 4 < h.total
group by h.source, h.account_id, h.slot, h.days, h.total, h.found
