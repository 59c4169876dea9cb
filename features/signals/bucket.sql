-- stage:     signals/bucket
-- row:       the most unusual use of a bucket within one session
-- key:       identity
-- inputs:    bucket_use
-- grain:     session_id
-- owner:     detection
select
    session_id,
    day,
    identity,
    max(bucket_busiest_bytes) as bucket_busiest_bytes,
    max(bytes_above) as volume_bytes_bucket,
    max(objects_above) as volume_objects_bucket,
    max(actor_surprise) as sensitivity_actor_new,
    max(network_surprise) as sensitivity_network_new
from bucket_use
group by session_id, day, identity
