-- stage:     signals/bucket
-- row:       the most unusual use of a bucket within one session
-- key:       identity
-- inputs:    bucket_use
-- grain:     session_id
-- owner:     detection
with placed as (
    select
        *,
        row_number() over (partition by identity, session_id order by bytes_above desc, bucket) as place
    from bucket_use
)

select
    session_id,
    day,
    identity,
    -- the bucket that volume_bytes_bucket speaks of, and what it was held to
    max(case when place = 1 then bucket end) as loudest_bucket,
    max(case when place = 1 then bucket_busiest_bytes end) as bucket_busiest_bytes,
    max(bytes_above) as volume_bytes_bucket,
    max(objects_above) as volume_objects_bucket,
    max(actor_surprise) as sensitivity_actor_new,
    max(network_surprise) as sensitivity_network_new
from placed
group by session_id, day, identity
