-- One object that a session took (read or copied), the largest first.
select
    bucket,
    object_key,
    count(*) as acts,
    sum(bytes_read)::bigint as bytes_read,
    min(ts_us) as first_us
from acts
where session_id = $session and operation in ('read', 'copy') and outcome = 'ok' and object_key is not null
group by bucket, object_key
order by bytes_read desc nulls last, first_us, bucket, object_key
limit $most
