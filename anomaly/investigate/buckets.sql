-- One bucket that a session touched.
select
    bucket,
    min(sensitivity) as sensitivity,
    count(*) filter (where operation = 'read' and outcome = 'ok') as reads,
    count(*) filter (where operation = 'read' and outcome = 'ok' and bytes_read is null) as reads_without_bytes,
    count(distinct object_key) filter (where operation in ('read', 'copy') and outcome = 'ok') as objects,
    coalesce(sum(bytes_read), 0)::bigint as bytes_read,
    count(*) filter (where operation = 'copy' and outcome = 'ok') as copies,
    count(*) filter (where operation = 'share' and outcome = 'ok') as shares,
    count(*) filter (where operation = 'write' and outcome = 'ok') as writes,
    count(*) filter (where operation = 'delete' and outcome = 'ok') as deletes,
    count(*) filter (where operation in ('list', 'head')) as looks,
    count(*) filter (where outcome = 'denied') as denied
from acts
where session_id = $session and bucket is not null
group by bucket
order by max(sensitivity_weight) desc, bytes_read desc, bucket
