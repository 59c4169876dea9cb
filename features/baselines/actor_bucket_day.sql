-- stage:     baselines/actor_bucket_day
-- row:       what one actor took from one bucket on one day
-- key:       identity
-- inputs:    flows
-- grain:     actor, bucket
-- owner:     detection
select
    identity,
    actor,
    bucket,
    day,
    sum(reads + copies)::bigint as reads,
    sum(objects)::bigint as objects,
    sum(bytes_read)::bigint as bytes_read
from flows
where bucket != ''
group by identity, actor, bucket, day
