-- row:    one actor that read objects of the bucket's cloud: whom injected events may be shaped like
-- inputs: acts (days before), buckets_of_cloud
-- $bucket: the bucket that is asked about
with reads as (
    select
        a.actor,
        a.identity,
        a.identity_kind,
        a.event_id,
        a.ts_us,
        a.day,
        a.bucket = $bucket as is_here
    from acts as a
    semi join buckets_of_cloud as b on a.bucket = b.bucket
    -- who signs nothing, or lends a signature, has no habits
    where a.operation = 'read' and a.outcome = 'ok' and a.identity_kind not in ('anonymous', 'signed_url')
)

select
    actor,
    identity,
    arg_max(identity_kind, (ts_us, event_id)) as kind,
    count(distinct day) filter (where is_here) as days_here,
    count(distinct day) as days,
    coalesce(bool_or(is_here), false) as is_reader,
    coalesce(
        arg_max(event_id, (ts_us, event_id)) filter (where is_here), arg_max(event_id, (ts_us, event_id))
    ) as event_id
from reads
group by actor, identity
order by actor, identity
