-- stage:     sessions/host_use
-- row:       one address, or instance that a session is named for, and who read from there that day
-- key:       none
-- inputs:    sessions
-- grain:     host
-- owner:     detection
with hosts as (
    select
        day,
        identity,
        -- the session of a virtual machine's credential is named for the machine
        unnest(case
            when regexp_matches(session_name, '^i-[0-9a-f]{8,17}$') then list_append(source_ips, session_name)
            else source_ips
        end) as host
    from sessions
    where reads != 0
)

select
    host,
    day,
    count(*) as sessions,
    count(distinct identity) as identities
from hosts
group by host, day
