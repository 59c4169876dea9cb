-- stage:     sessions/flows
-- row:       what one session did between one bucket and one destination from one address
-- key:       identity
-- inputs:    acts
-- grain:     session_id, bucket, destination, source_ip, network
-- owner:     detection
select
    session_id,
    day,
    identity,
    actor,
    coalesce(bucket, '') as bucket,
    coalesce(destination, '') as destination,
    coalesce(source_ip, '') as source_ip,
    network,
    min(network_kind) as network_kind,
    min(destination_account) as destination_account,
    min(destination_bucket) as destination_bucket,
    min(destination_relation) as destination_relation,
    bool_or(stays_guarded) as stays_guarded,
    min(identity_account) as identity_account,
    min(sensitivity) as sensitivity,
    min(sensitivity_weight) as sensitivity_weight,
    count(*) as acts,
    count(*) filter (where operation = 'read' and outcome = 'ok') as reads,
    count(*) filter (where operation = 'copy' and outcome = 'ok') as copies,
    count(*) filter (where operation = 'share' and outcome = 'ok') as shares,
    count(*) filter (where operation in ('list', 'head')) as looks,
    count(*) filter (where operation = 'write' and outcome = 'ok') as writes,
    count(*) filter (where outcome = 'denied') as denied,
    count(distinct object_key) filter (where operation in ('read', 'copy') and outcome = 'ok' and not stays_guarded)
        as objects,
    coalesce(sum(bytes_read), 0)::bigint as bytes_read,
    coalesce(sum(bytes_written), 0)::bigint as bytes_written,
    min(ts_us) as first_us,
    max(ts_us) as last_us
from acts
group by
    session_id, day, identity, actor, coalesce(bucket, ''), coalesce(destination, ''), coalesce(source_ip, ''), network
