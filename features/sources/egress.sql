-- stage:     sources/egress
-- row:       what one host sent to one outside address within ten minutes, from the flow logs
-- key:       destination_ip
-- inputs:    events
-- context:   addresses
-- grain:     host, source_ip, slot_us, destination_ip
-- owner:     detection
with flow_records as (
    select
        coalesce(workload, source_ip, '') as host,
        coalesce(source_ip, '') as source_ip,
        epoch_us(event_time) // 600000000 * 600000000 as slot_us,
        destination_ip,
        bytes_out
    from events
    where operation = 'flow' and destination_ip is not null
)

select
    f.host,
    f.source_ip,
    $day::integer as day,
    f.slot_us,
    f.destination_ip,
    coalesce(min(a.network), 'unknown') as network,
    coalesce(min(a.network_kind), 'internet') as network_kind,
    sum(f.bytes_out)::bigint as bytes_out
from flow_records as f
left join addresses as a on f.destination_ip = a.source_ip
-- what goes to a network of our own has not left
where coalesce(a.network_kind, 'internet') not in ('office', 'vpn', 'onprem', 'nat', 'vpc', 'ci', 'private')
group by f.host, f.source_ip, f.slot_us, f.destination_ip
