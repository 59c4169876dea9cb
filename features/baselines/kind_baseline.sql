-- stage:     baselines/kind_baseline
-- row:       the usual and the largest days of one kind of identity in the 30 days before
-- key:       identity_kind
-- history:   actor_day 30
-- grain:     identity_kind
-- owner:     detection
select
    identity_kind,
    count(*) as actor_days,
    quantile_disc(bytes_read, .95) as p95_bytes,
    quantile_disc(bytes_read, .99) as p99_bytes,
    quantile_disc(objects, .95) as p95_objects,
    quantile_disc(objects, .99) as p99_objects,
    quantile_disc(weighted_bytes, .95) as p95_weighted_bytes,
    quantile_disc(weighted_bytes, .99) as p99_weighted_bytes,
    quantile_disc(busiest_minute_reads, .95) as p95_minute_reads,
    quantile_disc(sweep_reads, .95) as p95_sweep_reads,
    quantile_disc(buckets_probed, .95) as p95_buckets_probed,
    quantile_disc(denied, .95) as p95_denied,
    quantile_disc(deletes, .95) as p95_deletes,
    quantile_disc(longest_session_us, .95) as p95_session_us
from actor_day_history
group by identity_kind
