-- One place that a session came from.
select
    source_ip,
    network,
    network_kind,
    country,
    via_endpoint,
    count(*) as acts,
    count(*) filter (where operation = 'read' and outcome = 'ok') as reads,
    count(*) filter (where operation = 'read' and outcome = 'ok' and bytes_read is null) as reads_without_bytes,
    coalesce(sum(bytes_read), 0)::bigint as bytes_read,
    min(ts_us) as first_us,
    max(ts_us) as last_us
from acts
where session_id = $session
group by source_ip, network, network_kind, country, via_endpoint
order by acts desc, first_us, source_ip
