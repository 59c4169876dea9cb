-- One kind of act in one stretch of ten minutes.
select
    min(ts_us) as first_us,
    max(ts_us) as last_us,
    operation,
    api,
    outcome,
    count(*) as acts,
    count(distinct bucket) as buckets,
    min(bucket) as bucket,
    sum(bytes_read)::bigint as bytes_read
from acts
where session_id = $session
group by ts_us // 600000000, operation, api, outcome
order by first_us, last_us, operation, api, outcome
limit $most
