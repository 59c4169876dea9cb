-- stage:     signals/novelty
-- row:       how surprising a session's network, tool, credential, buckets and destinations are for its actor
-- key:       identity
-- inputs:    facets
-- before:    actor_seen, kind_seen
-- context:   expected_countries
-- broadcast: kind_seen_before
-- grain:     session_id
-- owner:     detection
with everyone as (
    select
        facet,
        value,
        sum(actor_days)::bigint as actor_days
    from kind_seen_before
    group by facet, value
),

active as (
    select
        identity,
        actor,
        facet,
        first_day,
        last_day,
        days_seen
    from actor_seen_before
    where facet in ('active', 'origin_known')
),

shown as (
    select
        *,
        -- an origin is judged by the days on which one was known, all else by the days at work
        case when facet = 'origin' then 'origin_known' else 'active' end as counted_by
    from facets
),

probabilities as (
    -- of the value in the whole organisation, then in the actor's kind, then for the actor itself
    select
        f.session_id,
        f.day,
        f.identity,
        f.actor,
        f.identity_kind,
        f.facet,
        f.value,
        a.first_day,
        a.last_day,
        a.days_seen,
        backed_off(
            own.days_seen,
            a.days_seen,
            backed_off(
                kind.actor_days,
                kind_active.actor_days,
                (coalesce(every.actor_days, 0) + .5) / (coalesce(every_active.actor_days, 0) + 1)
            )
        ) as probability
    from shown as f
    left join active as a on f.identity = a.identity and f.actor = a.actor and f.counted_by = a.facet
    left join actor_seen_before as own
        on f.identity = own.identity and f.actor = own.actor and f.facet = own.facet and f.value = own.value
    left join kind_seen_before as kind
        on f.identity_kind = kind.identity_kind and f.facet = kind.facet and f.value = kind.value
    left join kind_seen_before as kind_active
        on f.identity_kind = kind_active.identity_kind and f.counted_by = kind_active.facet
    left join everyone as every on f.facet = every.facet and f.value = every.value
    left join everyone as every_active on f.counted_by = every_active.facet
),

surprises as (
    select
        p.* exclude (first_day, last_day, days_seen),
        -- the actor's own days; of an origin they are other days
        case when p.facet != 'origin' then p.first_day end as first_day,
        case when p.facet != 'origin' then p.last_day end as last_day,
        case when p.facet != 'origin' then p.days_seen end as days_seen,
        case
            -- where the organisation names the countries it works from, none of them is a surprise and any other
            -- is at least as surprising as one day in 800 (-ln(2 / 800) = 6)
            when p.facet = 'country' and e.country is not null then 0.0
            when p.facet = 'country' and (select count(*) from expected_countries) > 0
                then greatest(6.0, surprise(p.probability))
            else surprise(p.probability)
        end as surprise
    from probabilities as p
    left join expected_countries as e on p.value = e.country
)

select
    session_id,
    day,
    identity,
    max(first_day) as first_day,
    max(last_day) as last_day,
    coalesce(max(days_seen), 0) as active_days,
    coalesce(max(surprise) filter (where facet = 'network'), 0.0) as source_network_new,
    coalesce(max(surprise) filter (where facet = 'country'), 0.0) as source_country_new,
    coalesce(max(surprise) filter (where facet = 'tool'), 0.0) as source_tool_new,
    coalesce(max(surprise) filter (where facet = 'credential' and days_seen > 0), 0.0)
        as source_credential_new,
    -- a machine's credential at work on the internet, where its kind and itself are not
    coalesce(
        max(surprise) filter (
            where facet in ('network_kind', 'machine_network') and value in ('internet', 'malformed')
            and identity_kind in ('workload', 'service')
        ),
        0.0
    ) as source_off_network,
    -- the console comes through the provider's own endpoints, so such a path may be a habit
    coalesce(max(surprise) filter (where facet = 'path'), 0.0) as source_endpoint_outside,
    coalesce(max(surprise) filter (where facet = 'origin'), 0.0) as source_origin_new,
    -- silence of a week is nothing; a new actor is as surprising as one silent for 90 days
    least(12.0, greatest(0.0, ln(coalesce(max(day - last_day), 90) / 7.0))) * 2 as source_dormant,
    coalesce(max(surprise) filter (where facet = 'bucket'), 0.0) as process_bucket_new,
    -- what moves within the organisation has not left it: a quarter as surprising
    coalesce(
        max(surprise * case when value = 'own' then .25 else 1.0 end) filter (where facet = 'destination'),
        0.0
    ) as destination_new
from surprises
group by session_id, day, identity
