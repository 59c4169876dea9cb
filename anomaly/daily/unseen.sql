-- One facet: how many of the day's sessions showed a value of it that nobody had shown before the day, how many such
-- values there are, and some of them. Reads facets of the day and kind_seen of the day before it that has events.
with known as (
    select distinct
        facet,
        value
    from kind_seen
),

shown as (
    select
        facets.facet,
        facets.session_id,
        facets.value,
        known.value is null as is_new
    from facets
    left join known on facets.facet = known.facet and facets.value = known.value
    where facets.facet in ('network', 'tool', 'bucket', 'country')
)

select
    facet,
    count(distinct session_id) as sessions,
    count(distinct session_id) filter (where is_new) as sessions_with_unseen,
    count(distinct value) filter (where is_new) as unseen_values,
    coalesce((list(distinct value order by value) filter (where is_new))[:5], []) as examples
from shown
group by facet
order by facet
