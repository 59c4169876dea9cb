-- One case of the day, with what its sessions did put together; the words are those of its most unusual session.
-- Reads scores, sessions, session_features and flows of one day.
with members as (
    select
        scores.*,
        sessions.* exclude (session_id, day, identity, actor),
        features.workflow_id,
        features.workflow_state
    from scores
    inner join sessions on scores.session_id = sessions.session_id
    inner join session_features as features on scores.session_id = features.session_id
),

taken as (
    select
        scores.case_id,
        flows.bucket,
        min(flows.sensitivity) as sensitivity,
        max(flows.sensitivity_weight) as weight,
        sum(flows.bytes_read) as bytes_read,
        sum(flows.reads + flows.copies + flows.shares) > 0 as moved
    from flows
    inner join scores on flows.session_id = scores.session_id
    where flows.bucket != ''
    group by scores.case_id, flows.bucket
),

buckets as (
    select
        case_id,
        -- what was moved comes first, then the most sensitive
        list(
            { 'bucket': bucket, 'sensitivity': sensitivity }
            order by moved desc, weight desc, bytes_read desc, bucket
        ) as buckets
    from taken
    group by case_id
)

select
    min(m.day) as day,
    m.case_id,
    min(m.case_rank) as case_rank,
    bool_or(m.alert) as alert,
    bool_and(m.covered) as covered,
    arg_min(m.session_id, m.rank) as session_id,
    max(m.score) as score,
    min(m.expected_per_day) as expected_per_day,
    min(m.q_value) as q_value,
    arg_min(m.identity, m.rank) as identity,
    arg_min(m.identity_kind, m.rank) as identity_kind,
    arg_min({ 'name': m.session_name }, m.rank).name as session_name,
    list(distinct m.actor order by m.actor) as actors,
    list(m.session_id order by m.rank) as sessions,
    min(m.start_us) as start_us,
    max(m.end_us) as end_us,
    list_sort(list_distinct(flatten(list(m.networks)))) as networks,
    list_sort(list_distinct(flatten(list(m.countries)))) as countries,
    list_sort(list_distinct(flatten(list(m.source_ips)))) as source_ips,
    list_sort(list_distinct(flatten(list(m.tools)))) as tools,
    coalesce(any_value(b.buckets), []) as buckets,
    list_sort(list_distinct(flatten(list(m.destinations)))) as destinations,
    sum(m.bytes_read)::bigint as bytes_read,
    sum(m.reads_without_bytes)::bigint as reads_without_bytes,
    sum(m.reads)::bigint as reads,
    sum(m.objects)::bigint as objects,
    sum(m.copies)::bigint as copies,
    arg_min(m.headline, m.rank) as headline,
    arg_min(m.confidence, m.rank) as confidence,
    arg_min(m.confidence_reasons, m.rank) as confidence_reasons,
    arg_min(m.family, m.rank) as family,
    arg_min({ 'id': m.workflow_id }, m.rank).id as workflow_id,
    arg_min(m.workflow_state, m.rank) as workflow_state,
    min(m.model_version) as model_version
from members as m
left join buckets as b on m.case_id = b.case_id
group by m.case_id
order by case_rank nulls last, score desc, m.case_id
