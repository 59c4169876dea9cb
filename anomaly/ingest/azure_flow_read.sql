-- One row an outbound flow tuple, or a record that cannot stand; the rest is only counted.
-- Reads lines(rn, segment, record, line): kind, subscription, machine, region, mac and tuple with tabs between.
-- Places in a tuple: 1 time, 2 and 4 source, 3 and 5 destination, 6 protocol, 7 direction, 8 state (of a security
-- group: decision), 9 encryption (state), 10 and 11 packets and bytes sent, 12 and 13 received.
-- Counts of a tuple are those since the flow's tuple before; one that begins a flow has none.
create or replace temp table raw as
with named as (
    select
        rn,
        segment,
        record,
        line,
        string_split(line, chr(9)) as about
    from lines
),

tuples as (
    select
        *,
        about[1] as kind,
        case when about[1] in ('vnet', 'nsg') then string_split(about[6], ',') end as fields
    from named
),

timed as (
    -- version 2 counts seconds, later ones milliseconds; 10^11 seconds are the year 5138
    select
        *,
        case
            when length(fields[1]) < 15 then make_timestamp(
                try_cast(fields[1] as bigint)
                * case when try_cast(fields[1] as bigint) < 100000000000 then 1000000 else 1000 end
            )
        end as event_time,
        try_cast(nullif(fields[11], '') as bigint) as bytes_out
    from tuples
),

judged as (
    select
        *,
        case
            when kind = 'damaged' then about[2]
            when kind = 'other' then null
            when len(fields) < 8 then 'the tuple has ' || len(fields) || ' fields, fewer than 8'
            when event_time is null then 'the tuple has no time'
            when event_time not between timestamp '2010-02-01' and timestamp '2100-01-01'
                then 'the time is outside 2010-02-01 (Azure opened) to 2100-01-01'
            when not regexp_matches(fields[2], $ip_address) or not regexp_matches(fields[3], $ip_address)
                then 'source or destination is no address'
            when coalesce(fields[11], '') != '' and (bytes_out is null or bytes_out < 0) then 'bytes is no number'
        end as defect
    from timed
)

select
    rn,
    segment,
    record,
    false as is_marker,
    defect,
    case when defect is not null then coalesce(about[6], about[3], line) end as defect_text,
    event_time,
    'digest-' || md5(about[5] || '|' || about[6]) as event_id,
    nullif(about[2], '') as subscription,
    nullif(about[3], '') as machine,
    nullif(about[4], '') as region,
    fields[2] as source_address,
    fields[3] as destination_address,
    try_cast(fields[5] as bigint) as destination_port,
    bytes_out
from judged
where
    defect is not null
    or (
        kind in ('vnet', 'nsg')
        and fields[7] = 'O'
        and fields[8] != 'D'
        and bytes_out > 0
        and not regexp_matches(fields[3], $not_outside)
        -- the platform's own services answer there (DNS, health probes), inside
        and fields[3] != '168.63.129.16'
    )
