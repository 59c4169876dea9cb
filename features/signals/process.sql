-- stage:     signals/process
-- row:       how far the way a session works (sweeping, probing, hunting, deleting) is above its actor's own past
-- key:       identity
-- inputs:    sessions, kind_baseline
-- history:   actor_day 30
-- broadcast: kind_baseline
-- grain:     session_id
-- owner:     detection
with own as (
    select
        identity,
        actor,
        count(*) as own_days,
        max(sweep_reads) as sweep_reads,
        max(buckets_probed) as buckets_probed,
        max(denied) as denied,
        max(secret_reads) as secret_reads,
        max(deletes) as deletes,
        max(restores) as restores
    from actor_day_history
    group by identity, actor
)

select
    s.session_id,
    s.day,
    s.identity,
    o.sweep_reads as own_sweep_reads,
    o.buckets_probed as own_buckets_probed,
    above(s.sweep_reads, own_most(o.own_days, o.sweep_reads, k.p95_sweep_reads), 20) as process_sweep_own,
    above(s.buckets_probed, own_most(o.own_days, o.buckets_probed, k.p95_buckets_probed), 3) as process_probe_own,
    above(s.denied, own_most(o.own_days, o.denied, k.p95_denied), 3) as process_denied_own,
    above(s.secret_reads, o.secret_reads, 1) as process_secrets_own,
    -- taken, then deleted: both in one session
    case when s.objects > 0
        then above(s.deletes, own_most(o.own_days, o.deletes, k.p95_deletes), 5)
        else 0.0 end as process_delete_own,
    above(s.restores, o.restores, 3) as process_restore_own,
    least(12.0, 4.0 * s.logging_changes)::double as process_logging
from sessions as s
left join own as o on s.identity = o.identity and s.actor = o.actor
left join kind_baseline as k on s.identity_kind = k.identity_kind
