-- stage:     baselines/actor_day
-- row:       what one actor did on one day
-- key:       identity
-- inputs:    sessions
-- grain:     actor
-- owner:     detection
select
    identity,
    actor,
    day,
    min(identity_kind) as identity_kind,
    count(*) as sessions,
    sum(reads)::bigint as reads,
    sum(objects)::bigint as objects,
    sum(bytes_read)::bigint as bytes_read,
    sum(weighted_bytes)::bigint as weighted_bytes,
    sum(copies)::bigint as copies,
    sum(deletes)::bigint as deletes,
    sum(restores)::bigint as restores,
    sum(denied)::bigint as denied,
    sum(secret_reads)::bigint as secret_reads,
    sum(configures)::bigint as configures,
    max(sweep_reads) as sweep_reads,
    max(buckets_probed) as buckets_probed,
    max(busiest_minute_reads) as busiest_minute_reads,
    max(end_us - start_us) as longest_session_us
from sessions
group by identity, actor, day
