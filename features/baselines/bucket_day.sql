-- stage:     baselines/bucket_day
-- row:       what left one bucket on one day
-- key:       bucket
-- inputs:    flows
-- grain:     bucket
-- owner:     detection
with actors as (
    select
        bucket,
        day,
        actor,
        sum(objects)::bigint as objects,
        sum(bytes_read)::bigint as bytes_read
    from flows
    where bucket != ''
    group by bucket, day, actor
)

select
    bucket,
    day,
    count(*) as actors,
    sum(objects)::bigint as objects,
    sum(bytes_read)::bigint as bytes_read,
    max(objects) as busiest_actor_objects,
    max(bytes_read) as busiest_actor_bytes
from actors
group by bucket, day
