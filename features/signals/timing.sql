-- stage:     signals/timing
-- row:       how unusual the hour, the day and the length of a session are for its actor
-- key:       identity
-- inputs:    sessions, kind_hour, kind_baseline
-- history:   actor_hour_day 45, actor_day 30
-- broadcast: kind_hour, kind_baseline
-- grain:     session_id
-- owner:     detection
with hours as (
    -- one habit spans neighbouring hours: an hour counts as used when the hour before or after was
    select
        identity,
        actor,
        weekend,
        hour,
        max(days) as days
    from (
        select
            identity,
            actor,
            weekend,
            (hour + unnest([0, 1, 23])) % 24 as hour,
            count(*) as days
        from actor_hour_day_history
        group by identity, actor, weekend, hour
    )
    group by identity, actor, weekend, hour
),

days as (
    select
        identity,
        actor,
        weekend,
        count(distinct day) as days,
        $day - min(day) as span
    from actor_hour_day_history
    group by identity, actor, weekend
),

own as (
    select
        identity,
        actor,
        count(*) as own_days,
        max(longest_session_us) as longest_session_us
    from actor_day_history
    group by identity, actor
),

kind_days as (
    -- an hour at which nobody of the kind ever worked has no row in kind_hour: it is rare, not unknown
    select
        identity_kind,
        weekend,
        max(actor_days) as actor_days
    from kind_hour
    group by identity_kind, weekend
),

placed as (
    select
        session_id,
        day,
        identity,
        actor,
        identity_kind,
        start_us,
        end_us,
        (start_us // 3600000000 % 24)::integer as hour,
        is_weekend(day) as weekend
    from sessions
)

select
    p.session_id,
    p.day,
    p.identity,
    p.hour,
    coalesce(h.days, 0) as own_days_in_hour,
    coalesce(d.days, 0) as own_days_of_sort,
    surprise(
        backed_off(h.days, d.days, (coalesce(k.actor_days_in_hour, 0) + .5) / (coalesce(w.actor_days, 0) + 1))
    ) as timing_hour_own,
    -- a day of rest is told from the days it could have worked
    case when p.weekend
        then surprise(backed_off(d.days, greatest(1, coalesce(d.span, o.own_days * 7 / 5) * 2 // 7), .2))
        else 0.0 end as timing_weekend_own,
    above(
        (p.end_us - p.start_us) // 1000000,
        own_most(o.own_days, o.longest_session_us, b.p95_session_us) // 1000000,
        1800
    ) as timing_length_own
from placed as p
left join hours as h
    on p.identity = h.identity and p.actor = h.actor and p.weekend = h.weekend and p.hour = h.hour
left join days as d on p.identity = d.identity and p.actor = d.actor and p.weekend = d.weekend
left join own as o on p.identity = o.identity and p.actor = o.actor
left join kind_hour as k on p.identity_kind = k.identity_kind and p.weekend = k.weekend and p.hour = k.hour
left join kind_days as w on p.identity_kind = w.identity_kind and p.weekend = w.weekend
left join kind_baseline as b on p.identity_kind = b.identity_kind
