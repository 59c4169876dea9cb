-- One credential of a session, with what stands behind it.
select
    access_key_id,
    role_chain,
    mfa,
    count(*) as acts,
    min(ts_us) as first_us,
    max(ts_us) as last_us
from acts
where session_id = $session
group by access_key_id, role_chain, mfa
order by first_us, access_key_id
