-- One destination that a session named.
select
    destination,
    destination_relation as relation,
    destination_account as account,
    count(*) filter (where operation = 'copy' and outcome = 'ok') as copies,
    count(*) filter (where operation = 'share' and outcome = 'ok') as shares,
    count(*) filter (where operation = 'write' and outcome = 'ok') as writes,
    count(*) filter (where outcome != 'ok') as failed,
    count(distinct object_key) filter (where outcome = 'ok') as objects,
    min(ts_us) as first_us
from acts
where session_id = $session and destination is not null
group by destination, destination_relation, destination_account
order by first_us, destination
