-- row:    one event of a day that can matter to the sessions of the callers
-- inputs: events (one day), trial_identities
-- The callers' own, what hands out credentials, what leaves on the wire, and whoever shares a host with outside traffic
-- or a request with them. Every other signal of a session is held against days before.
with own as (
    select
        request_id,
        shared_event_id,
        source_ip
    from events
    semi join trial_identities on events.identity = trial_identities.identity
),

flow_hosts as (
    select source_ip as host
    from events
    where operation = 'flow'
    union all
    select workload
    from events
    where operation = 'flow'
)

select *
from events
where
    identity in (select identity from trial_identities)
    or operation in ('flow', 'auth')
    or issued_identity is not null
    or issued_key_id is not null
    or source_ip in (select host from flow_hosts where host is not null)
    or session_name in (select host from flow_hosts where host is not null)
    or request_id in (select request_id from own where request_id is not null)
    or shared_event_id in (select shared_event_id from own where shared_event_id is not null)
