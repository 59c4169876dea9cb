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

-- an hour alone, three in a row, six, the day: what is too thin to tell by the hour may show over some
slots as (
    select
        span,
        start
    from unnest([1, 3, 6, 24]) as s (span), unnest(range(24)) as h (start)
    where start + span <= 24
),

past as (
    select
        d.source,
        d.account_id,
        d.day,
        s.span,
        s.start,
        sum(d.events)::bigint as events
    from deliveries_history as d
    inner join slots as s on d.hour >= s.start and d.hour < s.start + s.span
    where is_weekend(d.day) = is_weekend($day)
    group by d.source, d.account_id, d.day, s.span, s.start
),

usual as (
    select
        source,
        account_id,
        span,
        start,
        sum(events)::bigint as total,
        sum(events * events)::bigint as squares
    from past
    group by source, account_id, span, start
),

today as (
    select
        d.source,
        d.account_id,
        s.span,
        s.start,
        sum(d.events)::bigint as found
    from deliveries as d
    inner join slots as s on d.hour >= s.start and d.hour < s.start + s.span
    group by d.source, d.account_id, s.span, s.start
),

judged as (
    select
        l.source,
        l.account_id,
        l.days,
        u.span,
        u.start,
        u.total,
        coalesce(t.found, 0) as found,
        silence(coalesce(t.found, 0), l.days, u.total, u.squares) as nats
    from likened as l
    inner join usual as u on l.source = u.source and l.account_id = u.account_id
    left join today as t
        on u.source = t.source and u.account_id = t.account_id and u.span = t.span and u.start = t.start
    where l.days >= 3
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
    h.start::integer as hour,
    ($day::bigint * 24 + h.start) * 3600000000 as hour_us,
    h.total / h.days::double as expected,
    h.found,
    min(s.span)::integer as span_hours,
    max(s.nats) as nats
from judged as h
inner join suspicious as s
    on
        h.source = s.source and h.account_id = s.account_id
        and h.start >= s.start and h.start < s.start + s.span
where h.span = 1 and h.found * h.days * 4 < h.total
group by h.source, h.account_id, h.start, h.days, h.total, h.found
