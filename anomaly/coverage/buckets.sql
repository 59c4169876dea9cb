-- One bucket of the inventory as of one day: which logs have told of its objects, since when, and how improbable its
-- silence is. Reads bucket_cover of 90 days up to the day, and wanted (bucket, provider).
with days as (
    select
        bucket,
        provider,
        day,
        sum(events)::bigint as events,
        sum(reads)::bigint as reads,
        sum(reads_with_bytes)::bigint as reads_with_bytes
    from bucket_cover
    where day between $day - 89 and $day
    group by bucket, provider, day
),

ends as (
    select
        bucket,
        provider,
        max(day) as last_day,
        greatest(min(day), max(day) - 27) as from_day
    from days
    group by bucket, provider
),

-- the 28 days up to the last that has events, working days and weekends apart: later silence must not thin them out
usual as (
    select
        e.bucket,
        e.provider,
        w.weekend,
        len(list_filter(range(e.from_day, e.last_day + 1), lambda d: is_weekend(d) = w.weekend)) as days,
        len(list_filter(range(e.last_day + 1, $day + 1), lambda d: is_weekend(d) = w.weekend)) as silent_days,
        coalesce(sum(d.events), 0)::bigint as total,
        coalesce(sum(d.events * d.events), 0)::bigint as squares
    from ends as e
    cross join unnest([false, true]) as w (weekend)
    left join days as d
        on
            e.bucket = d.bucket and e.provider = d.provider
            and d.day between e.from_day and e.last_day and is_weekend(d.day) = w.weekend
    group by e.bucket, e.provider, w.weekend, e.from_day, e.last_day
),

-- the mean of a kind of day without any event is 0: it says nothing
by_count as (
    select
        bucket,
        provider,
        sum(case when total = 0 then 0.0 else silent_days * silence(0, days, total, squares) end) as nats
    from usual
    group by bucket, provider
),

-- a bucket of few events a day may still have some on every day: (quiet days + 1) of (days + 2), Laplace's rule
by_presence as (
    select
        e.bucket,
        e.provider,
        ($day - e.last_day)
        * -ln((e.last_day - e.from_day + 2 - count(d.day)) / (e.last_day - e.from_day + 3)::double) as nats
    from ends as e
    inner join days as d
        on e.bucket = d.bucket and e.provider = d.provider and d.day between e.from_day and e.last_day
    group by e.bucket, e.provider, e.last_day, e.from_day
),

logs as (
    select
        bucket,
        provider,
        list(distinct source order by source) as sources,
        list(distinct account_id order by account_id) as accounts
    from bucket_cover
    where day between $day - 89 and $day
    group by bucket, provider
),

recent as (
    select
        bucket,
        provider,
        sum(events) filter (where day = $day) as events,
        coalesce(sum(reads) filter (where day = $day), 0)::bigint as reads_today,
        coalesce(sum(reads_with_bytes) filter (where day = $day), 0)::bigint as sized_today,
        coalesce(sum(reads) filter (where day > $day - 28), 0)::bigint as reads,
        coalesce(sum(reads_with_bytes) filter (where day > $day - 28), 0)::bigint as sized
    from days
    group by bucket, provider
)

select
    w.bucket,
    w.provider,
    e.last_day,
    coalesce(r.events, 0)::bigint as events,
    coalesce(l.sources, []) as sources,
    coalesce(l.accounts, []) as accounts,
    coalesce(greatest(c.nats, p.nats), 0) as silence_nats,
    case when r.reads_today > 0 then r.reads_today else coalesce(r.reads, 0) end as reads,
    case when r.reads_today > 0 then r.sized_today else coalesce(r.sized, 0) end as reads_with_bytes
from wanted as w
left join ends as e on w.bucket = e.bucket and w.provider = e.provider
left join by_count as c on w.bucket = c.bucket and w.provider = c.provider
left join by_presence as p on w.bucket = p.bucket and w.provider = p.provider
left join logs as l on w.bucket = l.bucket and w.provider = l.provider
left join recent as r on w.bucket = r.bucket and w.provider = r.provider
order by w.provider, w.bucket
