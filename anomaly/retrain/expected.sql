-- row:    one way that an expected session moved data: who, from which bucket, where to
-- inputs: flows (the days of the sessions), expected (session_id)
-- What is read goes to the caller, so its place is the destination: our network, or its own address.
with moved as (
    select
        f.identity,
        f.bucket,
        f.day,
        f.session_id,
        case
            when f.destination = '' and f.network_kind not in ('internet', 'malformed', 'unknown') then 'internal'
            when f.destination = '' and f.source_ip != '' then 'ip:' || f.source_ip
            when f.destination = '' then 'internet'
            -- a workflow names an account of Azure whole
            when starts_with(f.destination, 'azure-account:') then split_part(f.destination, '/', 1)
            else f.destination
        end as goes_to
    from flows as f
    semi join expected as e on f.session_id = e.session_id
    where
        f.bucket != ''
        and f.sensitivity_weight > 0
        and (f.reads + f.copies + f.shares > 0 or (f.writes > 0 and f.destination_relation != 'own'))
)

select
    identity,
    bucket,
    goes_to,
    min(date '1970-01-01' + day) as first_day,
    max(date '1970-01-01' + day) as last_day,
    count(distinct session_id) as sessions
from moved
group by identity, bucket, goes_to
order by identity, bucket, goes_to
