-- stage:     joined/session_features
-- row:       one session that touched storage, with every signal of the model and the numbers its reasons are told with
-- key:       identity
-- inputs:    sessions, volume, slow, bucket, novelty, destination, egress_use, timing, process, workflow, confidence
-- grain:     session_id
-- owner:     detection
with judged as (
    select
        *,
        -- what a machine reads into our own networks has not left them: its volume counts half
        case when stays_inside and identity_kind in ('workload', 'service') then .5 else 1.0 end as reach
    from sessions
    -- signing in moves nothing: what holds only that is no session to judge
    where acts > auths
)

select
    s.session_id,
    s.day,
    s.identity,
    s.actor,
    s.identity_kind,
    v.own_days,
    v.day_bytes,
    v.day_objects,
    v.own_busiest_bytes,
    v.own_busiest_objects,
    v.kind_p99_bytes,
    v.kind_p99_objects,
    b.loudest_bucket,
    b.bucket_busiest_bytes,
    w.slow_days,
    w.slow_bytes,
    n.first_day,
    n.last_day,
    coalesce(n.active_days, 0) as active_days,
    t.hour,
    t.own_days_in_hour,
    t.own_days_of_sort,
    p.own_sweep_reads,
    p.own_buckets_probed,
    coalesce(d.copies_outside, 0) as copies_outside,
    coalesce(d.shares_outside, 0) as shares_outside,
    e.egress_bytes,
    e.egress_network,
    e.egress_network_bytes,
    e.egress_usual_bytes,
    e.hosts_shared,
    f.workflow_id,
    f.workflow_state,
    f.covered,
    s.reads_without_bytes > 0 as bytes_missing,
    c.acts_unplaced,
    c.moves_untold,
    c.egress_untold,
    c.hole_hours,
    c.confidence,
    s.reach * v.volume_bytes_own as volume_bytes_own,
    s.reach * v.volume_objects_own as volume_objects_own,
    s.reach * v.volume_bytes_kind as volume_bytes_kind,
    s.reach * v.volume_objects_kind as volume_objects_kind,
    s.reach * v.volume_rate_own as volume_rate_own,
    coalesce(w.volume_bytes_slow, 0.0) as volume_bytes_slow,
    coalesce(w.volume_objects_slow, 0.0) as volume_objects_slow,
    s.reach * coalesce(b.volume_bytes_bucket, 0.0) as volume_bytes_bucket,
    s.reach * coalesce(b.volume_objects_bucket, 0.0) as volume_objects_bucket,
    coalesce(n.destination_new, 0.0) as destination_new,
    coalesce(d.destination_outside, 0.0) as destination_outside,
    coalesce(d.destination_upload, 0.0) as destination_upload,
    coalesce(e.destination_egress, 0.0) as destination_egress,
    coalesce(e.destination_egress_new, 0.0) as destination_egress_new,
    coalesce(n.source_network_new, 0.0) as source_network_new,
    coalesce(n.source_country_new, 0.0) as source_country_new,
    coalesce(n.source_tool_new, 0.0) as source_tool_new,
    coalesce(n.source_credential_new, 0.0) as source_credential_new,
    coalesce(n.source_off_network, 0.0) as source_off_network,
    coalesce(n.source_dormant, 0.0) as source_dormant,
    coalesce(n.source_endpoint_outside, 0.0) as source_endpoint_outside,
    coalesce(n.source_origin_new, 0.0) as source_origin_new,
    -- an odd hour or day counts half where nothing sensitive was taken without approval: how, without what, is no theft
    case when f.workflow_none > 0 then 1.0 else .5 end * t.timing_hour_own as timing_hour_own,
    case when f.workflow_none > 0 then 1.0 else .5 end * t.timing_weekend_own as timing_weekend_own,
    t.timing_length_own,
    coalesce(w.timing_habit_new, 0.0) as timing_habit_new,
    p.process_sweep_own,
    p.process_probe_own,
    p.process_denied_own,
    p.process_secrets_own,
    p.process_delete_own,
    p.process_restore_own,
    p.process_logging,
    coalesce(n.process_bucket_new, 0.0) as process_bucket_new,
    s.reach * v.sensitivity_bytes_own as sensitivity_bytes_own,
    s.reach * v.sensitivity_bytes_kind as sensitivity_bytes_kind,
    coalesce(b.sensitivity_actor_new, 0.0) as sensitivity_actor_new,
    coalesce(b.sensitivity_network_new, 0.0) as sensitivity_network_new,
    f.workflow_elsewhere,
    f.workflow_envelope,
    f.workflow_expired,
    f.workflow_none,
    f.workflow_role
from judged as s
inner join volume as v on s.identity = v.identity and s.session_id = v.session_id
inner join timing as t on s.identity = t.identity and s.session_id = t.session_id
inner join process as p on s.identity = p.identity and s.session_id = p.session_id
inner join workflow as f on s.identity = f.identity and s.session_id = f.session_id
inner join confidence as c on s.identity = c.identity and s.session_id = c.session_id
left join slow as w on s.identity = w.identity and s.session_id = w.session_id
left join bucket as b on s.identity = b.identity and s.session_id = b.session_id
left join novelty as n on s.identity = n.identity and s.session_id = n.session_id
left join destination as d on s.identity = d.identity and s.session_id = d.session_id
left join egress_use as e on s.identity = e.identity and s.session_id = e.session_id
