-- stage:     signals/egress_use
-- row:       one session whose hosts sent data to outside networks around its reads, by the flow logs
-- key:       identity
-- inputs:    sessions, flows, egress, host_use
-- history:   egress_day 30
-- broadcast: egress, egress_day_history, host_use
-- grain:     session_id
-- owner:     detection
with outside as (
    select
        * exclude (day),
        unnest(list_distinct([source_ip, host])) as known_as
    from egress
),

host_days as (
    select
        host,
        count(distinct day) as days
    from egress_day_history
    group by host
),

host_networks as (
    select
        host,
        network,
        count(*) as days,
        max(bytes_out) as busiest_bytes
    from egress_day_history
    group by host, network
),

network_days as (
    select
        network,
        count(*) as host_days
    from egress_day_history
    group by network
),

all_days as (
    select sum(days)::bigint as host_days
    from host_days
),

reading as (
    select
        identity,
        session_id,
        min(first_us) as first_read_us,
        max(sensitivity_factor(sensitivity_weight)) as factor
    from flows
    where reads > 0
    group by identity, session_id
),

spans as (
    select
        s.session_id,
        s.day,
        s.identity,
        s.session_name,
        s.source_ips,
        r.factor,
        -- of reads without a size nothing is known, so nothing caps what may have left
        case when s.reads_without_bytes = 0 then s.bytes_read end as known_bytes,
        r.first_read_us // 600000000 * 600000000 as read_us,
        s.end_us + 3600000000 as hour_us
    from sessions as s
    inner join reading as r on s.identity = r.identity and s.session_id = r.session_id
    where r.factor > 0
),

hosts as (
    select
        * exclude (session_name, source_ips),
        unnest(list_distinct(list_append(source_ips, session_name))) as host
    from spans
),

held as (
    select
        h.*,
        -- a host at which nobody else read: what it sends at any hour of the day is this identity's to answer for
        coalesce(u.identities = 1, false) as is_own
    from hosts as h
    left join host_use as u on h.host = u.host
),

-- so each of its sessions answers from its first read to the next one's, the first of the day also for what went before
timed as (
    select
        *,
        case when is_own and lag(read_us) over own is null then 0 else read_us end as from_us,
        case
            when is_own then greatest(hour_us, coalesce(lead(read_us) over own - 1, 9223372036854775807))
            else hour_us
        end as until_us
    from held
    window own as (partition by identity, host order by read_us, session_id)
),

answered as (
    select
        s.* exclude (host),
        e.* exclude (known_as)
    from timed as s
    inner join outside as e on s.host = e.known_as
    where e.slot_us between s.from_us and s.until_us
),

-- a host known by its address and by its name is one: its rows come once
sent as (
    select
        * exclude (read_us, hour_us, from_us, until_us),
        slot_us between read_us and hour_us as is_near
    from answered
    qualify row_number() over (
        partition by identity, session_id, host, source_ip, slot_us, destination_ip order by is_own desc
    ) = 1
),

matched as (
    select
        s.session_id,
        s.day,
        s.identity,
        s.factor,
        s.known_bytes,
        s.host,
        s.network,
        min(case when s.network_kind = 'partner' then .5 else 1.0 end) as weight,
        max(greatest(coalesce(address.sessions, 0), coalesce(machine.sessions, 0))) as shared,
        bool_or(s.is_own) as is_own,
        sum(s.bytes_out)::bigint as bytes_out,
        coalesce(sum(s.bytes_out) filter (where s.is_near), 0)::bigint as near_bytes
    from sent as s
    left join host_use as address on s.source_ip = address.host
    left join host_use as machine on s.host = machine.host
    group by s.session_id, s.day, s.identity, s.factor, s.known_bytes, s.host, s.network
),

judged as (
    select
        m.*,
        coalesce(h.busiest_bytes, 0) as usual_bytes,
        m.weight * greatest(0, m.bytes_out - coalesce(h.busiest_bytes, 0)) as beyond,
        m.weight * surprise(backed_off(
            h.days, d.days, (coalesce(n.host_days, 0) + .5) / (coalesce(a.host_days, 0) + 1)
        )) as network_surprise,
        -- of the order of what was read; less than 64 kB is the talk of any connection, and of a day less than 4 MiB
        m.near_bytes >= case when m.known_bytes is null then 4194304 else greatest(65536, m.known_bytes / 10) end
        or m.bytes_out >= greatest(4194304, coalesce(m.known_bytes, 0) / 10) as is_match
    from matched as m
    left join host_networks as h on m.host = h.host and m.network = h.network
    left join host_days as d on m.host = d.host
    left join network_days as n on m.network = n.network
    left join all_days as a on true
),

placed as (
    select
        *,
        row_number() over (
            partition by identity, session_id order by beyond desc, bytes_out desc, network, host
        ) as place
    from judged
)

select
    session_id,
    day,
    identity,
    sum(bytes_out)::bigint as egress_bytes,
    max(case when place = 1 then network end) as egress_network,
    max(case when place = 1 then bytes_out end) as egress_network_bytes,
    max(case when place = 1 then usual_bytes end) as egress_usual_bytes,
    max(shared)::bigint as hosts_shared,
    -- others' traffic of a shared host is not charged to this one beyond what it read itself; what left a host of its
    -- own may have been read on days before
    max(above(case when is_own then beyond else least(beyond, coalesce(known_bytes, beyond)) end, 0, 4194304) * factor)
        as destination_egress,
    max(case when is_match then network_surprise * factor else 0.0 end) as destination_egress_new
from placed
group by session_id, day, identity
