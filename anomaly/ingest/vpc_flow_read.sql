-- One row an outbound flow record, or a record that cannot stand; the rest is only counted.
-- Reads lines(rn, segment, record, line), where a line is "layout|record" (vpc_flow.py).
-- Places in a layout: 1 account-id, 2 srcaddr, 3 dstaddr, 4 dstport, 5 bytes, 6 start, 7 end, 8 action, 9 log-status,
-- 10 instance-id, 11 pkt-srcaddr, 12 flow-direction, 13 region.
create or replace temp table raw as
with halves as (
    select
        rn,
        segment,
        record,
        split_part(line, '|', 1) as layout,
        string_split(line[strpos(line, '|') + 1:], ' ') as fields
    from lines
),

layouts as (
    -- a column that a file does not have is at place 0, where a list holds nothing
    select
        layout,
        string_split(layout, ',')::bigint[] as place
    from (select distinct layout from halves)
    where layout != ''
),

named as (
    select
        halves.rn,
        halves.segment,
        halves.record,
        halves.fields,
        halves.layout,
        fields[place[1]] as account_id,
        fields[place[2]] as source_address,
        fields[place[3]] as destination_address,
        fields[place[4]] as destination_port,
        fields[place[5]] as bytes,
        fields[place[7]] as end_s,
        fields[place[8]] as action,
        fields[place[9]] as log_status,
        fields[place[10]] as instance_id,
        fields[place[11]] as packet_source,
        fields[place[12]] as direction,
        fields[place[13]] as region,
        -- 1142294400 is 2006-03-14, 4102444800 is 2100-01-01
        case when try_cast(fields[place[6]] as bigint) between 1142294400 and 4102444799
            then make_timestamp(try_cast(fields[place[6]] as bigint) * 1000000) end as event_time,
        case when try_cast(fields[place[7]] as bigint) between 1142294400 and 4102444799
            then make_timestamp(try_cast(fields[place[7]] as bigint) * 1000000) end as end_time
    from halves
    left join layouts on halves.layout = layouts.layout
),

judged as (
    select
        *,
        case
            when layout = ''
                then 'no header that names srcaddr, dstaddr, bytes, start and end, and not the default columns'
            when log_status in ('NODATA', 'SKIPDATA') then null
            when end_s is null then 'the record has ' || len(fields) || ' fields, fewer than its header'
            when not regexp_matches(source_address, $ip_address) or not regexp_matches(destination_address, $ip_address)
                then 'srcaddr or dstaddr is no address'
            when try_cast(bytes as bigint) is null or try_cast(bytes as bigint) < 0 then 'bytes is no number'
            when event_time is null or end_time is null then 'start or end is no time from 2006-03-14 to 2100-01-01'
        end as defect
    from named
)

select
    rn,
    segment,
    record,
    false as is_marker,
    defect,
    case when defect is not null then array_to_string(fields, ' ') end as defect_text,
    event_time,
    end_time,
    'digest-' || md5(array_to_string(fields, ' ')) as event_id,
    nullif(account_id, 'unknown') as account_id,
    source_address,
    destination_address,
    try_cast(destination_port as bigint) as destination_port,
    try_cast(bytes as bigint) as bytes_out,
    nullif(coalesce(instance_id, '-'), '-') as instance_id,
    nullif(coalesce(region, '-'), '-') as region
from judged
where
    defect is not null
    or (
        coalesce(log_status, 'OK') = 'OK'
        and coalesce(action, 'ACCEPT') = 'ACCEPT'
        and coalesce(direction, 'egress') != 'ingress'
        and try_cast(bytes as bigint) > 0
        and not regexp_matches(destination_address, $not_outside)
        -- without a direction, what leaves starts at a private address
        and (direction = 'egress' or regexp_matches(source_address, $not_outside))
        -- a gateway's interface repeats what the workload's own interface has
        and coalesce(nullif(packet_source, '-'), source_address) = source_address
    )
